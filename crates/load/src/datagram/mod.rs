//! A load over datagrams: each connection is a socket, and answers are told by the numbers in them.

mod answers;
mod line;
mod session;

pub(crate) use session::Session;
