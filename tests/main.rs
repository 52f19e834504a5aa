//! Tests that drive the built binary, as its users do.

mod balance;
mod bridge;
mod datagrams;
mod doctor;
mod echo;
mod errors;
mod faults;
mod faults_command;
mod guide;
mod html;
mod links;
mod load;
mod load_schema;
mod metrics;
mod presets;
mod preview;
mod process;
mod proxy;
mod run;
mod serve;
mod signals;
mod snapshots;
