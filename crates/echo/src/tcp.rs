//! Echo over TCP: one acceptor, connections dealt to the shards in turn.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use squall_wire::{Client, Env, Idle, Incoming, Listener, Shards};
use tokio::sync::oneshot;
use tokio::task::coop::unconstrained;

use crate::connections::Connections;
use crate::counts::{Account, add};
use crate::echo::{Bound, Port, Serving};
use crate::event::{Ending, Story};
use crate::http;
use crate::peer::Peer;
use crate::serve::serve;
use crate::{Echo, EchoBuilder, EchoError};

/// Binds and starts accepting.
pub(crate) async fn start(settings: EchoBuilder, shards: Shards, http: bool) -> Result<Echo, EchoError> {
    let env = shards.env(0).clone();
    let listener = env.listen_at(&settings.listen).await;
    let listener = listener.map_err(|source| EchoError::Listen { addr: settings.listen.clone(), source })?;
    Ok(serve_on(Arc::new(listener), settings, shards, http))
}

/// Starts accepting from a listener of the first of these shards.
pub(crate) fn serve_on(listener: Arc<Listener>, settings: EchoBuilder, shards: Shards, http: bool) -> Echo {
    let bound = Bound { addr: listener.local_addr(), address: listener.address() };
    let connections = Connections::new(shards.count());
    let host = Host { id: settings.identity(&bound.address), settings, http };
    let endless = host.settings.mode.is_endless();
    let (port, (closing, closed)) = (Port::Stream(listener.clone()), oneshot::channel());
    let (host, own) = (Arc::new(host), connections.clone());
    let acceptor = Acceptor { listener, host, shards: shards.clone(), connections: own, turn: 0, number: 0 };
    let task = shards.spawn(0, acceptor.run(closed));
    Echo::new(bound, shards, Serving { port, task, closing: Some(closing) }, connections, endless)
}

/// What every connection is told.
struct Host {
    settings: EchoBuilder,
    id: String,
    http: bool,
}

/// How long is still accepted once the port is to close: long enough for the reactor to tell of all that have connected before.
const CLOSING: Duration = Duration::from_millis(1);

/// Takes connections in, in the order in which they come.
struct Acceptor {
    listener: Arc<Listener>,
    host: Arc<Host>,
    shards: Shards,
    connections: Arc<Connections>,
    /// The shard that is next.
    turn: usize,
    /// That of the last connection.
    number: u64,
}

impl Acceptor {
    /// Accepts until the port is to close, and whoever has connected by then.
    async fn run(mut self, closing: oneshot::Receiver<()>) {
        tokio::select! {
            biased;
            () = self.accept() => {}
            // Where that cannot be told any more, the task is being aborted.
            _ = closing => {
                let env = self.shards.env(0).clone();
                // Not in turn with others: once nobody is waiting, this is known.
                let limit = if env.is_virtual() { Duration::ZERO } else { CLOSING };
                let _in_time = env.timeout(limit, unconstrained(self.accept())).await;
            }
        }
    }

    /// Accepts for ever. Dropping the future loses no connection.
    async fn accept(&mut self) {
        loop {
            let (incoming, from) = self.listener.accept().await;
            self.take_in(incoming, from);
        }
    }

    fn take_in(&mut self, incoming: Incoming, from: SocketAddr) {
        let Acceptor { host, shards, connections, .. } = self;
        if connections.count() >= host.settings.max_connections {
            add(&connections.meters[0].refused, 1);
            return;
        }
        let (turn, number) = (self.turn, self.number + 1);
        let addr = (!self.listener.is_unix()).then_some(from);
        let story = host.settings.teller.as_ref().map(|teller| teller.open(Client { number, addr }));
        let place = Place { shard: turn, number, story };
        let attend = attend(incoming, shards.env(turn).clone(), host.clone(), connections.clone(), place);
        connections.spawn(shards, turn, attend);
        (self.turn, self.number) = ((turn + 1) % shards.count(), number);
    }
}

/// A connection among all of its server.
struct Place {
    shard: usize,
    /// In accept order, from 1.
    number: u64,
    /// Where somebody listens.
    story: Option<Story>,
}

async fn attend(incoming: Incoming, env: Env, host: Arc<Host>, connections: Arc<Connections>, place: Place) {
    let settings = &host.settings;
    let limit = settings.idle_timeout.or_else(|| host.http.then_some(http::PATIENCE));
    let idle = limit.map(|limit| Idle::new(&env, limit));
    let account = Account { meter: &connections.meters[place.shard], story: place.story };
    let Ok(stream) = incoming.attach() else { return account.end(Ending::Error) };
    let peer = Peer { env: &env, stream, account: &account, buffer: settings.buffer, idle };
    // How a client ends is its own affair.
    let outcome = match host.http {
        true => http::serve(peer, &host.id, place.number, limit.unwrap_or(http::PATIENCE)).await,
        false => serve(peer, &settings.mode, &host.id).await,
    };
    account.end(Ending::of(&outcome));
}
