//! Tests of squall-wire through its public face, most of them in the real and the virtual world alike.

mod clock;
mod datagrams;
mod descriptors;
mod listeners;
mod shards;
mod streams;
mod timer;
mod unix;
mod worlds;
