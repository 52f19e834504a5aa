//! Scenario files: read, run, report, compare.

pub mod certainty;
mod determinism;
pub mod diagnostic;
mod document;
mod execute;
pub mod expr;
pub mod format;
pub mod html;
pub mod model;
pub mod paths;
mod place;
mod read;
mod replay;
pub mod report;
mod run;
mod schema;
pub mod snapshot;
pub mod terms;
pub mod timeline;

pub use determinism::counts_difference;
pub use execute::{Conclusion, Execution, check, check_either, check_services, execute};
pub use place::same_file;
pub use read::{Overrides, is_services, read, read_services, read_with};
pub use replay::command as replay_command;
pub use run::{Draws, Lines, Run, RunError, Watch, end_processes, run, run_watched};
pub use schema::{
    FaultTables, report as report_schema, scenario as scenario_schema, services as services_schema,
};
