//! `[process.NAME]`: a program under test, and how it is known that it is ready.

use std::time::Duration;

use squall_wire::Endpoint;

use super::names::Names;
use super::{places, program};
use crate::document::Item;
use crate::format;
use crate::model::{Clock, Output, Probe, Process, Program, Ready, Template};

const WITHIN: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(2);
/// Why nothing that takes real time goes with the virtual clock.
pub(super) const NOT_VIRTUAL: &str = "a program takes real time, of which virtual time knows nothing: use `echo.NAME` and `load`, or clock = \"real\"";

/// Whether the table says where the process listens.
pub(super) fn is_addressed(item: &Item<'_>) -> bool {
    let table = item.is_table().then(|| item.table(item.key())).flatten();
    table.is_some_and(|table| {
        let ready = table.get("ready").filter(Item::is_table).and_then(|item| item.table("ready"));
        table.has("port") || ready.is_some_and(|ready| ready.has("tcp") || ready.has("http"))
    })
}

pub(super) fn read(item: &Item<'_>, clock: Clock, names: &mut Names) -> Process {
    let name = item.key();
    let empty =
        Program { command: Vec::new(), env: Vec::new(), folder: names.file(""), output: Output::Kept };
    let mut process =
        Process { name: name.to_owned(), program: empty, address: None, ready: None, grace: GRACE };
    if clock == Clock::Virtual {
        item.refuse_key(
            format!("process `{name}` cannot run with the virtual clock"),
            NOT_VIRTUAL.to_owned(),
        );
    }
    let Some(table) = item.table(&format!("[process.{name}]")) else { return process };
    let example = "command = [\"./server\", \"--port\", \"{port.app}\"]";
    if let Some(program) = program::read(&table, example, names) {
        process.program = program;
    }
    process.ready = table.get("ready").and_then(|item| ready(&item, names));
    process.address = match table.get("port") {
        Some(item) => port(&item, names),
        None => process.ready.as_ref().and_then(|ready| match &ready.probe {
            Probe::Tcp(address) | Probe::Http { address, .. } => Some(address.clone()),
            Probe::Stdout(_) | Probe::Stderr(_) => None,
        }),
    };
    if let Some(grace) = table.get("grace").and_then(|item| item.value("2s")) {
        process.grace = grace;
    }
    table.close_as(&format::PROCESS);
    process
}

fn port(item: &Item<'_>, names: &mut Names) -> Option<Template> {
    let (template, filled) = places::awaited(item, "a port, or \"{port.NAME}\"", names)?;
    if !filled.parse::<u16>().is_ok_and(|port| port > 0) {
        item.refuse(
            format!("`{template}` is not a port"),
            "write \"{port.app}\": it picks a free one".to_owned(),
        );
    }
    Some(Template::from(format!("127.0.0.1:{template}").as_str()))
}

fn ready(item: &Item<'_>, names: &mut Names) -> Option<Ready> {
    let table = item.table("ready")?;
    let ways = ["tcp", "http", "stdout", "stderr"];
    let mut given: Vec<Item<'_>> = ways.iter().filter_map(|way| table.get(way)).collect();
    given.sort_by_key(|item| item.key_span().start);
    let within = table.get("within").map_or(Some(WITHIN), |item| item.value("10s"));
    if let [first, more @ ..] = given.as_slice() {
        for item in more {
            let message =
                format!("`{}` and `{}`: it is ready when one thing has happened", first.key(), item.key());
            item.refuse_key(message, "keep the one that happens last".to_owned());
        }
    } else if table.others().is_empty() {
        let help = "add one of tcp = \"127.0.0.1:{port.app}\", http = \"http://...\", stdout = \"listening\", stderr = \"...\"";
        table.refuse("this does not say when it is ready", help.to_owned());
    }
    let probe = given.first().and_then(|item| probe(item, names));
    table.close_as(&format::READY);
    Some(Ready { probe: probe?, within: within? })
}

fn probe(item: &Item<'_>, names: &mut Names) -> Option<Probe> {
    match item.key() {
        "tcp" => {
            let (address, filled) =
                places::awaited(item, "an address such as \"127.0.0.1:{port.app}\"", names)?;
            endpoint(item, &filled)?;
            Some(Probe::Tcp(address))
        }
        "http" => http(item, names),
        way => {
            let text = item.text("a text that its output has when it is ready")?.value();
            if text.is_empty() || text.contains('\n') {
                item.refuse("this has to be a part of one line", None);
            }
            let text = text.to_owned();
            Some(if way == "stdout" { Probe::Stdout(text) } else { Probe::Stderr(text) })
        }
    }
}

fn http(item: &Item<'_>, names: &mut Names) -> Option<Probe> {
    let (template, filled) = places::awaited(item, "a URL such as \"http://127.0.0.1:{port.app}/\"", names)?;
    let written = template.to_string();
    let split = |url: &str| {
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let authority =
            if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
        let path = if path.is_empty() { "/" } else { path };
        (!path.contains(|c: char| c.is_ascii_control() || c == ' ' || c == '#'))
            .then(|| (authority, path.to_owned()))
    };
    let Some(((address, path), (filled, _))) = split(&written).zip(split(&filled)) else {
        let help =
            "write \"http://127.0.0.1:{port.app}/path\"; for https, `tcp` tells when it listens".to_owned();
        item.refuse(format!("`{written}` is not a URL that can be asked"), help);
        return None;
    };
    endpoint(item, &filled)?;
    Some(Probe::Http { address: Template::from(address.as_str()), path })
}

fn endpoint(item: &Item<'_>, filled: &str) -> Option<()> {
    let parsed = filled.parse::<Endpoint>();
    parsed.map(drop).map_err(|error| item.refuse(error.to_string(), None)).ok()
}
