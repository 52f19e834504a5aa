//! Scenario files: read, run, report, compare.
