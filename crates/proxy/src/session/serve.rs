//! The life of one session: find the server, relay, end, and the one record of how.

use super::inbox::Inbox;
use super::receiver::Front;
use super::task::{Parts, Session};
use crate::close::CloseReason;
use crate::connection::{Record, note_unreached};
use crate::link::{Link, Upstream};
use crate::live::Live;
use crate::registry::Outcome;
use squall_wire::{Datagrams, Env};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

/// Closes the inbox whatever ends the session: its client's next datagram begins another.
struct Closing(Arc<Inbox>);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}

pub(super) async fn serve(
    link: Arc<Link>,
    env: Env,
    live: Arc<Live>,
    client: SocketAddr,
    inbox: Arc<Inbox>,
    front: Arc<Front>,
) {
    let mut record = Record::open(&link, &live);
    record.announce();
    let _closing = Closing(inbox.clone());
    let reached = env.timeout(link.options.connect_timeout, reach(&link, &env)).await;
    match reached.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into())) {
        Ok((server, upstream)) => {
            link.failures.end();
            let parts = Parts { inbox, client, front, server, upstream };
            let session = Session::new(link.clone(), live.clone(), env, parts);
            record.outcome = Outcome::Closed(session.await);
        }
        Err(error) => {
            note_unreached(&link, &link.upstream, &error);
            record.outcome = Outcome::NotConnected;
        }
    }
    if live.is_cancelled() {
        record.outcome = Outcome::Closed(CloseReason::Cancelled);
    }
}

/// The server's address, and a socket towards it.
async fn reach(link: &Link, env: &Env) -> io::Result<(SocketAddr, Datagrams)> {
    let Upstream::One(upstream) = &link.upstream else { return Err(io::ErrorKind::Unsupported.into()) };
    let server = upstream.resolve().await?.socket_addr().ok_or(io::ErrorKind::Unsupported)?;
    Ok((server, socket_towards(server, env)?))
}

/// A socket from which `server` can be reached, on a port of its own.
pub(super) fn socket_towards(server: SocketAddr, env: &Env) -> io::Result<Datagrams> {
    env.bind(match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    })
}
