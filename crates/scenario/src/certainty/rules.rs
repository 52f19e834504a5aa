//! What each fault and each outage leaves open on the real clock. Where that cannot be shown to be nothing, it is everything.

use squall_echo::Mode;
use squall_faults::{Carrier, Direction, FaultSpec, Gate, PortState, Rank, UpstreamHang};

use super::Certainty;
use super::reach::{
    changes_midway, connected, ends_at, is_behind_another, is_idle, is_shared, passes, running,
};
use crate::model::{Echo, Link, Load, Scenario, Step, Subject, Target, Upstream};

impl Certainty {
    /// A server that sends everything back leaves nothing open, however slowly it does. One that gives up on its clients does, or
    /// has them give up: what is on its way then is chance.
    pub(super) fn open_by_echo(&mut self, scenario: &Scenario, echo: &Echo) {
        let reason = match &echo.mode {
            _ if echo.idle_timeout.is_some() => {
                format!("whom echo `{}` takes for idle is decided by the real clock", echo.name)
            }
            _ if echo.max_connections.is_some() => {
                format!("when echo `{}` has room again is decided by the real clock", echo.name)
            }
            Mode::Echo | Mode::Delay(_) | Mode::Drip(_) => return,
            mode => {
                format!("how far clients of echo `{}` come with `{mode}` is left to the clock", echo.name)
            }
        };
        self.push(format!("echo.{}", echo.name), &reason);
        let end = Upstream::Echo(echo.name.clone());
        for link in scenario.links.iter().filter(|link| link.leads_to(&end)) {
            self.open_loads(scenario, link, &reason);
            for affected in connected(scenario, &link.name) {
                self.push_link(affected, &["bytes", "closes", "connections", "datagrams", "faults"], &reason);
            }
        }
        let direct = Target::Echo(echo.name.clone());
        for (load, _) in scenario.loads().filter(|(_, load)| load.target == direct) {
            self.push(format!("load.{load}"), &reason);
        }
    }

    pub(super) fn open_by_fault(&mut self, scenario: &Scenario, link: &Link, fault: &FaultSpec) {
        let clock = left_to_the_clock(scenario, link, fault);
        if let Some(reason) = &clock {
            self.push(format!("{}.fired", link.fault_path(name(fault))), reason);
        }
        self.open_by_crowd(scenario, link, fault);
        match link.carrier {
            Carrier::Datagram => self.open_by_datagram_fault(scenario, link, fault, clock),
            Carrier::Stream if fault.kind().is_gate() => self.open_by_gate(scenario, link, fault, clock),
            Carrier::Stream => self.open_by_stream_fault(scenario, link, fault, clock.is_some()),
        }
    }

    /// How many requests are under way when a fault meets one of them is chance, where there may be several on a connection.
    fn open_by_crowd(&mut self, scenario: &Scenario, link: &Link, fault: &FaultSpec) {
        let crowded = |load: &Load| {
            let several = load.manner.pipeline.is_some_and(|depth| depth > 1);
            let unbounded = load.pace.is_some() && load.manner.pipeline.is_none();
            match load.carrier {
                // What is sent again comes between what is sent first.
                Carrier::Datagram => (several || unbounded) && load.retries > 0,
                Carrier::Stream => several,
            }
        };
        let breaks = fault.kind().cuts || fault.kind().alters || link.carrier == Carrier::Datagram;
        let loads = scenario.loads().filter(|(_, load)| load.passes(scenario, &link.name) && crowded(load));
        let loads: Vec<&str> = loads.map(|(name, _)| name).collect();
        if !breaks || loads.is_empty() {
            return;
        }
        let reason = format!("how many requests are under way when `{}` acts is chance", name(fault));
        loads.iter().for_each(|load| self.push(format!("load.{load}"), &reason));
        for affected in connected(scenario, &link.name) {
            self.push_link(affected, &["bytes", "closes", "connections", "datagrams", "faults"], &reason);
            for echo in affected.echoes() {
                self.push(format!("echo.{echo}"), &reason);
            }
        }
    }

    fn open_by_stream_fault(&mut self, scenario: &Scenario, link: &Link, fault: &FaultSpec, clocked: bool) {
        let kind = fault.kind();
        if meets_the_other_direction(fault) && decides_often(fault) {
            let reason = format!("where `{}` begins in one direction depends on the other", name(fault));
            self.push(format!("{}.fired", link.fault_path(name(fault))), &reason);
            if kind.alters {
                self.open_loads(scenario, link, &reason);
            }
        }
        if !kind.cuts {
            return;
        }
        let reason =
            format!("`{}` on link `{}` may cut off bytes that are on their way", name(fault), link.name);
        if clocked {
            self.open_loads(scenario, link, &reason);
        }
        for affected in connected(scenario, &link.name) {
            self.push_link(affected, &["bytes"], &reason);
            if clocked {
                self.push_link(affected, &["closes", "connections"], &reason);
            }
            // How far the other direction has come when one is cut is chance.
            for other in scenario.faults_of(affected).filter(|other| decides_often(other)) {
                if Direction::BOTH
                    .iter()
                    .any(|way| other.directions().covers(*way) && !fault.directions().covers(*way))
                {
                    self.push(format!("{}.fired", affected.fault_path(name(other))), &reason);
                }
            }
            for echo in affected.echoes() {
                // Clients that are cut off come again.
                let part = if clocked { "" } else { ".bytes" };
                self.push(format!("echo.{echo}{part}"), &reason);
            }
        }
    }

    /// Without a window, which clients are turned away is exact, and nothing of theirs is on its way.
    fn open_by_gate(&mut self, scenario: &Scenario, link: &Link, fault: &FaultSpec, clock: Option<String>) {
        let reason = if fault.port() != PortState::Open {
            Some(format!(
                "how often clients try while `{}` is in force is decided by the real clock",
                name(fault)
            ))
        } else if fault.kind().name == UpstreamHang::NAME {
            Some(format!("who gives up first under `{}` is decided by the real clock", name(fault)))
        } else {
            clock.filter(|_| fault.kind().cuts)
        };
        let Some(reason) = reason else { return };
        self.push(format!("{}.fired", link.fault_path(name(fault))), &reason);
        self.open_loads(scenario, link, &reason);
        for affected in connected(scenario, &link.name) {
            self.push_link(affected, &["bytes", "closes", "connections"], &reason);
            for echo in affected.echoes() {
                self.push(format!("echo.{echo}"), &reason);
            }
        }
    }

    /// Each session sends a datagram when the one before is answered or given up, so that what acts by number or size is
    /// exact; what a datagram meets in a queue, or who overtakes whom, is not.
    fn open_by_datagram_fault(
        &mut self,
        scenario: &Scenario,
        link: &Link,
        fault: &FaultSpec,
        clock: Option<String>,
    ) {
        let shown = name(fault);
        let reason = match fault.kind().rank {
            _ if clock.is_some() => clock,
            Rank::Rate => {
                Some(format!("what finds the queue of `{shown}` full is decided by the real clock"))
            }
            Rank::Order | Rank::Pause => {
                Some(format!("what `{shown}` lets through in time is decided by the real clock"))
            }
            _ if is_shared(scenario, &link.name) && is_behind_another(scenario, &link.name) => {
                Some(format!("which client is which on link `{}`, behind another, is chance", link.name))
            }
            _ => None,
        };
        if let Some(reason) = reason {
            self.open_datagrams(scenario, link, &reason);
        }
    }

    fn open_datagrams(&mut self, scenario: &Scenario, link: &Link, reason: &str) {
        self.open_loads(scenario, link, reason);
        for affected in connected(scenario, &link.name) {
            self.push_link(affected, &["bytes", "datagrams", "faults"], reason);
            // A client of which nothing gets through does not exist behind the link.
            if affected.name != link.name && passes(scenario, &link.name, &affected.name) {
                self.push_link(affected, &["closes", "connections"], reason);
            }
            for echo in affected.echoes() {
                self.push(format!("echo.{echo}"), reason);
            }
        }
    }

    /// Clients of datagrams that are forgotten and come again are others to the faults.
    pub(super) fn open_by_link(&mut self, scenario: &Scenario, link: &Link) {
        let forgets = link.idle_timeout.is_some_and(|limit| limit < scenario.timeout);
        if link.carrier == Carrier::Datagram && forgets {
            let reason = format!("when link `{}` forgets a client is decided by the real clock", link.name);
            self.open_datagrams(scenario, link, &reason);
            for affected in connected(scenario, &link.name) {
                self.push_link(affected, &["closes", "connections"], &reason);
            }
        }
    }

    pub(super) fn open_by_outage(&mut self, scenario: &Scenario, down: &str) {
        let reason = format!("when link `{down}` goes down is decided by the real clock");
        for affected in connected(scenario, down) {
            self.push_link(affected, &["bytes", "closes", "connections"], &reason);
            if affected.carrier == Carrier::Datagram {
                self.push_link(affected, &["datagrams", "faults"], &reason);
            }
            for echo in affected.echoes() {
                self.push(format!("echo.{echo}"), &reason);
            }
        }
        if let Some(down) = scenario.link(down) {
            self.open_loads(scenario, down, &reason);
        }
    }

    /// What is stopped while nothing runs over it has come to rest before, so that nothing is left open.
    pub(super) fn open_by_stop(&mut self, scenario: &Scenario, step: &Step, subject: &Subject) {
        let reason =
            format!("how far clients have come when `{}` is stopped is left to the clock", subject.path());
        match subject {
            Subject::Link(link) if is_idle(scenario, step, link) => {}
            Subject::Link(link) => self.open_by_outage(scenario, link),
            Subject::Process(name) => {
                let upstream = Upstream::Process(name.clone());
                for link in scenario.links.iter().filter(|link| link.leads_to(&upstream)) {
                    self.open_by_outage(scenario, &link.name);
                }
                let direct = Target::Process(name.clone());
                for load in running(scenario, step).into_iter().filter(|load| load.target == direct) {
                    let same = scenario.loads().filter(|(_, other)| *other == load);
                    same.for_each(|(name, _)| self.push(format!("load.{name}"), &reason));
                }
            }
            Subject::Load(name) => {
                self.push(format!("load.{name}"), &reason);
                if let Some((_, load)) = scenario.loads().find(|(each, _)| each == name) {
                    self.open_route(scenario, load, &reason);
                }
            }
            Subject::Echo(echo) => {
                for load in running(scenario, step).into_iter().filter(|load| ends_at(scenario, load, echo)) {
                    self.open_route(scenario, load, &reason);
                    let same = scenario.loads().filter(|(_, other)| *other == load);
                    same.for_each(|(name, _)| self.push(format!("load.{name}"), &reason));
                }
            }
        }
    }

    /// Every link and server that connections of a load touch.
    fn open_route(&mut self, scenario: &Scenario, load: &Load, reason: &str) {
        match &load.target {
            Target::Echo(echo) => self.push(format!("echo.{echo}"), reason),
            // Of a process nothing is counted that its clients do.
            Target::Process(_) => {}
            Target::Link(first) => {
                for affected in connected(scenario, first) {
                    let groups = ["bytes", "closes", "connections", "datagrams", "faults"];
                    self.push_link(affected, &groups, reason);
                    for echo in affected.echoes() {
                        self.push(format!("echo.{echo}"), reason);
                    }
                }
            }
        }
    }

    pub(super) fn open_loads(&mut self, scenario: &Scenario, link: &Link, reason: &str) {
        for (load, _) in scenario.loads().filter(|(_, load)| load.passes(scenario, &link.name)) {
            self.push(format!("load.{load}"), reason);
        }
    }
}

fn name(fault: &FaultSpec) -> &str {
    fault.name().unwrap_or(fault.kind().name)
}

/// Why the real clock decides what the fault acts on, where it does.
fn left_to_the_clock(scenario: &Scenario, link: &Link, fault: &FaultSpec) -> Option<String> {
    let shown = name(fault);
    if fault.is_timed() || changes_midway(scenario, &link.name, shown) {
        return Some(format!("what `{shown}` acts on is decided by the real clock"));
    }
    let contended = fault.scope().times.is_some() && is_shared(scenario, &link.name);
    contended.then(|| format!("who is first to use up the `times` of `{shown}` is decided by the real clock"))
}

/// Whether it fires as often as its direction is long, not once for each connection.
fn decides_often(fault: &FaultSpec) -> bool {
    fault.kind().alters || fault.kind().rank == Rank::Loss
}

/// Whether a text in one direction arms it in the other.
fn meets_the_other_direction(fault: &FaultSpec) -> bool {
    let Some(looked) = fault.scope().match_on else { return false };
    Direction::BOTH.iter().any(|way| *way != looked && fault.directions().covers(*way))
}
