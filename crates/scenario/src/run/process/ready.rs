//! Waits until a process is ready.

use super::child::Started;
use super::words::ending;
use crate::model::{Probe, Ready, Template};
use squall_faults::value::Value;
use squall_wire::{Address, Env};
use std::time::Duration;

/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(10);
/// How long an answer may take before the question is asked again.
const ANSWER: Duration = Duration::from_secs(2);
/// How long the rest of an answer is listened to.
const REST: Duration = Duration::from_millis(200);
/// Bytes of an answer that are looked at for its status.
const STATUS: usize = "HTTP/1.1 200".len();

/// Waits; otherwise why it is not ready. `fill` puts ports into addresses.
pub(super) async fn wait(
    env: &Env,
    ready: &Ready,
    started: &Started,
    fill: impl Fn(&Template) -> String,
) -> Result<(), String> {
    let (probe, what) = match &ready.probe {
        Probe::Tcp(address) => (Some((fill(address), None)), format!("no connection to {}", fill(address))),
        Probe::Http { address, path } => {
            let address = fill(address);
            let what = format!("no answer with a status of 2xx or 3xx from http://{address}{path}");
            (Some((address, Some(path))), what)
        }
        Probe::Stdout(text) => (None, format!("no line on stdout with `{text}`")),
        Probe::Stderr(text) => (None, format!("no line on stderr with `{text}`")),
    };
    let happened = async {
        match &probe {
            // On the heap: futures within futures grow fast.
            Some((address, path)) => Box::pin(answers(env, address, path.map(String::as_str))).await,
            None => started.seen().await,
        }
    };
    let outcome = env.timeout(ready.within, async {
        tokio::select! {
            biased;
            () = happened => Ok(()),
            ended = started.ended() => Err(format!("{} before it was ready", ending(ended.status))),
        }
    });
    let limit = ready.within.render().unwrap_or_default();
    outcome.await.unwrap_or_else(|| Err(format!("was not ready within {limit}: {what}")))
}

/// Asks until it is answered.
async fn answers(env: &Env, address: &str, path: Option<&str>) {
    // The reader has looked at the address with other ports in it.
    let Ok(to) = address.parse::<Address>() else { return std::future::pending().await };
    loop {
        let asked = async {
            match path {
                None => env.dial_at(&to).await.is_ok(),
                Some(path) => get(env, &to, address, path).await.unwrap_or(false),
            }
        };
        if env.timeout(ANSWER, asked).await == Some(true) {
            return;
        }
        env.sleep(PAUSE).await;
    }
}

/// Whether a GET is answered with a status that means yes.
async fn get(env: &Env, to: &Address, host: &str, path: &str) -> std::io::Result<bool> {
    let stream = env.dial_at(to).await?;
    let question =
        format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: squall\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let (mut answer, mut length) = ([0; STATUS], 0);
    while length < STATUS {
        match stream.read(&mut answer[length..]).await? {
            0 => return Ok(false),
            count => length += count,
        }
    }
    let ready = answer.starts_with(b"HTTP/1.") && matches!(answer[9], b'2' | b'3');
    // A server whose answer is not heard out may complain of it.
    env.timeout(REST, async {
        let mut rest = vec![0; 4096];
        while matches!(stream.read(&mut rest).await, Ok(1..)) {}
    })
    .await;
    Ok(ready)
}
