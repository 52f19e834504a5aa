//! What an HTTP echo leaves open on the real clock: its draws are for connections by number, and numbers are given in the order in
//! which connections come.

use super::Certainty;
use crate::model::{Echo, Link, Load, Scenario, Target, Upstream};

impl Certainty {
    /// Who gets which number is chance where several connections are on their way to the server at once; that shows unless the
    /// load treats all of its connections alike.
    pub(super) fn open_by_numbers(&mut self, scenario: &Scenario, echo: &Echo) {
        if !echo.http {
            return;
        }
        let reason = format!("which number a connection has to echo `{}` is left to the clock", echo.name);
        for (name, load) in scenario.loads().filter(|(_, load)| load.manner.http.is_some()) {
            let Some(route) = route(scenario, load, echo) else { continue };
            if is_told_apart(scenario, load, &route) {
                self.push(format!("load.{name}"), &reason);
                self.push(format!("echo.{}", echo.name), &reason);
                route
                    .iter()
                    .for_each(|link| self.push_link(link, &["bytes", "closes", "connections"], &reason));
            }
        }
    }
}

/// The links between a load and the server; nothing where it leads elsewhere.
fn route<'s>(scenario: &'s Scenario, load: &'s Load, echo: &Echo) -> Option<Vec<&'s Link>> {
    match &load.target {
        Target::Echo(name) => (*name == echo.name).then(Vec::new),
        Target::Process(_) => None,
        Target::Link(name) => {
            let route = scenario.route(name);
            let end = Upstream::Echo(echo.name.clone());
            route.iter().any(|link| link.leads_to(&end)).then_some(route)
        }
    }
}

/// Whether it shows which connection has which number.
fn is_told_apart(scenario: &Scenario, load: &Load, route: &[&Link]) -> bool {
    if load.background {
        return true;
    }
    let (connections, each) = (load.connections, load.manner.per_connection);
    if connections == 1 {
        return false;
    }
    let cut = route.iter().any(|link| {
        scenario
            .faults_of(link)
            .chain(scenario.updates_of(link))
            .any(|fault| fault.kind().cuts || fault.kind().is_gate())
    });
    let closing = load.manner.http.as_ref().is_some_and(|request| request.path().contains("close="));
    if cut || closing {
        return true;
    }
    // Connections are made one after another, and a server without a link before it sees them so.
    let in_order = route.is_empty() && each.is_none();
    let share = load.requests / connections;
    let alike =
        load.requests.is_multiple_of(connections) && each.is_none_or(|each| share.is_multiple_of(each));
    !in_order && !alike
}
