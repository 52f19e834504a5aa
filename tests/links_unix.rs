//! Links on unix sockets, in every command that has links.

use crate::metrics::get;
use crate::process::*;
use std::fs;
use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use tempfile::TempDir;

/// A folder with an echo server on the socket `echo` in it.
struct Place {
    folder: TempDir,
    _echo: Server,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().expect("a folder");
        let address = format!("unix:{}", folder.path().join("echo").display());
        let mut echo = Server::start(&["echo", "--tcp", &address]);
        assert_eq!(echo.line(), format!("squall echo listening on {address}"));
        Place { folder, _echo: echo }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn at(&self, name: &str) -> String {
        format!("unix:{}", self.path(name).display())
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// Sends through the socket of that name, and reads to the end.
    fn ask(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut client = UnixStream::connect(self.path(name)).expect("connects");
        client.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        client.write_all(bytes).expect("sent");
        client.shutdown(Shutdown::Write).expect("FIN");
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).expect("the end");
        heard
    }
}

fn ran(args: &[&str]) -> (Option<i32>, String, String) {
    let output = squall().args(args).output().expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_proxy_between_paths_tells_where_it_is_and_who_came() {
    let place = Place::new();
    let (app, echo, ports) = (place.at("app"), place.at("echo"), place.text("ports"));
    let faults = ["--fault", "latency:5ms", "--log-events", "--port-file", &ports];
    let mut proxy = Server::start(&[&["proxy", "--listen", &app, "--upstream", &echo], &faults[..]].concat());
    assert_eq!(proxy.line(), format!("squall proxy listening on {app}"));
    assert_eq!(fs::read_to_string(ports).expect("a file"), format!("proxy={app}\n"));
    assert_eq!(place.ask("app", &pattern(100_000)), pattern(100_000));
    assert_eq!(proxy.line(), "[METRICS] ConnectionOpened unix#1 | active: 1, total: 1");
    let (code, _, said) = ran(&["proxy", "--listen", &app, "--upstream", &echo]);
    assert_eq!(code, Some(3));
    assert!(said.starts_with(&format!("error: listen {app}: address already in use")), "{said}");
    let ended = proxy.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("[METRICS] ConnectionClosed unix#1 (fin) | active: 0, total: 1\n"));
    assert!(!place.path("app").exists() && place.path("echo").exists());
}

#[test]
fn named_links_stand_on_paths_and_the_control_api_shows_and_moves_them() {
    let place = Place::new();
    let link = format!("db={}={}", place.at("db=1"), place.at("echo"));
    let mut proxy = Server::start(&["proxy", "--link", &link, "--control", "127.0.0.1:0"]);
    assert_eq!(proxy.line(), format!("squall proxy db listening on {}", place.at("db=1")));
    let control = proxy.ready("squall control listening on ");
    let shown = || -> serde_json::Value { serde_json::from_str(&get(control, "/proxies/db")).expect("JSON") };
    assert_eq!(
        (&shown()["listen"], &shown()["upstream"]),
        (&place.at("db=1").into(), &place.at("echo").into())
    );
    let host = control.to_string();
    let ctl = |args: &[&str]| ran(&[&["ctl", "--host", &host], args].concat());
    assert_eq!(ctl(&["toggle", "db"]).0, Some(0));
    assert!(!place.path("db=1").exists() && shown()["enabled"] == false);
    assert_eq!(ctl(&["toggle", "db"]).0, Some(0));
    assert_eq!(place.ask("db=1", b"back"), b"back");
    let (code, _, said) = ctl(&["create", "more", "-l", &place.at("more"), "-u", &place.at("db=1")]);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(place.ask("more", b"through both"), b"through both");
    let (code, _, said) = ctl(&["create", "x", "-l", &place.at("more"), "-u", &place.at("echo")]);
    assert!(
        code == Some(1) && said.contains(&format!("listen unix {}: bind: address", place.text("more"))),
        "{said}"
    );
    assert_eq!(proxy.stop().code, Some(0));
    assert!(!place.path("more").exists());
}

#[test]
fn a_balancer_has_paths_on_both_sides() {
    let place = Place::new();
    let (pool, echo) = (place.at("pool"), place.at("echo"));
    let (gone, member) = (format!("gone={}", place.at("absent")), format!("{echo}=3"));
    let args = ["balance", "--listen", &pool, "--member", &gone, "--member", &member];
    let mut balancer = Server::start(&args);
    assert_eq!(balancer.line(), format!("squall balance listening on {pool}"));
    let (code, out, said) = ran(&["load", &pool, "-n", "12", "--per-conn", "3"]);
    assert!(code == Some(0) && out.contains("12 ok, 0 failed of 12"), "{said}{out}");
    assert_eq!(balancer.stop().code, Some(0));
    assert!(!place.path("pool").exists());
}

#[test]
fn a_bridge_waits_on_a_path_and_connects_to_one() {
    let place = Place::new();
    let mut bridge = Server::start(&["bridge", &format!("listen:{}", place.at("bridge")), &place.at("echo")]);
    assert_eq!(bridge.line(), format!("squall bridge listening on {}", place.at("bridge")));
    assert_eq!(place.ask("bridge", b"hello"), b"hello");
    let ended = bridge.end();
    assert_eq!((ended.code, &*ended.out), (Some(0), "up: 5 bytes | down: 5 bytes | fin\n"));
}

#[test]
fn a_command_is_told_of_a_port_or_of_a_path() {
    let place = Place::new();
    let program = assert_cmd::cargo::cargo_bin!("squall").to_str().expect("a path").to_owned();
    let link = format!("db={}", place.at("echo"));
    let exec = ["exec", "--link", &link, "--fault", "db:latency:1ms", "--"];
    let (code, out, said) = ran(&[&exec[..], &[&program, "load", "tcp://{db}", "-n", "3"]].concat());
    assert!(code == Some(0) && out.contains("3 ok, 0 failed of 3"), "{said}");
    assert!(said.contains(&format!("squall: link db to {}: 1 connection;", place.at("echo"))), "{said}");
    let link = format!("db={}={}", place.at("db"), place.at("echo"));
    let script = "echo $DB_ADDR $DB_PATH ${DB_PORT-none} {db.path}; exec \"$0\" load {db} -n 3";
    let (code, out, said) = ran(&["exec", "--link", &link, "--", "sh", "-c", script, &program]);
    let path = place.text("db");
    assert!(code == Some(0) && out.starts_with(&format!("unix:{path} {path} none {path}\n")), "{out}{said}");
    let (code, _, said) = ran(&["exec", "--any", "--listen", &place.at("any"), "--", "true"]);
    assert!(code == Some(125) && said.contains("commands look for a proxy at a port"), "{said}");
}

#[test]
fn a_file_of_services_puts_links_beside_itself_and_moves_them() {
    let place = Place::new();
    let file = place.text("up.toml");
    let text = |listen: &str| {
        format!(
            "up = 1\n[link.a]\nlisten = \"unix:{listen}\"\nupstream = \"unix:echo\"\n[link.b]\nupstream = \"link.a\"\n"
        )
    };
    fs::write(&file, text("one")).expect("written");
    assert_eq!(ran(&["check", &file]).0, Some(0));
    let ports = place.text("ports");
    let mut up = Server::start(&["up", &file, "--port-file", &ports]);
    assert_eq!(up.line(), format!("squall proxy a listening on {}", place.at("one")));
    let over = up.ready("squall proxy b listening on ");
    assert_eq!(place.ask("one", b"hello"), b"hello");
    let mut client = connect(over);
    client.write_all(b"x").expect("sent");
    assert_eq!(read(&mut client, &mut [0]).ok(), Some(1));
    fs::write(&file, text("two")).expect("written");
    up.signal("HUP");
    assert_eq!(up.line(), format!("squall proxy a listening on {}", place.at("two")));
    assert!(fs::read_to_string(ports).expect("a file").starts_with(&format!("a={}\n", place.at("two"))));
    assert_eq!(place.ask("two", b"hello"), b"hello");
    assert!(!place.path("one").exists());
    drop(client);
    assert_eq!(up.stop().code, Some(0));
    assert!(!place.path("two").exists());
}

#[test]
fn a_scenario_has_links_on_paths_in_real_time_only() {
    let place = Place::new();
    let file = place.text("paths.toml");
    let text = |clock: &str, path: &str| {
        format!(
            "scenario = 1\nclock = \"{clock}\"\n[echo.backend]\n\
             [link.near]\nlisten = \"unix:{path}\"\nupstream = \"echo.backend\"\n\
             [link.far]\nupstream = \"unix:echo\"\n\
             [[link.near.fault]]\nlatency = \"1ms\"\n\
             [[step]]\nload = {{ target = \"link.near\", connections = 3, requests = 30 }}\n\
             [[step]]\nload = {{ target = \"link.far\", requests = 5 }}\n\
             [[step]]\nrun = {{ command = [\"sh\", \"-c\", \"test -S $1\", \"-\", \"{{link.near.path}}\"] }}\n\
             [[expect]]\nthat = \"load.load.ok == 30 and load.load_2.ok == 5 and link.near.connections.accepted == 3\"\n"
        )
    };
    fs::write(&file, text("real", "near")).expect("written");
    let (code, out, said) = ran(&["run", &file]);
    assert_eq!(code, Some(0), "{out}{said}");
    assert!(!place.path("near").exists());
    fs::write(&file, text("virtual", &"a".repeat(120))).expect("written");
    let (code, _, said) = ran(&["check", &file]);
    assert_eq!(code, Some(2));
    for told in ["path too long in `unix:", "`unix:echo` with the virtual clock"] {
        assert!(said.contains(told), "{told} in {said}");
    }
}

#[test]
fn what_a_path_cannot_be_is_wrong_usage() {
    let long = format!("unix:/{}", "a".repeat(200));
    for (args, told) in [
        (&["proxy", "--listen", &long, "--upstream", ":1"][..], "path too long in `unix:/aaa"),
        (&["proxy", "--upstream", "unix:"], "bad path in `unix:`; write unix:PATH"),
        (&["proxy", "--udp", "--upstream", "unix:a"], "carries datagrams, which unix sockets do not here"),
        (&["proxy", "--upstream", "udp:unix:a"], "datagrams go to HOST:PORT, not to a unix socket"),
        (&["bridge", "listen:unix:", ":1"], "bad path in `unix:`"),
        (&["balance", "--member", &long], "path too long in `unix:/aaa"),
    ] {
        let (code, _, said) = ran(args);
        assert!(code == Some(2) && said.contains(told), "{args:?}: {said}");
    }
    let (code, _, said) = ran(&["proxy", "--listen", "unix:a", "--upstream", ":1", "--fault", "hang"]);
    assert!(code == Some(3) && said.contains("connecting to a unix socket cannot be made to hang"), "{said}");
}
