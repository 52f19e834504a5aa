//! A fault on a running link, for as long as its guard lives.

use crate::error::ProxyError;
use crate::link::Link;
use squall_faults::{FaultSpec, Planned};
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

    /// Changes the fault's parameters, directions and scope; `fault` must be of the same kind. Its name and counts stay. What
    /// it holds is scheduled anew, as if it had arrived under the new parameters; nothing is lost, and what arrives after this
    /// returns meets them.
    ///
    /// # Errors
    /// Where `fault` is of another kind, makes no sense on the link, or the fault has been taken off by another hand.
    pub fn update(&mut self, fault: impl Into<FaultSpec>) -> Result<(), ProxyError> {
        self.planned = self.link.update_fault(self.planned.id(), fault.into())?;
        Ok(())
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
