//! Keeps web pages out: a page whose name was made to resolve to this machine still sends that name.

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Answers 403 to a request that names a host other than `localhost` or an IP address. One that names none comes from no
/// browser.
pub(crate) async fn check(request: Request, next: Next) -> Response {
    let asked = request.uri().authority().is_none_or(|authority| is_direct(authority.as_str()));
    let mut hosts = request.headers().get_all(HOST).iter();
    if asked && hosts.all(|host| host.to_str().is_ok_and(is_direct)) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "host must be localhost or an IP address\n").into_response()
}

/// A host without its port.
pub(crate) fn name_of(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => name,
        _ => host,
    }
}

/// Whether a host, with or without a port, is reached without asking a name server.
pub(crate) fn is_direct(host: &str) -> bool {
    if host.parse::<SocketAddr>().is_ok() || host.parse::<IpAddr>().is_ok() {
        return true;
    }
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    name_of(host).eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::is_direct;

    #[test]
    fn only_names_that_need_no_lookup_pass() {
        for host in ["localhost", "LocalHost:80", "127.0.0.1", "10.0.0.1:8998", "[::1]", "[::1]:80"] {
            assert!(is_direct(host), "{host}");
        }
        for host in [
            "",
            ":80",
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "evil.localhost",
            "localhost:80:80",
            "localhost:x",
            "127.0.0.1.evil.example",
            "user@localhost",
            "[localhost]",
            "[::1",
            "127.1",
        ] {
            assert!(!is_direct(host), "{host}");
        }
    }
}
