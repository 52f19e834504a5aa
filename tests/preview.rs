//! `squall faults preview`: what a fault would do, in virtual time.

use crate::faults_command::{examples, prints as tell, refuses};
use crate::process::squall;
use std::path::Path;

/// What a preview prints.
fn prints(args: &[&str]) -> String {
    let told = tell(&[&["preview"], args].concat());
    assert!(told.lines().skip(1).all(|line| line.chars().count() <= 80), "{told}");
    told
}

/// The JSON of a preview.
fn json(args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&tell(&[&["preview", "--json"], args].concat())).expect("JSON")
}

#[test]
fn latency_with_jitter_is_previewed_exactly() {
    insta::assert_snapshot!(prints(&["latency:50ms,jitter=20ms", "--bytes", "20KiB", "--seed", "7"]), @r"
    latency:50ms,jitter=20ms@down: 20KiB on connection 1, seed 7

    down
      from (s)  to (s)  action  offset  bytes
      0.058379          write        0   1448
      0.068607          write     1448  19032
      0.068607          fin

      delivered   20480 bytes
      first byte  0.058379 s
      last byte   0.068607 s
      rate        298508B/s
      end         FIN at 0.068607 s
      fired       1
    ");
}

#[test]
fn bandwidth_takes_exactly_as_long_as_its_bytes() {
    let told = prints(&["bandwidth:1MB/s", "--bytes", "1MiB"]);
    assert!(told.lines().count() <= 40, "{told}");
    for line in [
        "delivered   1048576 bytes",
        "last byte   1.048576 s",
        "rate        1MB/s",
        "end         FIN at 1.048576 s",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
}

#[test]
fn a_reset_is_previewed_with_what_it_costs() {
    insta::assert_snapshot!(prints(&["reset:4KiB", "--bytes", "20KiB"]), @r"
    reset:4KiB@down: 20KiB on connection 1, seed 0

    down
      from (s)  to (s)  action  offset  bytes
      0.000000          write        0   4096
      0.000000          reset

      delivered   4096 bytes
      first byte  0.000000 s
      last byte   0.000000 s
      lost        16384 bytes
      end         RST to both peers at 0.000000 s
      fired       1
    ");
}

#[test]
fn both_directions_are_previewed_each_with_its_own_draws() {
    let told = prints(&["latency:50ms,jitter=20ms@both", "--bytes", "1448", "--seed", "7"]);
    let (up, down) = told.split_once("\ndown\n").expect("both directions");
    assert!(up.contains("\nup\n"));
    let first = |part: &str| part.lines().find(|line| line.contains("first byte")).map(str::to_owned);
    assert!(first(up).is_some());
    assert_ne!(first(up), first(down));
}

#[test]
fn what_is_held_for_ever_is_said() {
    let told = prints(&["bandwidth:0B/s", "--bytes", "100KiB"]);
    assert!(told.contains("  held        65536 bytes, for ever\n"), "{told}");
    assert!(told.contains("  never read  36864 bytes\n"), "{told}");
    assert!(told.contains("  end         never\n"), "{told}");
}

#[test]
fn a_connection_that_is_spared_is_said() {
    let spared = |n: &str| prints(&["latency:1s,connections=2", "--connection", n]).contains("does not act");
    assert!(spared("1"));
    assert!(!spared("2"));
}

#[test]
fn json_has_every_action() {
    let told = prints(&["latency:50ms", "--bytes", "100KiB", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let down = &report["directions"][0];
    assert_eq!((&down["direction"], &down["delivered_bytes"]), (&"down".into(), &102_400.into()));
    let actions = down["actions"].as_array().expect("a list");
    assert!(actions.iter().all(|action| action["at_ns"] == 50_000_000));
    assert_eq!(actions.last().expect("actions")["action"], "fin");
}

#[test]
fn every_example_is_previewed_to_an_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/traces/lte-like.mahimahi");
    std::fs::copy(trace, folder.path().join("lte.mahimahi")).expect("copied");
    let examples = examples();
    assert_eq!(examples.len(), 23);
    for (name, example) in examples {
        let mut command = squall();
        let output =
            command.args(["faults", "preview", &example]).current_dir(&folder).output().expect("runs");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8(output.stdout).expect("text");
        let ends = ["\n  end ", "\n  delivered ", "\n  through "].iter().any(|end| told.contains(end));
        assert!(ends && told.contains("\n  fired ") && !told.contains("not within"), "{name}\n{told}");
    }
}

#[test]
fn datagrams_are_previewed_one_by_one() {
    insta::assert_snapshot!(prints(&["loss:pattern=PPD", "--bytes", "4100", "--size", "1000"]), @r"
    loss:pattern=PPD@down: 4100B in 5 datagrams of 1KB on session 1, seed 0

    down
      from (s)  to (s)  action  datagram  bytes
      0.000000          send           0   1000
      0.000000          send           1   1000
      0.000000          drop           2
      0.000000          send           3   1000
      0.000000          send           4    100

      delivered  4 datagrams, 3100 bytes
      first      0.000000 s
      last       0.000000 s
      dropped    1 datagram
      fired      1
    ");
}

#[test]
fn udp_shows_a_fault_on_either_carrier_its_datagrams() {
    let stream = prints(&["latency:50ms", "--bytes", "2400"]);
    assert!(stream.contains("delivered   2400 bytes\n"), "{stream}");
    let datagrams = prints(&["latency:50ms", "--bytes", "2400", "--udp"]);
    assert!(datagrams.contains("delivered  2 datagrams, 2400 bytes\n"), "{datagrams}");
    assert!(datagrams.contains("last       0.050000 s\n"), "{datagrams}");
}

#[test]
fn copies_and_late_datagrams_are_counted_by_number() {
    let copied = prints(&["duplicate:100%,copies=2", "--bytes", "1200"]);
    assert!(copied.contains("delivered  3 datagrams, 3600 bytes\n"), "{copied}");
    assert!(copied.contains("copies     2 datagrams\n"), "{copied}");
    assert_eq!(copied.matches("  send copy         0   1200\n").count(), 2, "{copied}");
    let late = prints(&["reorder:100%,times=1", "--bytes", "3600"]);
    insta::assert_snapshot!(late, @r"
    reorder:100%,times=1@down: 3600B in 3 datagrams of 1200B on session 1, seed 0

    down
      from (s)  to (s)  action     datagram  bytes
      0.000000          send              1   1200
      0.000000          send late         0   1200
      0.000000          send              2   1200

      delivered  3 datagrams, 3600 bytes
      first      0.000000 s
      last       0.000000 s
      reordered  1 datagram
      fired      1
    ");
    let document = json(&["reorder:100%,times=1", "--bytes", "3600"]);
    let down = &document["directions"][0];
    assert_eq!((&down["late_datagrams"], &down["delivered_datagrams"]), (&1.into(), &3.into()));
    let sent = down["actions"].as_array().expect("a list").iter().map(|action| action["number"].clone());
    assert_eq!(sent.collect::<Vec<_>>(), [1, 0, 2]);
}

#[test]
fn a_shortened_datagram_and_a_new_port_are_told() {
    let cut = prints(&["max_size:1000,action=truncate", "--bytes", "2000", "--size", "1500"]);
    assert!(cut.contains("delivered  2 datagrams, 1500 bytes\n"), "{cut}");
    assert!(cut.contains("cut short  1 datagram\n"), "{cut}");
    let moved = prints(&["rebind:after=1200", "--bytes", "3600"]);
    assert!(moved.contains("\n  0.000000          rebind\n"), "{moved}");
    assert!(moved.contains("new port   1 time\n"), "{moved}");
}

#[test]
fn a_pace_lets_time_pass() {
    let flap = "flap:on=1s,off=1s@down";
    let at_once = prints(&[flap, "--bytes", "20KB"]);
    assert!(at_once.contains("note        time decides, and no time has passed: --pace RATE"), "{at_once}");
    let paced = prints(&[flap, "--bytes", "20KB", "--chunk", "1KB", "--pace", "10KB/s"]);
    assert!(!paced.contains("note"), "{paced}");
    // What comes from 1 s on, the tenth read, waits until 2 s.
    assert!(paced.contains("  2.000000          write     9000  10000\n"), "{paced}");
    assert!(paced.contains("fired       1\n"), "{paced}");
    let dropped = prints(&[flap, "--udp", "--bytes", "20KB", "--size", "1KB", "--pace", "10KB/s"]);
    assert!(dropped.contains("dropped    10 datagrams\n"), "{dropped}");
}

#[test]
fn a_match_finds_its_payload() {
    let zeros = prints(&["reset:match=COMMIT", "--bytes", "1KB"]);
    assert!(zeros.contains("its pattern never came, as all bytes are zero: --payload TEXT"), "{zeros}");
    let cut = prints(&["reset:match=COMMIT", "--bytes", "1KB", "--payload", "BEGIN; COMMIT;"]);
    assert!(cut.contains("delivered   13 bytes\n"), "{cut}");
    let other = prints(&["reset:match=COMMIT", "--bytes", "1KB", "--payload", "ROLLBACK;"]);
    assert!(other.contains("its pattern never came\n"), "{other}");
    let across = ["reset:match=COMMIT,match_on=up@down", "--bytes", "40", "--chunk", "8", "--payload"];
    let across = prints(&[&across[..], &["BEGIN; COMMIT;"]].concat());
    assert!(
        across.contains("delivered   8 bytes\n"),
        "cut before the read that holds the end of it: {across}"
    );
    let datagrams = ["loss:100%,match=COMMIT", "--udp", "--bytes", "3600", "--payload", "COMMIT"];
    assert!(prints(&datagrams).contains("dropped    2 datagrams\n"));
}

#[test]
fn clients_that_connect_are_previewed_with_what_becomes_of_them() {
    insta::assert_snapshot!(prints(&["refuse:connections=1-2", "--connections", "3"]), @r"
    refuse:connections=1-2: 3 clients, 1s apart, seed 0

      client    at (s)  outcome
           1  0.000000  accepted, then RST
           2  1.000000  accepted, then RST
           3  2.000000  gets through

      through  1 of 3 clients
      fired    2
    ");
    let delayed = prints(&["accept_delay:500ms", "--connections", "1"]);
    assert!(delayed.contains("       1  0.000000  gets through 500ms later\n"), "{delayed}");
}

#[test]
fn a_port_that_closes_is_previewed_with_its_times() {
    insta::assert_snapshot!(
        prints(&["refuse:unlisten,for=2s,every=5s", "--connections", "4", "--interval", "1500ms"]),
        @r"
    refuse:unlisten,for=2s,every=5s: 4 clients, 1500ms apart, seed 0

      from (s)    to (s)  port
      0.000000  2.000000  closed
      2.000000  5.000000  open

      client    at (s)  outcome
           1  0.000000  refused: the port is closed
           2  1.500000  refused: the port is closed
           3  3.000000  gets through
           4  4.500000  gets through

      through  2 of 4 clients
      fired    1
    "
    );
    let hung = json(&["hang:3s", "--connections", "3", "--interval", "2s"]);
    assert_eq!((&hung["fired"], &hung["through"]), (&1.into(), &1.into()));
    assert_eq!(hung["clients"][1]["outcome"], "port_hung");
    assert_eq!(hung["clients"][2]["outcome"], "through");
    assert_eq!(hung["port"][0]["to_ns"], 3_000_000_000_u64);
    assert_eq!(hung["port"][1]["state"], "open");
}

#[test]
fn many_clients_are_told_in_groups() {
    let told = prints(&["refuse:connections=41-50", "--connections", "100", "--interval", "0s"]);
    assert!(told.contains("    1-40  0.000000  gets through\n"), "{told}");
    assert!(told.contains("   41-50  0.000000  accepted, then RST\n"), "{told}");
    assert!(told.contains("through  90 of 100 clients\n"), "{told}");
}

#[test]
fn a_trace_that_cannot_be_read_is_refused_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (absent, wrong) = (path("absent"), path("wrong"));
    std::fs::write(&wrong, "12\nhm\n").expect("written");
    let told = refuses(&["preview", &format!("trace:{absent}")]);
    assert!(told.starts_with(&format!("error: `trace`: cannot read {absent}: ")), "{told}");
    let told = refuses(&["preview", &format!("trace:{wrong}")]);
    assert_eq!(told, format!("error: {wrong}: line 2: `hm` is not a number of milliseconds\n"));
}

#[test]
fn a_preview_of_nonsense_is_refused() {
    assert!(refuses(&["preview", "latency:50"]).contains("^^ write `50ms` or `50s`"));
    assert!(refuses(&["preview", "db:latency:50ms"]).contains("no link is named here"));
    assert!(refuses(&["preview", "latency:50ms", "--chunk", "0"]).contains("it must be at least a byte"));
    assert!(refuses(&["preview", "latency:50ms", "--connection", "0"]).contains("--connection"));
    assert!(refuses(&["preview", "latency:50ms", "--pace", "0B/s"]).contains("more than zero"));
    assert!(
        refuses(&["preview", "latency:50ms", "--udp", "--size", "70000"]).contains("at most 65507 bytes")
    );
}

#[test]
fn an_option_that_would_change_nothing_is_refused() {
    for (args, told) in [
        (
            ["hang:3s", "--bytes", "1KB"],
            "--bytes is for a stream or datagrams, and `hang:3s` is previewed with clients",
        ),
        (
            ["duplicate:1%", "--chunk", "1KB"],
            "is for a stream, and `duplicate:1%@down` is previewed with datagrams\n",
        ),
        (
            ["latency:1s", "--size", "1KB"],
            "is for datagrams, and `latency:1s@down` is previewed with a stream; add --udp\n",
        ),
        (
            ["slice:1KB", "--size", "1KB"],
            "is for datagrams, and `slice:1KB@down` is previewed with a stream\n",
        ),
        (["latency:1s", "--connections", "3"], "--connections is for clients that connect, and"),
    ] {
        let error = refuses(&[&["preview"], &args[..]].concat());
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn what_makes_no_sense_on_datagrams_is_refused_with_the_nearest() {
    assert!(refuses(&["preview", "slice:64B", "--udp"]).contains("`max_size:1200,action=truncate`"));
    assert!(refuses(&["preview", "hang:3s", "--udp"]).contains("`blackhole:for=3s`"));
}
