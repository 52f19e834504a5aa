//! Congestion control: on one machine it may be what limits, and not the relay.

use super::check::{Check, State};
use super::sysctl;

const IN_FORCE: &str = "net.ipv4.tcp_congestion_control";
const AVAILABLE: &str = "net.ipv4.tcp_available_congestion_control";

pub(super) fn check() -> Check {
    judge(sysctl::text(IN_FORCE), sysctl::text(AVAILABLE).unwrap_or_default())
}

fn judge(in_force: Option<String>, available: String) -> Check {
    let name = "congestion-control";
    let Some(in_force) = in_force else { return Check::unknown(name, "no setting of this system") };
    let paces = in_force.starts_with("bbr");
    let remark = if paces { "; it paces, to about 4 GB/s on loopback" } else { "" };
    let check = Check::new(name, State::active_if(!paces), format!("{in_force}, of {available}{remark}"))
        .with("in_force", in_force)
        .with("available", available.split(' ').collect::<Vec<_>>());
    let set = sysctl::set(IN_FORCE, "cubic");
    match available.split(' ').any(|name| name == "cubic") {
        true => check.advise(set),
        false => check.advise(format!("sudo modprobe tcp_cubic && {set}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_paces_is_told_with_its_remedy() {
        let judge = |in_force: &str, available: &str| judge(Some(in_force.into()), available.into());
        assert_eq!(judge("cubic", "reno cubic").state, State::Active);
        let bbr = judge("bbr", "reno cubic bbr");
        assert_eq!(bbr.state, State::Limited);
        assert_eq!(bbr.advice.unwrap(), "sudo sysctl -w net.ipv4.tcp_congestion_control=cubic");
        assert!(judge("bbr", "reno bbr").advice.unwrap().starts_with("sudo modprobe tcp_cubic && "));
    }
}
