//! `[link.NAME]`: a proxy, its upstream, and the faults it starts with.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use squall_faults::value::Size;
use squall_faults::{Carrier, FaultSpec, PRESETS, Shape, find_preset, preset_names};
use squall_proxy::Relay;
use squall_wire::{Address, Tuning};

use super::names::{Named, Names};
use super::{fault, options, places, protocol};
use crate::document::{Item, Table, suggest};
use crate::format;
use crate::model::{self, Clock, Link, Upstream};

/// Loopback, and a free port.
pub(super) const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// `lifetime` is how long clients of a UDP link are remembered by default: as long as a scenario may take.
pub(super) fn read(item: &Item<'_>, clock: Clock, lifetime: Option<Duration>, names: &mut Names) -> Link {
    let name = item.key();
    let mut link = blank(name, protocol::of(item), Upstream::Address(String::new()));
    let Some(table) = item.table(&format!("[link.{name}]")) else { return link };
    refuse_faults_name(item, "link");
    protocol::read(&table);
    let whom = table.get("upstream");
    if whom.is_none() {
        let add = "add `upstream = \"echo.backend\"`";
        // A table with nothing of its own but faults may be meant for a link that is there.
        let near = table.has("fault").then(|| names.nearest_link(name)).flatten();
        let help = match near {
            Some(near) => format!("did you mean `{near}`? Or {add}"),
            None => add.to_owned(),
        };
        table.refuse(format!("[link.{name}] has no `upstream`"), help);
    }
    if let Some(upstream) = whom.and_then(|item| upstream(&item, link.carrier, clock, names)) {
        link.upstream = upstream;
    }
    rest(&table, &mut link, clock, lifetime, names);
    table.close_as(&format::LINK);
    link
}

/// A link with nothing told.
pub(super) fn blank(name: &str, carrier: Carrier, upstream: Upstream) -> Link {
    Link {
        name: name.to_owned(),
        carrier,
        upstream,
        listen: LISTEN.into(),
        connect_timeout: None,
        idle_timeout: None,
        max_connections: None,
        segment: squall_faults::DEFAULT_SEGMENT,
        buffer: None,
        relay: Relay::Auto,
        proxy_protocol: None,
        accept_proxy: false,
        tuning: Tuning::default(),
        faults: Vec::new(),
    }
}

/// Notes where something that has faults is named as a kind of them.
pub(super) fn refuse_faults_name(item: &Item<'_>, what: &str) {
    let name = item.key();
    if squall_faults::find_kind(name).is_some() {
        item.refuse_key(
            format!("a {what} cannot be named `{name}`"),
            "that is a fault: `--fault NAME:...` could mean either".to_owned(),
        );
    }
}

/// What links and balancers have in common.
pub(super) fn rest(
    table: &Table<'_>,
    link: &mut Link,
    clock: Clock,
    lifetime: Option<Duration>,
    names: &mut Names,
) {
    if let Some(listen) = table.get("listen").and_then(|item| place(&item, link.carrier, clock, names)) {
        link.listen = listen;
    }
    link.connect_timeout = table.get("connect_timeout").and_then(|item| item.value("5s"));
    link.idle_timeout = table.get("idle_timeout").and_then(|item| item.value("30s"));
    if link.carrier == Carrier::Datagram {
        // Whether a client is still known must not depend on how fast the machine is.
        link.idle_timeout = link.idle_timeout.or(lifetime);
    }
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
    options::read(table, link, clock);
    for item in table.get("preset").iter().flat_map(Item::one_or_many) {
        let faults = preset(&item, link, None, names);
        link.faults.extend(faults);
    }
    let (name, header) = (link.name.clone(), format!("[[{}.fault]]", link.path()));
    let faults = table.get("fault").map(|item| item.list(&header)).unwrap_or_default();
    for item in &faults {
        if let Some(table) = item.table(&header) {
            link.faults.extend(fault::read(table, &[&name], names).into_iter().map(|fault| fault.what));
        }
    }
}

/// The faults of a preset, each under its name on the link, of one of its members where there is one.
pub(super) fn preset(
    item: &Item<'_>,
    link: &Link,
    member: Option<&str>,
    names: &mut Names,
) -> Vec<FaultSpec> {
    let Some(text) = item.text("the name of a preset, such as \"3g\"") else { return Vec::new() };
    let Some(preset) = find_preset(text.value()) else {
        // Its faults cannot be known.
        names.add_unread_fault(&link.name);
        let message = format!("there is no preset `{}`", text.value().escape_debug());
        let all = || PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
        let help = suggest(text.value(), preset_names()).unwrap_or_else(|| format!("one of {}", all()));
        item.refuse(message, help);
        return Vec::new();
    };
    let named = |fault: FaultSpec| {
        let kind = fault.kind().name;
        let given = fault.name().map(|name| (name, item));
        let name = names.add_fault(&link.name, member, given, Some(kind));
        fault.named(&name)
    };
    preset.faults(link.carrier).into_iter().map(named).collect()
}

/// Whom a link dials, or who is a member of a balancer.
pub(super) fn upstream(item: &Item<'_>, carrier: Carrier, clock: Clock, names: &Names) -> Option<Upstream> {
    let expected =
        "`echo.NAME`, `link.NAME`, `balance.NAME`, `process.NAME`, `host:port` or `unix:path` in quotes";
    let text = item.text(expected)?.value();
    if let Some(named) = names.resolve(item, text) {
        let theirs = names.carrier(named);
        if let Named::Process(name) = named {
            names.address(item, name, item.span());
        } else if theirs != carrier && names.knows(named) {
            let help = match carrier {
                Carrier::Stream if item.key() != "upstream" => {
                    "balancers spread connections: choose a server that speaks TCP".to_owned()
                }
                Carrier::Stream => {
                    "add `protocol = \"udp\"` here, or choose an upstream that speaks TCP".to_owned()
                }
                Carrier::Datagram => format!("add `protocol = \"udp\"` to [{text}]"),
            };
            let what = if item.key() == "upstream" { "link" } else { "balancer" };
            item.refuse(format!("`{text}` speaks {theirs}, and this {what} carries {carrier}"), help);
        }
        return Some(match named {
            Named::Echo(name) => Upstream::Echo(name.to_owned()),
            Named::Link(name) | Named::Balance(name) => Upstream::Link(name.to_owned()),
            Named::Process(name) => Upstream::Process(name.to_owned()),
        });
    }
    let filled = match names.has_programs() {
        true => places::ports(item, "`host:port` in quotes", |_, _| {})?.1,
        false => text.to_owned(),
    };
    if filled.starts_with("unix:") {
        unix(item, &filled, carrier, clock, names)?;
        return Some(Upstream::Address(unix(item, text, carrier, clock, names)?.to_string()));
    }
    let port =
        filled.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port.parse::<u16>());
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
            let process = if names.has_programs() { ", `process.NAME`" } else { "" };
            let help = format!(
                "write `echo.NAME`, `link.NAME`, `balance.NAME`{process}, `host:port` or `unix:path`"
            );
            item.refuse(format!("`{text}` is not an upstream"), help);
            None
        }
    }
}

/// Where a link listens: an IP address and a port, or a unix socket.
fn place(item: &Item<'_>, carrier: Carrier, clock: Clock, names: &Names) -> Option<Address> {
    match item.text("an address such as \"127.0.0.1:0\"")?.value() {
        text if text.starts_with("unix:") => unix(item, text, carrier, clock, names),
        _ => address(item).map(Address::from),
    }
}

/// A unix socket; a relative path counts from the file's folder.
fn unix(item: &Item<'_>, text: &str, carrier: Carrier, clock: Clock, names: &Names) -> Option<Address> {
    let path = text.strip_prefix("unix:").filter(|path| !path.is_empty());
    let whole = path.map(|path| format!("unix:{}", names.file(path).display()));
    let read = whole.as_deref().unwrap_or(text).parse::<Address>();
    if let Err(error) = &read {
        item.refuse(error.to_string(), None);
        return None;
    }
    if carrier == Carrier::Datagram {
        let help = "leave out `protocol = \"udp\"`, or write an address with a port".to_owned();
        item.refuse(format!("`{text}` is for streams, and this link carries {carrier}"), help);
        return None;
    }
    if clock == Clock::Virtual {
        let help =
            "unix sockets live in real time, of which virtual time knows nothing: use clock = \"real\"";
        item.refuse(format!("there is no `{text}` with the virtual clock"), help.to_owned());
        return None;
    }
    read.ok()
}

/// The link's name where it listens on a unix socket; what is wrong with that is noted when it is read.
pub(super) fn on_path(item: &Item<'_>) -> Option<String> {
    let listen = item.table(item.key())?.get("listen")?;
    listen
        .is_text()
        .then(|| listen.text("").map(|text| text.value().starts_with("unix:")))??
        .then(|| item.key().to_owned())
}

/// An IP address and a port.
pub(super) fn address(item: &Item<'_>) -> Option<SocketAddr> {
    let text = item.text("an address such as \"127.0.0.1:0\"")?.value();
    let address = text.parse();
    if address.is_err() {
        let help = "write an IP address and a port, such as \"127.0.0.1:0\"; 0 picks a free port".to_owned();
        item.refuse(format!("`{text}` is not an address to listen on"), help);
    }
    address.ok()
}

/// Notes every cycle of links once, at the first of its links. `items` are those of all links, balancers included.
pub(super) fn refuse_cycles(links: &[Link], items: &[Item<'_>]) {
    let mut reported: BTreeSet<&str> = BTreeSet::new();
    for (link, item) in links.iter().zip(items) {
        let Some(circle) = model::circle(links, &link.name) else { continue };
        if circle.iter().any(|name| reported.contains(name)) {
            continue;
        }
        let table = item.table("[link]");
        let (key, help) = match link.pool() {
            Some(_) => ("members", "one of them needs an upstream, or other members, outside of the circle"),
            None => ("upstream", "one of them needs an upstream outside of the circle"),
        };
        let upstream = table.as_ref().and_then(|table| table.get(key));
        upstream
            .as_ref()
            .unwrap_or(item)
            .refuse(format!("links run in a circle: {}", circle.join(" -> ")), help.to_owned());
        reported.extend(circle);
    }
}
