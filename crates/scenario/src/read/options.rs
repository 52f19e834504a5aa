//! Keys of a link that set up its sockets and its buffers, as the options of `squall proxy` do.

use squall_faults::{Carrier, Size};
use squall_proxy::{ProxyProtocol, Relay};

use crate::document::{Item, Table};
use crate::model::{Clock, Link};

const RELAYS: [(&str, Relay); 3] = [("auto", Relay::Auto), ("copy", Relay::Copy), ("splice", Relay::Splice)];

const VERSIONS: [(&str, ProxyProtocol); 2] = [("v1", ProxyProtocol::V1), ("v2", ProxyProtocol::V2)];

/// Those of the kernel's sockets, with what they set.
const SOCKETS: [(&str, &str); 3] =
    [("congestion", "congestion control"), ("rcvbuf", "receive buffer"), ("sndbuf", "send buffer")];

pub(super) fn read(table: &Table<'_>, link: &mut Link, clock: Clock) {
    link.buffer = table.get("buffer").and_then(|item| bytes(&item));
    link.proxy_protocol = table.get("proxy_protocol").and_then(|item| item.word(&VERSIONS));
    link.accept_proxy = table.get("accept_proxy").and_then(|item| item.flag()).unwrap_or(false);
    if link.carrier == Carrier::Datagram {
        for item in ["proxy_protocol", "accept_proxy"].iter().filter_map(|key| table.get(key)) {
            item.refuse_key(format!("`{}` is for links that carry TCP", item.key()), None);
        }
    }
    let relay = table.get("relay");
    link.relay = relay.as_ref().and_then(|item| item.word(&RELAYS)).unwrap_or_default();
    link.tuning.congestion = table.get("congestion").and_then(|item| {
        Some(item.text("the name of a congestion control, such as \"cubic\"")?.value().to_owned())
    });
    let size = |key| Some(usize::try_from(bytes(&table.get(key)?)?).unwrap_or(usize::MAX));
    link.tuning.receive_buffer = size("rcvbuf");
    link.tuning.send_buffer = size("sndbuf");
    if let Some(item) = relay {
        refuse_relay(&item, link, clock);
    }
    for (key, what) in SOCKETS {
        let Some(item) = table.get(key) else { continue };
        if link.carrier == Carrier::Datagram {
            item.refuse_key(format!("`{key}` is for links that carry TCP"), None);
        } else if clock == Clock::Virtual {
            let help = format!("leave it out, or use clock = \"real\": streams in memory have no {what}");
            item.refuse_key(format!("`{key}` is not there with the virtual clock"), help);
        }
    }
}

fn refuse_relay(item: &Item<'_>, link: &Link, clock: Clock) {
    if link.carrier == Carrier::Datagram {
        item.refuse_key("`relay` is for links that carry TCP", None);
    } else if clock == Clock::Virtual && link.relay == Relay::Splice {
        let help = "write \"auto\" or \"copy\", or use clock = \"real\"".to_owned();
        item.refuse("streams in memory cannot go through pipes of the kernel", help);
    }
}

/// A size of at least a byte.
fn bytes(item: &Item<'_>) -> Option<u64> {
    let bytes = item.value::<Size>("64KiB")?.as_bytes();
    if bytes == 0 {
        item.refuse(format!("`{}` must be at least 1 byte", item.key()), None);
    }
    Some(bytes)
}
