//! `squall load` over unix sockets.

use crate::process::*;
use serde_json::Value;
use std::io::Read;
use std::os::unix::net::UnixListener;

/// The exit code, the report, and what was said besides.
fn load(target: &str, options: &[&str]) -> (Option<i32>, Value, String) {
    let out = squall().args(["load", target, "--json"]).args(options).output().expect("runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    (out.status.code(), serde_json::from_slice(&out.stdout).unwrap_or_default(), said)
}

#[test]
fn bytes_frames_and_http_are_loaded_over_unix_sockets() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (tcp, http) = (format!("unix:{}", at("echo")), format!("unix:{}", at("web")));
    let mut echo = Server::start(&["echo", "--tcp", &tcp, "--http", &http, "--id", "one"]);
    assert_eq!(echo.line(), format!("squall echo listening on {tcp}"));
    assert_eq!(echo.line(), format!("squall echo listening on http+{http}"));

    let (code, plain, said) = load(&tcp, &["-c", "4", "-n", "403", "--size", "1-9000", "--per-conn", "10"]);
    assert_eq!(code, Some(0), "{said}");
    // Three have 101 requests, one 100, and each connection has ten of them.
    assert_eq!((&plain["counts"]["ok"], &plain["connections"]["opened"]), (&403.into(), &43.into()));
    assert_eq!(plain["plan"]["target"], tcp);
    let (code, framed, said) = load(&tcp, &["-c", "3", "-n", "30", "--reply-size", "100", "--close", "half"]);
    assert_eq!((code, &framed["members"]["one"]), (Some(0), &3.into()), "{said}");
    let (code, rate, said) = load(&tcp, &["--rate", "1k", "-d", "50ms", "--hold", "1ms"]);
    assert_eq!((code, &rate["counts"]["ok"]), (Some(0), &50.into()), "{said}");

    let (code, web, said) = load(&format!("http+{http}"), &["-c", "2", "-n", "20"]);
    assert_eq!((code, &web["counts"]["ok"]), (Some(0), &20.into()), "{said}");
    let (_, web, _) = load(&format!("http+{http}:/a?status=404"), &["-n", "5"]);
    assert_eq!(web["errors"]["status_4xx"], 5);
}

#[test]
fn a_header_of_the_proxy_protocol_says_that_the_source_is_unknown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("server");
    let listener = UnixListener::bind(&path).expect("binds");
    let server = std::thread::spawn(move || {
        let mut heard = Vec::new();
        let (mut client, _) = listener.accept().expect("a client");
        client.read_to_end(&mut heard).expect("the end");
        heard
    });
    let target = format!("unix:{}", path.display());
    let options = ["-n", "1", "--proxy-protocol", "v1", "--send", "hi", "--expect", ""];
    let (code, report, said) = load(&target, &options);
    assert_eq!((code, &report["counts"]["ok"]), (Some(0), &1.into()), "{said}");
    assert_eq!(server.join().expect("what was sent"), b"PROXY UNKNOWN\r\nhi");
}

#[test]
fn what_a_unix_socket_has_not_is_refused_and_one_that_is_not_there_says_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let target = format!("unix:{}", folder.path().join("absent").display());
    for (target, options, told) in [
        (
            target.as_str(),
            &["--source", "127.0.0.0/24"][..],
            "has no addresses to come from: leave out --source",
        ),
        (&target, &["--close", "rst"], "has no RST: write --close fin or --close half"),
        (&target, &["--retries", "1"], "--retries is for UDP"),
        ("unix:", &[], "write unix:PATH"),
        (&format!("unix:/{}", "a".repeat(200)), &[], "is too long, or no path, for a unix socket"),
    ] {
        let (code, _, said) = load(target, options);
        assert_eq!(code, Some(2), "{target} {options:?}: {said}");
        assert!(said.contains(told), "{target} {options:?}: {said}");
    }
    let (code, report, _) = load(&target, &["-n", "3", "--timeout", "20ms"]);
    assert_eq!((code, &report["errors"]["refused"]), (Some(3), &3.into()));
    assert!(report["reason"].to_string().contains(&format!("{target} could not be reached")), "{report}");
}
