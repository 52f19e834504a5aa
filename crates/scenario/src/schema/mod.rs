//! JSON Schemas: of scenario files, made from the tables that their reader is held to, and of reports, made from the vocabulary.

mod report;
mod scenario;
#[cfg(test)]
mod tests;

pub use report::report;
pub use scenario::{FaultTables, scenario, services};

/// The dialect of both.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";
