//! What a client is told where its request cannot be served.

use std::fmt;

/// A refusal: its status and its message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> ApiError {
        ApiError { status, message: message.into() }
    }

    /// The body is not what it should be.
    pub(crate) fn body(why: impl fmt::Display) -> ApiError {
        ApiError::new(400, format!("bad request body: {why}"))
    }

    pub(crate) fn missing(field: &str) -> ApiError {
        ApiError::new(400, format!("missing required field: {field}"))
    }

    pub(crate) fn stream() -> ApiError {
        ApiError::new(400, "stream was invalid, can be either upstream or downstream")
    }

    pub(crate) fn toxic_type() -> ApiError {
        ApiError::new(400, "invalid toxic type")
    }

    /// Attributes that are well-formed and cannot work.
    pub(crate) fn attributes(why: impl fmt::Display) -> ApiError {
        ApiError::new(400, format!("invalid attributes: {why}"))
    }

    pub(crate) fn no_proxy() -> ApiError {
        ApiError::new(404, "proxy not found")
    }

    pub(crate) fn no_balancer() -> ApiError {
        ApiError::new(404, "balancer not found")
    }

    pub(crate) fn no_member() -> ApiError {
        ApiError::new(404, "member not found")
    }

    pub(crate) fn no_toxic() -> ApiError {
        ApiError::new(404, "toxic not found")
    }

    pub(crate) fn proxy_exists() -> ApiError {
        ApiError::new(409, "proxy already exists")
    }

    pub(crate) fn toxic_exists() -> ApiError {
        ApiError::new(409, "toxic already exists")
    }

    /// The same, where it concerns one of several proxies, counted from 1.
    pub(crate) fn at_proxy(self, number: usize) -> ApiError {
        ApiError { message: format!("{} at proxy {number}", self.message), ..self }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}
