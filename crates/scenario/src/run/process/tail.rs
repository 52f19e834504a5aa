//! The last lines of what a program writes.

use std::collections::VecDeque;

/// Lines that are kept.
const KEPT: usize = 20;
/// Bytes of a line that are looked at; the rest of it is dropped.
const LINE: usize = 4096;
/// Characters of a line that are shown.
const SHOWN: usize = 400;

/// The last lines of both outputs of a program, as they came.
#[derive(Debug, Default)]
pub(super) struct Tail {
    kept: VecDeque<String>,
    /// The lines that have not ended yet: of stdout, and of stderr.
    open: [Vec<u8>; 2],
}

/// One of the outputs of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Stdout = 0,
    Stderr = 1,
}

impl Tail {
    /// Takes in what was written; whether a line of it has `wanted` in it, also one that has not ended yet.
    pub(super) fn take(&mut self, output: Which, bytes: &[u8], wanted: Option<&str>) -> bool {
        let mut found = false;
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ended) = match part.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (part, false),
            };
            let open = &mut self.open[output as usize];
            let room = LINE.saturating_sub(open.len());
            open.extend_from_slice(&text[..text.len().min(room)]);
            found |= wanted.is_some_and(|wanted| String::from_utf8_lossy(open).contains(wanted));
            if ended {
                self.close(output);
            }
        }
        found
    }

    /// Ends the line that is open.
    fn close(&mut self, output: Which) {
        let line = std::mem::take(&mut self.open[output as usize]);
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(shown(&line));
    }

    /// The last lines, oldest first; what has not ended yet comes last.
    pub(super) fn lines(&self) -> Vec<String> {
        let open = self.open.iter().filter(|line| !line.is_empty()).map(|line| shown(line));
        let lines: Vec<String> = self.kept.iter().cloned().chain(open).collect();
        lines[lines.len().saturating_sub(KEPT)..].to_vec()
    }
}

/// A line for people: nothing in it moves a cursor or changes a colour.
fn shown(line: &[u8]) -> String {
    let short: String = plain(line).chars().take(SHOWN).collect();
    short.trim_end().to_owned()
}

/// The whole of it.
pub(super) fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let plain: String = text.chars().filter(|c| !c.is_control() || *c == '\t').collect();
    plain.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_both_outputs_are_kept() {
        let mut tail = Tail::default();
        for line in 0..50 {
            tail.take(Which::Stdout, format!("line {line}\r\n").as_bytes(), None);
        }
        tail.take(Which::Stderr, b"\x1b[31mwo", None);
        tail.take(Which::Stdout, b"open", None);
        tail.take(Which::Stderr, b"rse\n", None);
        let lines = tail.lines();
        assert_eq!(lines.len(), KEPT);
        assert_eq!(&lines[KEPT - 3..], ["line 49", "[31mworse", "open"]);
    }

    #[test]
    fn a_text_is_found_however_it_comes_in_pieces_but_not_across_lines() {
        let mut tail = Tail::default();
        let mut take = |output, bytes: &[u8]| tail.take(output, bytes, Some("ready"));
        assert!(!take(Which::Stdout, b"not rea\ndy, re"));
        assert!(!take(Which::Stderr, b"ady"));
        assert!(take(Which::Stdout, b"ady\n"));
        assert!(!take(Which::Stdout, b"later\n"));
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_memory_than_any_other() {
        let mut tail = Tail::default();
        for _ in 0..100 {
            tail.take(Which::Stdout, &[b'x'; 1000], None);
        }
        assert_eq!(tail.open[0].len(), LINE);
        assert_eq!(tail.lines(), ["x".repeat(SHOWN)]);
    }
}
