//! The fault reference in the user guide: what the binary itself says of its faults.

use crate::binary;
use crate::failure::Failure;
use std::path::Path;
use std::process::Command;

/// The generated file.
pub(crate) const PATH: &str = "docs/faults.md";

/// The text of the generated file, from the binary as the sources have it now.
pub(crate) fn text(root: &Path) -> Result<String, Failure> {
    page(&binary::locate(root, false)?)
}

fn page(binary: &Path) -> Result<String, Failure> {
    let mut command = Command::new(binary);
    let output = command.args(["faults", "--markdown"]).output();
    let output = output.map_err(|error| Failure::program(binary.display(), &error))?;
    if !output.status.success() {
        let (status, told) = (output.status, String::from_utf8_lossy(&output.stderr));
        return Err(Failure::Found(format!("`squall faults --markdown`: {status}\n{told}")));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure::Found("`squall faults --markdown` does not print UTF-8".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_binary_prints() {
        assert_eq!(page(Path::new("echo")).unwrap(), "faults --markdown\n");
    }

    #[test]
    fn a_binary_that_fails_gives_no_page() {
        let error = page(Path::new("false")).unwrap_err();
        assert!(error.to_string().starts_with("`squall faults --markdown`: exit status: 1"), "{error}");
        assert_eq!(page(Path::new("no-such-program")).unwrap_err().code(), 3);
    }
}
