//! What is exact on the real clock, by fault.

use super::Certainty;
use crate::read::tests::{over, valid};

/// Which of these paths are exact on the real clock.
fn exact<'p>(text: &str, paths: &[&'p str]) -> Vec<&'p str> {
    let certainty = Certainty::of(&valid(text));
    paths.iter().copied().filter(|path| certainty.is_exact(path)).collect()
}

#[test]
fn what_acts_on_datagrams_by_number_or_size_is_exact_and_what_queues_is_not() {
    let paths = [
        "link.api.faults.it.fired",
        "link.api.datagrams.dropped_down",
        "link.api.bytes.up",
        "load.load.retried",
        "echo.e.datagrams",
    ];
    let by_number =
        ["loss = \"5%\"", "loss = { nth = 3 }", "max_size = 100", "corrupt = \"1%\"", "blackhole = {}"];
    for fault in by_number {
        assert_eq!(exact(&over("udp", fault, "connections = 4"), &paths), paths, "{fault}");
    }
    let by_time = [
        "bandwidth = \"1MB/s\"",
        "duplicate = \"5%\"",
        "reorder = \"5%\"",
        "flap = { on = \"1s\", off = \"1s\" }",
        "loss = \"5%\"\nfor = \"2s\"",
        "loss = \"5%\"\ntimes = 3",
    ];
    for fault in by_time {
        assert_eq!(exact(&over("udp", fault, "connections = 4"), &paths), [""; 0], "{fault}");
    }
    assert_eq!(exact(&over("udp", "loss = \"5%\"\ntimes = 3", "connections = 1"), &paths), paths);
    let strays = ["load.load.integrity.late", "load.load.integrity.duplicated"];
    assert_eq!(exact(&over("udp", "loss = \"5%\"", "connections = 1"), &strays), [""; 0]);
}

#[test]
fn clients_that_may_be_forgotten_are_not_exact() {
    let paths = ["link.api.connections.accepted", "link.api.closes.cancelled", "load.load.ok"];
    let text = over("udp", "loss = \"5%\"", "connections = 4");
    assert_eq!(exact(&text, &paths), paths);
    let forgetful = text.replace("upstream = ", "idle_timeout = \"1s\"\nupstream = ");
    assert_eq!(exact(&forgetful, &paths), [""; 0]);
}

#[test]
fn which_clients_a_gate_turns_away_is_exact_unless_a_clock_says() {
    let paths =
        ["link.api.faults.it.fired", "link.api.connections.refused", "link.api.bytes.up", "load.load.ok"];
    for fault in [
        "refuse = {}\nconnections = \"1-2\"",
        "upstream_refuse = {}\nconnections = 3",
        "accept_delay = \"5ms\"",
    ] {
        assert_eq!(exact(&over("tcp", fault, "connections = 4"), &paths), paths, "{fault}");
    }
    for fault in ["refuse = {}\nfor = \"1s\"", "refuse = \"unlisten\"", "hang = \"1s\"", "upstream_hang = {}"]
    {
        assert_eq!(exact(&over("tcp", fault, "connections = 4"), &paths), [""; 0], "{fault}");
    }
    assert_eq!(
        exact(&over("tcp", "accept_delay = \"5ms\"\nfor = \"1s\"", "connections = 4"), &paths),
        &paths[1..],
        "a delay turns nobody away"
    );
}

#[test]
fn a_fault_that_changes_under_a_running_load_is_not_exact() {
    let text = |join: &str| {
        format!(
            "{}background = true\n{join}[[step]]\nupdate = {{ link = \"api\", name = \"it\", reset = \"2KiB\" }}\n",
            over("tcp", "reset = \"1KiB\"", "connections = 4")
        )
    };
    let paths = ["link.api.faults.it.fired", "load.load.ok"];
    assert_eq!(exact(&text("[[step]]\njoin = \"load\"\n"), &paths), paths);
    assert_eq!(exact(&text(""), &paths), [""; 0]);
}

#[test]
fn a_stream_that_is_cut_leaves_open_what_the_other_direction_decides() {
    let text = over("tcp", "reset = \"1KiB\"", "connections = 4");
    let other = |direction: &str| {
        let fault = format!("[[link.api.fault]]\nloss = \"1%\"\ndirection = \"{direction}\"\n[[step]]");
        exact(&text.replace("[[step]]", &fault), &["link.api.faults.loss.fired"]).len()
    };
    assert_eq!((other("down"), other("up"), other("both")), (1, 0, 0));
}

#[test]
fn a_reset_at_a_time_leaves_open_whether_it_fires() {
    let certainty = Certainty::of(&valid(
        "scenario = 1\n[echo.e]\n[link.api]\nupstream = \"echo.e\"\n[[link.api.fault]]\nreset = {}\nafter = \"2s\"\n",
    ));
    assert!(!certainty.is_exact("link.api.faults.reset.fired"));
    assert!(!certainty.is_exact("link.api.closes.reset"));
    assert!(!certainty.is_exact("link.api.connections.accepted"));
}

#[test]
fn an_echo_that_sends_everything_back_is_exact_and_one_that_gives_up_is_not() {
    let paths = ["echo.e.bytes", "link.api.closes.fin", "load.load.ok"];
    let with =
        |keys: &str| over("tcp", "latency = \"5ms\"", "").replacen("[link", &format!("{keys}\n[link"), 1);
    for keys in ["", "mode = \"delay:5ms\"", "mode = \"drip:1MB/s\"\nbuffer = \"1KiB\"\nid = \"one\""] {
        assert_eq!(exact(&with(keys), &paths), paths, "{keys}");
    }
    for keys in [
        "mode = \"reset-after:1KiB\"",
        "mode = \"never-read\"",
        "idle_timeout = \"1s\"",
        "max_connections = 1",
    ] {
        assert_eq!(exact(&with(keys), &paths), [""; 0], "{keys}");
    }
    let direct = with("mode = \"never-reply\"").replace("target = \"link.api\"", "target = \"echo.e\"");
    assert_eq!(exact(&direct, &["load.load.ok"]), [""; 0]);
}

#[test]
fn the_draws_of_an_http_echo_are_exact_where_connections_are_alike_or_numbered_in_order() {
    let is_exact = |target: &str, keys: &str| {
        let servers = "[echo.e]\nprotocol = \"http\"\n[link.api]\nupstream = \"echo.e\"\n";
        let load =
            format!("[[step]]\nload = {{ target = \"{target}\", http = \"/?status=503:10\", {keys} }}\n");
        let text = format!("scenario = 1\n{servers}{load}");
        let found = exact(&text, &["load.load.errors.status_5xx", "echo.e.bytes"]);
        assert!(found.is_empty() || found.len() == 2, "{text}: {found:?}");
        !found.is_empty()
    };
    assert!(is_exact("link.api", "requests = 7"));
    assert!(is_exact("link.api", "requests = 8, connections = 4"));
    assert!(!is_exact("link.api", "requests = 7, connections = 4"));
    assert!(is_exact("echo.e", "requests = 7, connections = 4"));
    assert!(is_exact("echo.e", "requests = 12, connections = 2, per_conn = 3"));
    assert!(!is_exact("echo.e", "requests = 14, connections = 2, per_conn = 3"));
}

#[test]
fn a_link_that_is_taken_down_while_nothing_uses_it_leaves_nothing_open() {
    let text = r#"
scenario = 1
[echo.e]
[link.edge]
upstream = "link.api"
[link.api]
upstream = "echo.e"
[[step]]
name = "before"
load = { target = "link.edge", connections = 4, requests = 40 }
[[step]]
link = { name = "api", state = "down" }
[[step]]
link = { name = "api", state = "up" }
[[step]]
name = "after"
load = { target = "link.edge", connections = 4, requests = 40 }
"#;
    let paths = [
        "link.api.connections.accepted",
        "link.edge.closes.fin",
        "link.api.bytes.up",
        "load.before.ok",
        "echo.e.bytes",
    ];
    assert_eq!(exact(text, &paths), paths);
    let stopped = text.replace("link = { name = \"api\", state = \"down\" }", "stop = \"link.api\"");
    assert_eq!(
        exact(&stopped.replace("link = { name = \"api\", state = \"up\" }", "start = \"link.api\""), &paths),
        paths
    );
    let used = [
        text.replace("requests = 40 }\n[[step]]\nlink", "requests = 40 }\nbackground = true\n[[step]]\nlink"),
        text.replace("[[step]]\nlink = { name = \"api\", state = \"up\" }\n", ""),
        text.replace("[link.edge]", "[process.app]\ncommand = [\"app\", \"{link.edge.addr}\"]\n[link.edge]"),
        text.replace(
            "[link.edge]",
            "[balance.pool]\nmembers = [\"link.api\"]\ncheck_interval = \"1s\"\n[link.edge]",
        ),
    ];
    for text in used {
        assert_eq!(exact(&text, &paths), [""; 0], "{text}");
    }
}
