//! Echo over HTTP/1.1: answers what it was asked, as JSON or as it came, and misbehaves as the query says.

mod answer;
mod body;
mod choice;
mod document;
mod head;
mod query;
mod reader;
mod refusal;

use std::io::{self, ErrorKind};
use std::time::Duration;

use crate::counts::add;
use crate::peer::Peer;
use answer::{Answer, Content};
use head::Head;
use query::Wishes;
use reader::Reader;
use refusal::{Refusal, Trouble};

/// How long a client may take for the head of a request, and be idle, by default.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Serves requests until the connection ends. `connection` is its number in accept order, from 1.
pub(crate) async fn serve(peer: Peer<'_>, id: &str, connection: u64, patience: Duration) -> io::Result<()> {
    let mut reader = Reader::new(peer);
    for request in 1.. {
        let asked = Place { id, connection, request };
        match exchange(&mut reader, asked, patience).await {
            Ok(true) => {}
            Ok(false) => break,
            Err(Trouble::Broken(error)) => return Err(error),
            Err(Trouble::Ended) => return reader.peer.stream.finish(),
            Err(Trouble::Refused(refusal)) => {
                // What follows cannot be trusted to be a request.
                answer::refusal(&refusal).write(&mut reader.peer).await?;
                break;
            }
        }
    }
    reader.peer.say_goodbye().await
}

/// Where a request stands among all of its server.
#[derive(Clone, Copy)]
struct Place<'a> {
    id: &'a str,
    connection: u64,
    request: u64,
}

/// Reads a request and answers it; whether another may follow.
async fn exchange(reader: &mut Reader<'_>, place: Place<'_>, patience: Duration) -> Result<bool, Trouble> {
    let head = read_head(reader, patience).await?;
    if head.expects_continue && head.has_body() && reader.is_empty() && body::fits(&head) {
        reader.peer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let content = body::read(reader, &head).await?;
    add(&reader.peer.account.meter.requests, 1);
    let wishes = match Wishes::read(&head.query) {
        Ok(wishes) => wishes,
        Err(text) => {
            let refusal = Refusal { status: 400, text };
            answer::refusal(&refusal).write_for(&head, &mut reader.peer, head.keep).await?;
            return Ok(head.keep);
        }
    };
    let drawn = wishes.draw(place.connection, place.request);
    reader.peer.pause(drawn.delay).await;
    let keep = head.keep && !drawn.close;
    let answer = match drawn.size {
        Some(size) => Answer::new(drawn.status, "text/plain; charset=us-ascii", Content::Made(size)),
        None if drawn.raw || head.path == "/raw" => {
            let kind = head.header("content-type").and_then(|kind| std::str::from_utf8(kind).ok());
            let kind = kind.unwrap_or("application/octet-stream").to_owned();
            Answer::new(drawn.status, kind, Content::Bytes(content))
        }
        None => {
            let text = document::write(&head, &content, place);
            Answer::new(drawn.status, "application/json", Content::Bytes(text))
        }
    };
    answer.write_for(&head, &mut reader.peer, keep).await?;
    Ok(keep)
}

/// Reads a head in time.
async fn read_head(reader: &mut Reader<'_>, patience: Duration) -> Result<Head, Trouble> {
    let env = reader.peer.env.clone();
    let outcome = env.timeout(patience, head::read(reader)).await;
    let late = match &outcome {
        None => true,
        Some(Err(Trouble::Broken(error))) => error.kind() == ErrorKind::TimedOut,
        Some(_) => false,
    };
    match outcome {
        // Nobody waits for an answer to nothing.
        _ if late && reader.is_empty() => Err(Trouble::Ended),
        Some(outcome) if !late => outcome,
        _ => Err(Refusal::new(408, "the request took too long").into()),
    }
}
