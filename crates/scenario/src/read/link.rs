//! `[link.NAME]`: a proxy, its upstream, and the faults it starts with.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

use squall_faults::value::Size;

use super::fault;
use super::names::{Named, Names};
use crate::document::{Item, Table};
use crate::model::{Clock, Link, Scenario, Upstream};

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(super) fn read(item: &Item<'_>, clock: Clock, names: &mut Names) -> Link {
    let name = item.key();
    let mut link = Link {
        name: name.to_owned(),
        upstream: Upstream::Address(String::new()),
        listen: LISTEN,
        connect_timeout: None,
        idle_timeout: None,
        max_connections: None,
        segment: squall_faults::DEFAULT_SEGMENT,
        faults: Vec::new(),
    };
    let Some(table) = item.table(&format!("[link.{name}]")) else { return link };
    if squall_faults::find_kind(name).is_some() {
        item.refuse_key(
            format!("a link cannot be named `{name}`"),
            "that is a fault: `--fault NAME:...` could mean either".to_owned(),
        );
    }
    if let Some(upstream) = upstream(&table, clock, names) {
        link.upstream = upstream;
    }
    link.listen = table.get("listen").and_then(|item| address(&item)).unwrap_or(LISTEN);
    link.connect_timeout = table.get("connect_timeout").and_then(|item| item.value("5s"));
    link.idle_timeout = table.get("idle_timeout").and_then(|item| item.value("30s"));
    link.max_connections = table.get("max_connections").and_then(|item| item.integer(1..=u64::MAX));
    if let Some(segment) = table.get("segment") {
        link.segment = match segment.value::<Size>("1448B").map(Size::as_bytes) {
            Some(0) => {
                segment.refuse("`segment` must be at least 1 byte", None);
                link.segment
            }
            Some(bytes) => bytes,
            None => link.segment,
        };
    }
    let faults =
        table.get("fault").map(|item| item.list(&format!("[[link.{name}.fault]]"))).unwrap_or_default();
    for item in &faults {
        if let Some(table) = item.table(&format!("[[link.{name}.fault]]")) {
            link.faults.extend(fault::read(table, &[name], names).into_iter().map(|fault| fault.what));
        }
    }
    table.close();
    link
}

fn upstream(table: &Table<'_>, clock: Clock, names: &Names) -> Option<Upstream> {
    let item = table.require("upstream", "upstream = \"echo.backend\"")?;
    let text = item.text("`echo.NAME`, `link.NAME` or `host:port` in quotes")?.value();
    match names.resolve(&item, text) {
        Some(Named::Echo(name)) => return Some(Upstream::Echo(name.to_owned())),
        Some(Named::Link(name)) => return Some(Upstream::Link(name.to_owned())),
        None => {}
    }
    let port =
        text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
    match port {
        Some(Ok(_)) if clock == Clock::Virtual => {
            item.refuse(
                format!("`{text}` cannot be reached with the virtual clock"),
                "its answers take real time, of which virtual time knows nothing: use `echo.NAME`, or clock = \"real\""
                    .to_owned(),
            );
            None
        }
        Some(Ok(_)) => Some(Upstream::Address(text.to_owned())),
        Some(Err(_)) | None => {
            let help = "write `echo.NAME`, `link.NAME` or `host:port`".to_owned();
            item.refuse(format!("`{text}` is not an upstream"), help);
            None
        }
    }
}

fn address(item: &Item<'_>) -> Option<SocketAddr> {
    let text = item.text("an address such as \"127.0.0.1:0\"")?.value();
    let address = text.parse();
    if address.is_err() {
        let help = "write an IP address and a port, such as \"127.0.0.1:0\"; 0 picks a free port".to_owned();
        item.refuse(format!("`{text}` is not an address to listen on"), help);
    }
    address.ok()
}

/// Notes every cycle of links once, at the first of its links.
pub(super) fn refuse_cycles(scenario: &Scenario, items: &[Item<'_>]) {
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    for (link, item) in scenario.links.iter().zip(items) {
        let route: Vec<&str> = scenario.route(&link.name).iter().map(|link| link.name.as_str()).collect();
        let last = route.last().and_then(|name| scenario.link(name));
        let closes =
            matches!(last.map(|last| &last.upstream), Some(Upstream::Link(next)) if *next == link.name);
        if closes && !route.iter().any(|name| reported.contains(name)) {
            let table = item.table("[link]");
            let upstream = table.as_ref().and_then(|table| table.get("upstream"));
            upstream.as_ref().unwrap_or(item).refuse(
                format!("links run in a circle: {} -> {}", route.join(" -> "), link.name),
                "one of them needs an upstream outside of the circle".to_owned(),
            );
            reported.extend(route);
        }
    }
}
