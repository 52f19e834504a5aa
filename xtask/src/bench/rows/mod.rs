//! The rows, one file each, in the order of the page.

mod bulk;
mod bulk_delay;
mod connect;
mod datagrams;
mod dead;
mod delay;
mod echo;
mod idle;
mod rate;
mod stuck;
mod switched;

use crate::bench::row::Row;
use crate::bench::subject::Subject;

/// All relays that need nothing but bytes to be passed on, and none.
const ALL: &[Subject] =
    &[Subject::Direct, Subject::Squall, Subject::Haproxy, Subject::Nginx, Subject::Socat, Subject::Toxiproxy];

/// Every row.
pub(crate) fn all() -> Vec<Box<dyn Row>> {
    vec![
        Box::new(bulk::Bulk { streams: 1 }),
        Box::new(bulk::Bulk { streams: 4 }),
        Box::new(echo::Echoes),
        Box::new(connect::Connects),
        Box::new(delay::Delay),
        Box::new(bulk_delay::BulkDelay),
        Box::new(rate::Rates),
        Box::new(idle::Idle),
        Box::new(datagrams::Datagrams),
        Box::new(stuck::Stuck),
        Box::new(switched::Switched),
        Box::new(dead::Dead),
    ]
}
