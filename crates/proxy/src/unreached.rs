//! What is known of servers that could not be reached.

use squall_wire::lock;
use std::fmt::Display;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// Why connections of a link did not reach a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreached {
    /// Where the last of them was to go, such as `upstream 127.0.0.1:5432`.
    pub target: String,
    /// Why the last of them did not get there, such as `connection refused`.
    pub reason: String,
    /// How many there were. Those that a fault turned away in the server's name are none of them.
    pub times: u64,
}

/// Keeps the failures of a link.
#[derive(Default)]
pub(crate) struct Failures {
    /// The last dial failed.
    current: AtomicBool,
    noted: Mutex<Option<Unreached>>,
}

impl Failures {
    /// A server was reached.
    pub(crate) fn end(&self) {
        self.current.store(false, Relaxed);
    }

    /// A server was not reached; true where it was before, or nobody has tried.
    pub(crate) fn note(&self, target: &dyn Display, reason: &dyn Display) -> bool {
        let mut noted = lock(&self.noted);
        let times = noted.as_ref().map_or(0, |noted| noted.times) + 1;
        *noted = Some(Unreached { target: target.to_string(), reason: reason.to_string(), times });
        !self.current.swap(true, Relaxed)
    }

    pub(crate) fn last(&self) -> Option<Unreached> {
        lock(&self.noted).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_failure_is_kept_and_all_are_counted() {
        let failures = Failures::default();
        assert!(failures.last().is_none());
        assert!(failures.note(&"upstream a", &"timed out"));
        assert!(!failures.note(&"upstream b", &"connection refused"));
        failures.end();
        assert!(failures.note(&"upstream b", &"connection refused"));
        let last = failures.last().expect("a failure");
        assert_eq!(
            (last.target.as_str(), last.reason.as_str(), last.times),
            ("upstream b", "connection refused", 3)
        );
    }
}
