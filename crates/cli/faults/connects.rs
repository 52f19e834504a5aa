//! What a fault at connect time does to clients that connect one after another, and to the port.

use squall_faults::{Entry, FaultSpec, LinkId, Plan, PlanError, PortState, ServerAnswer, Tick, Welcome};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Who connects.
pub(super) struct Crowd {
    pub(super) clients: u64,
    /// The time from one to the next.
    pub(super) interval: Duration,
    pub(super) seed: u64,
}

impl Crowd {
    /// When the client `number`, from 1, connects.
    fn at(&self, number: u64) -> Tick {
        let ns = u64::try_from(self.interval.as_nanos()).unwrap_or(u64::MAX);
        Tick::from_nanos(ns.saturating_mul(number - 1))
    }
}

/// What became of them.
pub(super) struct Connects {
    /// When each connected, and how it fared.
    pub(super) fates: Vec<(Tick, Fate)>,
    /// What the port did, from the beginning on.
    pub(super) port: Vec<Span>,
    pub(super) fired: u64,
}

/// How a client fared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The port was open.
    Met(Welcome),
    /// It was closed.
    Refused,
    /// It was hung, until then if that is known.
    Unanswered(Option<Tick>),
}

/// The port in one state; `to` is the end, if that is known.
pub(super) struct Span {
    pub(super) from: Tick,
    pub(super) to: Option<Tick>,
    pub(super) state: PortState,
}

/// Windows after which there is nothing new to see.
const CHANGES: usize = 10_000;

impl Connects {
    /// Lets the clients connect. Those that the port does not let in take no number.
    pub(super) fn of(spec: &FaultSpec, crowd: &Crowd) -> Result<Connects, PlanError> {
        let mut plan = Plan::new(LinkId::new("proxy", crowd.seed));
        let planned = plan.add(spec.clone(), 0, Tick::ZERO)?;
        let port = spans(&plan, crowd.at(crowd.clients));
        // A preview comes from where a first try does: this machine.
        let client = IpAddr::from(Ipv4Addr::LOCALHOST);
        let mut accepted = 0;
        let fates = (1..=crowd.clients).map(|number| {
            let at = crowd.at(number);
            let port = plan.port(at);
            let fate = match port.state {
                PortState::Open => {
                    accepted += 1;
                    Fate::Met(plan.welcome(accepted, None, Some(client), at))
                }
                PortState::Closed => Fate::Refused,
                PortState::Hung => Fate::Unanswered(port.until),
            };
            (at, fate)
        });
        let fates = fates.collect();
        Ok(Connects { fates, port, fired: planned.fired() })
    }

    /// Those of whom the server hears.
    pub(super) fn through(&self) -> usize {
        let through = |fate: &Fate| {
            matches!(fate, Fate::Met(Welcome { entry: Entry::Accepted, server: ServerAnswer::Own, .. }))
        };
        self.fates.iter().filter(|(_, fate)| through(fate)).count()
    }

    /// True where the fault is about the port.
    pub(super) fn closes(&self) -> bool {
        self.port.iter().any(|span| span.state != PortState::Open)
    }
}

/// What the port does until `end`, at least. It counts.
fn spans(plan: &Plan, end: Tick) -> Vec<Span> {
    let (mut spans, mut at): (Vec<Span>, _) = (Vec::new(), Tick::ZERO);
    for _ in 0..CHANGES {
        let port = plan.port(at);
        match spans.last_mut() {
            // One window follows another at once.
            Some(last) if last.state == port.state => last.to = port.until,
            _ => {
                port.count();
                spans.push(Span { from: at, to: port.until, state: port.state });
            }
        }
        match port.until {
            Some(next) if next <= end => at = next,
            _ => break,
        }
    }
    spans
}
