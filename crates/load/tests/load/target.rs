//! Servers of known behaviour in virtual time.

use squall_load::{Load, Report};
use squall_wire::{Env, Frame, FrameKind, Shards, Stream, run_virtual};
use std::future::Future;
use std::net::SocketAddr;

/// Starts a server that does `serve` to each connection, in accept order from 1, and yields the report of `load` against it.
pub(crate) fn against<F, Fut>(serve: F, load: impl FnOnce(SocketAddr) -> Load + Send + 'static) -> Report
where
    F: Fn(u64, Env, Stream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    run_virtual(|shards| async move {
        let (addr, server) = start(&shards, serve);
        let report = load(addr).start(&shards).finish().await;
        server.abort();
        report
    })
    .expect("the world does not get stuck")
}

/// Starts a server.
pub(crate) fn start<F, Fut>(shards: &Shards, serve: F) -> (SocketAddr, tokio::task::JoinHandle<()>)
where
    F: Fn(u64, Env, Stream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
    let addr = listener.local_addr();
    let own = shards.clone();
    let server = shards.spawn(0, async move {
        for number in 1.. {
            let stream = listener.accept().await.0.attach().expect("attached");
            own.spawn(0, serve(number, own.env(0).clone(), stream));
        }
    });
    (addr, server)
}

/// Sends back what comes until the client finishes, each piece after `wait` says so.
pub(crate) async fn echo(env: &Env, stream: &Stream, wait: impl Fn(u64) -> u64) {
    let mut buf = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buf).await {
        env.sleep_until(wait(env.now())).await;
        if stream.write_all(&buf[..n]).await.is_err() {
            return;
        }
    }
    let _ = stream.finish();
}

/// Reads exactly so many bytes; false at the end.
pub(crate) async fn fill(stream: &Stream, mut buf: &mut [u8]) -> bool {
    while !buf.is_empty() {
        match stream.read(buf).await {
            Ok(n @ 1..) => buf = &mut buf[n..],
            _ => return false,
        }
    }
    true
}

/// Answers one request: what to send for it.
pub(crate) type Answer<'a> = &'a mut (dyn FnMut(&Frame, Vec<u8>) -> Vec<Vec<u8>> + Send);

/// A server that speaks frames and is called `name`; `alter` makes of each request's right reply what is sent.
pub(crate) async fn framed(env: &Env, stream: &Stream, name: &str, alter: Answer<'_>) {
    let mut header = [0; Frame::HEADER];
    while fill(stream, &mut header).await {
        let Ok(frame) = Frame::from_bytes(&header) else {
            let unreadable = Frame { kind: FrameKind::Unreadable, ..hello() };
            let _ = stream.write_all(&unreadable.to_bytes()).await;
            break;
        };
        let mut payload = vec![0; frame.length as usize];
        if !fill(stream, &mut payload).await {
            break;
        }
        if frame.delay_ns > 0 {
            env.sleep_until(env.now() + frame.delay_ns).await;
        }
        let parts = match frame.kind {
            FrameKind::Hello => vec![reply(&frame, name.as_bytes(), None)],
            _ => {
                let damage = frame.payload().mismatch(0, &payload).map(|at| at as u32);
                let right = right_reply(&frame, damage);
                alter(&frame, right)
            }
        };
        for part in parts {
            if stream.write_all(&part).await.is_err() {
                return;
            }
        }
    }
    let _ = stream.finish();
}

fn hello() -> Frame {
    Frame {
        kind: FrameKind::Hello,
        seed: 0,
        connection: 0,
        sequence: 0,
        length: 0,
        reply: None,
        delay_ns: 0,
        damage: None,
    }
}

/// A reply as bytes.
pub(crate) fn reply(request: &Frame, payload: &[u8], damage: Option<u32>) -> Vec<u8> {
    let header = Frame {
        kind: FrameKind::Reply,
        length: payload.len() as u32,
        reply: None,
        delay_ns: 0,
        damage,
        ..*request
    };
    [&header.to_bytes(), payload].concat()
}

/// What a right server replies.
pub(crate) fn right_reply(request: &Frame, damage: Option<u32>) -> Vec<u8> {
    let (length, payload) = match request.reply {
        Some(length) => (length, request.payload().reply()),
        None => (request.length, request.payload()),
    };
    let mut bytes = vec![0; length as usize];
    payload.fill(0, &mut bytes);
    reply(request, &bytes, damage)
}
