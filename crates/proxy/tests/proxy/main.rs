//! The relay from outside: real sockets where the kernel matters, virtual time where the clock does.

mod balance;
mod balance_change;
mod balance_operators;
mod balance_probes;
mod bench;
mod bridge;
mod bulk;
mod close;
mod datagrams;
mod decisions;
mod faults;
mod faulty;
mod forward;
mod gates;
mod hostile;
mod limits;
mod live;
mod proxy_protocol;
mod pump;
mod relay;
mod snapshots;
mod unix;
