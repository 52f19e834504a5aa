//! The checks for people: a line for each, and below it the command that helps.

use super::check::Check;
use crate::table;

pub(super) fn text(checks: &[Check]) -> String {
    let row = |check: &Check| [check.state.word().to_owned(), check.name.to_owned(), check.found.clone()];
    let rows: Vec<_> = checks.iter().map(row).collect();
    // Aligned as one table, with the commands put between; nothing is wrapped, so that they can be copied.
    let table = table::aligned(0, [false; 3], &rows);
    let mut text = String::new();
    for (line, check) in table.lines().zip(checks) {
        text.push_str(&format!("{line}\n"));
        if let Some(advice) = &check.advice {
            text.push_str(&format!("    to do: {advice}\n"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::State;

    #[test]
    fn what_to_do_stands_below_what_is_wrong() {
        let checks = [
            Check::new("timer", State::Active, "exact"),
            Check::new("backlog", State::Limited, "short").advise("sudo make it longer"),
        ];
        let expected = "active   timer    exact\nlimited  backlog  short\n    to do: sudo make it longer\n";
        assert_eq!(text(&checks), expected);
    }
}
