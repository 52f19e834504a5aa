//! The relay from outside: real sockets where the kernel matters, virtual time where the clock does.

mod bench;
mod bridge;
mod bulk;
mod close;
mod datagrams;
mod decisions;
mod faults;
mod faulty;
mod gates;
mod hostile;
mod limits;
mod live;
mod pump;
mod relay;
