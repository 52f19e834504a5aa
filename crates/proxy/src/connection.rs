//! The life of one connection: attach, dial, pump, close, and the one record of how it ended.

use crate::balance::{self, Assigned};
use crate::close::CloseReason;
use crate::event::Event;
use crate::forward;
use crate::link::{Link, Upstream};
use crate::live::{Ends, Live};
use crate::options::{FLUSH_LIMIT, HEADER_LIMIT, Options};
use crate::proxy_protocol;
use crate::pump::{End, Pump, Start};
use crate::registry::Outcome;
use squall_faults::{Ending, Entry, How, Peer, ServerAnswer, Welcome};
use squall_wire::{Address, Env, Incoming, Stream, nanos, with_scratch};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{fmt, io};

pub(crate) async fn serve(link: Arc<Link>, env: Env, live: Arc<Live>, incoming: Incoming, welcome: Welcome) {
    let mut record = Record::open(&link, &live);
    record.announce();
    let Ok(client) = incoming.attach() else {
        record.outcome = Outcome::Closed(CloseReason::Error(Peer::Client));
        return;
    };
    if link.options.proxy_protocol.is_some()
        && let Some(ends) = Ends::of(&client, live.peer)
    {
        live.set_ends(ends);
    }
    connect(&link, &env, &live, &mut record, client, &[], welcome).await;
}

/// As [`serve`], for a client that is to say first where it comes from.
pub(crate) async fn serve_stated(link: Arc<Link>, env: Env, live: Arc<Live>, incoming: Incoming) {
    let mut record = Record::open(&link, &live);
    let Ok(client) = incoming.attach() else {
        record.outcome = Outcome::Closed(CloseReason::Error(Peer::Client));
        return;
    };
    let read = env.timeout(HEADER_LIMIT, proxy_protocol::receive(&client));
    let early = match unless_cancelled(&live, read).await {
        Some(Some(Ok((stated, early)))) => {
            if let Some(ends) = stated.or_else(|| Ends::of(&client, live.peer)) {
                live.set_ends(ends);
            }
            early
        }
        Some(refused) => {
            let why = refused.map_or("timed out".to_owned(), |read| match read {
                Ok(_) => String::new(),
                Err(error) => squall_wire::reason(&error).to_string(),
            });
            tracing::debug!("link {}: client {}: no PROXY header: {why}", link.id.name, live.client());
            record.outcome = Outcome::Refused;
            return drop(client.abort());
        }
        None => return drop(client.abort()),
    };
    let welcome = link.welcome(&live);
    match welcome.entry {
        Entry::Accepted => {
            record.announce();
            connect(&link, &env, &live, &mut record, client, &early, welcome).await;
        }
        Entry::Reset => {
            record.outcome = Outcome::Refused;
            drop(client.abort());
        }
        Entry::Closed => {
            record.outcome = Outcome::Refused;
            drop(record);
            say_goodbye(&env, &client).await;
        }
    }
}

/// From a client that is let in to the connection's end. `early` is what it sent so far.
async fn connect(
    link: &Arc<Link>,
    env: &Env,
    live: &Arc<Live>,
    record: &mut Record<'_>,
    client: Stream,
    early: &[u8],
    welcome: Welcome,
) {
    if matches!(link.upstream, Upstream::Asked) {
        // Apart, so that other connections do not carry room for it.
        record.outcome = Box::pin(forward::serve(link, env, live, client, early, welcome)).await;
        return;
    }
    // Apart as well: it is over long before the connection is, which would keep its room.
    match unless_cancelled(live, Box::pin(reach(link, env, live, welcome))).await {
        Some(Ok((server, _assigned))) => {
            link.failures.end();
            let start = Start::tunnel(early);
            record.outcome = Outcome::Closed(relay(link, env, live, [client, server], start).await);
        }
        Some(Err(error)) => {
            if welcome.server == ServerAnswer::Own {
                note_unreached(link, &link.upstream, &error);
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
pub(crate) fn note_unreached(link: &Link, upstream: &dyn fmt::Display, error: &io::Error) {
    let (name, why) = (&link.id.name, squall_wire::reason(error));
    if link.failures.note(upstream, &why) {
        tracing::warn!("link {name}: {upstream}: {why}");
    } else {
        tracing::debug!("link {name}: {upstream}: {why}");
    }
}

/// Takes the connection out of the registry when it goes. On drop, so that one whose task is dropped with its shard is counted
/// too.
pub(crate) struct Record<'a> {
    link: &'a Link,
    live: &'a Live,
    /// In nanoseconds of the shards' clock.
    began: u64,
    pub(crate) outcome: Outcome,
    announced: bool,
}

impl<'a> Record<'a> {
    /// The connection begins; it counts as cancelled unless its outcome is set.
    pub(crate) fn open(link: &'a Link, live: &'a Live) -> Record<'a> {
        let began = link.shards.env(0).now();
        Record { link, live, began, outcome: Outcome::Closed(CloseReason::Cancelled), announced: false }
    }

    /// Tells of the connection, and of its end when that comes.
    pub(crate) fn announce(&mut self) {
        self.announced = true;
        self.link.events.send(&Event::ConnectionOpened { peer: self.live.client() });
    }
}

impl Drop for Record<'_> {
    fn drop(&mut self) {
        let outcome = std::mem::replace(&mut self.outcome, Outcome::NotConnected);
        let reason = match &outcome {
            Outcome::Refused | Outcome::NotConnected => None,
            Outcome::Closed(reason) => Some(*reason),
        };
        let lasted = self.link.shards.env(0).now().saturating_sub(self.began);
        self.link.registry.retire(self.live, outcome, lasted);
        if self.announced {
            let fault = self.live.ended_by().map(|fault| fault.name().into());
            self.link.events.send(&Event::ConnectionClosed { peer: self.live.client(), reason, fault });
        }
    }
}

/// Connects to the server, or does as it would where a fault answers in its name.
async fn reach<'a>(
    link: &'a Link,
    env: &Env,
    live: &'a Live,
    welcome: Welcome,
) -> io::Result<(Stream, Option<Assigned<'a>>)> {
    hold_back(env, welcome).await;
    match &link.upstream {
        Upstream::One(address) => {
            dial(address, link, env, live, welcome.server).await.map(|server| (server, None))
        }
        Upstream::Pool(balancer) => {
            let reached = balance::connect(balancer, link, env, live, welcome.server).await;
            reached.map(|(server, assigned)| (server, Some(assigned)))
        }
        // Nobody has asked yet.
        Upstream::Asked => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// Waits for as long as the faults hold a client back.
pub(crate) async fn hold_back(env: &Env, welcome: Welcome) {
    if !welcome.delay.is_zero() {
        env.sleep(welcome.delay).await;
    }
}

/// Connects to a server and tells it of the client where that is wanted, all within the connect timeout; or does as the server
/// would where a fault answers in its name.
pub(crate) async fn dial(
    address: &Address,
    link: &Link,
    env: &Env,
    live: &Live,
    answer: ServerAnswer,
) -> io::Result<Stream> {
    match answer {
        ServerAnswer::Own => {}
        ServerAnswer::Refuses => return Err(io::ErrorKind::ConnectionRefused.into()),
        ServerAnswer::Hangs => {
            env.sleep(link.options.connect_timeout).await;
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
    let began = env.now();
    let server = dial_address(address, &link.options, env).await?;
    if let (Some(version), Some(ends)) = (link.options.proxy_protocol, live.ends()) {
        // A fresh socket takes so few bytes at once; one that does not is as good as not connected.
        let header = version.header(ends);
        let left = nanos(link.options.connect_timeout).saturating_sub(env.now() - began);
        let written = env.timeout(Duration::from_nanos(left), server.write_all(&header)).await;
        written.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))?;
    }
    link.registry.dialled(env.now().saturating_sub(began));
    Ok(server)
}

/// Connects to an address, to the first of a name's that answers, all within the connect timeout.
pub(crate) async fn dial_address(address: &Address, options: &Options, env: &Env) -> io::Result<Stream> {
    let attempt = async {
        loop {
            match env.dial_at_with(address, &options.tuning).await {
                // A full backlog of a unix socket does not have callers wait as a port does.
                Err(error) if address.is_unix() && error.kind() == io::ErrorKind::WouldBlock => {
                    env.sleep(QUEUED).await;
                }
                outcome => return outcome,
            }
        }
    };
    let timed_out = || Err(io::Error::new(io::ErrorKind::TimedOut, "connect timed out"));
    env.timeout(options.connect_timeout, attempt).await.unwrap_or_else(timed_out)
}

/// How long one waits to ask a unix socket again whose backlog is full.
const QUEUED: Duration = Duration::from_millis(1);

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
    streams: [Stream; 2],
    start: Start,
) -> CloseReason {
    let mut pump = Pump::new(link.clone(), live.clone(), env.clone(), streams);
    pump.start(start);
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
    let receiver = streams[ending.direction.receiver().index()];
    // What was written to a unix socket is its peer's already, and no close takes it back.
    if ending.flushes() && !matches!(receiver, Stream::Unix(_)) {
        receiver.drained(env, FLUSH_LIMIT).await;
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
    if let Ok(stream) = incoming.attach() {
        say_goodbye(env, &stream).await;
    }
}

pub(crate) async fn say_goodbye(env: &Env, stream: &Stream) {
    if stream.finish().is_ok() {
        env.timeout(FLUSH_LIMIT, swallow(stream)).await;
    }
}

async fn swallow(stream: &Stream) {
    // The buffer is lent for each read, or every connection would carry one from its beginning.
    let read = |cx: &mut Context<'_>| with_scratch(|scratch| stream.poll_read(cx, scratch));
    while let Ok(1..) = poll_fn(read).await {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The room that the task of a connection takes for as long as the connection lives.
    fn room<F, T>(_: F) -> usize
    where
        F: Fn(Arc<Link>, Env, Arc<Live>, Incoming, Welcome) -> T,
    {
        size_of::<T>()
    }

    #[test]
    fn a_connection_carries_no_room_for_what_is_over_when_it_is_relayed() {
        let pump = size_of::<Pump>();
        assert!(room(serve) < 3 * pump, "{} bytes, of which the pump takes {pump}", room(serve));
    }
}
