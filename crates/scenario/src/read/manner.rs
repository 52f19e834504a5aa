//! How a load speaks and connects: frames or a text, pipelining, the life of connections, where they come from.

use std::time::Duration;

use squall_faults::Carrier;
use squall_load::Close;

use super::http;
use super::load::{sizes, term};
use crate::document::{Item, Table};
use crate::model::Manner;
use crate::terms;

/// The most requests that may be unanswered, or that a connection may be used for.
const MOST: u64 = 1 << 32;

pub(super) fn read(table: &Table<'_>, carrier: Carrier, host: &str) -> Manner {
    let duration = |key: &'static str| table.get(key).and_then(|item| item.value::<Duration>("10ms"));
    let count = |key: &'static str| table.get(key).and_then(|item| item.integer(1..=MOST));
    let reply_sizes = table.get("reply_size").and_then(|item| sizes(&item));
    let reply_delay = duration("reply_delay");
    let framed = table.get("framed").and_then(|item| item.flag()).unwrap_or(false);
    let framed = framed || table.has("reply_size") || table.has("reply_delay");
    let manner = Manner {
        framed,
        reply_sizes,
        reply_delay: reply_delay.unwrap_or_default(),
        text: text(table, framed),
        http: http::read(table, host),
        pipeline: count("pipeline"),
        per_connection: count("per_conn"),
        close: close(table),
        hold: duration("hold").unwrap_or_default(),
        source: table
            .get("source")
            .and_then(|item| term(&item, "addresses such as \"127.0.0.0/24\"", terms::source)),
        proxy_protocol: table
            .get("proxy_protocol")
            .and_then(|item| term(&item, "a version such as \"v1\"", terms::proxy_protocol)),
        warmup: duration("warmup").unwrap_or_default(),
    };
    if let Some(item) = table.get("source")
        && manner.source.is_some_and(|source| !source.is_ipv4())
    {
        item.refuse("links and servers of a scenario have addresses of version 4", None);
    }
    if carrier == Carrier::Datagram {
        for key in
            ["per_conn", "close", "proxy_protocol", "send", "expect", "expect_echo", "expect_status", "http"]
        {
            if let Some(item) = table.get(key) {
                item.refuse_key(format!("`{key}` is for loads over TCP"), None);
            }
        }
    }
    manner
}

fn close(table: &Table<'_>) -> Close {
    let words = [("fin", Close::Fin), ("rst", Close::Rst), ("half", Close::Half)];
    table.get("close").and_then(|item| item.word(&words)).unwrap_or_default()
}

fn text(table: &Table<'_>, framed: bool) -> Option<(Vec<u8>, Vec<u8>)> {
    let bytes = |item: Option<Item<'_>>| item.and_then(|item| term(&item, "a text", terms::text));
    let (send, expect) = (table.get("send"), table.get("expect"));
    if table.has("http") {
        // There, `expect` is about bodies, and `send` is refused.
        return None;
    }
    match (&send, &expect) {
        (Some(item), None) => {
            item.refuse_key("`send` needs `expect`", "an empty one expects nothing".to_owned())
        }
        (None, Some(item)) => item.refuse_key("`expect` needs `send` or `http`", None),
        (Some(item), Some(_)) if framed => item.refuse_key("frames have their own payload", None),
        _ => {}
    }
    let (send, expect) = (bytes(send)?, bytes(expect)?);
    (!send.is_empty()).then_some((send, expect))
}
