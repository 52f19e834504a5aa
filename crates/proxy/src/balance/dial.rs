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
    let (mut failed, mut attempt) = (Vec::new(), 0);
    let mut last = None;
    loop {
        attempt += 1;
        let assigned = match balancer.pick(link, live, attempt, &failed) {
            Ok(assigned) => assigned,
            // What kept the members that failed tells more than that they did.
            Err(none) => return Err(last.unwrap_or_else(|| io::Error::other(none))),
        };
        let own = link.answer(&assigned.entry.name, live);
        let answer = if answer == ServerAnswer::Own { own } else { answer };
        let dial = crate::connection::dial(&assigned.entry.address, link, env, live, answer);
        match unless_turned_out(live, dial).await {
            Some(Ok(stream)) if assigned.connected() => return Ok((stream, assigned)),
            // The member was taken down meanwhile, which is not its failure: once it is up again it may be the one to take it.
            None | Some(Ok(_)) => {}
            Some(Err(error)) => {
                failed.push(assigned.member);
                assigned.failed(&error);
                if failed.len() > balancer.roster().retries as usize {
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
