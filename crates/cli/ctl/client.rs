//! HTTP/1.1 as far as the control API needs it: one request on one connection.

use crate::Failure;
use crate::exit::Exit;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long the server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long connecting to one of its addresses may take.
const CONNECTING: Duration = Duration::from_secs(5);
/// The largest answer, in bytes.
const LARGEST: u64 = 64 << 20;

/// A server to ask.
pub(super) struct Client {
    /// Host and port, as in the header.
    host: String,
    token: Option<String>,
}

impl Client {
    pub(super) fn new(url: &str, token: Option<String>) -> Result<Client, Failure> {
        let rest = url.strip_prefix("http://").unwrap_or(url);
        if rest.contains("://") {
            return Err(Failure::usage(format!("`{url}` does not begin with http://")));
        }
        let host = rest.split('/').next().unwrap_or_default();
        let plain = |c: char| !c.is_whitespace() && !c.is_control();
        if host.is_empty() || !host.chars().all(plain) {
            return Err(Failure::usage(format!("`{url}` names no server; write http://HOST:PORT")));
        }
        let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let host = if has_port && !host.ends_with(']') { host.to_owned() } else { format!("{host}:80") };
        let token = token.filter(|token| token.chars().all(plain));
        Ok(Client { host, token })
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send_text("GET", path, "")
    }

    pub(super) fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send_text(method, path, &body.to_string())
    }

    /// Changes something: with the method that every version of the server knows.
    pub(super) fn change(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send("POST", path, body)
    }

    pub(super) fn delete(&self, path: &str) -> Result<(), Failure> {
        self.send_text("DELETE", path, "").map(drop)
    }

    /// The JSON that comes back; null where nothing does.
    pub(super) fn send_text(&self, method: &str, path: &str, body: &str) -> Result<Value, Failure> {
        let failed = |error: std::io::Error| Failure::environment(format!("{}: {error}", self.host));
        let (status, text) = self.exchange(method, path, body).map_err(failed)?;
        let json: Option<Value> = serde_json::from_str(&text).ok();
        if (200..300).contains(&status) {
            return Ok(json.unwrap_or_default());
        }
        let told = json.as_ref().and_then(|json| json["error"].as_str()).unwrap_or(text.trim());
        Err(Failure { exit: Exit::Failed, message: format!("HTTP {status}: {told}") })
    }

    fn exchange(&self, method: &str, path: &str, body: &str) -> std::io::Result<(u16, String)> {
        let mut socket = self.connect()?;
        socket.set_read_timeout(Some(PATIENCE))?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let (host, version, length) = (&self.host, env!("CARGO_PKG_VERSION"), body.len());
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: squall-ctl/{version}\r\n{}Content-Type: \
             application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n",
            token.unwrap_or_default()
        );
        socket.write_all(head.as_bytes())?;
        // A server that refuses a request need not read all of it.
        let _ = socket.write_all(body.as_bytes());
        read(BufReader::new(socket.take(LARGEST)))
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let mut last = std::io::ErrorKind::AddrNotAvailable.into();
        for addr in self.host.to_socket_addrs()? {
            match TcpStream::connect_timeout(&addr, CONNECTING) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

/// A name as a part of a path.
pub(super) fn segment(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    name.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Reads an answer: its status and its body.
fn read(mut answer: impl BufRead) -> std::io::Result<(u16, String)> {
    let wrong = |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
    let line = line(&mut answer)?;
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok());
    let status = status.ok_or_else(|| wrong("the answer is not HTTP"))?;
    let (mut length, mut chunked) = (None, false);
    loop {
        let line = self::line(&mut answer)?;
        if line.is_empty() {
            break;
        }
        let (key, value) = line.split_once(':').ok_or_else(|| wrong("a header without a colon"))?;
        match key.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse::<u64>().ok(),
            "transfer-encoding" => chunked = value.to_ascii_lowercase().contains("chunked"),
            _ => {}
        }
    }
    let mut body = Vec::new();
    match length {
        _ if chunked => loop {
            let size = self::line(&mut answer)?;
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = u64::from_str_radix(size, 16).map_err(|_| wrong("a chunk without a size"))?;
            if size == 0 {
                break;
            }
            (&mut answer).take(size).read_to_end(&mut body)?;
            self::line(&mut answer)?;
        },
        Some(length) => drop(answer.take(length).read_to_end(&mut body)?),
        None => drop(answer.read_to_end(&mut body)?),
    }
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn line(answer: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = String::new();
    if answer.read_line(&mut line)? == 0 {
        return Err(std::io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_in_three_ways() {
        for text in [
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}more",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n",
            "HTTP/1.0 200 OK\r\n\r\n{}",
        ] {
            assert_eq!(read(text.as_bytes()).expect(text), (200, "{}".to_owned()));
        }
        assert!(read("SSH-2.0\r\n".as_bytes()).is_err());
    }

    #[test]
    fn a_server_is_named_with_or_without_scheme_and_port() {
        let host = |url| Client::new(url, None).map(|client| client.host).map_err(|failure| failure.message);
        assert_eq!(host("http://localhost:8474/").as_deref(), Ok("localhost:8474"));
        assert_eq!(host("toxiproxy:1").as_deref(), Ok("toxiproxy:1"));
        assert_eq!(host("http://[::1]").as_deref(), Ok("[::1]:80"));
        assert!(host("https://x").is_err() && host("http://").is_err() && host("a b:1").is_err());
    }

    #[test]
    fn names_are_escaped_in_paths() {
        assert_eq!(segment("a/b ?é"), "a%2Fb%20%3F%C3%A9");
    }
}
