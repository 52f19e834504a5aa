//! `squall faults`: the list, the explanation of one, the reference page and the preview.

use crate::process::squall;

/// What a command that must succeed prints.
fn prints(args: &[&str]) -> String {
    let output = squall().arg("faults").args(args).output().expect("runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// What a command that must fail for its usage says.
fn refuses(args: &[&str]) -> String {
    let output = squall().arg("faults").args(args).output().expect("runs");
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert!(output.stdout.is_empty(), "stdout is for data");
    String::from_utf8(output.stderr).expect("text")
}

/// The name and the example of every fault, as the reference page has them.
fn examples() -> Vec<(String, String)> {
    let page = prints(&["--markdown"]);
    let sections = page.split("\n## ").skip(1);
    let examples = sections.filter_map(|section| {
        let command = section.lines().find_map(|line| line.strip_prefix("$ squall faults preview "))?;
        Some((section.lines().next()?.to_owned(), command.trim_matches('\'').to_owned()))
    });
    examples.collect()
}

#[test]
fn the_list_has_every_fault_with_its_sentence_and_example() {
    let list = prints(&[]);
    assert!(list.contains(
        "latency     Delays every byte: each leaves `delay` ± `jitter` after it arrived, in order.\n"
    ));
    for (name, example) in examples() {
        assert!(list.lines().any(|line| line.split(' ').next() == Some(&name)), "{name}\n{list}");
        assert!(list.lines().any(|line| line.trim() == example), "{example}\n{list}");
    }
}

#[test]
fn one_fault_is_explained() {
    let told = prints(&["latency"]);
    let (own, shared) = told.split_once("\nKeys of every fault\n").expect("both parts");
    assert!(own.starts_with("latency\n\nDelays every byte: each leaves"), "{own}");
    for line in [
        "It fires once per connection and direction that it delays.",
        "acts on    streams (TCP)",
        "direction  what the server sends, `@down`, unless told",
    ] {
        assert!(own.lines().any(|told| told == line), "{line}\n{own}");
    }
    let cells = |key| {
        let row = own.lines().find(|line| line.trim_start().starts_with(key))?;
        Some(row.split_whitespace().take(4).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(cells("delay").as_deref(), Some("delay duration required The"));
    assert_eq!(cells("jitter").as_deref(), Some("jitter duration = 0s"));
    assert!(shared.contains("\n  probability  With which probability a connection is acted on"), "{shared}");
    assert!(shared.ends_with("  squall proxy --upstream localhost:5432 --fault latency:50ms,jitter=5ms\n"));
}

#[test]
fn an_alias_explains_its_fault() {
    assert_eq!(prints(&["reset-peer"]), prints(&["reset"]));
    assert!(prints(&["reset"]).contains("\naliases    reset_peer\n"));
}

#[test]
fn an_unknown_fault_is_refused_with_the_nearest() {
    assert_eq!(refuses(&["latancy"]), "error: there is no fault `latancy`; did you mean `latency`?\n");
    assert!(refuses(&["zzz"]).starts_with("error: there is no fault `zzz`; faults are bandwidth, "));
}

#[test]
fn the_page_links_to_a_section_for_each_fault() {
    let page = prints(&["--markdown"]);
    for (name, _) in examples() {
        assert!(page.contains(&format!("\n- [`{name}`](#{name}): ")), "{name}");
        assert!(prints(&[&name]).starts_with(&format!("{name}\n\n")));
    }
    assert!(page.contains("| **`delay`** | duration | required | The delay of each byte."), "{page}");
    assert!(page.contains("| `side` | both \\| client \\| server | `both` | Who gets the RST"), "{page}");
}

#[test]
fn latency_with_jitter_is_previewed_exactly() {
    insta::assert_snapshot!(prints(&["preview", "latency:50ms,jitter=20ms", "--bytes", "20KiB", "--seed", "7"]), @r"
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
    let told = prints(&["preview", "bandwidth:1MB/s", "--bytes", "1MiB"]);
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
    insta::assert_snapshot!(prints(&["preview", "reset:4KiB", "--bytes", "20KiB"]), @r"
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
    let told = prints(&["preview", "latency:50ms,jitter=20ms@both", "--bytes", "1448", "--seed", "7"]);
    let (up, down) = told.split_once("\ndown\n").expect("both directions");
    assert!(up.contains("\nup\n"));
    let first = |part: &str| part.lines().find(|line| line.contains("first byte")).map(str::to_owned);
    assert!(first(up).is_some());
    assert_ne!(first(up), first(down));
}

#[test]
fn what_is_held_for_ever_is_said() {
    let told = prints(&["preview", "bandwidth:0B/s", "--bytes", "100KiB"]);
    assert!(told.contains("  held        65536 bytes, for ever\n"), "{told}");
    assert!(told.contains("  never read  36864 bytes\n"), "{told}");
    assert!(told.contains("  end         never\n"), "{told}");
}

#[test]
fn a_connection_that_is_spared_is_said() {
    let spared = |n: &str| {
        prints(&["preview", "latency:1s,connections=2", "--connection", n]).contains("does not act")
    };
    assert!(spared("1"));
    assert!(!spared("2"));
}

#[test]
fn json_has_every_action() {
    let told = prints(&["preview", "latency:50ms", "--bytes", "100KiB", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let down = &report["directions"][0];
    assert_eq!((&down["direction"], &down["delivered_bytes"]), (&"down".into(), &102_400.into()));
    let actions = down["actions"].as_array().expect("a list");
    assert!(actions.iter().all(|action| action["at_ns"] == 50_000_000));
    assert_eq!(actions.last().expect("actions")["action"], "fin");
}

#[test]
fn every_example_is_previewed_to_an_end() {
    let examples = examples();
    assert!(examples.len() >= 3);
    for (name, example) in examples {
        assert!(prints(&["preview", &example, "--bytes", "100KiB"]).contains("\n  end "), "{name}");
    }
}

#[test]
fn a_preview_of_nonsense_is_refused() {
    assert!(refuses(&["preview", "latency:50"]).contains("^^ write `50ms` or `50s`"));
    assert!(refuses(&["preview", "db:latency:50ms"]).contains("no link is named here"));
    assert!(refuses(&["preview", "latency:50ms", "--chunk", "0"]).contains("it must be at least a byte"));
    assert!(refuses(&["preview", "latency:50ms", "--connection", "0"]).contains("--connection"));
}
