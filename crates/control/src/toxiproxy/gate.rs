//! Who may ask: whoever knows the token where there is one, and no web page.

use super::error::ApiError;
use crate::host::{is_direct, name_of};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN, USER_AGENT};
use axum::http::{HeaderMap, HeaderName, Uri};

/// Who may use a control server.
#[derive(Clone, Default)]
pub struct Access {
    token: Option<String>,
    hosts: Vec<String>,
    loopback: bool,
}

impl Access {
    /// Whoever reaches it, but for web pages.
    pub fn new() -> Access {
        Access::default()
    }

    /// Only who sends `Authorization: Bearer TOKEN`.
    #[must_use]
    pub fn token(self, token: &str) -> Access {
        Access { token: Some(token.to_owned()), ..self }
    }

    /// The server may be called by this name, too.
    #[must_use]
    pub fn host(mut self, name: &str) -> Access {
        self.hosts.push(name.to_owned());
        self
    }

    /// It listens where only this machine reaches it.
    pub(crate) fn on_loopback(self, loopback: bool) -> Access {
        Access { loopback, ..self }
    }

    /// Refuses what a page may have sent whose name was made to resolve to this machine. Elsewhere than on loopback a server
    /// may go by any name; there, and where a token is asked for, only what browsers say of themselves counts.
    pub(crate) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
        let strict = self.loopback && self.token.is_none();
        let asked = uri.authority().map(|authority| authority.as_str());
        let mut named = texts(headers, HOST).chain(asked.map(Some));
        if strict && !named.all(|host| host.is_some_and(|host| self.is_ours(host))) {
            return Err(ApiError::new(403, "host must be localhost, an IP address or a name without a dot"));
        }
        let mut origins = texts(headers, ORIGIN);
        if !origins.all(|origin| origin.is_some_and(|origin| self.is_own(origin, headers))) {
            return Err(ApiError::new(403, "requests of web pages are refused"));
        }
        Ok(())
    }

    /// Refuses browsers, and who does not know the token.
    pub(crate) fn check_caller(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        if texts(headers, USER_AGENT).any(|agent| agent.is_some_and(|agent| agent.starts_with("Mozilla/"))) {
            return Err(Refusal::Browser);
        }
        let Some(token) = &self.token else { return Ok(()) };
        let given = texts(headers, AUTHORIZATION).flatten().next().and_then(|given| given.split_once(' '));
        match given {
            Some((scheme, given)) if scheme.eq_ignore_ascii_case("bearer") && equal(given.trim(), token) => {
                Ok(())
            }
            _ => Err(Refusal::Stranger),
        }
    }

    /// Whether a host, with or without a port, is one that no public name server has a say in, or was declared.
    fn is_ours(&self, host: &str) -> bool {
        let name = name_of(host).trim_end_matches('.');
        is_direct(host) || is_private(name) || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether a page that this server might have served sends this.
    fn is_own(&self, origin: &str, headers: &HeaderMap) -> bool {
        let Some((_, authority)) = origin.split_once("://") else { return false };
        let same = texts(headers, HOST).flatten().any(|host| host.eq_ignore_ascii_case(authority));
        same && self.is_ours(authority)
    }
}

/// Why a caller is turned away.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    Browser,
    Stranger,
}

/// Names of one label, and those below labels that are reserved for networks of one's own (RFC 6761, RFC 6762, ICANN's
/// `internal`): no page of another network can have one.
fn is_private(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    let last = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
    let reserved = ["internal", "local", "localhost", "svc", "test"].contains(&last.as_str());
    !name.is_empty() && name.chars().all(plain) && (reserved || !name.contains('.')) && !name.starts_with('.')
}

/// The texts of a header; nothing for one that is none.
fn texts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = Option<&str>> {
    headers.get_all(name).into_iter().map(|value| value.to_str().ok())
}

/// Compares in a time that tells nothing but the length.
fn equal(given: &str, wanted: &str) -> bool {
    let differing = given.bytes().zip(wanted.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == wanted.len() && differing == 0
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the token itself: what is printed is read by others.
        let guarded = self.token.is_some();
        f.debug_struct("Access").field("token", &guarded).field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_the_public_does_not_give_out_are_private() {
        for name in ["toxiproxy", "host.docker.internal", "toxiproxy.default.svc.cluster.local", "a-b_c.test"]
        {
            assert!(is_private(name), "{name}");
        }
        for name in ["", ".", "evil.example", "internal.example", "a b", "user@host", ".local"] {
            assert!(!is_private(name), "{name}");
        }
    }

    #[test]
    fn tokens_are_equal_or_not() {
        assert!(equal("abc", "abc"));
        assert!(!equal("abd", "abc") && !equal("ab", "abc") && !equal("abcd", "abc") && !equal("", "abc"));
    }
}
