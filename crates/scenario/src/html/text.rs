//! Text for a page: nothing that was written by others is ever read as markup, and numbers are written for people.

use std::fmt::{self, Write};

/// Shows text so that a browser takes none of it for markup, within elements and within quoted attributes. Control characters
/// other than line breaks and tabs are left out, and with them the colours of a terminal.
pub(super) struct Text<T>(pub(super) T);

impl<T: fmt::Display> fmt::Display for Text<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaping { out: f, state: State::Plain }, "{}", self.0)
    }
}

struct Escaping<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
    state: State,
}

/// Where in a terminal's escape sequence the text is.
#[derive(PartialEq)]
enum State {
    Plain,
    Escape,
    Sequence,
}

impl fmt::Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|c| self.write_char(c))
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        match (&self.state, c) {
            (State::Escape, '[') => self.state = State::Sequence,
            (State::Sequence, ' '..='?') => {}
            (State::Sequence, _) => self.state = State::Plain,
            (_, '\u{1b}') => self.state = State::Escape,
            (_, _) => {
                self.state = State::Plain;
                return self.put(c);
            }
        }
        Ok(())
    }
}

impl Escaping<'_, '_> {
    fn put(&mut self, c: char) -> fmt::Result {
        match c {
            '&' => self.out.write_str("&amp;"),
            '<' => self.out.write_str("&lt;"),
            '>' => self.out.write_str("&gt;"),
            '"' => self.out.write_str("&quot;"),
            '\'' => self.out.write_str("&#39;"),
            '\n' | '\t' => self.out.write_char(c),
            // What turns the direction of text around would reach beyond the name that has it.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.out.write_char('\u{fffd}'),
            c if c.is_control() => Ok(()),
            c => self.out.write_char(c),
        }
    }
}

/// As [`Text`], and what stands between backticks is shown as code.
pub(super) struct Prose<'a>(pub(super) &'a str);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((before, code, after)) = rest
            .split_once('`')
            .and_then(|(before, rest)| rest.split_once('`').map(|(code, after)| (before, code, after)))
        {
            write!(f, "{}<code>{}</code>", Text(before), Text(code))?;
            rest = after;
        }
        write!(f, "{}", Text(rest))
    }
}

/// A number with a comma between thousands.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and what it counts, in the singular or the plural.
pub(super) fn of(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// Three digits that matter, without zeros at the end.
fn short(number: f64) -> String {
    let decimals = match number {
        n if n >= 99.95 => 0,
        n if n >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{number:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

fn scaled(number: u64, units: &[(u64, &str)]) -> String {
    let unit = units.iter().find(|(size, _)| number >= *size).or(units.last());
    unit.map_or_else(String::new, |(size, name)| format!("{} {name}", short(number as f64 / *size as f64)))
}

/// A time in nanoseconds, to three digits.
pub(super) fn time(ns: u64) -> String {
    if ns == 0 {
        return "0 s".to_owned();
    }
    match ns / 1_000_000_000 {
        s @ 3600.. => format!("{} h {:02} min", s / 3600, s / 60 % 60),
        s @ 120.. => format!("{} min {:02} s", s / 60, s % 60),
        _ => scaled(ns, &[(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns")]),
    }
}

/// A size in bytes, to three digits.
pub(super) fn bytes(bytes: u64) -> String {
    scaled(bytes, &[(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"), (1, "B")])
}

/// Bytes in a second, to three digits.
pub(super) fn rate(per_second: u64) -> String {
    format!("{}/s", bytes(per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_hostile_text_is_markup() {
        let hostile = "</script><img src=x onerror='a(\"b\")'>&amp;\u{202e}gnp.exe\0\u{7}";
        let shown = Text(hostile).to_string();
        assert!(!shown.contains(['<', '>', '"', '\'', '\0', '\u{7}', '\u{202e}']), "{shown}");
        assert!(
            shown.starts_with("&lt;/script&gt;&lt;img src=x onerror=&#39;a(&quot;b&quot;)&#39;&gt;&amp;amp;")
        );
    }

    #[test]
    fn what_stands_between_backticks_is_code() {
        let shown = |text| Prose(text).to_string();
        assert_eq!(shown("`a < b` and ``, `c"), "<code>a &lt; b</code> and <code></code>, `c");
        assert_eq!(shown("<b>"), "&lt;b&gt;");
    }

    #[test]
    fn colours_of_a_terminal_are_left_out_and_lines_stay() {
        let words = "\u{1b}[1m\u{1b}[91merror\u{1b}[0m: a\n\tb\u{1b}c";
        assert_eq!(Text(words).to_string(), "error: a\n\tbc");
    }

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 1, 2].map(|n| of(n, "link", "links")), ["0 links", "1 link", "2 links"]);
        let times = [0, 999, 1500, 80_000_000, 1_203_000_000, 119_000_000_000, 600_000_000_000];
        assert_eq!(times.map(time), ["0 s", "999 ns", "1.5 µs", "80 ms", "1.2 s", "119 s", "10 min 00 s"]);
        assert_eq!(time(7_260_000_000_000), "2 h 01 min");
        assert_eq!(
            [0, 1023, 1536, 64 << 20].map(bytes),
            ["0 B", "1,023 B".replace(',', "").as_str(), "1.5 KiB", "64 MiB"]
        );
        assert_eq!(rate(10_240), "10 KiB/s");
        assert_eq!(time(u64::MAX), "5124095 h 34 min");
    }
}
