//! The life of one connection: attach, dial, pump, close, and the one record of how it ended.

use crate::close::CloseReason;
use crate::event::Event;
use crate::link::Link;
use crate::live::Live;
use crate::options::{FLUSH_LIMIT, Options};
use crate::pump::{End, Pump};
use crate::registry::Outcome;
use squall_faults::{Ending, How, Peer, ServerAnswer, Welcome};
use squall_wire::{Endpoint, Env, Incoming, Stream, nanos, with_scratch};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::Duration;

pub(crate) async fn serve(link: Arc<Link>, env: Env, live: Arc<Live>, incoming: Incoming, welcome: Welcome) {
    let mut record = Record::open(&link, &live);
    let client = match incoming.attach() {
        Ok(client) => client,
        Err(_) => {
            record.outcome = Outcome::Closed(CloseReason::Error(Peer::Client));
            return;
        }
    };
    match unless_cancelled(&live, reach(&link, &env, welcome)).await {
        Some(Ok(server)) => {
            link.unreached.store(false, Relaxed);
            record.outcome = Outcome::Closed(relay(&link, &env, &live, client, server).await);
        }
        Some(Err(error)) => {
            if welcome.server == ServerAnswer::Own {
                note_unreached(&link, &error);
            }
            record.outcome = Outcome::NotConnected;
            if link.options.fin_unreached && welcome.server == ServerAnswer::Own {
                return;
            }
            // A RST whatever the client has sent so far: a FIN would turn into one where bytes are unread.
            let _ = client.abort();
        }
        None => drop(client.abort()),
    }
}

/// Says that the upstream cannot be reached: aloud once, until it was reached again.
pub(crate) fn note_unreached(link: &Link, error: &io::Error) {
    let (name, upstream, why) = (&link.id.name, &link.upstream, squall_wire::reason(error));
    if link.unreached.swap(true, Relaxed) {
        tracing::debug!("link {name}: upstream {upstream}: {why}");
    } else {
        tracing::warn!("link {name}: upstream {upstream}: {why}");
    }
}

/// Takes the connection out of the registry when it goes. On drop, so that one whose task is dropped with its shard is counted
/// too.
pub(crate) struct Record<'a> {
    link: &'a Link,
    live: &'a Live,
    pub(crate) outcome: Outcome,
}

impl<'a> Record<'a> {
    /// The connection begins; it counts as cancelled unless its outcome is set.
    pub(crate) fn open(link: &'a Link, live: &'a Live) -> Record<'a> {
        link.events.send(&Event::ConnectionOpened { peer: live.peer });
        Record { link, live, outcome: Outcome::Closed(CloseReason::Cancelled) }
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::NotConnected);
        let reason = match &outcome {
            Outcome::Refused | Outcome::NotConnected => None,
            Outcome::Closed(reason) => Some(*reason),
        };
        self.link.registry.retire(self.live, outcome);
        self.link.events.send(&Event::ConnectionClosed { peer: self.live.peer, reason });
    }
}

/// Connects to the server, or does as it would where a fault answers in its name.
async fn reach(link: &Link, env: &Env, welcome: Welcome) -> io::Result<Stream> {
    if !welcome.delay.is_zero() {
        env.sleep(welcome.delay).await;
    }
    match welcome.server {
        ServerAnswer::Own => dial(&link.upstream, &link.options, env).await,
        ServerAnswer::Refuses => Err(io::ErrorKind::ConnectionRefused.into()),
        ServerAnswer::Hangs => {
            env.sleep(link.options.connect_timeout).await;
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

/// Connects to the first of the upstream's addresses that answers, all within the connect timeout.
pub(crate) async fn dial(upstream: &Endpoint, options: &Options, env: &Env) -> io::Result<Stream> {
    let attempt = async {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for addr in upstream.resolve().await? {
            match env.dial_with(addr, &options.tuning).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    };
    let timed_out = || Err(io::Error::new(io::ErrorKind::TimedOut, "connect timed out"));
    env.timeout(options.connect_timeout, attempt).await.unwrap_or_else(timed_out)
}

/// What `work` yields, unless the connection is told to end first.
pub(crate) async fn unless_cancelled<T>(live: &Live, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        live.listen(cx.waker());
        if live.is_cancelled() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(cx).map(Some)
    })
    .await
}

pub(crate) async fn relay(
    link: &Arc<Link>,
    env: &Env,
    live: &Arc<Live>,
    client: Stream,
    server: Stream,
) -> CloseReason {
    let mut pump = Pump::new(link.clone(), live.clone(), env.clone(), [client, server]);
    let end = (&mut pump).await;
    let [client, server] = pump.into_streams();
    match end {
        End::Finished => CloseReason::Fin,
        End::Idle => {
            abort([&client, &server]);
            CloseReason::Timeout
        }
        End::Cancelled => {
            abort([&client, &server]);
            CloseReason::Cancelled
        }
        End::Told(ending, reason) => {
            let streams = [&client, &server];
            if unless_cancelled(live, close(env, streams, ending)).await.is_none() {
                abort(streams);
            }
            reason
        }
    }
}

fn abort(streams: [&Stream; 2]) {
    for stream in streams {
        // A stream that is gone already needs no RST.
        let _ = stream.abort();
    }
}

/// RST to whom it is for; an orderly end for the others.
async fn close(env: &Env, streams: [&Stream; 2], ending: Ending) {
    if ending.flushes() {
        streams[ending.direction.receiver().index()].drained(env, FLUSH_LIMIT).await;
    }
    let is_reset = |peer: &Peer| matches!(ending.how, How::Reset { side, .. } if side.includes(*peer));
    let (reset, spared): (Vec<_>, Vec<_>) = [Peer::Client, Peer::Server].into_iter().partition(is_reset);
    for peer in reset {
        let _ = streams[peer.index()].abort();
    }
    let deadline = env.now().saturating_add(nanos(FLUSH_LIMIT));
    let spared = spared.into_iter().map(|peer| streams[peer.index()]);
    for stream in spared.filter(|stream| stream.finish().is_ok()).collect::<Vec<_>>() {
        // Closing with bytes unread would send a RST after all.
        let left = Duration::from_nanos(deadline.saturating_sub(env.now()));
        env.timeout(left, swallow(stream)).await;
    }
}

/// Ends a connection that was accepted and goes no further, in order.
pub(crate) async fn send_off(env: &Env, incoming: Incoming) {
    if let Ok(stream) = incoming.attach()
        && stream.finish().is_ok()
    {
        env.timeout(FLUSH_LIMIT, swallow(&stream)).await;
    }
}

async fn swallow(stream: &Stream) {
    // The buffer is lent for each read, or every connection would carry one from its beginning.
    let read = |cx: &mut Context<'_>| with_scratch(|scratch| stream.poll_read(cx, scratch));
    while let Ok(1..) = poll_fn(read).await {}
}
