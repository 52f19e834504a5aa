//! Shows two texts as a unified diff.

use similar::TextDiff;

/// The lines that differ between what is `recorded` under `name` and what is `found` now, with three lines around them.
pub(crate) fn unified(name: &str, recorded: &str, found: &str) -> String {
    let diff = TextDiff::from_lines(recorded, found);
    diff.unified_diff().header(&format!("{name} (recorded)"), &format!("{name} (now)")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_line_is_shown_both_ways() {
        let shown = unified("a.stderr", "one\ntwo\n", "one\nthree\n");
        assert!(shown.starts_with("--- a.stderr (recorded)\n+++ a.stderr (now)\n"), "{shown}");
        assert!(shown.contains("\n one\n-two\n+three\n"), "{shown}");
    }
}
