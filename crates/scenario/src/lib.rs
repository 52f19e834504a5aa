//! Scenario files: read, run, report, compare.

pub mod certainty;
mod determinism;
pub mod diagnostic;
mod document;
mod execute;
pub mod expr;
pub mod html;
pub mod model;
pub mod paths;
mod read;
pub mod report;
mod run;
pub mod snapshot;
pub mod terms;
pub mod timeline;

pub use determinism::counts_difference;
pub use execute::{Conclusion, Execution, check, execute};
pub use read::read;
pub use run::{Draws, Run, RunError, run, run_recorded};
