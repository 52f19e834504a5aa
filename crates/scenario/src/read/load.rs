//! `load`: whom it connects to, how many requests, when, how large.

use std::time::Duration;

use squall_faults::{Carrier, Size};
use squall_load::{Mix, Rate};

use super::names::{Named, Names};
use super::step::example;
use super::{http, manner};
use crate::document::{Item, Table};
use crate::format;
use crate::model::{Load, Manner, Pace, Target};
use crate::terms;

const CONNECTIONS: u64 = 1;
const SIZE: u64 = 1024;
const TIMEOUT: Duration = Duration::from_secs(10);
/// Each is a socket here and two more in the link; beyond this a machine needs another kind of tool.
const MAX_CONNECTIONS: u64 = 100_000;
/// The most bytes of one datagram over IPv4.
const LARGEST: u64 = 65_507;
/// Bytes of a frame's header.
const HEADER: u64 = squall_wire::Frame::HEADER as u64;

pub(super) fn read(item: &Item<'_>, background: bool, names: &Names) -> Load {
    let mut load = Load {
        target: Target::Echo(String::new()),
        carrier: Carrier::Stream,
        connections: CONNECTIONS,
        requests: 1,
        pace: None,
        sizes: Mix::fixed(SIZE),
        manner: Manner::default(),
        reconnect: true,
        retries: 0,
        timeout: TIMEOUT,
        pause: Duration::ZERO,
        background,
    };
    let Some(table) = item.table_like(example("load")) else { return load };
    if let Some((target, carrier)) = target(&table, names) {
        (load.target, load.carrier) = (target, carrier);
    }
    if let Some(connections) = table.get("connections").and_then(|item| item.integer(1..=MAX_CONNECTIONS)) {
        load.connections = connections;
    }
    how_many(&table, &mut load);
    if let Some(item) = table.get("size")
        && let Some(sizes) = sizes(&item)
    {
        load.sizes = sizes;
    }
    load.manner = manner::read(&table, load.carrier, host(&load.target));
    refuse_what_paths_have_not(&table, &load, names);
    http::check(&table, &load, names.servers(&target_name(&load.target)));
    let header = if load.manner.framed { HEADER } else { 0 };
    let largest = load.sizes.largest().max(load.manner.reply_sizes.as_ref().map_or(0, Mix::largest));
    if load.carrier == Carrier::Datagram && largest > LARGEST - header {
        let item = table.get("size").or_else(|| table.get("reply_size"));
        let most = LARGEST - header;
        item.iter().for_each(|item| item.refuse(format!("a datagram has at most {most} bytes"), None));
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
    if let Some(item) = table.get("pause") {
        load.pause = item.value("10ms").unwrap_or_default();
        if load.pace.is_some() {
            let help = "leave it out, or the rate".to_owned();
            item.refuse_key("with a rate, requests are due when they are and not after a pause", help);
        }
    }
    table.close_as(&format::LOAD);
    load
}

/// Notes what connections to a unix socket cannot do.
fn refuse_what_paths_have_not(table: &Table<'_>, load: &Load, names: &Names) {
    if !matches!(&load.target, Target::Link(name) if names.is_on_path(name)) {
        return;
    }
    if let Some(item) = table.get("source") {
        item.refuse_key("connections to a unix socket come from no address", None);
    }
    if let Some(item) = table.get("close").filter(|_| load.manner.close == squall_load::Close::Rst) {
        item.refuse("a unix socket has no RST", "write \"fin\" or \"half\"".to_owned());
    }
}

/// The number of requests: as it stands there, or as rate and duration, or the stages, have it.
fn how_many(table: &Table<'_>, load: &mut Load) {
    let rate =
        table.get("rate").and_then(|item| term(&item, "a rate such as \"500\"", terms::rate_above_zero));
    let stages = table.get("stages").and_then(|item| term(&item, "stages such as \"10s:2k\"", terms::stages));
    let arrivals = table.get("arrivals");
    let spread = arrivals.as_ref().and_then(|item| term(item, "such as \"poisson\"", terms::arrivals));
    let (open, staged) = (table.has("rate") || table.has("stages"), table.has("stages"));
    if let Some(item) = arrivals.filter(|_| !open) {
        item.refuse_key("`arrivals` goes with `rate` or `stages`", None);
    }
    let duration: Option<Duration> = table.get("duration").and_then(|item| {
        let duration = item.value("10s");
        if !open {
            let help =
                "write `requests`, or add a `rate`: then a duration is a fixed number of them".to_owned();
            item.refuse_key("how many requests a closed loop gets done in a time is chance", help);
        } else if staged {
            item.refuse_key("stages have their own length", None);
        }
        duration
    });
    let requests = match table.get("requests") {
        Some(item) => {
            if staged || table.has("duration") {
                let help = "leave out one of them".to_owned();
                item.refuse_key("a rate and its duration say how many requests there are", help);
            }
            item.integer(1..=u64::MAX)
        }
        None if staged || table.has("duration") => None,
        None => table.require("requests", "requests = 100").and_then(|item| item.integer(1..=u64::MAX)),
    };
    load.requests = requests.unwrap_or(load.requests);
    let Some(start) = rate.or(Rate::thousandths(0)).filter(|_| rate.is_some() || stages.is_some()) else {
        return;
    };
    let pace = Pace { rate: start, stages: stages.unwrap_or_default(), arrivals: spread.unwrap_or_default() };
    match pace.schedule(requests, duration, 0) {
        Some(schedule) => load.requests = schedule.count(),
        None if requests.is_some() || duration.is_some() || staged => {
            let item = table.get("stages").or_else(|| table.get("rate"));
            let why = "this has no request at all, or takes more than a day";
            item.iter().for_each(|item| item.refuse(why, None));
        }
        // That the number is missing has been said.
        None => {}
    }
    load.pace = Some(pace);
}

/// A value that has a reader of its own.
pub(super) fn term<T>(item: &Item<'_>, expected: &str, read: fn(&str) -> Result<T, String>) -> Option<T> {
    let text = item.scalar(expected)?;
    read(&text).map_err(|message| item.refuse(message, None)).ok()
}

/// Sizes: one that is alone is told what is wrong with it as every other size is.
pub(super) fn sizes(item: &Item<'_>) -> Option<Mix> {
    let text = item.scalar("a size such as \"1KiB\"")?;
    if text.trim_start_matches('-').contains([':', '-', ',']) {
        return term(item, "sizes such as \"64-1500\"", terms::mix);
    }
    item.value::<Size>("1KiB").map(|size| Mix::fixed(size.as_bytes()))
}

/// What requests over HTTP call the server: the same whatever its port is.
fn host(target: &Target) -> &str {
    match target {
        Target::Link(name) | Target::Echo(name) | Target::Process(name) => name,
    }
}

/// As it is written, but that a balancer counts as a link.
fn target_name(target: &Target) -> String {
    match target {
        Target::Link(name) => format!("link.{name}"),
        Target::Echo(name) => format!("echo.{name}"),
        Target::Process(name) => format!("process.{name}"),
    }
}

fn target(table: &Table<'_>, names: &Names) -> Option<(Target, Carrier)> {
    let item = table.require("target", "target = \"link.api\"")?;
    let text = item.text("`link.NAME`, `balance.NAME`, `echo.NAME` or `process.NAME` in quotes")?.value();
    match names.resolve(&item, text) {
        Some(named @ (Named::Link(name) | Named::Balance(name))) => {
            Some((Target::Link(name.to_owned()), names.carrier(named)))
        }
        Some(named @ Named::Echo(name)) => Some((Target::Echo(name.to_owned()), names.carrier(named))),
        Some(Named::Process(name)) => {
            if names.knows(Named::Process(name)) {
                names.address(&item, name, item.span());
            }
            Some((Target::Process(name.to_owned()), Carrier::Stream))
        }
        None => {
            let help = "write `link.NAME`, `balance.NAME`, `echo.NAME` or `process.NAME`".to_owned();
            item.refuse(format!("`{text}` is not a target"), help);
            None
        }
    }
}
