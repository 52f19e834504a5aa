//! What some faults on connections need of the system.

use super::check::{Check, State};
use super::sysctl;
use squall_wire::{can_hang, probe_reset};

const OVERFLOW: &str = "net.ipv4.tcp_abort_on_overflow";

/// Must be called inside a runtime.
pub(super) fn reset() -> Check {
    match probe_reset() {
        Ok(true) => Check::new("reset", State::Active, "a RST goes out at once, by a connect to AF_UNSPEC"),
        Ok(false) => Check::new("reset", State::Limited, "a RST goes out when the connection is closed"),
        Err(error) => Check::unknown("reset", format!("no connection can be made: {error}")),
    }
}

pub(super) fn hang() -> Check {
    let check = match can_hang() {
        true => Check::new("hang", State::Active, "connects can be made to hang, without root"),
        false => {
            Check::new("hang", State::Inactive, "connects do not hang here; the fault `hang` is refused")
        }
    };
    match sysctl::number(OVERFLOW) {
        Some(1..) => check.advise(sysctl::set(OVERFLOW, 0)),
        _ => check,
    }
}

pub(super) fn abort_on_overflow() -> Check {
    overflow(sysctl::number(OVERFLOW))
}

fn overflow(setting: Option<u64>) -> Check {
    let name = "abort-on-overflow";
    let Some(setting) = setting else { return Check::unknown(name, "no setting of this system") };
    let found = match setting {
        0 => "off: clients wait where too many connect at once",
        _ => "on: clients are reset where too many connect at once, and none can hang",
    };
    let check = Check::new(name, State::active_if(setting == 0), found);
    check.with("setting", setting).advise(sysctl::set(OVERFLOW, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overflow_that_aborts_is_told_with_its_remedy() {
        assert_eq!(overflow(Some(0)).state, State::Active);
        let on = overflow(Some(1));
        assert_eq!(on.advice.unwrap(), "sudo sysctl -w net.ipv4.tcp_abort_on_overflow=0");
        assert_eq!(overflow(None).state, State::Unknown);
    }
}
