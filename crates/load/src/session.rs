//! One session's share of a load over datagrams: send, wait for the answer, send again where it does not come.

use crate::answers::{Answer, Answers};
use crate::counters::Failure;
use crate::worker::Shared;
use squall_wire::lock;
use squall_wire::{Datagrams, Env};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::oneshot;

pub(crate) struct Session {
    shared: Arc<Shared>,
    env: Env,
    number: u64,
    share: u64,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, env: Env, number: u64, share: u64) -> Session {
        Session { shared, env, number, share }
    }

    /// Works off its share. Says so when its first datagram is on its way: a target sees the sessions in order.
    pub(crate) async fn run(self, begun: oneshot::Sender<()>) {
        let Ok(socket) = self.open() else {
            return self.shared.count(|counts| {
                counts.connections.refused += 1;
                (0..self.share).for_each(|_| counts.fail(Failure::Refused));
            });
        };
        self.shared.count(|counts| counts.connections.opened += 1);
        let load = self.shared.load();
        let size = usize::try_from(load.size).unwrap_or(usize::MAX).min(LARGEST);
        let answers = Answers::new(load.seed, self.number, size);
        let mut line = Line { socket, target: load.target, shared: self.shared.clone(), answers };
        let (mut begun, mut request) = (Some(begun), Vec::new());
        for sequence in 0..self.share {
            if sequence > 0 && !load.pause.is_zero() {
                self.env.sleep(load.pause).await;
            }
            self.exchange(&mut line, sequence, &mut request, &mut begun).await;
        }
        line.drain().await;
    }

    /// A socket at the address from which the target is reached, announced.
    fn open(&self) -> io::Result<Datagrams> {
        let load = self.shared.load();
        // The socket is bound to no destination, so the route is asked for apart: others know the session by its address.
        let local = self.env.dialer(load.target)?.local_addr().ip();
        let socket = self.env.bind(SocketAddr::new(local, 0))?;
        if let Some(announce) = &load.announce {
            announce(socket.local_addr(), self.number, 1);
        }
        Ok(socket)
    }

    /// One request, sent as often as it takes or is allowed.
    async fn exchange(
        &self,
        line: &mut Line,
        sequence: u64,
        request: &mut Vec<u8>,
        begun: &mut Option<oneshot::Sender<()>>,
    ) {
        let load = self.shared.load();
        line.answers.ask(sequence, request);
        self.shared.count(|counts| counts.sent += 1);
        let (size, sent) = (request.len() as u64, self.env.now());
        let mut failure = Failure::Timeout;
        for attempt in 0..=load.retries {
            if attempt > 0 {
                self.shared.count(|counts| counts.retried += 1);
            }
            let outcome = match line.socket.send(line.target, request).await {
                Ok(()) => {
                    drop(begun.take());
                    self.env.timeout(load.timeout, line.answer()).await
                }
                Err(error) => Some(Err(error)),
            };
            match outcome {
                None => continue,
                Some(Ok(())) => {
                    let mut state = lock(&self.shared.state);
                    state.counts.ok += 1;
                    state.counts.bytes.sent += size;
                    state.counts.bytes.received += size;
                    return state.latencies.record(self.env.now().saturating_sub(sent));
                }
                Some(Err(_)) => failure = Failure::Other,
            }
            break;
        }
        self.shared.count(|counts| counts.fail(failure));
    }
}

/// The most bytes of one datagram over IPv4.
const LARGEST: usize = 65_507;

/// A socket, and what is known of the answers on it.
struct Line {
    socket: Datagrams,
    target: SocketAddr,
    shared: Arc<Shared>,
    answers: Answers,
}

impl Line {
    /// Waits for the answer to the current request. Others that come meanwhile are counted.
    async fn answer(&mut self) -> io::Result<()> {
        loop {
            if poll_fn(|cx| self.poll_hear(cx)).await? {
                return Ok(());
            }
        }
    }

    /// Counts what has come by now.
    async fn drain(&mut self) {
        poll_fn(|cx| {
            while let Poll::Ready(Ok(_)) = self.poll_hear(cx) {}
            Poll::Ready(())
        })
        .await;
    }

    /// Takes what is there; true where the answer to the current request was among it.
    fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let Line { socket, target, shared, answers } = self;
        let mut right = false;
        let heard = socket.poll_recv(cx, &mut |from, datagram| {
            // Anybody may send to the port.
            if from != *target {
                return;
            }
            let answer = answers.hear(datagram);
            right |= answer == Answer::Right;
            let mut state = lock(&shared.state);
            match answer {
                Answer::Right => {}
                Answer::Late => state.strays.late += 1,
                Answer::Duplicated => state.strays.duplicated += 1,
                Answer::Truncated => state.counts.integrity.truncated += 1,
                Answer::Corrupt => state.counts.integrity.corrupt += 1,
            }
        });
        heard.map_ok(|_| right)
    }
}
