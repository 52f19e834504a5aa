//! Settings of the kernel.

use std::fs;

/// The value of a setting such as `net.core.somaxconn`; none where the system has no such thing.
pub(super) fn text(name: &str) -> Option<String> {
    let text = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

pub(super) fn number(name: &str) -> Option<u64> {
    text(name)?.parse().ok()
}

/// The command that sets it.
pub(super) fn set(name: &str, value: impl std::fmt::Display) -> String {
    let value = value.to_string();
    let quoted = if value.contains(' ') { format!("'{value}'") } else { value };
    format!("sudo sysctl -w {name}={quoted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_setting_has_no_value() {
        assert_eq!(text("no.such.setting"), None);
        assert_eq!(number("no.such.setting"), None);
    }

    #[test]
    fn commands_are_ready_for_a_shell() {
        assert_eq!(set("net.core.somaxconn", 4096), "sudo sysctl -w net.core.somaxconn=4096");
        assert_eq!(set("a.b", "1 2"), "sudo sysctl -w a.b='1 2'");
    }
}
