//! The options that describe a pool: its members, how they are chosen, and which of them are fit.

use crate::{Failure, parse};
use squall::{Algorithm, Balance, Check, Ejection, HealthCheck, Member};
use std::time::Duration;

/// Options of a pool.
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Args {
    /// A server, [NAME=]HOST:PORT[=WEIGHT] or [NAME=]unix:PATH[=WEIGHT]; weights are 1 by default, 0 to 1000. May be given more than once.
    #[arg(long = "member", value_name = "SPEC", required = true, value_parser = parse::member)]
    members: Vec<Member>,
    /// How a member is chosen: round_robin, least_connections, p2c, random, source_hash.
    #[arg(long, value_name = "NAME", default_value = "round_robin")]
    algorithm: Algorithm,
    /// On how many more members a connection is tried after a dial that failed; 3 by default, or as many as there are others.
    /// Never after the first byte.
    #[arg(long, value_name = "N")]
    dial_retries: Option<u32>,
    /// The most connections that each member may have at once, N, or that one may have, MEMBER=N. May be given more than once.
    #[arg(long = "max-per-member", value_name = "N", value_parser = parse::member_limit)]
    limits: Vec<(Option<String>, u64)>,
    /// Probe each member so often: connect to it, and see whether it answers where --check-expect is given.
    #[arg(long, value_name = "DURATION", value_parser = parse::period)]
    check_interval: Option<Duration>,
    /// A probe that takes longer has failed.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = parse::period, requires = "check_interval")]
    check_timeout: Duration,
    /// So many probes in a row that succeed make an unhealthy member healthy.
    #[arg(long, value_name = "N", default_value = "2", value_parser = parse::times, requires = "check_interval")]
    check_rise: u32,
    /// So many probes in a row that fail make a healthy member unhealthy.
    #[arg(long, value_name = "N", default_value = "3", value_parser = parse::times, requires = "check_interval")]
    check_fall: u32,
    /// Send this in a probe; \r, \n, \xHH stand for bytes.
    #[arg(long, value_name = "TEXT", value_parser = parse::escaped, requires = "check_interval")]
    check_send: Option<Bytes>,
    /// A probe succeeds only where this is among what comes back.
    #[arg(long, value_name = "TEXT", value_parser = parse::escaped, requires = "check_interval")]
    check_expect: Option<Bytes>,
    /// So many dials in a row that fail take a member out for a while; 0 for never.
    #[arg(long, value_name = "N", default_value_t = 5)]
    eject_after: u32,
    /// How long the first ejection lasts; the n-th lasts n times as long.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse::period)]
    eject_time: Duration,
    /// The longest an ejection may last.
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = parse::period)]
    eject_max: Duration,
    /// How long a member that comes back takes to rise from a tenth of its weight to all of it.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = parse::duration)]
    slow_start: Duration,
}

/// Many of them are one value of an option.
type Bytes = Vec<u8>;

impl Args {
    /// The pool that was asked for.
    ///
    /// # Errors
    /// Where a limit is for a member that there is not.
    pub(super) fn balance(&self) -> Result<Balance, Failure> {
        let mut members = self.members.clone();
        for (name, limit) in &self.limits {
            let meant = |member: &Member| name.as_ref().is_none_or(|name| member.is_named(name));
            if !members.iter().any(meant) {
                let name = name.as_deref().unwrap_or_default();
                return Err(Failure::usage(format!("--max-per-member: there is no member `{name}`")));
            }
            let limited =
                |member: Member| if meant(&member) { member.max_connections(*limit) } else { member };
            members = members.into_iter().map(limited).collect();
        }
        let balance = members.into_iter().fold(Balance::new(self.algorithm), Balance::member);
        let mut balance = balance.ejection(self.ejection()).slow_start(self.slow_start);
        if let Some(interval) = self.check_interval {
            let (timeout, rise, fall) = (self.check_timeout, self.check_rise, self.check_fall);
            balance = balance.health(HealthCheck { interval, timeout, rise, fall }, self.check());
        }
        if let Some(retries) = self.dial_retries {
            balance = balance.dial_retries(retries);
        }
        Ok(balance)
    }

    fn check(&self) -> Check {
        let [send, expect] =
            [&self.check_send, &self.check_expect].map(|text| text.clone().unwrap_or_default());
        match send.is_empty() && expect.is_empty() {
            true => Check::Connect,
            false => Check::Exchange { send, expect },
        }
    }

    fn ejection(&self) -> Option<Ejection> {
        let rule = Ejection {
            failures: self.eject_after,
            base: self.eject_time,
            max: self.eject_max.max(self.eject_time),
            ..Ejection::default()
        };
        (self.eject_after > 0).then_some(rule)
    }
}
