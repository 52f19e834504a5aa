//! `load`: whom it connects to, how many requests, how large.

use std::time::Duration;

use squall_faults::{Carrier, Size};

use super::names::{Named, Names};
use super::step::example;
use crate::document::{Item, Table};
use crate::model::{Load, Target};

const CONNECTIONS: u64 = 1;
const SIZE: u64 = 1024;
const TIMEOUT: Duration = Duration::from_secs(10);
/// Each is a socket here and two more in the link; beyond this a machine needs another kind of tool.
const MAX_CONNECTIONS: u64 = 100_000;
/// The most bytes of one datagram over IPv4.
const LARGEST: u64 = 65_507;

pub(super) fn read(item: &Item<'_>, background: bool, names: &Names) -> Load {
    let mut load = Load {
        target: Target::Echo(String::new()),
        carrier: Carrier::Stream,
        connections: CONNECTIONS,
        requests: 1,
        size: SIZE,
        reconnect: true,
        retries: 0,
        timeout: TIMEOUT,
        pause: Duration::ZERO,
        background,
    };
    let Some(table) = item.table("load") else { return load };
    if let Some((target, carrier)) = target(&table, names) {
        (load.target, load.carrier) = (target, carrier);
    }
    if let Some(connections) = table.get("connections").and_then(|item| item.integer(1..=MAX_CONNECTIONS)) {
        load.connections = connections;
    }
    if let Some(requests) =
        table.require("requests", "requests = 100").and_then(|item| item.integer(1..=u64::MAX))
    {
        load.requests = requests;
    }
    if let Some(item) = table.get("size")
        && let Some(size) = item.value::<Size>("1KiB")
    {
        load.size = size.as_bytes();
        if load.carrier == Carrier::Datagram && load.size > LARGEST {
            item.refuse(format!("a datagram has at most {LARGEST} bytes"), None);
        }
    }
    if let Some(item) = table.get("reconnect") {
        load.reconnect = item.flag().unwrap_or(true);
        if load.carrier == Carrier::Datagram {
            let help =
                "UDP has no connection that could be lost; `retries` sends a datagram again".to_owned();
            item.refuse_key("`reconnect` is for loads over TCP", help);
        }
    }
    if let Some(item) = table.get("retries") {
        load.retries = item.integer(0..=u64::MAX).unwrap_or(0);
        if load.carrier == Carrier::Stream {
            let help = "TCP sends again by itself; `reconnect` is what a load does about a lost connection"
                .to_owned();
            item.refuse_key("`retries` is for loads over UDP", help);
        }
    }
    if let Some(timeout) = table.get("timeout").and_then(|item| item.value("10s")) {
        load.timeout = timeout;
    }
    if let Some(pause) = table.get("pause").and_then(|item| item.value("10ms")) {
        load.pause = pause;
    }
    table.close();
    load
}

fn target(table: &Table<'_>, names: &Names) -> Option<(Target, Carrier)> {
    let item = table.require("target", example("load"))?;
    let text = item.text("`link.NAME` or `echo.NAME` in quotes")?.value();
    match names.resolve(&item, text) {
        Some(named @ Named::Link(name)) => Some((Target::Link(name.to_owned()), names.carrier(named))),
        Some(named @ Named::Echo(name)) => Some((Target::Echo(name.to_owned()), names.carrier(named))),
        None => {
            let help = "write `link.NAME` or `echo.NAME`".to_owned();
            item.refuse(format!("`{text}` is not a target"), help);
            None
        }
    }
}
