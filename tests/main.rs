//! Tests that drive the built binary, as its users do.

mod echo;
mod errors;
mod faults;
mod faults_command;
mod metrics;
mod process;
mod proxy;
mod run;
mod signals;
mod snapshots;
