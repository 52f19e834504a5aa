//! Echo over TCP: one acceptor, connections dealt to the shards in turn.

use std::sync::Arc;

use squall_wire::{Env, Idle, Incoming, Listener, Shards};

use crate::connection::Connection;
use crate::connections::Connections;
use crate::counts::add;
use crate::{Echo, EchoBuilder, EchoError};

/// Binds and starts accepting.
pub(crate) fn start(settings: EchoBuilder, shards: Shards) -> Result<Echo, EchoError> {
    let env = shards.env(0).clone();
    let addr = settings.listen;
    let listener = env.listen(addr).map_err(|source| EchoError::Listen { addr, source })?;
    let addr = listener.local_addr();
    let connections = Connections::new(shards.count());
    let task = shards.spawn(0, accept(listener, settings, shards.clone(), connections.clone()));
    Ok(Echo::new(addr, env, task, connections))
}

async fn accept(listener: Listener, settings: EchoBuilder, shards: Shards, connections: Arc<Connections>) {
    let mut turn = 0;
    loop {
        let (incoming, _) = listener.accept().await;
        if connections.count() >= settings.max_connections {
            add(&connections.meters[0].refused, 1);
            continue;
        }
        let env = shards.env(turn).clone();
        let serve = serve(incoming, env, settings.clone(), connections.clone(), turn);
        connections.spawn(&shards, turn, serve);
        turn = (turn + 1) % shards.count();
    }
}

async fn serve(
    incoming: Incoming,
    env: Env,
    settings: EchoBuilder,
    connections: Arc<Connections>,
    shard: usize,
) {
    let idle = settings.idle_timeout.map(|limit| Idle::new(&env, limit));
    if let Ok(stream) = incoming.attach() {
        let meter = &connections.meters[shard];
        // How a client ends is its own affair.
        let _ = Connection::new(&env, stream, meter, settings.buffer, idle).serve().await;
    }
}
