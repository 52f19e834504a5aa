//! Snapshots: what a run measured, compared with what it measured when somebody last looked.

mod compare;
mod file;

pub use compare::{Difference, compare, render};
pub use file::{Policy, SnapshotError, Verdict, is_ci, settle, snapshot_path};
