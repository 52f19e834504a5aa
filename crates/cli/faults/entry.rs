//! What is told of a fault, in words that both the terminal and the reference page use.

use super::takes;
use squall_faults::{Absent, Carrier, Carriers, Directions, Kind, Misfit, Param, Params, Scope};

/// A parameter or a scope key, ready to be shown.
pub(super) struct Row {
    pub(super) key: &'static str,
    /// It may be given first, without its key.
    pub(super) main: bool,
    /// The kind of its value, or the words that it may be.
    pub(super) value: String,
    pub(super) default: Absent,
    pub(super) meaning: String,
}

impl Row {
    fn of(param: &Param, main: bool) -> Row {
        let value = if param.words.is_empty() { param.kind.to_owned() } else { param.words.join(" | ") };
        let meaning = paragraphs(param.doc).join(" ");
        Row { key: param.name, main, value, default: (param.absent)(), meaning }
    }
}

/// The parameters of a fault, the main one first where it is a scope key.
pub(super) fn params(kind: &Kind) -> Vec<Row> {
    let is_main = |param: &Param| Some(param.name) == kind.main;
    let borrowed = Scope::PARAMS.iter().filter(|param| is_main(param));
    borrowed.chain(kind.params).map(|param| Row::of(param, is_main(param))).collect()
}

/// The keys that faults share.
pub(super) fn scope_keys() -> Vec<Row> {
    let name = Row {
        key: "name",
        main: false,
        value: "name".to_owned(),
        default: Absent::Unset,
        meaning: "What the fault is called in metrics, reports and steps, and a part of the key of its draws. The kind's \
                  name unless given, then `latency_2` and so on."
            .to_owned(),
    };
    Scope::PARAMS.iter().map(|param| Row::of(param, false)).chain([name]).collect()
}

/// What a fault does, in one sentence.
pub(super) fn summary(kind: &Kind) -> String {
    first_sentence(&paragraphs(kind.about).into_iter().next().unwrap_or_default()).to_owned()
}

/// What a fault does, in a few words.
pub(super) fn brief(kind: &Kind) -> String {
    let summary = summary(kind);
    match summary.find([':', ';']) {
        Some(end) => format!("{}.", &summary[..end]),
        None => summary,
    }
}

/// Where faults act, in the order in which they are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Either,
    Stream,
    Datagram,
    Connect,
}

impl Place {
    pub(super) const ALL: [Place; 4] = [Place::Either, Place::Stream, Place::Datagram, Place::Connect];

    pub(super) fn of(kind: &Kind) -> Place {
        match kind.on {
            _ if kind.is_gate() => Place::Connect,
            Carriers::Both => Place::Either,
            Carriers::Stream => Place::Stream,
            Carriers::Datagram => Place::Datagram,
        }
    }

    /// The head of its list.
    pub(super) fn title(self) -> &'static str {
        match self {
            Place::Either => "On streams (TCP) and datagrams (UDP)",
            Place::Stream => "On streams (TCP)",
            Place::Datagram => "On datagrams (UDP)",
            Place::Connect => "When a client connects (TCP)",
        }
    }

    /// "Acts ...".
    pub(super) fn text(self) -> &'static str {
        match self {
            Place::Either => "on streams (TCP) and datagrams (UDP)",
            Place::Stream => "on streams (TCP)",
            Place::Datagram => "on datagrams (UDP)",
            Place::Connect => "when a client connects (TCP); it has no direction",
        }
    }
}

/// What a fault makes no sense on, why, and what is nearest there.
pub(super) fn misfit(kind: &Kind) -> Option<(&'static str, Misfit)> {
    let carrier = match kind.on.include(Carrier::Stream) {
        true => "datagrams (UDP)",
        false => "streams (TCP)",
    };
    kind.misfit.filter(|_| kind.on != Carriers::Both).map(|misfit| (carrier, misfit))
}

/// Which way a fault acts by default.
pub(super) fn direction(kind: &Kind) -> &'static str {
    match kind.directions {
        Directions::Up => "what the client sends",
        Directions::Down => "what the server sends",
        Directions::Both => "what either side sends",
    }
}

/// The scope keys that a fault takes, where those are not all of them.
pub(super) fn limits(kind: &Kind) -> Option<String> {
    let list =
        |keys: Vec<&str>| keys.into_iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    let keys = list(Scope::keys().chain(["name"]).filter(|key| takes::takes(kind, key)).collect());
    let closing = takes::closing_params(kind);
    match closing.is_empty() {
        _ if !kind.is_gate() => None,
        true => Some(keys),
        false => {
            let fewer = list(takes::keys_of_closing().chain(["name"]).collect());
            Some(format!("{keys}; with `{}`, which closes the port: {fewer}", closing.join("` or `")))
        }
    }
}

/// The example of a fault as a command to type.
pub(super) fn command(kind: &Kind) -> String {
    let udp = if kind.on.include(Carrier::Stream) { "" } else { "--udp " };
    format!("squall proxy {udp}--upstream localhost:5432 --fault {}", shell_word(kind.example))
}

/// A text as one word of a shell: in quotes where a shell would read more into it.
pub(crate) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":=,.%@_/+-".contains(c);
    if text.chars().all(plain) { text.to_owned() } else { format!("'{text}'") }
}

/// Lines of documentation as paragraphs, each on one line. An item of a list is a paragraph of its own.
pub(super) fn paragraphs(lines: &[&str]) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in lines.iter().map(|line| line.trim()) {
        match paragraphs.last_mut() {
            _ if line.is_empty() => open = false,
            Some(last) if open && !line.starts_with("- ") => {
                last.push(' ');
                last.push_str(line);
            }
            _ => {
                paragraphs.push(line.to_owned());
                open = true;
            }
        }
    }
    paragraphs
}

/// The first sentence of a paragraph.
pub(super) fn first_sentence(paragraph: &str) -> &str {
    paragraph.find(". ").map_or(paragraph, |end| &paragraph[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_paragraphs_and_items() {
        let lines = [" One", " two.", "", " Three:", " - four", "   five", " - six"];
        assert_eq!(paragraphs(&lines), ["One two.", "Three:", "- four five", "- six"]);
    }

    #[test]
    fn a_sentence_ends_where_the_next_begins() {
        assert_eq!(first_sentence("At 1.5s. Then"), "At 1.5s.");
        assert_eq!(first_sentence("All of it"), "All of it");
    }

    #[test]
    fn only_what_a_shell_would_read_is_quoted() {
        assert_eq!(shell_word("reset:p=1%,within=64KiB@up"), "reset:p=1%,within=64KiB@up");
        assert_eq!(shell_word("loss:pattern=*/10"), "'loss:pattern=*/10'");
    }
}
