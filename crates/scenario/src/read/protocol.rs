//! `protocol`: what an echo or a link speaks.

use squall_faults::Carrier;

use crate::document::{Item, Table};

/// Reads the key; TCP by default.
pub(super) fn read(table: &Table<'_>) -> Carrier {
    let protocols = [("tcp", Carrier::Stream), ("udp", Carrier::Datagram)];
    table.get("protocol").and_then(|item| item.word(&protocols)).unwrap_or(Carrier::Stream)
}

/// What the table `item` says; a mistake in it is noted once, however often it is asked.
pub(super) fn of(item: &Item<'_>) -> Carrier {
    item.table(item.key()).map_or(Carrier::Stream, |table| read(&table))
}
