//! How many of what the system allows: cores, descriptors, ports, waiting clients.

use super::check::{Check, State};
use super::sysctl;
use squall_wire::{BACKLOG_WANTED, descriptor_limit};
use std::thread::available_parallelism;

/// A relayed connection takes two: enough for ten thousand.
const DESCRIPTORS: u64 = 20_000;

/// Towards one server; a closed connection keeps its port for a minute.
const PORTS: u64 = 20_000;

const RANGE: &str = "net.ipv4.ip_local_port_range";
const BACKLOG: &str = "net.core.somaxconn";

pub(super) fn cores() -> Check {
    match available_parallelism() {
        Ok(cores) => {
            let found = format!("{cores}: so many threads move bytes unless --shards says otherwise");
            Check::new("cores", State::Active, found).with("cores", cores.get())
        }
        Err(error) => Check::unknown("cores", error),
    }
}

/// To be asked before anything raises the limit.
pub(super) fn descriptors() -> Check {
    let (soft, hard) = descriptor_limit();
    let (_, raised) = squall::raise_descriptor_limit();
    judge_descriptors(soft, hard, raised)
}

fn judge_descriptors(soft: u64, hard: u64, raised: u64) -> Check {
    let shown = |limit| if limit == u64::MAX { "none".to_owned() } else { format!("{limit}") };
    let found = format!(
        "soft limit {}, hard limit {}; squall raises it to {}: about {} relayed connections",
        shown(soft),
        shown(hard),
        shown(raised),
        raised / 2
    );
    Check::new("descriptors", State::active_if(raised >= DESCRIPTORS), found)
        .with("soft", soft)
        .with("hard", hard)
        .with("raised_to", raised)
        .advise("sudo prlimit --pid $$ --nofile=65536:65536    # for this shell and what it starts")
}

pub(super) fn ports() -> Check {
    judge_ports(sysctl::text(RANGE).as_deref())
}

fn judge_ports(range: Option<&str>) -> Check {
    let bounds = range.and_then(|range| range.split_once(' '));
    let bounds = bounds.and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
    let Some((low, high)) = bounds else { return Check::unknown("ports", "no setting of this system") };
    let count = u64::saturating_sub(high, low) + 1;
    let found = format!("{low} to {high}: {count} connections to one server at a time");
    Check::new("ports", State::active_if(count >= PORTS), found)
        .with("low", low)
        .with("high", high)
        .advise(sysctl::set(RANGE, "32768 60999"))
}

pub(super) fn backlog() -> Check {
    judge_backlog(sysctl::number(BACKLOG))
}

fn judge_backlog(most: Option<u64>) -> Check {
    let Some(most) = most else { return Check::unknown("backlog", "no setting of this system") };
    let found = format!("{most} clients may wait to be accepted, {BACKLOG_WANTED} are asked for");
    Check::new("backlog", State::active_if(most >= BACKLOG_WANTED), found)
        .with("somaxconn", most)
        .with("wanted", BACKLOG_WANTED)
        .advise(sysctl::set(BACKLOG, BACKLOG_WANTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_hard_limit_needs_help() {
        assert_eq!(judge_descriptors(1_024, 1 << 20, 1 << 20).state, State::Active);
        let low = judge_descriptors(256, 4_096, 4_096);
        assert!(low.found.contains("about 2048 relayed connections"), "{}", low.found);
        assert!(low.advice.unwrap().starts_with("sudo prlimit "));
        assert!(judge_descriptors(1, u64::MAX, 10_240).found.contains("hard limit none"));
    }

    #[test]
    fn a_narrow_range_of_ports_is_limited() {
        assert_eq!(judge_ports(Some("32768 60999")).state, State::Active);
        let narrow = judge_ports(Some("50000 50999"));
        assert_eq!((narrow.state, &narrow.figures["low"]), (State::Limited, &50_000.into()));
        assert_eq!(narrow.advice.unwrap(), "sudo sysctl -w net.ipv4.ip_local_port_range='32768 60999'");
        assert_eq!(judge_ports(Some("nonsense")).state, State::Unknown);
        // Nobody's setting, but no reason to fail.
        assert_eq!(judge_ports(Some("2 1")).state, State::Limited);
    }

    #[test]
    fn a_short_backlog_is_limited() {
        assert_eq!(judge_backlog(Some(4_096)).state, State::Active);
        assert_eq!(judge_backlog(Some(128)).advice.unwrap(), "sudo sysctl -w net.core.somaxconn=4096");
    }
}
