//! A fault on a running link, for as long as its guard lives.

use crate::link::Link;
use squall_faults::Planned;
use std::fmt;
use std::sync::Arc;

/// A fault that was put on a running link. Dropping the guard takes it off again, and what it held is let go at once;
/// [`FaultGuard::keep`] leaves it on.
#[must_use = "dropping the guard removes the fault"]
pub struct FaultGuard {
    link: Arc<Link>,
    planned: Arc<Planned>,
    kept: bool,
}

impl FaultGuard {
    pub(crate) fn new(link: Arc<Link>, planned: Arc<Planned>) -> FaultGuard {
        FaultGuard { link, planned, kept: false }
    }

    /// The fault's name on the link.
    pub fn name(&self) -> &str {
        self.planned.name()
    }

    /// How often the fault has fired.
    pub fn fired(&self) -> u64 {
        self.planned.fired()
    }

    /// Leaves the fault on the link for good.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for FaultGuard {
    fn drop(&mut self) {
        if !self.kept {
            self.link.remove_fault(self.planned.id());
        }
    }
}

impl fmt::Debug for FaultGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FaultGuard").field(&self.planned.to_string()).finish()
    }
}
