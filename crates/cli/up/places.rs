//! Where metrics and the control API are served.

use std::net::SocketAddr;

/// The addresses, where they are wanted.
pub(super) struct Places {
    pub(super) metrics: Option<SocketAddr>,
    pub(super) control: Option<SocketAddr>,
}

impl Places {
    /// Says what is to be elsewhere and stays where it is.
    pub(super) fn compare(&self, wanted: &Places) {
        for (key, is, wanted) in
            [("metrics", self.metrics, wanted.metrics), ("control", self.control, wanted.control)]
        {
            if is != wanted {
                tracing::warn!("`{key}` of the file has changed, which takes a new start of squall up");
            }
        }
    }
}
