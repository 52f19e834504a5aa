//! Pipes through which bulk goes without being copied, and what the system allows of them.

use super::check::{Check, State};
use super::sysctl;
use squall_wire::{PIPE_WANTED, PipeProbe, probe_pipe};
use std::io;

/// Pages that all of squall's pipes take at most, of 4 KiB.
const PAGES: u64 = 60 * 256;

const LARGEST: &str = "fs.pipe-max-size";
const QUOTA: &str = "fs.pipe-user-pages-soft";

pub(super) fn checks() -> [Check; 2] {
    [splice(probe_pipe(), sysctl::number(LARGEST)), quota(sysctl::number(QUOTA))]
}

fn splice(probe: io::Result<PipeProbe>, largest: Option<u64>) -> Check {
    let probe = match probe {
        Ok(probe) => probe,
        Err(error) if error.kind() == io::ErrorKind::Unsupported => {
            return Check::new("splice", State::Inactive, "this system cannot splice; bulk is copied");
        }
        Err(error) => return Check::unknown("splice", format!("no pipe can be opened: {error}")),
    };
    let state = match probe.used {
        true => State::active_if(probe.capacity >= PIPE_WANTED),
        false => State::Inactive,
    };
    let way = if probe.used { "bulk goes through them" } else { "too little, bulk is copied" };
    let check = Check::new("splice", state, format!("pipes hold {} KiB: {way}", probe.capacity >> 10))
        .with("pipe_capacity_bytes", probe.capacity)
        .with("pipe_wanted_bytes", PIPE_WANTED);
    match largest {
        Some(largest) if largest < PIPE_WANTED as u64 => {
            check.with("pipe_max_size_bytes", largest).advise(sysctl::set(LARGEST, PIPE_WANTED))
        }
        Some(largest) => check.with("pipe_max_size_bytes", largest).advise(sysctl::set(QUOTA, 4 * PAGES)),
        None => check,
    }
}

/// What a user without special rights may have in pipes. None is no limit.
fn quota(pages: Option<u64>) -> Check {
    let name = "pipe-quota";
    let Some(pages) = pages else { return Check::unknown(name, "no setting of this system") };
    let good = pages == 0 || pages >= PAGES;
    let found = match pages {
        0 => "no limit for a user".to_owned(),
        pages => format!("{pages} pages for a user without special rights, {PAGES} are enough"),
    };
    Check::new(name, State::active_if(good), found)
        .with("pages", pages)
        .with("pages_wanted", PAGES)
        .advise(sysctl::set(QUOTA, 16_384))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_splice_copies() {
        let check = splice(Err(io::ErrorKind::Unsupported.into()), None);
        assert_eq!((check.state, check.advice), (State::Inactive, None));
    }

    #[test]
    fn the_limit_that_stands_in_the_way_is_the_one_to_raise() {
        let probe = |capacity, used| Ok(PipeProbe { capacity, used });
        assert_eq!(splice(probe(PIPE_WANTED, true), Some(1 << 20)).state, State::Active);
        let small = splice(probe(512 << 10, true), Some(512 << 10));
        assert_eq!(small.state, State::Limited);
        assert_eq!(small.advice.unwrap(), "sudo sysctl -w fs.pipe-max-size=1048576");
        let exhausted = splice(probe(64 << 10, false), Some(1 << 20));
        assert_eq!(exhausted.state, State::Inactive);
        assert!(exhausted.advice.unwrap().contains(QUOTA));
    }

    #[test]
    fn a_quota_of_zero_is_none() {
        assert_eq!(quota(Some(0)).state, State::Active);
        assert_eq!(quota(Some(16_384)).state, State::Active);
        assert_eq!(quota(Some(1_024)).state, State::Limited);
        assert_eq!(quota(None).state, State::Unknown);
    }
}
