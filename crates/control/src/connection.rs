//! One client's connection, kept within bounds of size and time.

use crate::guests::Seat;
use crate::patient::Patient;
use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// What one client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections at a time; one more takes the place of one that waits for its client.
    pub(crate) connections: usize,
    /// From the start of the connection, or from the end of an answer, to the end of the next request's head.
    pub(crate) head: Duration,
    /// From the end of a request's head to the end of its body, where one is read.
    pub(crate) body: Duration,
    /// After this much time a connection ends with the answer it is at. Bounds clients that never read.
    pub(crate) lifetime: Duration,
    /// What an answer that is being written gets to end in.
    pub(crate) grace: Duration,
    /// How long a client may let an answer wait that it does not read.
    pub(crate) patience: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 64,
            head: Duration::from_secs(30),
            body: Duration::from_secs(15),
            lifetime: Duration::from_secs(300),
            grace: Duration::from_secs(2),
            patience: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Those of a control server: its clients keep connections for long.
    pub(crate) fn control() -> Limits {
        Limits {
            connections: 256,
            head: Duration::from_secs(60),
            lifetime: Duration::from_secs(86_400),
            ..Limits::default()
        }
    }
}

/// Bytes of a request's head, and of what is read ahead; hyper takes no less.
const HEAD_BYTES: usize = 8 << 10;
/// Header lines of a request.
const HEADERS: usize = 64;

/// Serves one connection to its end: the client's, the lifetime's, or `stopped` and the grace after it.
pub(crate) async fn serve(
    socket: TcpStream,
    app: Router,
    limits: Limits,
    seat: Arc<Seat>,
    mut stopped: watch::Receiver<bool>,
) {
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |request| {
        seat.answering();
        let (answer, seat) = (app.call(request), seat.clone());
        async move {
            let answer = answer.await;
            seat.quiet();
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        // As Go writes them, for scripts that look for a name.
        .title_case_headers(true)
        .serve_connection(TokioIo::new(Patient::new(socket, limits.patience)), service);
    let mut connection = pin!(connection);
    // How a client's connection ended is no news: whoever scrapes sees it there.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = tokio::time::sleep(limits.lifetime) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(limits.grace, connection).await;
}
