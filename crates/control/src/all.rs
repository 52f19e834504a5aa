//! The counts of every link of a collection, whichever they are when somebody asks.

use crate::error::ControlError;
use crate::routes::{Exposition, app};
use crate::server::{Server, start_limited};
use crate::source::readings;
use crate::toxiproxy::Collection;
use crate::{json, text};
use std::net::SocketAddr;

/// Serves the counts of every link of a collection as [`serve`](crate::serve) does those of fixed ones.
///
/// # Errors
/// Where the address cannot be bound.
pub async fn serve_all(addr: SocketAddr, collection: Collection) -> Result<Server, ControlError> {
    start_limited(addr, app(All(collection))).await
}

struct All(Collection);

impl Exposition for All {
    fn text(&self) -> Result<String, String> {
        let read = self.0.metrics();
        text::encode(&readings(&read)).map_err(|error| error.to_string())
    }

    fn json(&self) -> Result<String, String> {
        let read = self.0.metrics();
        json::encode(&readings(&read)).map_err(|error| error.to_string())
    }
}
