//! Which path means what.

/// What a path means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Route {
    Proxies,
    Populate,
    Proxy(String),
    Toxics(String),
    Toxic(String, String),
    Reset,
    Version,
    Metrics,
    /// Squall's own: every link with its counts.
    Links,
    /// Squall's own: one link with its counts.
    Link(String),
    /// Squall's own: every balancer with its members.
    Balancers,
    /// Squall's own: one balancer with its members.
    Balancer(String),
    /// Squall's own: one member of a balancer.
    Member(String, String),
}

impl Route {
    /// What a decoded path means, where it means anything. There are no other ways to write one.
    pub(crate) fn find(path: &str) -> Option<Route> {
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return None;
        }
        let own = |part: &str| part.to_owned();
        Some(match parts.as_slice() {
            ["proxies"] => Route::Proxies,
            ["populate"] => Route::Populate,
            ["reset"] => Route::Reset,
            ["version"] => Route::Version,
            ["metrics"] => Route::Metrics,
            ["proxies", proxy] => Route::Proxy(own(proxy)),
            ["proxies", proxy, "toxics"] => Route::Toxics(own(proxy)),
            ["proxies", proxy, "toxics", toxic] => Route::Toxic(own(proxy), own(toxic)),
            ["squall", "links"] => Route::Links,
            ["squall", "links", link] => Route::Link(own(link)),
            ["squall", "balance"] => Route::Balancers,
            ["squall", "balance", balancer] => Route::Balancer(own(balancer)),
            ["squall", "balance", balancer, member] => Route::Member(own(balancer), own(member)),
            _ => return None,
        })
    }
}

/// A path with its `%` escapes taken apart; nothing where one of them is none.
pub(crate) fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || char::from(rest.next()?).to_digit(16);
        let value = digit()? * 16 + digit()?;
        bytes.push(u8::try_from(value).ok()?);
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The path that is meant by one with `.`, `..` or empty parts; nothing where it has none.
pub(crate) fn clean(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let slash = if path.ends_with('/') && !parts.is_empty() { "/" } else { "" };
    let clean = format!("/{}{slash}", parts.join("/"));
    (clean != path).then_some(clean)
}

/// A path as it may stand in a header.
pub(crate) fn encode(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@".contains(&b);
    path.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_meant_in_one_way_only() {
        assert_eq!(Route::find("/proxies/a b"), Some(Route::Proxy("a b".to_owned())));
        assert_eq!(Route::find("/proxies/a/toxics/t"), Some(Route::Toxic("a".to_owned(), "t".to_owned())));
        for path in
            ["", "/", "/proxies/", "/Proxies", "/proxies/a/", "/proxies/a/b", "/proxies//toxics", "/nope"]
        {
            assert_eq!(Route::find(path), None, "{path}");
        }
    }

    #[test]
    fn escapes_are_taken_apart() {
        assert_eq!(decode("/a%20b%2fc").as_deref(), Some("/a b/c"));
        assert_eq!(decode("/a%2"), None);
        assert_eq!(decode("/a%zz"), None);
        assert_eq!(encode("/a b\r\n/é"), "/a%20b%0D%0A/%C3%A9");
    }

    #[test]
    fn detours_are_straightened() {
        assert_eq!(clean("//proxies").as_deref(), Some("/proxies"));
        assert_eq!(clean("/a/../b").as_deref(), Some("/b"));
        assert_eq!(clean("/a/./").as_deref(), Some("/a/"));
        assert_eq!(clean("/../..").as_deref(), Some("/"));
        for path in ["/", "/proxies", "/proxies/", "/a..b"] {
            assert_eq!(clean(path), None, "{path}");
        }
    }
}
