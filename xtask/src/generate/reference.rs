//! The references in the user guide: what the binary itself says of its faults and presets.

use crate::binary;
use crate::failure::Failure;
use std::path::Path;
use std::process::Command;

/// The page about faults, from the binary as the sources have it now.
pub(crate) fn faults(root: &Path) -> Result<String, Failure> {
    page(&binary::locate(root, false)?, &["faults", "--markdown"])
}

/// The page about presets.
pub(crate) fn presets(root: &Path) -> Result<String, Failure> {
    page(&binary::locate(root, false)?, &["presets", "--markdown"])
}

/// The schema of scenario files, for editors.
pub(crate) fn scenario_schema(root: &Path) -> Result<String, Failure> {
    page(&binary::locate(root, false)?, &["check", "--schema"])
}

/// The schema of files of services.
pub(crate) fn up_schema(root: &Path) -> Result<String, Failure> {
    page(&binary::locate(root, false)?, &["up", "--schema"])
}

/// The schema of reports.
pub(crate) fn report_schema(root: &Path) -> Result<String, Failure> {
    page(&binary::locate(root, false)?, &["run", "--schema"])
}

fn page(binary: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new(binary);
    let output = command.args(arguments).output();
    let output = output.map_err(|error| Failure::program(binary.display(), &error))?;
    let subject = arguments.join(" ");
    if !output.status.success() {
        let (status, told) = (output.status, String::from_utf8_lossy(&output.stderr));
        return Err(Failure::Found(format!("`squall {subject}`: {status}\n{told}")));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::Found(format!("`squall {subject}` does not print UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_binary_prints() {
        assert_eq!(page(Path::new("echo"), &["faults", "--markdown"]).unwrap(), "faults --markdown\n");
    }

    #[test]
    fn a_binary_that_fails_gives_no_page() {
        let error = page(Path::new("false"), &["faults", "--markdown"]).unwrap_err();
        assert!(error.to_string().starts_with("`squall faults --markdown`: exit status: 1"), "{error}");
        assert_eq!(page(Path::new("no-such-program"), &["presets"]).unwrap_err().code(), 3);
    }
}
