//! What a command is told of the links: variables, and places in its arguments.

use crate::Failure;
use squall::{Address, Proxy};
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A variable that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    name: String,
    value: String,
}

pub(crate) fn variable(text: &str) -> Result<Variable, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            Ok(Variable { name: name.to_owned(), value: value.to_owned() })
        }
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

/// Refuses links whose variables would be the same.
pub(super) fn check<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let mut known: Vec<&str> = Vec::new();
    for name in names {
        if let Some(other) = known.iter().find(|other| prefix(other) == prefix(name)) {
            return Err(match *other == name {
                true => Failure::usage(format!("two links are named `{name}`")),
                false => Failure::usage(format!(
                    "links `{other}` and `{name}` would both be {}_ADDR",
                    prefix(name)
                )),
            });
        }
        known.push(name);
    }
    Ok(())
}

/// `API_DB` for `api-db`.
pub(super) fn prefix(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// Where the links are.
pub(super) struct Environment {
    places: Vec<(String, Address)>,
    /// Where a proxy for everything is.
    any: Option<SocketAddr>,
}

impl Environment {
    pub(super) fn of(links: &[Proxy], any: bool) -> Environment {
        let places: Vec<_> =
            links.iter().map(|link| (link.name().to_owned(), reachable(link.address()))).collect();
        let proxy = places.iter().find(|(name, _)| any && name == "any");
        let proxy = proxy.and_then(|(_, address)| address.socket_addr());
        Environment { places, any: proxy }
    }

    /// The words of a command, with the links in their places. Words that are no text stay as they are.
    pub(super) fn fill(&self, words: &[OsString]) -> Vec<OsString> {
        let fill =
            |word: &OsString| word.to_str().map_or_else(|| word.clone(), |text| self.text(text).into());
        words.iter().map(fill).collect()
    }

    /// The variables, in the order in which they are set: those that were asked for have the last word.
    pub(super) fn variables(&self, asked: &[Variable]) -> Vec<(String, String)> {
        let mut all = Vec::new();
        for (name, address) in &self.places {
            let parts = PARTS.iter().filter_map(|part| Some((part, part_of(address, part)?)));
            all.extend(
                parts.map(|(part, value)| (format!("{}_{}", prefix(name), part.to_ascii_uppercase()), value)),
            );
        }
        if let Some(addr) = self.any {
            for (name, value) in proxies(addr) {
                // Half of the programs read one, half the other.
                all.push((name.to_ascii_lowercase(), value.clone()));
                all.push((name.to_owned(), value));
            }
            // Without it Node's own clients look at none of these.
            all.push(("NODE_USE_ENV_PROXY".to_owned(), "1".to_owned()));
        }
        all.extend(asked.iter().map(|asked| (asked.name.clone(), self.text(&asked.value))));
        all
    }

    /// `{db}`, `{db.addr}`, `{db.host}` and `{db.port}`, or `{db.path}` on a unix socket, are filled in for links that there are; other
    /// braces stay.
    fn text(&self, text: &str) -> String {
        let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let place = from[1..].split_once('}').and_then(|(name, after)| Some((self.value(name)?, after)));
            match place {
                Some((value, after)) => {
                    filled.push_str(&value);
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = &from[1..];
                }
            }
        }
        filled + rest
    }

    fn value(&self, name: &str) -> Option<String> {
        let (link, part) = name.split_once('.').unwrap_or((name, "addr"));
        let (_, address) = self.places.iter().find(|(name, _)| name == link)?;
        part_of(address, part)
    }
}

/// What may be told of an address, where it has that.
const PARTS: [&str; 4] = ["addr", "host", "port", "path"];

fn part_of(address: &Address, part: &str) -> Option<String> {
    match (part, address) {
        ("addr", _) => Some(address.to_string()),
        ("host", Address::Ip(endpoint)) => Some(endpoint.host.clone()),
        ("port", Address::Ip(endpoint)) => Some(endpoint.port.to_string()),
        ("path", Address::Unix(path)) => Some(path.display().to_string()),
        _ => None,
    }
}

/// The variables by which programs find a proxy. None is passed by: what runs on this machine is mostly what is to be tested.
fn proxies(addr: SocketAddr) -> [(&'static str, String); 4] {
    [
        ("HTTP_PROXY", format!("http://{addr}")),
        ("HTTPS_PROXY", format!("http://{addr}")),
        // Names are looked up behind the proxy, so that they meet its faults.
        ("ALL_PROXY", format!("socks5h://{addr}")),
        ("NO_PROXY", String::new()),
    ]
}

/// Where a listener on every address is reached from here.
fn reachable(address: &Address) -> Address {
    let Some(addr) = address.socket_addr() else { return address.clone() };
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port()).into()
}

/// The words for people, quoted where they would be hard to read.
pub(super) fn shown(words: &[OsString]) -> String {
    let quoted = |word: &OsString| {
        let text = OsStr::to_string_lossy(word);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+%".contains(c);
        if !text.is_empty() && text.chars().all(plain) {
            text.into_owned()
        } else {
            format!("'{}'", text.replace('\'', r"'\''"))
        }
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        let place = |name: &str, addr: &str| (name.to_owned(), addr.parse().expect("an address"));
        let places = [("db", "127.0.0.1:7"), ("api-v2", "[::1]:8"), ("app", "unix:/run/app.sock")];
        Environment { places: places.map(|(name, addr)| place(name, addr)).into(), any: None }
    }

    #[test]
    fn only_links_that_there_are_are_filled_in() {
        for (text, filled) in [
            ("{db}", "127.0.0.1:7"),
            ("postgres://{db}/app", "postgres://127.0.0.1:7/app"),
            ("{db.host} {db.port} {api-v2.host}", "127.0.0.1 7 ::1"),
            ("{api-v2}{api-v2.addr}", "[::1]:8[::1]:8"),
            ("{nobody} {db.name} {} { {{db}} }", "{nobody} {db.name} {} { {127.0.0.1:7} }"),
            ("${HOME} {\"json\": {\"db\": 1}}", "${HOME} {\"json\": {\"db\": 1}}"),
            ("{db", "{db"),
            ("{app} {app.path} {app.port}", "unix:/run/app.sock /run/app.sock {app.port}"),
        ] {
            assert_eq!(environment().text(text), filled, "{text}");
        }
    }

    #[test]
    fn variables_are_named_for_their_link_and_asked_for_ones_come_last() {
        let asked =
            [variable("DB_ADDR=other").expect("a variable"), variable("URL=x={db}").expect("a variable")];
        let all = environment().variables(&asked);
        let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(all[..3], [("DB_ADDR", "127.0.0.1:7"), ("DB_HOST", "127.0.0.1"), ("DB_PORT", "7")]);
        assert_eq!(all[3..5], [("API_V2_ADDR", "[::1]:8"), ("API_V2_HOST", "::1")]);
        assert_eq!(all[6..8], [("APP_ADDR", "unix:/run/app.sock"), ("APP_PATH", "/run/app.sock")]);
        assert_eq!(all[8..], [("DB_ADDR", "other"), ("URL", "x=127.0.0.1:7")]);
        assert!(variable("=x").is_err() && variable("x").is_err());
    }

    #[test]
    fn names_that_would_share_variables_are_refused() {
        assert!(check(["db", "api"].into_iter()).is_ok());
        for names in [["api-db", "api_db"], ["db", "DB"], ["db", "db"]] {
            assert!(check(names.into_iter()).is_err(), "{names:?}");
        }
    }

    #[test]
    fn commands_are_shown_as_they_would_be_typed() {
        let words = ["sh", "-c", "echo 'a'", ""].map(OsString::from);
        assert_eq!(shown(&words), r"sh -c 'echo '\''a'\''' ''");
    }
}
