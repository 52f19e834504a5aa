//! `[echo.NAME]`: a built-in server, what it speaks and how it behaves.

use squall_echo::{EchoError, Mode};
use squall_faults::{Carrier, Size};

use super::link::{LISTEN, address};
use crate::document::{Item, Table};
use crate::format;
use crate::model::Echo;

/// Bytes of the longest identity.
const LONGEST_ID: usize = 255;
/// Bytes of the largest read.
const LARGEST: u64 = 256 * 1024;

/// The echo's name and its carrier.
pub(super) fn speaks(item: &Item<'_>) -> (String, Carrier) {
    let speaks = item.table(item.key()).and_then(|table| speaking(&table));
    (item.key().to_owned(), speaks.map_or(Carrier::Stream, |speaks| speaks.0))
}

/// What it speaks, and whether that is HTTP; a mistake in it is noted once, however often it is asked.
fn speaking(table: &Table<'_>) -> Option<(Carrier, bool)> {
    let protocols = [
        ("tcp", (Carrier::Stream, false)),
        ("udp", (Carrier::Datagram, false)),
        ("http", (Carrier::Stream, true)),
    ];
    table.get("protocol").and_then(|item| item.word(&protocols))
}

pub(super) fn read(item: &Item<'_>) -> Echo {
    let mut echo = Echo {
        name: item.key().to_owned(),
        carrier: Carrier::Stream,
        http: false,
        mode: Mode::Echo,
        id: item.key().to_owned(),
        max_connections: None,
        idle_timeout: None,
        buffer: None,
        listen: LISTEN,
    };
    let Some(table) = item.table(&format!("[echo.{}]", item.key())) else { return echo };
    (echo.carrier, echo.http) = speaking(&table).unwrap_or((Carrier::Stream, false));
    echo.listen = table.get("listen").and_then(|item| address(&item)).unwrap_or(LISTEN);
    echo.max_connections = table.get("max_connections").and_then(|item| item.integer(1..=u64::MAX));
    echo.idle_timeout = table.get("idle_timeout").and_then(|item| {
        let limit = item.value("30s");
        if limit == Some(std::time::Duration::ZERO) {
            item.refuse("`idle_timeout` must be longer than zero", None);
        }
        limit
    });
    echo.buffer = table.get("buffer").and_then(|item| {
        let bytes = item.value::<Size>("64KiB")?.as_bytes();
        if !(1..=LARGEST).contains(&bytes) {
            item.refuse("`buffer` is from 1 byte to 256KiB", None);
        }
        Some(bytes)
    });
    if let Some(item) = table.get("id")
        && let Some(text) = item.text("a name in quotes")
    {
        echo.id = text.value().to_owned();
        if !(1..=LONGEST_ID).contains(&echo.id.len()) {
            item.refuse(format!("`id` has 1 to {LONGEST_ID} bytes"), None);
        }
    }
    if let Some(item) = table.get("mode")
        && let Some(text) = item.text("a mode in quotes, such as \"delay:50ms\"")
    {
        match text.value().parse() {
            Ok(mode) => echo.mode = mode,
            Err(error) => item.refuse(error.message, error.help),
        }
        if let Err(EchoError::Mode { mode, over, reason }) = echo.builder().check() {
            item.refuse(format!("mode `{mode}` does not work over {over}"), reason.to_owned());
        }
    }
    table.close_as(&format::ECHO);
    echo
}
