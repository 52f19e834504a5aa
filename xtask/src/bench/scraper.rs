//! Somebody who asks for metrics again and again, as a monitoring system does, but more often.

use crate::bench::sockets;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Ten times a second.
const INTERVAL: Duration = Duration::from_millis(100);

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks at once, and then ten times a second until it is stopped.
pub(crate) struct Scraper {
    stop: Sender<()>,
    thread: JoinHandle<io::Result<u64>>,
}

impl Scraper {
    pub(crate) fn start(metrics: SocketAddr, congestion: Arc<str>) -> Scraper {
        let (stop, stopped) = mpsc::channel();
        Scraper { stop, thread: thread::spawn(move || scrape(metrics, &congestion, &stopped)) }
    }

    /// How often it asked.
    pub(crate) fn stop(self) -> io::Result<u64> {
        drop(self.stop);
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the scraper failed")))
    }
}

fn scrape(metrics: SocketAddr, congestion: &str, stopped: &Receiver<()>) -> io::Result<u64> {
    let (began, mut count) = (Instant::now(), 0);
    loop {
        once(metrics, congestion)?;
        count += 1;
        // Where it was due, so that it is as often as it is said to be.
        let due = INTERVAL * u32::try_from(count).unwrap_or(u32::MAX);
        match stopped.recv_timeout(due.saturating_sub(began.elapsed())) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return Ok(count),
        }
    }
}

/// Asks once on a connection of its own, and demands that there are metrics of squall in the answer.
pub(crate) fn once(metrics: SocketAddr, congestion: &str) -> io::Result<()> {
    let mut stream = sockets::connect(metrics, congestion)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let question = format!("GET /metrics HTTP/1.1\r\nHost: {metrics}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let good = answer.starts_with("HTTP/1.1 200 ") && answer.contains("squall_");
    if good { Ok(()) } else { Err(io::Error::other("the answer has no metrics")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers connections one after another, each with the next of `bodies`.
    fn server(bodies: Vec<&'static str>) -> (SocketAddr, JoinHandle<()>) {
        let listener = sockets::listen("cubic").unwrap();
        let addr = listener.local_addr().unwrap();
        let answer = move || {
            for body in bodies {
                let mut client = listener.accept().unwrap().0;
                assert!(client.read(&mut [0; 256]).unwrap() > 0);
                client.write_all(format!("HTTP/1.1 200 OK\r\n\r\n{body}").as_bytes()).unwrap();
            }
        };
        (addr, thread::spawn(answer))
    }

    #[test]
    fn only_metrics_are_an_answer() {
        let (addr, server) = server(vec!["squall_connections 1\n", "nothing"]);
        once(addr, "cubic").unwrap();
        once(addr, "cubic").unwrap_err();
        server.join().unwrap();
    }

    #[test]
    fn a_scraper_asks_at_once_and_goes_on_until_it_is_stopped() {
        let (addr, server) = server(vec!["squall_connections 1\n"; 3]);
        let scraper = Scraper::start(addr, "cubic".into());
        server.join().unwrap();
        // It has asked three times; a fourth time, where stopping came late, it was refused.
        assert!(scraper.stop().map_or(true, |count| count == 3));
    }
}
