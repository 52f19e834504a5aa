//! The process's limit on open descriptors.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What macOS grants at most, whatever its hard limit claims.
const OPEN_MAX: u64 = 10_240;

/// Raises the soft limit on open descriptors to the hard one, and returns it before and after (`u64::MAX` for
/// no limit). Where the system refuses, the two are equal.
pub fn raise_descriptor_limit() -> (u64, u64) {
    let limit = getrlimit(Resource::Nofile);
    let before = limit.current.unwrap_or(u64::MAX);
    for wanted in [limit.maximum.unwrap_or(u64::MAX), OPEN_MAX] {
        let current = Some(wanted).filter(|&limit| limit != u64::MAX);
        if wanted > before && setrlimit(Resource::Nofile, Rlimit { current, ..limit }).is_ok() {
            return (before, wanted);
        }
    }
    (before, before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_never_shrinks_and_stays_raised() {
        let (before, after) = raise_descriptor_limit();
        assert!(after >= before);
        assert_eq!(raise_descriptor_limit(), (after, after));
    }
}
