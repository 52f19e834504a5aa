//! Echo over UDP: each datagram goes back to its sender.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use squall_wire::{Datagrams, Env, Shards};

use crate::connections::Connections;
use crate::counts::{Meter, add};
use crate::{Echo, EchoBuilder, EchoError};

/// How long receiving rests after an error, none of which is one client's doing.
const REST: Duration = Duration::from_millis(10);

/// Binds and starts echoing.
pub(crate) fn start(settings: EchoBuilder, shards: Shards) -> Result<Echo, EchoError> {
    let env = shards.env(0).clone();
    let addr = settings.listen;
    let socket = env.bind(addr).map_err(|source| EchoError::Listen { addr, source })?;
    let addr = socket.local_addr();
    let connections = Connections::new(1);
    let task = shards.spawn(0, echo(socket, env.clone(), settings.buffer, connections.clone()));
    Ok(Echo::new(addr, env, task, connections))
}

async fn echo(socket: Datagrams, env: Env, limit: usize, connections: Arc<Connections>) {
    let meter = &connections.meters[0];
    let mut batch = Batch::default();
    loop {
        batch.clear();
        let received = socket.recv(|from, payload| batch.push(from, &payload[..payload.len().min(limit)]));
        if received.await.is_err() {
            env.sleep(REST).await;
            continue;
        }
        add(&meter.datagrams_in, batch.datagrams.len());
        add(&meter.bytes_in, batch.bytes.len());
        batch.send_back(&socket, meter).await;
    }
}

/// What one call received.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Where each is from, and where among the bytes.
    datagrams: Vec<(SocketAddr, Range<usize>)>,
}

impl Batch {
    fn clear(&mut self) {
        self.bytes.clear();
        self.datagrams.clear();
    }

    fn push(&mut self, from: SocketAddr, payload: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(payload);
        self.datagrams.push((from, start..self.bytes.len()));
    }

    /// Sends everything back, at once what is from one client in a row.
    async fn send_back(&self, socket: &Datagrams, meter: &Meter) {
        let payloads: Vec<_> = self.datagrams.iter().map(|(_, range)| &self.bytes[range.clone()]).collect();
        let mut rest = payloads.as_slice();
        for row in self.datagrams.chunk_by(|one, next| one.0 == next.0) {
            let (mut unsent, others) = rest.split_at(row.len());
            rest = others;
            while !unsent.is_empty() {
                let outcome = poll_fn(|cx| socket.poll_send(cx, row[0].0, unsent)).await;
                if let Ok(sent) = outcome {
                    add(&meter.datagrams_out, sent);
                    add(&meter.bytes_out, unsent[..sent].iter().map(|payload| payload.len()).sum());
                }
                // A client that cannot be reached misses its echo; the others do not.
                unsent = &unsent[outcome.unwrap_or(1)..];
            }
        }
    }
}
