//! Echo over TCP: one acceptor, connections dealt to the shards in turn.

use std::sync::Arc;

use squall_wire::{Client, Env, Idle, Incoming, Listener, Shards};

use crate::connections::Connections;
use crate::counts::{Account, add};
use crate::echo::Bound;
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
    let bound = Bound { addr: listener.local_addr(), address: listener.address() };
    let connections = Connections::new(shards.count());
    let host = Host { id: settings.identity(&bound.address), settings, http };
    let endless = host.settings.mode.is_endless();
    let task = shards.spawn(0, accept(listener, Arc::new(host), shards.clone(), connections.clone()));
    Ok(Echo::new(bound, env, task, connections, endless))
}

/// What every connection is told.
struct Host {
    settings: EchoBuilder,
    id: String,
    http: bool,
}

async fn accept(listener: Listener, host: Arc<Host>, shards: Shards, connections: Arc<Connections>) {
    let (mut turn, mut number) = (0, 0);
    loop {
        let (incoming, from) = listener.accept().await;
        if connections.count() >= host.settings.max_connections {
            add(&connections.meters[0].refused, 1);
            continue;
        }
        let env = shards.env(turn).clone();
        number += 1;
        let addr = (!listener.is_unix()).then_some(from);
        let story = host.settings.teller.as_ref().map(|teller| teller.open(Client { number, addr }));
        let place = Place { shard: turn, number, story };
        let attend = attend(incoming, env, host.clone(), connections.clone(), place);
        connections.spawn(&shards, turn, attend);
        turn = (turn + 1) % shards.count();
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
