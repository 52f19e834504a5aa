//! Links whose clients say where they want to go: what they say is answered here, what follows goes through the pump.

mod ask;
mod http;
mod request;
mod socks;
#[cfg(test)]
mod tests;

use crate::close::CloseReason;
use crate::connection::{dial, hold_back, note_unreached, relay, say_goodbye, unless_cancelled};
use crate::link::Link;
use crate::live::Live;
use crate::pump::Start;
use crate::registry::Outcome;
use ask::{Ask, Step, Wish};
use squall_faults::{ServerAnswer, Welcome};
use squall_wire::{Env, Stream, with_scratch};
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How long a client may take to say where it wants to go.
const ASKING: Duration = Duration::from_secs(10);
/// How long a client may take to read why it cannot go there.
const ANSWERING: Duration = Duration::from_secs(1);
/// How much one read of what a client says takes.
const READ: usize = 16 << 10;

/// Serves a client to its end. `early` is what it has said so far.
pub(crate) async fn serve(
    link: &Arc<Link>,
    env: &Env,
    live: &Arc<Live>,
    client: Stream,
    early: &[u8],
    welcome: Welcome,
) -> Outcome {
    let opening = async {
        let wish = env.timeout(ASKING, listen(env, &client, early)).await??;
        connect(link, env, live, &client, wish, welcome).await
    };
    match unless_cancelled(live, opening).await {
        Some(Some((server, start))) => Outcome::Closed(relay(link, env, live, [client, server], start).await),
        Some(None) => Outcome::NotConnected,
        None => {
            // A client that is gone already needs no RST.
            let _ = client.abort();
            Outcome::Closed(CloseReason::Cancelled)
        }
    }
}

/// Hears a client out; nothing where it has gone, or was told why it cannot be served.
async fn listen(env: &Env, client: &Stream, early: &[u8]) -> Option<Wish> {
    let mut ask = Ask::default();
    ask.push(early);
    loop {
        match ask.step() {
            Step::More => {
                if read(client, &mut ask).await.ok()? == 0 {
                    return None;
                }
            }
            Step::Say(text) => client.write_all(&text).await.ok()?,
            Step::Wish(wish) => return Some(wish),
            Step::End(text) => {
                turn_down(env, client, &text).await;
                return None;
            }
        }
    }
}

async fn read(client: &Stream, ask: &mut Ask) -> io::Result<usize> {
    // The buffer is lent for each read, or every connection would carry one.
    poll_fn(|cx| {
        with_scratch(|scratch| {
            let most = READ.min(scratch.len());
            let read = client.poll_read(cx, &mut scratch[..most]);
            read.map_ok(|n| {
                ask.push(&scratch[..n]);
                n
            })
        })
    })
    .await
}

/// Connects a client to where it wants to go; nothing where that fails, and it was told why.
async fn connect(
    link: &Link,
    env: &Env,
    live: &Live,
    client: &Stream,
    wish: Wish,
    welcome: Welcome,
) -> Option<(Stream, Start)> {
    let Wish { target, manner, start } = wish;
    hold_back(env, welcome).await;
    match dial(&target.clone().into(), link, env, live, welcome.server).await {
        Ok(server) => {
            link.failures.end();
            client.write_all(&manner.yes()).await.ok()?;
            Some((server, start))
        }
        Err(error) => {
            if welcome.server == ServerAnswer::Own {
                note_unreached(link, &format_args!("upstream {target}"), &error);
            }
            turn_down(env, client, &manner.no(&target, &error)).await;
            None
        }
    }
}

/// Says a last word and closes in order.
async fn turn_down(env: &Env, client: &Stream, text: &[u8]) {
    let told = env.timeout(ANSWERING, client.write_all(text)).await;
    if matches!(told, Some(Ok(()))) {
        say_goodbye(env, client).await;
    }
}
