//! The counts of echo servers, in both formats.

mod collection;
mod json;
mod text;

pub use collection::EchoCollection;
pub(crate) use json::Entry;

use crate::error::ControlError;
use crate::routes::{Exposition, app};
use crate::server::{Server, start_limited};
use crate::source;
use prometheus::proto::MetricFamily;
use squall_echo::{Counts, Totals};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// What an echo server speaks, which decides what is counted of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EchoProtocol {
    /// Connections.
    Tcp,
    /// Datagrams.
    Udp,
    /// Connections with requests.
    Http,
}

/// An echo server whose counts are shown.
#[derive(Clone, Debug)]
pub struct EchoSource {
    /// The server's name, the value of the label `server`.
    pub name: String,
    /// What it speaks.
    pub protocol: EchoProtocol,
    /// Its totals, which are read anew for every request.
    pub totals: Totals,
}

/// Serves the counts of echo servers as [`serve`](crate::serve) does those of links.
///
/// # Errors
/// As there.
pub async fn serve_echoes(addr: SocketAddr, sources: Vec<EchoSource>) -> Result<Server, ControlError> {
    let mut names = BTreeSet::new();
    if let Some(twice) = sources.iter().find(|source| !names.insert(source.name.as_str())) {
        return Err(ControlError::NameTaken(twice.name.clone()));
    }
    start_limited(addr, app(Servers(sources))).await
}

struct Servers(Vec<EchoSource>);

/// A server and its counts at one moment.
pub(crate) struct Reading<'a> {
    pub(crate) name: &'a str,
    protocol: EchoProtocol,
    counts: Counts,
    /// Statuses as labels have them, with how many answers had them.
    answers: BTreeMap<String, u64>,
}

impl Servers {
    /// Reads every server once, so that all parts of one answer agree with each other.
    fn read(&self) -> Vec<Reading<'_>> {
        self.0.iter().map(Reading::of).collect()
    }
}

impl Reading<'_> {
    fn of(source: &EchoSource) -> Reading<'_> {
        let EchoSource { name, protocol, totals } = source;
        Reading::new(name, *protocol, totals.counts(), totals.answers())
    }

    fn new(name: &str, protocol: EchoProtocol, counts: Counts, answers: BTreeMap<u16, u64>) -> Reading<'_> {
        let answers = answers.into_iter().map(|(status, count)| (status.to_string(), count)).collect();
        Reading { name, protocol, counts, answers }
    }
}

/// The families of each server, and what all of them have counted together.
pub(crate) fn families(readings: &[Reading<'_>]) -> Vec<MetricFamily> {
    let mut families = text::families(readings);
    families.retain(|family| !family.get_metric().is_empty());
    families
}

pub(crate) fn totals(readings: &[Reading<'_>]) -> source::Totals {
    source::Totals {
        active: sum(readings, |counts| counts.active),
        accepted: sum(readings, |counts| counts.accepted),
        up: sum(readings, |counts| counts.bytes_in),
        down: sum(readings, |counts| counts.bytes_out),
    }
}

impl Exposition for Servers {
    fn text(&self) -> Result<String, String> {
        text::encode(&self.read()).map_err(|error| error.to_string())
    }

    fn json(&self) -> Result<String, String> {
        json::encode(&self.read()).map_err(|error| error.to_string())
    }
}

fn sum(readings: &[Reading<'_>], count: fn(&Counts) -> u64) -> u64 {
    readings.iter().map(|reading| count(&reading.counts)).sum()
}
