//! What a scenario has started: servers, links, loads.

use super::failure::RunError;
use super::history::History;
use super::process::Programs;
use super::rest::QUIET;
use super::{Draws, Watch};
use crate::model::{Link, Load, Scenario, Target, Upstream};
use crate::timeline::Lanes;
use squall_echo::{Counts as EchoCounts, Echo};
use squall_faults::Carrier;
use squall_load::{Report as LoadReport, Running};
use squall_proxy::{Metrics, Proxy};
use squall_wire::{Address, Env, Refusing, Shards, nanos};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) struct Stage {
    shards: Shards,
    draws: Draws,
    pub(super) began: u64,
    pub(super) ended: Option<u64>,
    /// The place of the step that is being taken.
    pub(super) current: usize,
    echoes: BTreeMap<String, Echo>,
    /// Where each server listens, or did.
    addrs: BTreeMap<String, SocketAddr>,
    /// Ports of servers and links that are to have them back, by path.
    held: BTreeMap<String, Refusing>,
    /// What servers had done when they were stopped.
    stopped: BTreeMap<String, EchoCounts>,
    pub(super) links: BTreeMap<String, Proxy>,
    pub(super) loads: BTreeMap<String, LoadState>,
    /// How long each step that has ended took, in nanoseconds.
    pub(super) steps: BTreeMap<String, u64>,
    histories: BTreeMap<String, History>,
    /// When each step that was taken began.
    pub(super) begun: Vec<u64>,
    /// The connections of each link, where they are followed.
    pub(super) lanes: Option<BTreeMap<String, Arc<Mutex<Lanes>>>>,
    pub(super) programs: Programs,
}

pub(super) enum LoadState {
    Running(Running),
    Finished(Box<LoadReport>),
}

impl Stage {
    /// Starts every server and every link, the ones that others lead to first.
    pub(super) async fn open(
        scenario: &Scenario,
        shards: Shards,
        draws: Draws,
        watch: Watch,
    ) -> Result<Stage, RunError> {
        let began = shards.env(0).now();
        let mut stage = Stage {
            shards,
            draws,
            began,
            ended: None,
            current: 0,
            echoes: BTreeMap::new(),
            addrs: BTreeMap::new(),
            held: BTreeMap::new(),
            stopped: BTreeMap::new(),
            links: BTreeMap::new(),
            loads: BTreeMap::new(),
            steps: BTreeMap::new(),
            histories: BTreeMap::new(),
            begun: Vec::new(),
            lanes: watch.timeline.then(BTreeMap::new),
            programs: Programs::new(scenario, watch.lines)?,
        };
        for echo in &scenario.echoes {
            stage.start_echo(scenario, &echo.name).await?;
        }
        for link in &scenario.links {
            // A link's route is what it leads to; started from its far end, every upstream is there before it is needed.
            for link in scenario.route(&link.name).into_iter().rev() {
                if !stage.links.contains_key(&link.name) {
                    stage.start_link(scenario, link).await?;
                }
            }
        }
        Ok(stage)
    }

    /// Starts a server, where it listened before if it did.
    pub(super) async fn start_echo(&mut self, scenario: &Scenario, name: &str) -> Result<(), RunError> {
        let Some(echo) = scenario.echoes.iter().find(|echo| echo.name == name) else { return Ok(()) };
        let mut builder = echo.builder().shards(self.shards.clone());
        if let Some(addr) = self.addrs.get(name) {
            builder = builder.listen(*addr);
        }
        self.let_go(&format!("echo.{name}"));
        let server = builder.start().await;
        let server = server.map_err(|source| RunError::Echo { name: name.to_owned(), source })?;
        self.addrs.insert(name.to_owned(), server.addr());
        self.echoes.insert(name.to_owned(), server);
        Ok(())
    }

    /// Ends a server; no-op where it is not running.
    pub(super) async fn stop_echo(&mut self, name: &str, grace: Duration) {
        let Some(echo) = self.echoes.remove(name) else { return };
        let counts = echo.stop(grace).await;
        let before = self.stopped.remove(name).unwrap_or_default();
        self.stopped.insert(name.to_owned(), before + counts);
    }

    /// Keeps a port that is closed for now from being given to another program. Where that cannot be done, luck has to do.
    pub(super) fn hold(&mut self, path: String, address: &Address, carrier: Carrier) {
        // A path is nobody else's anyway, and datagrams would wait in a socket instead of being refused.
        if address.is_unix() || carrier == Carrier::Datagram {
            return;
        }
        if let Ok(Some(refusing)) = self.env().refuse_at(address) {
            self.held.insert(path, refusing);
        }
    }

    /// The port is about to be bound again.
    pub(super) fn let_go(&mut self, path: &str) {
        self.held.remove(path);
    }

    async fn start_link(&mut self, scenario: &Scenario, link: &Link) -> Result<(), RunError> {
        let builder = link.builder(|end| self.upstream(end));
        let mut builder = builder.seed(scenario.seed).shards(self.shards.clone());
        if let Some(log) = &self.draws.decisions {
            builder = builder.decisions(log.clone());
        }
        if let Some(replay) = &self.draws.replay {
            builder = builder.replay(replay.clone());
        }
        let started = builder.start().await;
        let proxy = started.map_err(|source| RunError::Link { name: link.path(), source })?;
        let lanes = self.lanes.as_mut().map(|lanes| {
            let new = || Arc::new(Mutex::new(Lanes::new(self.began)));
            lanes.entry(link.name.clone()).or_insert_with(new).clone()
        });
        self.histories.insert(link.name.clone(), History::of(&proxy, &self.shards, lanes));
        self.links.insert(link.name.clone(), proxy);
        Ok(())
    }

    fn upstream(&self, upstream: &Upstream) -> Address {
        let started = match upstream {
            Upstream::Echo(name) => self.addrs.get(name).map(|addr| (*addr).into()),
            Upstream::Link(name) => self.links.get(name).map(|link| link.address().clone()),
            Upstream::Process(name) => self.programs.address(name).map(Address::Ip),
            Upstream::Address(text) => self.programs.with_ports(&text.as_str().into()).parse().ok(),
            Upstream::Pool(_) => None,
        };
        // The reader has resolved every name and read every address.
        started.unwrap_or_else(|| unreachable!("{upstream:?} was checked"))
    }

    /// The clock that steps are timed by.
    pub(super) fn env(&self) -> &Env {
        self.shards.env(0)
    }

    pub(super) async fn start_load(
        &mut self,
        scenario: &Scenario,
        name: &str,
        load: &Load,
    ) -> Result<(), RunError> {
        // Loads on one link must not draw each other's faults: each numbers its workers from a base of its own.
        let base = scenario.loads().position(|(each, _)| each == name).unwrap_or(0) as u64 * LOAD_STRIDE;
        let mut target = self.target(&load.target);
        if let Address::Ip(endpoint) = &target {
            let found = endpoint.resolve().await.map(|found| found.first().copied());
            let addr = found.and_then(|first| first.ok_or_else(|| io::ErrorKind::NotFound.into()));
            let addr = addr.map_err(|source| RunError::Target { load: name.to_owned(), source })?;
            target = addr.into();
        }
        let mut plan = super::plan::of(load, &target, scenario.seed);
        if let Target::Link(link) = &load.target
            && let Some(proxy) = self.links.get(link)
        {
            let labels = proxy.labels();
            plan = plan.announce(move |local, worker, attempt| labels.set(local, base + worker, attempt));
        }
        self.loads.insert(name.to_owned(), LoadState::Running(plan.start(&self.shards)));
        Ok(())
    }

    /// Where something listens.
    pub(super) fn target(&self, target: &Target) -> Address {
        let addr = match target {
            Target::Echo(name) => self.addrs.get(name).map(|addr| (*addr).into()),
            Target::Link(name) => self.links.get(name).map(|link| link.address().clone()),
            Target::Process(name) => self.programs.address(name).map(Address::Ip),
        };
        addr.unwrap_or_else(|| unreachable!("{target:?} was checked"))
    }

    /// Waits for a load to end; no-op where it has.
    pub(super) async fn join(&mut self, name: &str) {
        if let Some(state) = self.loads.remove(name) {
            let report = match state {
                LoadState::Running(running) => Box::new(running.finish().await),
                LoadState::Finished(report) => report,
            };
            self.loads.insert(name.to_owned(), LoadState::Finished(report));
        }
    }

    /// Ends everything: loads that still run are stopped, links get the grace to drain from the client's side on, and what is
    /// still open after that is cancelled.
    pub(super) async fn settle(&mut self, scenario: &Scenario) {
        let now = self.env().now();
        self.ended = Some(now);
        for state in self.loads.values_mut() {
            if let LoadState::Running(running) = state {
                *state = LoadState::Finished(Box::new(running.snapshot(now)));
            }
        }
        let deadline = now.saturating_add(nanos(scenario.grace));
        let left = |env: &Env| Duration::from_nanos(deadline.saturating_sub(env.now()));
        self.env().timeout(left(self.env()), self.delivered(scenario)).await;
        let mut rest: Vec<&str> = self.links.keys().map(String::as_str).collect();
        while !rest.is_empty() {
            // A link that another leads to may still get connections until that other one is drained.
            let (last, first): (Vec<_>, Vec<_>) =
                rest.iter().partition(|name| leads_to(scenario, &rest, name));
            for name in &first {
                if let Some(proxy) = self.links.get(*name) {
                    let carrier = scenario.link(name).map(|link| link.carrier);
                    // Clients of datagrams do not say that they are done.
                    let grace =
                        if carrier == Some(Carrier::Datagram) { Duration::ZERO } else { left(self.env()) };
                    proxy.drain(grace).await;
                }
            }
            rest = last;
        }
        for echo in &scenario.echoes {
            let grace = left(self.env());
            self.stop_echo(&echo.name, grace).await;
        }
        for history in self.histories.values_mut() {
            history.finish().await;
        }
    }

    /// Waits until no UDP link holds a datagram, and, on the real clock, none has moved for a while.
    async fn delivered(&self, scenario: &Scenario) {
        let udp = scenario.links.iter().filter(|link| link.carrier == Carrier::Datagram);
        let udp: Vec<&Proxy> = udp.filter_map(|link| self.links.get(&link.name)).collect();
        let quiet = if self.env().is_virtual() { Duration::ZERO } else { QUIET };
        let mut lulls = self.env().lulls();
        let (mut seen, mut since) = (None, self.env().now());
        while !udp.is_empty() {
            lulls.next().await;
            let metrics: Vec<Metrics> = udp.iter().map(|proxy| proxy.metrics()).collect();
            let held = metrics.iter().any(|metrics| metrics.held > 0);
            let moved = Some(metrics.iter().map(|metrics| metrics.datagrams).collect::<Vec<_>>());
            let now = self.env().now();
            if held || (moved != seen && !quiet.is_zero()) {
                (seen, since) = (moved, now);
            } else if now.saturating_sub(since) >= nanos(quiet) {
                return;
            }
        }
    }

    /// What each server has done in all its lives.
    pub(super) fn echo_counts(&self) -> BTreeMap<String, EchoCounts> {
        let mut counts = self.stopped.clone();
        for (name, echo) in &self.echoes {
            let before = counts.remove(name).unwrap_or_default();
            counts.insert(name.clone(), before + echo.counts());
        }
        counts
    }

    pub(super) fn link_metrics(&self) -> impl Iterator<Item = (&str, Metrics)> {
        self.links.iter().map(|(name, proxy)| (name.as_str(), proxy.metrics()))
    }

    /// The last events of every link.
    pub(super) fn history(&self, scenario: &Scenario) -> Vec<String> {
        let path = |name: &String| scenario.link(name).map_or_else(|| name.clone(), Link::path);
        self.histories.iter().flat_map(|(name, history)| history.lines(&path(name), self.began)).collect()
    }
}

/// How far apart the worker numbers of two loads are.
const LOAD_STRIDE: u64 = 1 << 32;

/// Whether one of `links` leads to the link `name`.
fn leads_to(scenario: &Scenario, links: &[&str], name: &str) -> bool {
    let upstream = Upstream::Link(name.to_owned());
    links.iter().filter_map(|link| scenario.link(link)).any(|link| link.leads_to(&upstream))
}
