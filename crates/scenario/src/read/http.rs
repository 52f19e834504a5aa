//! What a load says over HTTP, and that its server speaks what the load does.

use squall_faults::Carrier;
use squall_load::{Expect, Request};

use super::load::term;
use super::names::Server;
use crate::document::{Item, Table};
use crate::model::Load;
use crate::terms;

/// The keys that only mean something beside `http`.
const PARTS: [&str; 5] = ["method", "header", "body", "expect_echo", "expect_status"];
/// Bytes of the largest body: what an echo takes.
const LARGEST: u64 = 1 << 20;

/// The request, where `http` has its path. `host` is what the request calls the server.
pub(super) fn read(table: &Table<'_>, host: &str) -> Option<Request> {
    let item = table.get("http");
    let parts = PARTS.map(|key| table.get(key));
    let Some(item) = item else {
        for part in parts.iter().flatten() {
            let key = part.key();
            part.refuse_key(format!("`{key}` is for requests over HTTP"), "add `http = \"/\"`".to_owned());
        }
        return None;
    };
    let path = item.text("a path in quotes, such as \"/?delay=5ms\"")?;
    let path = path.value();
    if !path.starts_with('/') {
        item.refuse(format!("`{path}` is not a path"), format!("write \"/{path}\""));
        return None;
    }
    let [method, headers, body, _, statuses] = parts;
    let method = method.and_then(|item| item.text("a method in quotes, such as \"POST\""));
    let method = method.as_ref().map_or("GET", |text| text.value());
    let lines = headers.as_ref().map(self::headers).unwrap_or_default();
    let headers: Vec<(&str, &str)> =
        lines.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = match body_text(table, body.as_ref()) {
        None if table.has("size") => Request::seeded(method, path, host, &headers),
        body => Request::new(method, path, host, &headers, &body.unwrap_or_default()),
    };
    let request = request.and_then(|request| request.expecting(expect(table)));
    let request = request.map_err(|error| item.refuse(error.to_string(), None)).ok()?;
    let statuses =
        statuses.and_then(|item| term(&item, "a status such as \"204\" or \"2xx\"", terms::statuses));
    Some(match statuses {
        Some(statuses) => request.expecting_status(statuses),
        None => request,
    })
}

/// What the body of every answer has to be.
fn expect(table: &Table<'_>) -> Expect {
    let text = table.get("expect");
    let echo = table.get("expect_echo").filter(|item| item.flag().unwrap_or(false));
    if let (Some(text), Some(_)) = (&text, &echo) {
        let help = "leave out one of them".to_owned();
        text.refuse_key("`expect` and `expect_echo` both say what the body of an answer is", help);
    }
    match (text, echo) {
        (Some(text), None) => {
            term(&text, "a text", terms::text).map_or(Expect::Anything, |text| Expect::Text(text.into()))
        }
        (_, Some(_)) => Expect::Echo,
        (None, None) => Expect::Anything,
    }
}

fn headers(item: &Item<'_>) -> Vec<(String, String)> {
    let header = |line: &Item<'_>| {
        let text = line.text("a header in quotes, such as \"Accept: */*\"")?;
        match text.value().split_once(':') {
            Some((name, value)) => Some((name.trim().to_owned(), value.trim().to_owned())),
            None => {
                let help = "write \"NAME: VALUE\"".to_owned();
                line.refuse(format!("`{}` is not a header", text.value()), help);
                None
            }
        }
    };
    item.one_or_many().iter().filter_map(header).collect()
}

/// The body, where it is a text; where it is not, `size` says how long each is.
fn body_text(table: &Table<'_>, text: Option<&Item<'_>>) -> Option<Vec<u8>> {
    let size = table.get("size");
    if let (Some(text), Some(_)) = (text, &size) {
        text.refuse_key("`body` and `size` say the same", "leave out one of them".to_owned());
    }
    Some(term(text?, "a text", terms::text).unwrap_or_default())
}

/// Demands that the servers behind the target speak what the load does.
pub(super) fn check(table: &Table<'_>, load: &Load, servers: &[Server]) {
    let manner = &load.manner;
    if let Some(item) = table.get("http") {
        for key in ["framed", "reply_size", "reply_delay", "send"] {
            if let Some(other) = table.get(key) {
                other.refuse_key(
                    format!("`{key}` does not go with `http`"),
                    "leave out one of them".to_owned(),
                );
            }
        }
        if let Some(size) = table.get("size")
            && load.sizes.largest() > LARGEST
            && servers.iter().any(|server| server.http)
        {
            size.refuse("an echo takes a body of at most 1MiB", None);
        }
        if let Some(server) = servers.iter().find(|server| !server.http && load.carrier == Carrier::Stream) {
            let help = format!("write `protocol = \"http\"` in [echo.{0}], or leave out `http`", server.name);
            item.refuse_key(format!("`echo.{}` does not speak HTTP", server.name), help);
        }
        if let (Some(item), Some(request)) = (table.get("expect_echo"), &manner.http)
            && request.expects_echo()
            && let Some(server) = servers.iter().find(|server| server.http)
            && !sends_back(request.path())
        {
            let help = "ask for \"/raw\", or add `raw=true` to the query, and no `size`".to_owned();
            let what = format!("`echo.{}` does not answer with the body of the request alone", server.name);
            item.refuse_key(what, help);
        }
        return;
    }
    let misses = |server: &&Server| {
        (server.http && manner.text.is_none()) || (manner.framed && !server.framed && !server.http)
    };
    let (Some(server), Some(item)) = (servers.iter().find(misses), table.get("target")) else { return };
    if server.http && manner.text.is_none() {
        let help = "add `http = \"/\"` to the load, or `send` and `expect`".to_owned();
        item.refuse(format!("`echo.{}` speaks HTTP, and this load sends other bytes", server.name), help);
    } else if manner.framed && !server.framed {
        let help = format!("leave out `mode` in [echo.{}]", server.name);
        let reason = format!("`echo.{}` does not answer frames: only the mode `echo` does", server.name);
        item.refuse(reason, help);
    }
}

/// Whether an echo answers a request for this path with the body as it came.
fn sends_back(path: &str) -> bool {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let wishes = || query.split('&');
    (path == "/raw" || wishes().any(|wish| wish == "raw=true"))
        && !wishes().any(|wish| wish.starts_with("size="))
}
