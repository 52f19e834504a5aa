//! The relay from outside: real sockets where the kernel matters, virtual time where the clock does.

mod bench;
mod close;
mod faults;
mod hostile;
mod limits;
mod live;
mod pump;
mod relay;
