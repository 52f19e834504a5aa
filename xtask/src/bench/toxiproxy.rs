//! Toxiproxy, which makes its links by requests over HTTP.

use crate::bench::relay::Doing;
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Makes a link once the server at `control` answers.
pub(crate) fn link(
    control: SocketAddr,
    addr: SocketAddr,
    upstream: SocketAddr,
    doing: Doing,
    patience: Duration,
) -> io::Result<()> {
    let began = Instant::now();
    let body = json!({ "name": "relay", "listen": addr.to_string(), "upstream": upstream.to_string(), "enabled": true });
    while let Err(error) = post(control, "/proxies", &body) {
        if error.kind() != io::ErrorKind::ConnectionRefused || began.elapsed() > patience {
            return Err(error);
        }
        sleep(Duration::from_millis(2));
    }
    toxic(doing).map_or(Ok(()), |toxic| post(control, "/proxies/relay/toxics", &toxic))
}

/// What it can do of `doing`: whole milliseconds, and whole kilobytes per second.
fn toxic(doing: Doing) -> Option<Value> {
    let latency = |stream: &str, delay: Duration| {
        let milliseconds = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        json!({ "type": "latency", "stream": stream, "attributes": { "latency": milliseconds } })
    };
    match doing {
        Doing::Nothing | Doing::Bulk | Doing::Watched(_) | Doing::Datagrams | Doing::Control => None,
        Doing::DelayUp(delay) => Some(latency("upstream", delay)),
        Doing::DelayDown(delay) => Some(latency("downstream", delay)),
        Doing::RateUp(rate) => {
            Some(json!({ "type": "bandwidth", "stream": "upstream", "attributes": { "rate": rate / 1_000 } }))
        }
    }
}

fn post(control: SocketAddr, path: &str, body: &Value) -> io::Result<()> {
    call(control, "POST", path, &body.to_string()).map(drop)
}

/// One call; the body of its answer.
///
/// # Errors
/// Also where the answer is none of success.
pub(crate) fn call(control: SocketAddr, method: &str, path: &str, body: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(control)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {control}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let status = answer.split_whitespace().nth(1).unwrap_or_default();
    match answer.split_once("\r\n\r\n") {
        Some((_, body)) if status.starts_with('2') => Ok(body.to_owned()),
        _ => Err(io::Error::other(format!("does not take {path}: {answer}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    /// Whether the body is as long as the head says.
    fn is_whole(request: &str) -> bool {
        let Some((head, body)) = request.split_once("\r\n\r\n") else { return false };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        body.len() == length.parse::<usize>().unwrap()
    }

    #[test]
    fn a_link_and_its_toxic_are_asked_for_in_its_own_units() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let control = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let answer = |mut stream: TcpStream| {
                let mut request = String::new();
                // All of it must be read, or the close is a reset.
                while !is_whole(&request) {
                    let mut part = [0; 1024];
                    let n = stream.read(&mut part).unwrap();
                    request.push_str(std::str::from_utf8(&part[..n]).unwrap());
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                request
            };
            [answer(listener.accept().unwrap().0), answer(listener.accept().unwrap().0)]
        });
        let relay = SocketAddr::from(([127, 0, 0, 1], 1));
        let rate = Doing::RateUp(1_000_000);
        link(control, relay, relay, rate, Duration::ZERO).unwrap();
        let [link, toxic] = server.join().unwrap();
        assert!(link.starts_with("POST /proxies HTTP/1.1\r\n"), "{link}");
        assert!(toxic.starts_with("POST /proxies/relay/toxics "), "{toxic}");
        assert!(toxic.contains(r#""rate":1000"#), "{toxic}");
    }
}
