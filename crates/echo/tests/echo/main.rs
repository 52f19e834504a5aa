//! Tests of squall-echo, most of them over real sockets and in virtual worlds alike.

mod tcp;
mod udp;
mod worlds;
