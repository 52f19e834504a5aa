//! The members of a balancer: a row for each over time, and a table of what they got.

use super::board::{LETTER, row};
use super::figures::figure;
use super::put;
use super::scale::Axis;
use super::tables::{close, open};
use super::text::{Text, count, of, time};
use crate::report::Report;
use crate::timeline::{LinkTrack, MemberTrack, Timeline};
use squall_balance::Condition;
use std::iter::zip;

/// More members than these have no rows, only the table.
const ROWS: usize = 24;

/// The most changes of a member that are written out.
const CHANGES: usize = 6;

impl LinkTrack {
    /// What it is, as a headline begins.
    pub(super) fn kind(&self) -> &'static str {
        if self.members.is_empty() { "Link" } else { "Balancer" }
    }

    /// Its path in the report.
    pub(super) fn path(&self) -> String {
        format!("{}.{}", if self.members.is_empty() { "link" } else { "balance" }, self.name)
    }
}

/// When each member was in which condition.
pub(super) fn rows(out: &mut String, report: &Report, timeline: &Timeline, link: &LinkTrack, axis: Axis) {
    for member in link.members.iter().filter(|_| link.members.len() <= ROWS) {
        let picks = number(report, link, member, "picks").unwrap_or_default();
        let label = format!(
            "<code>{}</code><small>member, {}</small>",
            Text(&member.name),
            of(picks, "pick", "picks")
        );
        row(out, &label, |out| {
            let ends = member.conditions.iter().skip(1).map(|(from, _)| *from).chain([timeline.end]);
            for ((from, condition), to) in zip(&member.conditions, ends) {
                let class = if condition.takes_connections() { "member" } else { "member out" };
                let name = name(*condition);
                let room = (axis.x(to) - axis.x(*from)) / LETTER;
                let shown = if name.len() as u64 <= room { name.as_str() } else { "" };
                put!(
                    out,
                    "<i class=\"{class}\" style=\"left:{};width:{}\" title=\"{name}\">{shown}</i>",
                    axis.percent(*from),
                    axis.width(*from, to)
                );
            }
        });
    }
}

fn number(report: &Report, link: &LinkTrack, member: &MemberTrack, field: &str) -> Option<u64> {
    figure(report, &format!("{}.members.{}.{field}", link.path(), member.name))
}

/// What each member got, and what became of it.
pub(super) fn table(out: &mut String, report: &Report, link: &LinkTrack) {
    if link.members.is_empty() {
        return;
    }
    let fields = [
        ("Picks", "picks"),
        ("Connections", "connections"),
        ("Failures", "failures"),
        ("Ejections", "ejections"),
        ("Probes", "probes"),
        ("Failed probes", "probe_failures"),
    ];
    let columns = fields.map(|(name, _)| (name, true));
    let columns: Vec<_> = [("Member", false)].into_iter().chain(columns).chain([("State", false)]).collect();
    open(out, "Members and what they got", &columns);
    for member in &link.members {
        put!(out, "<tr><th scope=\"row\"><code>{}</code></th>", Text(&member.name));
        for (_, field) in fields {
            let number = number(report, link, member, field).map_or_else(String::new, count);
            put!(out, "<td class=\"n\">{number}</td>");
        }
        put!(out, "<td>{}</td></tr>\n", course(member));
    }
    close(out);
}

/// The conditions of a member in words.
fn course(member: &MemberTrack) -> String {
    let first = member.conditions.iter().take(1).map(|(_, first)| name(*first));
    let later = member
        .conditions
        .iter()
        .skip(1)
        .map(|(from, later)| format!("{} from {}", name(*later), time(*from)));
    let mut words: Vec<String> = first.chain(later).take(CHANGES).collect();
    if let Some(more @ 1..) = member.conditions.len().checked_sub(CHANGES) {
        words.push(format!("and {} more changes", count(more as u64)));
    }
    words.join("; ")
}

/// A condition as people write it.
fn name(condition: Condition) -> String {
    condition.name().replace('_', " ")
}
