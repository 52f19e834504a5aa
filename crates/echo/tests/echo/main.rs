//! Tests of squall-echo, most of them over real sockets and in virtual worlds alike.

mod events;
mod frames;
mod hostile;
mod http;
mod modes;
mod tcp;
mod udp;
mod unix;
mod worlds;
