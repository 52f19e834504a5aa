//! Scenario files: read, run, report, compare.

pub mod certainty;
pub mod diagnostic;
mod document;
pub mod expr;
pub mod model;
pub mod paths;
mod read;
pub mod snapshot;

pub use read::read;
