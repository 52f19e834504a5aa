//! The counts of links and echo servers on one page.

use crate::echo::{self, EchoCollection, Entry};
use crate::error::ControlError;
use crate::json::{Link, link};
use crate::routes::{Exposition, app};
use crate::server::{Server, start_limited};
use crate::source::{Totals, readings};
use crate::text;
use crate::toxiproxy::Collection;
use serde::Serialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// Serves the counts of every link and every server as [`serve`](crate::serve) does those of fixed links. The totals are over both:
/// a connection that runs through a link to one of the servers is in them twice.
///
/// # Errors
/// Where the address cannot be bound.
pub async fn serve_services(
    addr: SocketAddr,
    links: Collection,
    echoes: EchoCollection,
) -> Result<Server, ControlError> {
    start_limited(addr, app(Services { links, echoes })).await
}

struct Services {
    links: Collection,
    echoes: EchoCollection,
}

/// Fields are written in the order in which they stand here.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    totals: Totals,
    links: BTreeMap<&'a str, Link<'a>>,
    servers: BTreeMap<&'a str, Entry<'a>>,
}

impl Exposition for Services {
    fn text(&self) -> Result<String, String> {
        let read = self.links.metrics();
        let links = readings(&read);
        self.echoes.read(|servers| {
            let sum = Totals::of(&links) + echo::totals(servers);
            let mut families = text::totals(&sum, "links and servers");
            families.extend(text::families(&links));
            families.extend(echo::families(servers));
            text::encode_families(&families).map_err(|error| error.to_string())
        })
    }

    fn json(&self) -> Result<String, String> {
        let read = self.links.metrics();
        let links = readings(&read);
        self.echoes.read(|servers| {
            let report = Report {
                totals: Totals::of(&links) + echo::totals(servers),
                links: links.iter().map(|(name, metrics)| (*name, link(metrics))).collect(),
                servers: servers.iter().map(|server| (server.name, Entry::of(server))).collect(),
            };
            serde_json::to_string(&report).map(|text| text + "\n").map_err(|error| error.to_string())
        })
    }
}
