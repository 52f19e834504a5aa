//! What balancers leave open on the real clock: which member a connection meets, and which members are fit.

use squall_balance::{AdminState, Algorithm};
use squall_faults::{FaultSpec, Gate, PortState, UpstreamHang, UpstreamRefuse};

use super::Certainty;
use super::reach::{connected, is_shared, running, used_by_program};
use crate::model::{Action, Link, Load, OnMember, Pool, Scenario, Step, Subject, Upstream};

impl Certainty {
    /// In turn, by draw or by address, how often each member is picked is exact as long as all of them are fit. Which connection gets
    /// which is not, where several come at once.
    pub(super) fn open_by_balancer(&mut self, scenario: &Scenario, link: &Link) {
        let Some(pool) = link.pool() else { return };
        let name = &link.name;
        if pool.health.is_some() {
            let reason = format!("when balancer `{name}` probes its members is decided by the real clock");
            self.open_behind(scenario, link, &reason);
            if is_faulty_behind(scenario, link) {
                self.open_balancer(scenario, link, &reason);
            }
        }
        if pool.members.len() < 2 {
            return;
        }
        let crowded = is_shared(scenario, name) || used_by_program(scenario, name);
        let fails = may_fail(scenario, link, pool);
        let timed = pool.ejection.is_some() || pool.health.is_some() || !pool.slow_start.is_zero();
        let all = if pool.members.iter().any(|member| member.max_connections.is_some()) {
            Some(format!("when a member of balancer `{name}` has room is left to the clock"))
        } else if fails && timed {
            Some(format!("when members of balancer `{name}` are out is decided by the real clock"))
        } else if crowded && (fails || is_told_apart(scenario, link, pool)) {
            Some(format!("which connection meets which member of balancer `{name}` is chance"))
        } else {
            None
        };
        if let Some(reason) = all {
            self.open_balancer(scenario, link, &reason);
        }
        if matches!(pool.algorithm, Algorithm::LeastConnections | Algorithm::P2c) {
            let reason =
                format!("how many connections each member of balancer `{name}` has is left to the clock");
            self.push(format!("{}.members", link.path()), &reason);
            self.open_behind(scenario, link, &reason);
        }
        if crowded && !is_even(scenario, link) {
            let reason = format!("which connection meets which member of balancer `{name}` is chance");
            self.open_behind(scenario, link, &reason);
        }
    }

    /// A member that goes or comes while connections are made over the balancer.
    pub(super) fn open_by_service(&mut self, scenario: &Scenario, step: &Step, wanted: &OnMember) {
        let Some(link) = scenario.link(&wanted.balancer) else { return };
        let Some(pool) = link.pool() else { return };
        let (name, member) = (&link.name, &wanted.member);
        let reason = format!("who comes before `{member}` of balancer `{name}` changes is left to the clock");
        let in_use = running(scenario, step).into_iter().any(|load| load.passes(scenario, name))
            || used_by_program(scenario, name);
        if in_use && wanted.state == Some(AdminState::Down) {
            self.open_balancer(scenario, link, &reason);
        } else if in_use || (wanted.state == Some(AdminState::Up) && !pool.slow_start.is_zero()) {
            self.push(format!("{}.members", link.path()), &reason);
            self.open_behind(scenario, link, &reason);
            if is_faulty_behind(scenario, link) || has_member_faults(scenario, link) {
                self.open_balancer(scenario, link, &reason);
            }
        }
    }

    /// Everything about the balancer, and whatever shares connections with it.
    fn open_balancer(&mut self, scenario: &Scenario, link: &Link, reason: &str) {
        self.open_loads(scenario, link, reason);
        for affected in connected(scenario, &link.name) {
            self.push_link(affected, &["bytes", "closes", "connections", "faults"], reason);
            affected.echoes().for_each(|echo| self.push(format!("echo.{echo}"), reason));
        }
    }

    /// What its members are, and all that is behind them.
    fn open_behind(&mut self, scenario: &Scenario, link: &Link, reason: &str) {
        for behind in scenario.route(&link.name) {
            if behind.name != link.name {
                self.push_link(behind, &["bytes", "closes", "connections", "faults"], reason);
            }
            behind.echoes().for_each(|echo| self.push(format!("echo.{echo}"), reason));
        }
    }
}

/// Whether something may keep the balancer from reaching a member.
fn may_fail(scenario: &Scenario, link: &Link, pool: &Pool) -> bool {
    let is_out = |end: &Upstream| match end {
        Upstream::Link(name) => scenario
            .link(name)
            .is_some_and(|member| faults(scenario, member).any(|fault| fault.port() != PortState::Open)),
        _ => false,
    };
    let answers = |fault: &FaultSpec| [UpstreamRefuse::NAME, UpstreamHang::NAME].contains(&fault.kind().name);
    let taken = |subject: &Subject| match subject {
        Subject::Echo(name) => link.leads_to(&Upstream::Echo(name.clone())),
        Subject::Link(name) => link.leads_to(&Upstream::Link(name.clone())),
        Subject::Process(name) => link.leads_to(&Upstream::Process(name.clone())),
        Subject::Load(_) => false,
    };
    let ended = scenario.steps.iter().any(|step| match &step.action {
        Action::Stop(subjects) => subjects.iter().any(taken),
        Action::Link(links) => {
            links.iter().any(|each| !each.what && link.leads_to(&Upstream::Link(each.link.clone())))
        }
        _ => false,
    });
    ended || faults(scenario, link).any(answers) || pool.members.iter().any(|member| is_out(&member.to))
}

/// Whether it shows which connection has which member: faults are drawn for members, or behind them.
fn is_told_apart(scenario: &Scenario, link: &Link, pool: &Pool) -> bool {
    let drawn = pool.algorithm != Algorithm::SourceHash && has_member_faults(scenario, link);
    drawn || is_faulty_behind(scenario, link)
}

fn has_member_faults(scenario: &Scenario, link: &Link) -> bool {
    faults(scenario, link).any(|fault| fault.name().is_some_and(|name| name.contains('.')))
}

fn is_faulty_behind(scenario: &Scenario, link: &Link) -> bool {
    let route = scenario.route(&link.name);
    route.iter().any(|behind| behind.name != link.name && faults(scenario, behind).next().is_some())
}

fn faults<'a>(scenario: &'a Scenario, link: &'a Link) -> impl Iterator<Item = &'a FaultSpec> {
    scenario.faults_of(link).chain(scenario.updates_of(link))
}

/// Whether all connections over the balancer carry the same.
fn is_even(scenario: &Scenario, link: &Link) -> bool {
    let mut loads = scenario.loads().filter(|(_, load)| load.passes(scenario, &link.name));
    let cut = connected(scenario, &link.name)
        .any(|link| faults(scenario, link).any(|fault| fault.kind().cuts || fault.kind().is_gate()));
    !cut && !used_by_program(scenario, &link.name)
        && loads.all(|(_, load)| !load.background && is_alike(load))
}

fn is_alike(load: &Load) -> bool {
    let fixed = |sizes: &squall_load::Mix| sizes.smallest() == sizes.largest();
    let share = load.requests / load.connections.max(1);
    load.connections <= 1
        || (load.requests.is_multiple_of(load.connections)
            && load.pace.is_none()
            && fixed(&load.sizes)
            && load.manner.reply_sizes.as_ref().is_none_or(fixed)
            && load.manner.per_connection.is_none_or(|each| share.is_multiple_of(each)))
}
