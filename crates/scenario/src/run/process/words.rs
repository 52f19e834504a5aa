//! How programs end, in words and as exit codes.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// The exit code as a shell tells it: 128 and more for a signal.
pub(super) fn code(status: ExitStatus) -> u64 {
    let code = status.code().or_else(|| Some(128 + status.signal()?)).unwrap_or(255);
    u64::try_from(code).unwrap_or(255)
}

/// `ended with exit code 1`, `was ended by signal 9`.
pub(super) fn ending(status: ExitStatus) -> String {
    match status.signal() {
        Some(signal) => format!("was ended by signal {signal}"),
        None => format!("ended with exit code {}", code(status)),
    }
}

/// Exit codes that would have been right: `0`, `0 or 22`.
pub(super) fn choice(codes: &[u8]) -> String {
    let codes: Vec<String> = codes.iter().map(u8::to_string).collect();
    codes.join(" or ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_counts_as_a_shell_counts_it() {
        let (exited, killed) = (ExitStatus::from_raw(22 << 8), ExitStatus::from_raw(9));
        assert_eq!((code(exited), code(killed)), (22, 137));
        assert_eq!(ending(exited), "ended with exit code 22");
        assert_eq!(ending(killed), "was ended by signal 9");
        assert_eq!(choice(&[0, 22]), "0 or 22");
    }
}
