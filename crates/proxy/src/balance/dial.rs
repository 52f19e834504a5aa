//! Picks and dials until a member answers.

use super::assigned::Assigned;
use super::balancer::Balancer;
use crate::link::Link;
use crate::live::Live;
use squall_faults::ServerAnswer;
use squall_wire::{Env, Stream};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::task::Poll;

/// Connects to the member that is picked for a connection, to others where it cannot be reached.
///
/// # Errors
/// That of the last member that was tried, or that there is none to try.
pub(crate) async fn connect<'a>(
    balancer: &'a Balancer,
    link: &'a Link,
    env: &Env,
    live: &'a Live,
    answer: ServerAnswer,
) -> io::Result<(Stream, Assigned<'a>)> {
    let (mut tried, mut failures) = (Vec::new(), 0);
    let mut last = None;
    loop {
        let assigned = match balancer.pick(link, live, &tried) {
            Ok(assigned) => assigned,
            // What kept the members that were tried tells more than that they were.
            Err(none) => return Err(last.unwrap_or_else(|| io::Error::other(none))),
        };
        tried.push(assigned.member);
        let index = assigned.member.index();
        let own = link.answer(&balancer.names[index], live);
        let answer = if answer == ServerAnswer::Own { own } else { answer };
        let dial = crate::connection::dial(&balancer.endpoints[index], link, env, live, answer);
        match unless_turned_out(live, dial).await {
            Some(Ok(stream)) if assigned.connected() => return Ok((stream, assigned)),
            // The member was taken down meanwhile, which is not its failure.
            None | Some(Ok(_)) => {}
            Some(Err(error)) => {
                assigned.failed(&error);
                failures += 1;
                if failures > balancer.retries {
                    return Err(error);
                }
                last = Some(error);
            }
        }
    }
}

/// What `work` yields, unless the member that it is about is taken down first.
async fn unless_turned_out<T>(live: &Live, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if live.seat().is_turned_out() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(cx).map(Some)
    })
    .await
}
