//! Why a request is not served.

use std::io;

/// An answer that ends the connection, unless it is about the query alone.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    /// What is wrong, for people.
    pub(super) text: String,
}

/// Why there is no request.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It cannot be served.
    Refused(Refusal),
    /// The client is done.
    Ended,
    /// The connection is.
    Broken(io::Error),
}

impl Refusal {
    pub(super) fn new(status: u16, text: impl Into<String>) -> Refusal {
        Refusal { status, text: text.into() }
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        Trouble::Refused(refusal)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Broken(error)
    }
}
