//! Texts with places for what is known only when a scenario runs: `{port.app}`, `{link.api.addr}`.

use std::fmt;
use std::ops::Range;

/// A text in which addresses are put when they are known. Braces around anything else stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(Place),
}

/// What stands in a place of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The free port that was picked for that name.
    Port(String),
    /// Where something listens.
    Of(Owner, String, Part),
}

/// What listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A link.
    Link,
    /// A balancer.
    Balance,
    /// A built-in server.
    Echo,
    /// A process.
    Process,
}

/// A part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Host and port, or `unix:` and the path.
    Addr,
    /// The host alone.
    Host,
    /// The port alone.
    Port,
    /// The path of a unix socket alone.
    Path,
}

const OWNERS: [(&str, Owner); 4] =
    [("link", Owner::Link), ("balance", Owner::Balance), ("echo", Owner::Echo), ("process", Owner::Process)];
const PARTS: [(&str, Part); 4] =
    [("addr", Part::Addr), ("host", Part::Host), ("port", Part::Port), ("path", Part::Path)];

impl Template {
    /// Takes a text apart. `seen` is told of every place and where it stands with its braces; it gets nothing for what only looks
    /// like one, which stays as it is.
    pub(crate) fn parse(text: &str, mut seen: impl FnMut(Option<&Place>, Range<usize>)) -> Template {
        let mut pieces = Vec::new();
        let (mut rest, mut from) = (0, 0);
        while let Some(open) = text[from..].find('{').map(|at| from + at) {
            from = open + 1;
            let Some(close) = text[from..].find(['{', '}']).map(|at| from + at) else { break };
            let inner = &text[from..close];
            let Some(family) = inner.split_once('.').map(|(family, _)| family) else { continue };
            let ours = family == "port" || OWNERS.iter().any(|(name, _)| *name == family);
            if !ours || !text[close..].starts_with('}') {
                continue;
            }
            let span = open..close + 1;
            from = close + 1;
            match place(inner) {
                Some(place) => {
                    seen(Some(&place), span);
                    pieces.push(Piece::Text(text[rest..open].to_owned()));
                    pieces.push(Piece::Place(place));
                    rest = from;
                }
                None => seen(None, span),
            }
        }
        pieces.push(Piece::Text(text[rest..].to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Text(text) if text.is_empty()));
        Template { pieces }
    }

    /// The text with its places filled in.
    pub(crate) fn fill(&self, mut known: impl FnMut(&Place) -> String) -> String {
        let fill = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Place(place) => known(place),
        };
        self.pieces.iter().map(fill).collect()
    }

    /// The places, in order.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Place(place) => Some(place),
        })
    }
}

impl From<&str> for Template {
    fn from(text: &str) -> Template {
        Template::parse(text, |_, _| {})
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fill(|place| format!("{{{place}}}")))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn word<T: PartialEq + Copy>(words: &[(&'static str, T)], wanted: T) -> &'static str {
            words.iter().find(|(_, value)| *value == wanted).map_or("", |(word, _)| word)
        }
        match self {
            Place::Port(name) => write!(f, "port.{name}"),
            Place::Of(owner, name, part) => {
                write!(f, "{}.{name}.{}", word(&OWNERS, *owner), word(&PARTS, *part))
            }
        }
    }
}

/// `port.NAME`, or `link.NAME.addr` and its like.
fn place(inner: &str) -> Option<Place> {
    let is_name = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
    };
    match inner.split('.').collect::<Vec<_>>().as_slice() {
        ["port", name] if is_name(name) => Some(Place::Port((*name).to_owned())),
        [owner, name, part] if is_name(name) => {
            let owner = OWNERS.iter().find(|(word, _)| word == owner)?.1;
            let part = PARTS.iter().find(|(word, _)| word == part)?.1;
            Some(Place::Of(owner, (*name).to_owned(), part))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> String {
        Template::from(text).fill(|place| format!("<{place}>"))
    }

    #[test]
    fn places_are_filled_and_other_braces_stay() {
        for (text, expected) in [
            ("{port.app}", "<port.app>"),
            ("http://{link.api.addr}/x?{y}", "http://<link.api.addr>/x?{y}"),
            ("{\"a\": {\"b\": {port.p-1}}}", "{\"a\": {\"b\": <port.p-1>}}"),
            ("{{port.a}{port.b}", "{<port.a><port.b>"),
            ("{process.app.host}:{echo.e.port}", "<process.app.host>:<echo.e.port>"),
            ("{user.name} {} {port} { port.a", "{user.name} {} {port} { port.a"),
            ("é{port.é}{link.a}", "é{port.é}{link.a}"),
            ("", ""),
        ] {
            assert_eq!(filled(text), expected);
            assert_eq!(Template::from(text).to_string(), text);
        }
    }

    #[test]
    fn what_looks_like_a_place_and_is_none_is_told_with_where_it_stands() {
        let mut found = Vec::new();
        Template::parse("a {link.api} {port.x.y} {port.ok}", |place, span| {
            found.push((place.map(ToString::to_string), span));
        });
        assert_eq!(found, [(None, 2..12), (None, 13..23), (Some("port.ok".to_owned()), 24..33)]);
    }
}
