//! `load`: whom it connects to, how many requests, how large.

use std::time::Duration;

use squall_faults::Size;

use super::names::{Named, Names};
use super::step::example;
use crate::document::{Item, Table};
use crate::model::{Load, Target};

const CONNECTIONS: u64 = 1;
const SIZE: u64 = 1024;
const TIMEOUT: Duration = Duration::from_secs(10);
/// Each is a socket here and two more in the link; beyond this a machine needs another kind of tool.
const MAX_CONNECTIONS: u64 = 100_000;

pub(super) fn read(item: &Item<'_>, background: bool, names: &Names) -> Load {
    let mut load = Load {
        target: Target::Echo(String::new()),
        connections: CONNECTIONS,
        requests: 1,
        size: SIZE,
        reconnect: true,
        timeout: TIMEOUT,
        pause: Duration::ZERO,
        background,
    };
    let Some(table) = item.table("load") else { return load };
    if let Some(target) = target(&table, names) {
        load.target = target;
    }
    if let Some(connections) = table.get("connections").and_then(|item| item.integer(1..=MAX_CONNECTIONS)) {
        load.connections = connections;
    }
    if let Some(requests) =
        table.require("requests", "requests = 100").and_then(|item| item.integer(1..=u64::MAX))
    {
        load.requests = requests;
    }
    if let Some(size) = table.get("size").and_then(|item| item.value::<Size>("1KiB")) {
        load.size = size.as_bytes();
    }
    if let Some(reconnect) = table.get("reconnect").and_then(|item| item.flag()) {
        load.reconnect = reconnect;
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

fn target(table: &Table<'_>, names: &Names) -> Option<Target> {
    let item = table.require("target", example("load"))?;
    let text = item.text("`link.NAME` or `echo.NAME` in quotes")?.value();
    match names.resolve(&item, text) {
        Some(Named::Link(name)) => Some(Target::Link(name.to_owned())),
        Some(Named::Echo(name)) => Some(Target::Echo(name.to_owned())),
        None => {
            let help = "write `link.NAME` or `echo.NAME`".to_owned();
            item.refuse(format!("`{text}` is not a target"), help);
            None
        }
    }
}
