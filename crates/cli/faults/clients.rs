//! Clients that connected, as tables and as JSON.

use super::clock::{ROWS, Seconds};
use super::connects::{Connects, Crowd, Fate, Span};
use crate::table;
use serde_json::{Value, json};
use squall::value::Value as _;
use squall_faults::{Entry, FaultSpec, PortState, ServerAnswer, Tick, Welcome};

/// As tables.
pub(super) fn render(spec: &FaultSpec, crowd: &Crowd, connects: &Connects) -> String {
    let clients = if crowd.clients == 1 { "client" } else { "clients" };
    let apart = match crowd.interval.render() {
        Some(interval) if crowd.clients > 1 && !crowd.interval.is_zero() => format!("{interval} apart, "),
        _ => String::new(),
    };
    let mut text = format!("{spec}: {} {clients}, {apart}seed {}\n", crowd.clients, crowd.seed);
    if connects.closes() {
        text.push_str(&format!("\n{}", rows([true, true, false], port_rows(&connects.port))));
    }
    text.push_str(&format!("\n{}", rows([true, true, false], client_rows(&connects.fates))));
    let summary = [
        ["through".to_owned(), format!("{} of {} {clients}", connects.through(), crowd.clients)],
        ["fired".to_owned(), connects.fired.to_string()],
    ];
    text + "\n" + &table::render(2, &summary)
}

/// A head and as many rows below it as a person reads.
fn rows<const N: usize>(right: [bool; N], mut rows: Vec<[String; N]>) -> String {
    let left_out = rows.len().saturating_sub(ROWS + 1);
    rows.truncate(ROWS + 1);
    let mut text = table::aligned(2, right, &rows);
    if left_out > 0 {
        text.push_str(&format!("  and {left_out} more; --json has every one\n"));
    }
    text
}

fn port_rows(spans: &[Span]) -> Vec<[String; 3]> {
    let mut rows = vec![["from (s)", "to (s)", "port"].map(str::to_owned)];
    rows.extend(spans.iter().map(|span| {
        let to = span.to.map(|to| Seconds(to).to_string()).unwrap_or_default();
        [Seconds(span.from).to_string(), to, port_word(span.state).to_owned()]
    }));
    rows
}

/// A row for each client; where there are too many, for each number of clients that fared alike.
fn client_rows(fates: &[(Tick, Fate)]) -> Vec<[String; 3]> {
    let mut runs: Vec<(usize, usize, Tick, Fate)> = Vec::new();
    for (i, (at, fate)) in fates.iter().enumerate() {
        match runs.last_mut() {
            Some((_, last, _, alike)) if fates.len() > ROWS && alike == fate => *last = i + 1,
            _ => runs.push((i + 1, i + 1, *at, *fate)),
        }
    }
    let mut rows = vec![["client", "at (s)", "outcome"].map(str::to_owned)];
    rows.extend(runs.iter().map(|(first, last, at, fate)| {
        let clients = if first == last { first.to_string() } else { format!("{first}-{last}") };
        [clients, Seconds(*at).to_string(), fate.text()]
    }));
    rows
}

fn port_word(state: PortState) -> &'static str {
    match state {
        PortState::Open => "open",
        PortState::Closed => "closed",
        PortState::Hung => "hung",
    }
}

impl Fate {
    fn text(self) -> String {
        let welcome = match self {
            Fate::Met(welcome) => welcome,
            Fate::Refused => return "refused: the port is closed".to_owned(),
            Fate::Unanswered(None) => return "not answered".to_owned(),
            Fate::Unanswered(Some(until)) => {
                return format!("not answered before {} s", Seconds(until));
            }
        };
        match (welcome.entry, welcome.server) {
            (Entry::Reset, _) => "accepted, then RST".to_owned(),
            (Entry::Closed, _) => "accepted, then FIN".to_owned(),
            (Entry::Accepted, ServerAnswer::Refuses) => {
                "accepted, then RST: as though the server refused".to_owned()
            }
            (Entry::Accepted, ServerAnswer::Hangs) => {
                "accepted, then silence, then RST after --connect-timeout".to_owned()
            }
            (Entry::Accepted, ServerAnswer::Own) if welcome.delay.is_zero() => "gets through".to_owned(),
            (Entry::Accepted, ServerAnswer::Own) => {
                format!("gets through {} later", welcome.delay.render().unwrap_or_default())
            }
        }
    }

    fn word(self) -> &'static str {
        match self {
            Fate::Refused => "port_closed",
            Fate::Unanswered(_) => "port_hung",
            Fate::Met(Welcome { entry: Entry::Reset, .. }) => "reset",
            Fate::Met(Welcome { entry: Entry::Closed, .. }) => "fin",
            Fate::Met(Welcome { server: ServerAnswer::Refuses, .. }) => "server_refuses",
            Fate::Met(Welcome { server: ServerAnswer::Hangs, .. }) => "server_hangs",
            Fate::Met(_) => "through",
        }
    }
}

/// As JSON.
pub(super) fn document(spec: &FaultSpec, crowd: &Crowd, connects: &Connects) -> Value {
    let clients = connects.fates.iter().enumerate().map(|(i, (at, fate))| {
        let mut client = json!({ "client": i + 1, "at_ns": at.as_nanos(), "outcome": fate.word() });
        if let Fate::Met(Welcome { delay, .. }) = fate {
            client["delay_ns"] = u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX).into();
        }
        client
    });
    let port = connects.port.iter().map(|span| {
        let to = span.to.map(Tick::as_nanos);
        json!({ "from_ns": span.from.as_nanos(), "to_ns": to, "state": port_word(span.state) })
    });
    json!({
        "fault": spec.to_string(),
        "seed": crowd.seed,
        "interval_ns": u64::try_from(crowd.interval.as_nanos()).unwrap_or(u64::MAX),
        "fired": connects.fired,
        "through": connects.through(),
        "clients": clients.collect::<Vec<_>>(),
        "port": port.collect::<Vec<_>>(),
    })
}
