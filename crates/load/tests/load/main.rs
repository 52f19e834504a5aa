//! Loads against servers of known behaviour, most of them in virtual time.

mod closed_loop;
mod connections;
mod datagrams;
mod framed;
mod http;
mod open_loop;
mod target;
