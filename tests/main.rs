//! Tests that drive the built binary, as its users do.

mod balance;
mod bridge;
mod datagrams;
mod doctor;
mod echo;
mod echo_metrics;
mod errors;
mod faults;
mod faults_command;
mod guide;
mod html;
mod links;
mod load;
mod load_schema;
mod load_unix;
mod logs;
mod metrics;
mod metrics_page;
mod presets;
mod preview;
mod process;
mod proxy;
mod run;
mod serve;
mod signals;
mod snapshots;
