//! What a command and its links came to, for people and for programs.

use super::environment::{prefix, shown};
use crate::events::Human;
use serde_json::{Map, Value, json};
use squall::{Carrier, Metrics, Proxy};
use std::ffi::OsString;
use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

pub(super) struct Outcome<'a> {
    /// The command as it ran.
    pub(super) command: Vec<OsString>,
    pub(super) status: ExitStatus,
    pub(super) elapsed: Duration,
    pub(super) seed: u64,
    /// It left processes running, which have been ended.
    pub(super) left_running: bool,
    pub(super) links: &'a [Proxy],
}

impl Outcome<'_> {
    /// The exit code to pass on, as shells have it.
    pub(super) fn code(&self) -> u8 {
        let signal = self.status.signal().map(|signal| 128 + signal);
        let code = self.status.code().or(signal).unwrap_or(i32::from(super::OWN_FAILURE));
        u8::try_from(code).unwrap_or(u8::MAX)
    }

    /// A few lines for the terminal; only warnings where it is to be quiet.
    pub(super) fn text(&self, quiet: bool) -> String {
        let mut text = String::new();
        if !quiet {
            let ended = match self.status.signal() {
                Some(signal) => format!("was ended by signal {signal}"),
                None => format!("exited with {}", self.code()),
            };
            let (command, seconds) = (shortened(&shown(&self.command)), self.elapsed.as_secs_f64());
            let _ = writeln!(text, "squall: {command} {ended} after {seconds:.2}s, seed {}", self.seed);
            for link in self.links {
                let _ = writeln!(text, "squall: {}", saw(link, &link.metrics()));
            }
        }
        for warning in self.warnings() {
            let _ = writeln!(text, "squall: warning: {warning}");
        }
        text
    }

    /// Everything for programs.
    pub(super) fn document(&self) -> Value {
        let about = |each: fn(&Proxy, &Metrics) -> Value| -> Value {
            self.links
                .iter()
                .map(|link| (link.name().to_owned(), each(link, &link.metrics())))
                .collect::<Map<_, _>>()
                .into()
        };
        let command: Vec<_> = self.command.iter().map(|word| word.to_string_lossy()).collect();
        json!({
            "schema": "squall.exec/1",
            "command": command,
            "exit": self.code(),
            "signal": self.status.signal(),
            "seed": self.seed,
            "link": about(|link, _| json!({
                "protocol": if link.carrier() == Carrier::Datagram { "udp" } else { "tcp" },
                "listen": link.address().to_string(),
                "upstream": upstream(link),
                "faults": link.faults(),
            })),
            "counts": { "link": about(counts) },
            "timing": { "elapsed_ns": u64::try_from(self.elapsed.as_nanos()).unwrap_or(u64::MAX) },
            "warnings": self.warnings(),
        })
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        for link in self.links {
            let (name, metrics) = (link.name(), link.metrics());
            if metrics.connections.accepted == 0 {
                let told = match link.is_forward() {
                    true => "does the command look at HTTP_PROXY?".to_owned(),
                    false => format!(
                        "does the command look at {}_ADDR, or was {{{name}}} in its arguments?",
                        prefix(name)
                    ),
                };
                warnings.push(format!("nobody connected to link `{name}`: {told}"));
                continue;
            }
            let unfired = metrics.faults.iter().filter(|fault| fault.fired == 0 && !fault.optional);
            warnings
                .extend(unfired.map(|fault| format!("fault `{}` on link `{name}` never fired", fault.name)));
        }
        if self.left_running {
            warnings.push("the command left processes running; they have been ended".to_owned());
        }
        warnings
    }
}

/// Where a link leads, unless its clients say so.
fn upstream(link: &Proxy) -> Option<String> {
    link.upstream().map(ToString::to_string)
}

/// Enough of a command to know it by, on one line.
fn shortened(command: &str) -> String {
    const WIDTH: usize = 60;
    let line = command.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// What a link saw, in one line.
fn saw(link: &Proxy, metrics: &Metrics) -> String {
    let connections = &metrics.connections;
    let (accepted, name) = (connections.accepted, link.name());
    let datagrams = link.carrier() == Carrier::Datagram;
    let what = if datagrams { "client" } else { "connection" };
    let plural = if accepted == 1 { "" } else { "s" };
    let to = upstream(link).map(|upstream| format!(" to {upstream}")).unwrap_or_default();
    let mut line = format!("link {name}{to}: {accepted} {what}{plural}");
    let closes = &metrics.closes;
    for (n, became) in [
        (connections.failed, "not connected"),
        (connections.refused, "refused"),
        (closes.reset, "reset"),
        (closes.timeout, "timed out"),
        (closes.error, "broken"),
        // Clients of datagrams never end by themselves.
        (if datagrams { 0 } else { closes.cancelled }, "cut at the end"),
    ] {
        if n > 0 {
            let _ = write!(line, ", {n} {became}");
        }
    }
    let _ = write!(line, "; {} up, {} down", Human(metrics.bytes.up), Human(metrics.bytes.down));
    if let Some(datagrams) = &metrics.datagrams {
        let dropped = datagrams.dropped_up + datagrams.dropped_down;
        let _ = write!(line, " in {} and {} datagrams, {dropped} dropped", datagrams.up, datagrams.down);
    }
    for (i, fault) in metrics.faults.iter().enumerate() {
        let sign = if i == 0 { "; fired:" } else { "," };
        let _ = write!(line, "{sign} {} {}", fault.name, fault.fired);
    }
    line
}

fn counts(_: &Proxy, metrics: &Metrics) -> Value {
    let (connections, closes) = (&metrics.connections, &metrics.closes);
    let faults: Map<_, _> = metrics
        .faults
        .iter()
        .map(|fault| (fault.name.clone(), json!({ "kind": fault.kind, "fired": fault.fired })))
        .collect();
    let mut counts = json!({
        "connections": {
            "accepted": connections.accepted,
            "active": connections.active,
            "closed": connections.closed,
            "refused": connections.refused,
            "failed": connections.failed,
        },
        "bytes": { "up": metrics.bytes.up, "down": metrics.bytes.down },
        "closes": {
            "fin": closes.fin,
            "reset": closes.reset,
            "timeout": closes.timeout,
            "error": closes.error,
            "cancelled": closes.cancelled,
        },
        "faults": faults,
    });
    if let Some(datagrams) = &metrics.datagrams {
        counts["datagrams"] = json!({
            "up": datagrams.up,
            "down": datagrams.down,
            "dropped_up": datagrams.dropped_up,
            "dropped_down": datagrams.dropped_down,
        });
    }
    counts
}
