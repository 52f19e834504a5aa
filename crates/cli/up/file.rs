//! The file of services, read at the start and on every SIGHUP.

use super::GRACE;
use crate::run::colored;
use squall::scenario::model::Services;
use squall::scenario::{Overrides, check_services};
use std::path::PathBuf;
use std::time::Duration;

/// The file, and what the command line says instead of it.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) vars: Vec<(String, String)>,
    pub(super) seed: Option<u64>,
    pub(super) grace: Option<Duration>,
}

impl File {
    /// What it says now.
    ///
    /// # Errors
    /// In words for people: why it cannot be read, or every mistake in it.
    pub(super) fn read(&self) -> Result<Services, String> {
        let overrides = Overrides { clock: None, vars: self.vars.clone() };
        let mut services = check_services(&self.path, &overrides, colored())?;
        services.seed = self.seed.unwrap_or(services.seed);
        services.grace = self.grace.or(services.grace).or(Some(GRACE));
        Ok(services)
    }

    /// As [`File::read`]; says what is wrong, and that this changes nothing.
    pub(super) fn again(&self) -> Option<Services> {
        match self.read() {
            Ok(services) => Some(services),
            Err(words) => {
                eprint!("{words}");
                tracing::error!("{} is not valid: nothing was changed", self.path.display());
                None
            }
        }
    }
}
