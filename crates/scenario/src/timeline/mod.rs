//! What happened when in a run: for the page that shows it. Collected only where it is asked for.
//!
//! - [`Timeline`] and its parts are plain data, in nanoseconds since the run began
//! - `lanes` follows connections by a link's events, `sampler` reads counters and the state of members from time to time
//! - `beats` takes latencies over time from a load's report
//! - `windows` knows from the scenario when which fault was in force

mod beats;
mod lanes;
mod sampler;
#[cfg(test)]
mod tests;
mod windows;

pub(crate) use beats::beats;
pub(crate) use lanes::Lanes;
pub(crate) use sampler::{Meter, Sampler, Seen};
pub(crate) use windows::{down, faults};

use squall_balance::Condition;
use squall_proxy::{Client, CloseReason};
use std::fmt;

/// What happened when in one run. All times are nanoseconds since the run began.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Timeline {
    /// When the last step was over and the run began to settle.
    pub settling: u64,
    /// When everything was closed.
    pub end: u64,
    /// The steps that were taken, in order.
    pub steps: Vec<StepSpan>,
    /// The links, in the order of the file.
    pub links: Vec<LinkTrack>,
    /// The loads that were started, in the order of the file.
    pub loads: Vec<LoadTrack>,
}

/// A step that was taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepSpan {
    /// Its name.
    pub name: String,
    /// When it began.
    pub from: u64,
    /// When it ended; nothing where it did not. A load in the background ends its step at once.
    pub to: Option<u64>,
}

/// One link.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinkTrack {
    /// Its name.
    pub name: String,
    /// The other links that its connections may run through, nearer ones first.
    pub behind: Vec<String>,
    /// The members of a balancer, in the order of the file; none on other links.
    pub members: Vec<MemberTrack>,
    /// Its counters at successive times; some hundreds at the most, however long the run.
    pub samples: Vec<Sample>,
    /// Its faults: those it started with, then those that steps injected.
    pub faults: Vec<FaultTrack>,
    /// When steps had it down: nobody could connect.
    pub down: Vec<Window>,
    /// Connections, in the order in which they were opened: the first ones, and of the others some that did not end by FIN.
    pub lanes: Vec<Lane>,
    /// How many connections have no lane, by how they ended; endings that did not occur are left out.
    pub others: Vec<(Ending, u64)>,
}

/// A member of a balancer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MemberTrack {
    /// Its name.
    pub name: String,
    /// From when on it was seen in which condition; the first is that in which it began.
    pub conditions: Vec<(u64, Condition)>,
}

/// The counters of a link at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sample {
    /// When.
    pub at: u64,
    /// Bytes delivered to the server so far.
    pub up: u64,
    /// Bytes delivered to clients so far.
    pub down: u64,
    /// Connections that are open.
    pub active: u64,
    /// The most bytes that were seen to wait in the link since the sample before.
    pub held: u64,
    /// How often each fault has fired so far, in the order of [`LinkTrack::faults`].
    pub fired: Vec<u64>,
}

/// A fault and when it was in force.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FaultTrack {
    /// Its name on the link.
    pub name: String,
    /// What it does, in the grammar of the command line; after an update each version in turn.
    pub specs: Vec<String>,
    /// From when to when it was on the link.
    pub windows: Vec<Window>,
    /// From when to when its own `for` and `every` let it act; the same as `windows` without those keys.
    pub acting: Vec<Window>,
    /// How often it fired in all.
    pub fired: u64,
    /// Whether it may stay unfired.
    pub optional: bool,
}

/// A span of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// When it began.
    pub from: u64,
    /// When it ended.
    pub to: u64,
}

/// One connection of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lane {
    /// Its place in the order in which connections were opened, from 1.
    pub number: u64,
    /// The client.
    pub peer: Client,
    /// When it was opened.
    pub from: u64,
    /// When it ended.
    pub to: Option<u64>,
    /// Bytes delivered to the server.
    pub up: u64,
    /// Bytes delivered to the client.
    pub down: u64,
    /// How it ended.
    pub ending: Ending,
}

/// How a connection ended, in the order in which they are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// For this reason.
    Closed(CloseReason),
    /// Nothing was relayed: a fault turned it away, or the server could not be reached.
    NotRelayed,
    /// It was not seen to end.
    Open,
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ending::Closed(reason) => reason.fmt(f),
            Ending::NotRelayed => f.write_str("turned away, or upstream not reached"),
            Ending::Open => f.write_str("not seen to end"),
        }
    }
}

/// One load.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadTrack {
    /// The name of its step.
    pub name: String,
    /// The link that it was sent to, unless it went to a server directly.
    pub link: Option<String>,
    /// When it was started.
    pub from: u64,
    /// When it was over.
    pub to: u64,
    /// Its latencies over time: some hundreds of spans at the most, without those in which nothing ended.
    pub beats: Vec<Beat>,
}

/// The requests that a load finished in one span of time, and their latencies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Beat {
    /// From when.
    pub from: u64,
    /// Until when.
    pub to: u64,
    /// How many were answered and measured.
    pub requests: u64,
    /// How many failed.
    pub failed: u64,
    /// Their mean, in nanoseconds.
    pub mean_ns: u64,
    /// The longest, in nanoseconds.
    pub max_ns: u64,
}
