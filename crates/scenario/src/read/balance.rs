//! `[balance.NAME]`: a link with members, how one of them is picked, and which are fit; and the step that puts them in and out.

use std::time::Duration;

use squall_balance::{AdminState, Algorithm, Ejection, HealthCheck, MAX_WEIGHT};
use squall_faults::Carrier;
use squall_proxy::Check;

use super::link::{self, blank};
use super::load::term;
use super::names::Names;
use crate::document::{Item, Table};
use crate::format;
use crate::model::{Clock, Link, Member, OnMember, Pool, Upstream};
use crate::terms;

const STATES: [(&str, AdminState); 3] =
    [("up", AdminState::Up), ("drain", AdminState::Drain), ("down", AdminState::Down)];
/// Keys that say something of probes, which `check_interval` asks for.
const OF_PROBES: [&str; 5] = ["check_timeout", "check_rise", "check_fall", "check_send", "check_expect"];

pub(super) fn read(item: &Item<'_>, clock: Clock, names: &mut Names) -> Link {
    let name = item.key();
    let pool = Pool {
        members: Vec::new(),
        algorithm: Algorithm::default(),
        health: None,
        ejection: Some(Ejection::default()),
        slow_start: Duration::ZERO,
        retries: None,
    };
    let mut link = blank(name, Carrier::Stream, Upstream::Pool(Box::new(pool.clone())));
    let Some(table) = item.table(&format!("[balance.{name}]")) else { return link };
    link::refuse_faults_name(item, "balancer");
    if !names.is_balancer(name) {
        let help = "steps, faults and decisions know both by their names alone".to_owned();
        item.refuse_key(format!("a link is named `{name}` already"), help);
    }
    let mut presets = Vec::new();
    let pool = Pool {
        members: members(&table, clock, names, &mut presets),
        algorithm: table.get("algorithm").and_then(|item| algorithm(&item)).unwrap_or_default(),
        health: health(&table),
        ejection: ejection(&table),
        slow_start: table.get("slow_start").and_then(|item| item.value("30s")).unwrap_or_default(),
        retries: table.get("dial_retries").and_then(|item| small(&item, 0)),
    };
    names.set_members(name, pool.members.iter().map(|member| member.name.clone()).collect());
    link.upstream = Upstream::Pool(Box::new(pool));
    for (member, item) in &presets {
        let faults = link::preset(item, &link, Some(member), names);
        link.faults.extend(faults);
    }
    link::rest(&table, &mut link, clock, None, names);
    table.close_as(&format::BALANCE);
    link
}

/// What the step `balance` wants of members.
pub(super) fn step(table: Table<'_>, names: &Names) -> Vec<OnMember> {
    let balancers =
        table.require("name", "name = \"pool\"").map(|item| item.one_or_many()).unwrap_or_default();
    let members =
        table.require("member", "member = \"a\"").map(|item| item.one_or_many()).unwrap_or_default();
    let state = table.get("state");
    let weight = table.get("weight");
    if state.is_none() && weight.is_none() && table.others().is_empty() {
        table.refuse(
            "this says nothing about the member",
            "add `state = \"drain\"` or `weight = 2`".to_owned(),
        );
    }
    let state = state.and_then(|item| item.word(&STATES));
    let weight = weight.and_then(|item| self::weight(&item));
    table.close_as(&format::BALANCE_STEP);
    let mut wanted = Vec::new();
    for balancer in balancers.iter().filter_map(|item| names.balancer(item)) {
        for member in members.iter().filter_map(|item| names.member(&balancer, item)) {
            wanted.push(OnMember { balancer: balancer.clone(), member, state, weight });
        }
    }
    wanted
}

/// The members; the presets of each go to `presets`, with its name.
fn members<'d>(
    table: &Table<'d>,
    clock: Clock,
    names: &Names,
    presets: &mut Vec<(String, Item<'d>)>,
) -> Vec<Member> {
    let limit = table.get("max_per_member").and_then(|item| item.integer(1..=u64::MAX));
    let Some(item) = table.require("members", "members = [\"echo.a\", \"echo.b\"]") else {
        return Vec::new();
    };
    let mut members: Vec<Member> = Vec::new();
    let items = item.list("members = [\"echo.a\", \"echo.b\"]");
    if items.is_empty() && item.raw().starts_with('[') {
        item.refuse("a balancer needs at least one member", None);
    }
    for item in &items {
        let mut own = Vec::new();
        let Some(mut member) = member(item, clock, names, &mut own) else { continue };
        presets.extend(own.into_iter().map(|preset| (member.name.clone(), preset)));
        if members.iter().any(|other| other.name == member.name) {
            let help = "give one a name of its own: { to = \"...\", name = \"...\" }".to_owned();
            item.refuse(format!("two members are named `{}`", member.name), help);
        }
        member.max_connections = member.max_connections.or(limit);
        members.push(member);
    }
    members
}

/// A member: whom it stands for, alone or in a table with more. Its name is known even where the rest has a mistake.
fn member<'d>(item: &Item<'d>, clock: Clock, names: &Names, presets: &mut Vec<Item<'d>>) -> Option<Member> {
    if !item.is_table() {
        return named(item, None, clock, names);
    }
    let table = item.table("members")?;
    let to = table.require("to", "to = \"echo.a\"");
    let name = table.get("name");
    let weight = table.get("weight").and_then(|item| self::weight(&item));
    let limit = table.get("max_connections").and_then(|item| item.integer(1..=u64::MAX));
    presets.extend(table.get("preset").iter().flat_map(Item::one_or_many));
    table.close_as(&format::MEMBER);
    let member = named(&to?, name.as_ref(), clock, names)?;
    Some(Member { weight: weight.unwrap_or(member.weight), max_connections: limit, ..member })
}

fn named(to: &Item<'_>, name: Option<&Item<'_>>, clock: Clock, names: &Names) -> Option<Member> {
    let given = name.and_then(Item::name);
    let upstream = link::upstream(to, Carrier::Stream, clock, names);
    let name = match (given, &upstream) {
        (Some(name), _) => name.to_owned(),
        (None, Some(Upstream::Echo(name) | Upstream::Link(name) | Upstream::Process(name))) => name.clone(),
        (None, Some(Upstream::Address(address))) => {
            if name.is_none() {
                let help = format!("write {{ to = \"{address}\", name = \"a\" }}");
                to.refuse("a member at an address needs a name", help);
            }
            return None;
        }
        (None, Some(Upstream::Pool(_)) | None) => return None,
    };
    let to = upstream.unwrap_or_else(|| Upstream::Address(String::new()));
    Some(Member { name, to, weight: 1, max_connections: None })
}

fn algorithm(item: &Item<'_>) -> Option<Algorithm> {
    let names = Algorithm::ALL.map(|algorithm| (algorithm.name(), algorithm));
    item.word(&names)
}

fn health(table: &Table<'_>) -> Option<(HealthCheck, Check)> {
    let usual = HealthCheck::default();
    let interval = table.get("check_interval").map(|item| period(&item));
    let [timeout, rise, fall, send, expect] = OF_PROBES.map(|key| table.get(key));
    if interval.is_none() {
        for item in [&timeout, &rise, &fall, &send, &expect].into_iter().flatten() {
            let help = "add `check_interval = \"1s\"`, or leave it out".to_owned();
            item.refuse_key(format!("`{}` is about probes, and there are none", item.key()), help);
        }
    }
    let text = |item: &Item<'_>| term(item, "a text", terms::text);
    let [send, expect] = [send, expect].map(|item| item.as_ref().and_then(text).unwrap_or_default());
    let rule = HealthCheck {
        interval: interval.flatten()?,
        timeout: timeout.as_ref().and_then(period).unwrap_or(usual.timeout),
        rise: rise.as_ref().and_then(|item| small(item, 1)).unwrap_or(usual.rise),
        fall: fall.as_ref().and_then(|item| small(item, 1)).unwrap_or(usual.fall),
    };
    let check = match send.is_empty() && expect.is_empty() {
        true => Check::Connect,
        false => Check::Exchange { send, expect },
    };
    Some((rule, check))
}

fn ejection(table: &Table<'_>) -> Option<Ejection> {
    let usual = Ejection::default();
    let [after, time, max] = ["eject_after", "eject_time", "eject_max"].map(|key| table.get(key));
    let failures = after.as_ref().and_then(|item| small(item, 0)).unwrap_or(usual.failures);
    let base = time.as_ref().and_then(period).unwrap_or(usual.base);
    let max = max.as_ref().and_then(period).unwrap_or(usual.max).max(base);
    (failures > 0).then_some(Ejection { failures, base, max, ..usual })
}

fn weight(item: &Item<'_>) -> Option<u32> {
    item.integer(0..=u64::from(MAX_WEIGHT)).and_then(|weight| u32::try_from(weight).ok())
}

/// A whole number from `least` on.
fn small(item: &Item<'_>, least: u64) -> Option<u32> {
    item.integer(least..=u64::from(u32::MAX)).and_then(|number| u32::try_from(number).ok())
}

/// A duration above zero.
fn period(item: &Item<'_>) -> Option<Duration> {
    let period: Duration = item.value("1s")?;
    if period.is_zero() {
        item.refuse(format!("`{}` must be longer than zero", item.key()), None);
    }
    Some(period)
}
