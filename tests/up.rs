//! `squall up`: services from a file, and what becomes of them when the file changes.

use crate::metrics::get;
use crate::process::*;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;

/// A file of services, and the process that has them up.
pub(crate) struct Up {
    pub(crate) folder: TempDir,
    pub(crate) server: Server,
}

pub(crate) fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("text").to_owned()
}

impl Up {
    pub(crate) fn start(text: &str, args: &[&str]) -> Up {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, ports) = (path(&folder, "up.toml"), path(&folder, "ports"));
        fs::write(&file, format!("up = 1\n{text}")).expect("written");
        let mut all = vec!["up", &file, "--port-file", &ports];
        all.extend(args);
        let server = Server::start(&all);
        Up { folder, server }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("up.toml")
    }

    /// Waits until everything is bound, which the port file says last but the ready lines.
    pub(crate) fn addr(&self, name: &str) -> SocketAddr {
        let ports = self.ports();
        let line = ports.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name} in {ports}")).parse().expect("an address")
    }

    pub(crate) fn ports(&self) -> String {
        let begun = Instant::now();
        loop {
            if let Ok(ports) = fs::read_to_string(self.folder.path().join("ports")) {
                return ports;
            }
            assert!(begun.elapsed() < PATIENCE, "no port file");
            std::thread::yield_now();
        }
    }

    /// Has another text read, and waits until that is what runs.
    pub(crate) fn reload(&self, text: &str) {
        self.ports();
        fs::remove_file(self.folder.path().join("ports")).expect("removed");
        fs::write(self.file(), format!("up = 1\n{text}")).expect("written");
        self.server.signal("HUP");
        self.ports();
    }

    pub(crate) fn stop(self) -> Ended {
        self.server.stop()
    }
}

/// What comes back of `bytes` on an open connection.
pub(crate) fn talk(client: &mut TcpStream, bytes: &[u8]) -> Vec<u8> {
    client.write_all(bytes).expect("sent");
    let mut back = vec![0; bytes.len()];
    client.read_exact(&mut back).expect("an answer");
    back
}

/// All that comes back on a connection of its own.
pub(crate) fn answer(addr: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut client = connect(addr);
    client.write_all(bytes).expect("sent");
    client.shutdown(Shutdown::Write).expect("FIN");
    let mut back = Vec::new();
    client.read_to_end(&mut back).expect("an end");
    back
}

/// Waits until nobody listens there: somebody else may have been given the port.
fn closed(addr: SocketAddr) {
    let begun = Instant::now();
    while TcpStream::connect(addr).is_ok() {
        assert!(begun.elapsed() < PATIENCE, "{addr} is open");
    }
}

fn metrics(addr: SocketAddr) -> serde_json::Value {
    serde_json::from_str(&get(addr, "/metrics?format=json")).expect("JSON")
}

const TWO: &str = "[echo.one]\n[echo.two]\nmode = \"banner:two\"\n";

#[test]
fn everything_in_a_file_is_started_and_named() {
    let mut up = Up::start(
        "[echo.web]\nprotocol = \"http\"\n[echo.dgram]\nprotocol = \"udp\"\n[link.api]\nupstream = \"link.far\"\n[link.far]\nupstream = \"echo.web\"\n\
         [link.u]\nprotocol = \"udp\"\nupstream = \"echo.dgram\"\n",
        &["--metrics", "127.0.0.1:0"],
    );
    let api = up.server.ready("squall proxy api listening on ");
    up.server.ready("squall proxy far listening on ");
    up.server.ready("squall proxy u listening on udp:");
    up.server.ready("squall echo web listening on http://");
    up.server.ready("squall echo dgram listening on udp:");
    let page = up.server.ready("squall metrics listening on ");
    assert_eq!((api, page), (up.addr("api"), up.addr("metrics")));
    let request = b"GET /?raw=true HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    assert!(answer(api, request).starts_with(b"HTTP/1.1 200 "));
    let text = get(page, "/metrics");
    for line in [
        "squall_connections_total{link=\"api\",outcome=\"accepted\"} 1\n",
        "squall_connections_total{link=\"far\",outcome=\"accepted\"} 1\n",
        "squall_echo_requests_total{server=\"web\"} 1\n",
        "squall_echo_datagrams_total{server=\"dgram\",direction=\"received\"} 0\n",
        "\nconnections_total 3\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let ended = up.stop();
    assert_eq!(ended.code, Some(0));
    for line in [
        "[METRICS] active: 0 | total: 3 |",
        "[METRICS] link api | active: 0 | total: 1 |",
        "[METRICS] echo web | active: 0 | total: 1 |",
    ] {
        assert!(ended.out.contains(line), "{line}: {}", ended.out);
    }
}

#[test]
fn a_connection_of_a_link_that_has_not_changed_goes_on() {
    let links = |upstream: &str| {
        format!("{TWO}[link.same]\nupstream = \"echo.one\"\n[link.other]\nupstream = \"echo.{upstream}\"\n")
    };
    let up = Up::start(&links("one"), &["--metrics", "127.0.0.1:0"]);
    let (same, other) = (up.addr("same"), up.addr("other"));
    let mut client = connect(same);
    assert_eq!(talk(&mut client, b"before"), b"before");
    assert_eq!(answer(other, b"x"), b"x");
    up.reload(&links("two"));
    assert_eq!(talk(&mut client, b"after"), b"after");
    // The port is the same, though the file leaves it to the system.
    assert_eq!(up.addr("other"), other);
    assert!(answer(other, b"").starts_with(b"two"));
    // What a link has counted it goes on counting.
    let counted = metrics(up.addr("metrics"));
    assert_eq!(counted["links"]["other"]["connections"]["accepted"], 2);
    assert_eq!(counted["links"]["same"]["connections"]["accepted"], 1);
    drop(client);
    let ended = up.stop();
    assert_eq!(ended.code, Some(0));
    assert!(ended.err.contains("link other replaced, on "), "{}", ended.err);
    assert!(!ended.err.contains("link same"), "{}", ended.err);
}

#[test]
fn a_link_that_is_replaced_lets_its_connections_end_by_themselves() {
    let link = |upstream: &str| format!("{TWO}[link.a]\nupstream = \"echo.{upstream}\"\n");
    let up = Up::start(&link("one"), &["--grace", "1h"]);
    let mut client = connect(up.addr("a"));
    talk(&mut client, b"before");
    up.reload(&link("two"));
    assert!(answer(up.addr("a"), b"").starts_with(b"two"));
    assert_eq!(talk(&mut client, b"after"), b"after");
    client.shutdown(Shutdown::Write).expect("FIN");
    assert_eq!(read(&mut client, &mut [0]).expect("the end"), 0);
    assert_eq!(up.stop().code, Some(0));
}

#[test]
fn faults_change_under_an_open_connection() {
    let link = |faults: &str| format!("[echo.one]\n[link.a]\nupstream = \"echo.one\"\nfault = [{faults}]\n");
    let up = Up::start(
        &link("{ corrupt = { p = '100%' }, direction = 'up' }, { name = 'slow', latency = '1us' }"),
        &["--metrics", "127.0.0.1:0"],
    );
    let mut client = connect(up.addr("a"));
    assert_ne!(talk(&mut client, b"0123456789"), b"0123456789");
    let fired = || metrics(up.addr("metrics"))["links"]["a"]["faults"].clone();
    let before = fired()["slow"]["fired"].as_u64().expect("a count");
    up.reload(&link("{ name = 'slow', latency = '1us' }"));
    assert_eq!(talk(&mut client, b"0123456789"), b"0123456789");
    assert!(before > 0 && fired()["slow"]["fired"] == before);
    assert_eq!(fired()["corrupt"]["active"], false);
    up.reload(&link(
        "{ name = 'slow', latency = '1us' }, { name = 'cut', reset = { at = '21B' }, direction = 'up' }",
    ));
    client.write_all(b"0123456789").expect("sent");
    while read(&mut client, &mut [0; 64]).is_ok_and(|n| n > 0) {}
    assert_eq!(fired()["cut"]["fired"], 1);
    let ended = up.stop();
    assert!(ended.err.contains("link a changed: without corrupt"), "{}", ended.err);
}

#[test]
fn what_is_no_longer_in_the_file_is_closed_and_what_is_new_is_started() {
    let up = Up::start(&format!("{TWO}[link.a]\nupstream = \"echo.one\"\n"), &["--grace", "0s"]);
    let (a, two) = (up.addr("a"), up.addr("two"));
    let mut client = connect(a);
    talk(&mut client, b"x");
    up.reload("[echo.one]\n[link.b]\nupstream = \"echo.one\"\n");
    closed(a);
    closed(two);
    assert!(read(&mut client, &mut [0]).is_err());
    assert_eq!(answer(up.addr("b"), b"y"), b"y");
    let ended = up.stop();
    for line in ["link a ended", "echo two ended", "link b started, on "] {
        assert!(ended.err.contains(line), "{line}: {}", ended.err);
    }
    assert!(ended.out.contains("squall proxy b listening on "), "{}", ended.out);
}

#[test]
fn links_follow_a_server_that_has_moved_and_those_that_are_replaced_keep_their_ports() {
    let file = |host: &str, mode: &str| {
        let e = format!("[echo.e]\nlisten = \"{host}:0\"\nmode = \"{mode}\"\n");
        format!("{e}[link.a]\nupstream = \"link.b\"\n[link.b]\nupstream = \"echo.e\"\n")
    };
    let up = Up::start(&file("127.0.0.1", "echo"), &["--metrics", "127.0.0.1:0"]);
    let (a, e) = (up.addr("a"), up.addr("e"));
    assert_eq!(answer(a, b"x"), b"x");
    // Another mode on the same port: nobody has to follow.
    up.reload(&file("127.0.0.1", "banner:1"));
    assert_eq!(up.addr("e"), e);
    assert!(answer(a, b"").starts_with(b"1"));
    // Another address: the link in front of it follows, and keeps its own.
    up.reload(&file("0.0.0.0", "banner:2"));
    assert!(up.addr("a") == a && up.addr("e") != e);
    assert!(answer(a, b"").starts_with(b"2"));
    let served = &metrics(up.addr("metrics"))["servers"]["e"]["connections"]["accepted"];
    assert_eq!(served, 3);
    let ended = up.stop();
    assert_eq!(ended.err.matches("link b replaced").count(), 1, "{}", ended.err);
    assert!(!ended.err.contains("link a "), "{}", ended.err);
}

#[test]
fn links_can_change_places() {
    let file = |a: &str, b: &str| {
        let link = |name: &str, listen: &str, to: &str| {
            format!("[link.{name}]\nlisten = \"{listen}\"\nupstream = \"echo.{to}\"\n")
        };
        format!("{TWO}{}{}", link("a", a, "one"), link("b", b, "two"))
    };
    let up = Up::start(&file("127.0.0.1:0", "127.0.0.1:0"), &[]);
    let (a, b) = (up.addr("a"), up.addr("b"));
    assert_eq!(answer(a, b"x"), b"x");
    up.reload(&file(&b.to_string(), &a.to_string()));
    assert_eq!((up.addr("a"), up.addr("b")), (b, a));
    assert!(answer(a, b"").starts_with(b"two"));
    assert_eq!(up.stop().code, Some(0));
}

#[test]
fn datagrams_and_another_seed_start_links_anew() {
    let file = |seed: u64| {
        format!(
            "seed = {seed}\n[echo.e]\nprotocol = \"udp\"\n[link.u]\nprotocol = \"udp\"\nupstream = \"echo.e\"\n"
        )
    };
    let up = Up::start(&file(1), &["--grace", "0s"]);
    let client = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let ask = |to: SocketAddr| {
        client.send_to(b"ping", to).expect("sent");
        assert_eq!(client.recv_from(&mut [0; 64]).expect("an answer"), (4, to));
    };
    let u = up.addr("u");
    ask(u);
    up.reload(&file(2));
    assert_eq!(up.addr("u"), u);
    ask(u);
    let ended = up.stop();
    assert!(
        ended.err.contains("link u replaced")
            && ended.out.contains("[METRICS] link u | active: 0 | total: 2 |"),
        "{}{}",
        ended.err,
        ended.out
    );
}

#[test]
fn a_graceful_stop_lets_connections_end() {
    let up = Up::start("grace = \"30s\"\n[echo.one]\n[link.a]\nupstream = \"echo.one\"\n", &["--log-events"]);
    let a = up.addr("a");
    let mut client = connect(a);
    talk(&mut client, b"before");
    up.server.signal("TERM");
    while TcpStream::connect(a).is_ok() {}
    assert_eq!(talk(&mut client, b"after"), b"after");
    client.shutdown(Shutdown::Write).expect("FIN");
    assert_eq!(read(&mut client, &mut [0]).expect("the end"), 0);
    let ended = up.server.end();
    assert_eq!(ended.code, Some(0));
    // At the link and at the server.
    assert!(ended.out.matches("[METRICS] ConnectionOpened ").count() >= 2, "{}", ended.out);
    assert!(ended.out.contains("[METRICS] ConnectionClosed "), "{}", ended.out);
}

#[test]
fn the_control_api_has_the_links_of_the_file_with_their_options() {
    let text = |latency: &str| {
        format!(
            "control = \"127.0.0.1:0\"\n[echo.one]\n[link.a]\nupstream = \"echo.one\"\nmax_connections = 1\nfault = [{{ latency = \"{latency}\" }}]\n"
        )
    };
    let up = Up::start(&text("1us"), &[]);
    let (a, control) = (up.addr("a"), format!("http://{}", up.addr("control")));
    let ctl = |args: &[&str]| {
        let output = squall().arg("ctl").args(args).env("TOXIPROXY_URL", &control).output().expect("runs");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    // Stopped and started by a client, it is the same link.
    ctl(&["toggle", "a"]);
    ctl(&["toggle", "a"]);
    let mut first = connect(a);
    talk(&mut first, b"x");
    let mut second = connect(a);
    assert!(second.write_all(b"x").is_err() || read(&mut second, &mut [0]).map_or(true, |n| n == 0));
    // The file changes what it has, and leaves alone what the client has put there.
    ctl(&["add", "a", "truncate:1MiB"]);
    up.reload(&text("2us"));
    let shown: serde_json::Value = serde_json::from_str(&ctl(&["inspect", "a", "--json"])).expect("JSON");
    let toxics = shown["toxics"].as_array().expect("toxics").iter();
    let attributes: Vec<_> = toxics.map(|toxic| toxic["attributes"].to_string()).collect();
    assert_eq!(attributes, ["{\"delay\":\"2us\"}", "{\"at\":\"1MiB\"}"]);
    talk(&mut first, b"y");
    // Taken away by a client, it comes back when the file changes it.
    ctl(&["delete", "a"]);
    up.reload(&text("3us"));
    assert_eq!(answer(up.addr("a"), b"z"), b"z");
}
