//! Tests of squall-echo: over real sockets and in virtual worlds alike, as far as they can be.

mod tcp;
mod udp;
