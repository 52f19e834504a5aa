//! `squall faults`: the list, the explanation of one and the reference page.

use crate::process::squall;

/// What a command that must succeed prints.
pub(crate) fn prints(args: &[&str]) -> String {
    let output = squall().arg("faults").args(args).output().expect("runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    assert!(output.status.success(), "{args:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// What a command that must fail for its usage says.
pub(crate) fn refuses(args: &[&str]) -> String {
    let output = squall().arg("faults").args(args).output().expect("runs");
    assert_eq!(output.status.code(), Some(2), "{args:?}");
    assert!(output.stdout.is_empty(), "stdout is for data");
    String::from_utf8(output.stderr).expect("text")
}

/// The name and the example of every fault, as the reference page has them.
pub(crate) fn examples() -> Vec<(String, String)> {
    let page = prints(&["--markdown"]);
    let sections = page.split("\n## ").skip(1);
    let examples = sections.filter_map(|section| {
        let command = section.lines().find_map(|line| line.strip_prefix("$ squall faults preview "))?;
        Some((section.lines().next()?.to_owned(), command.trim_matches('\'').to_owned()))
    });
    examples.collect()
}

#[test]
fn the_list_has_every_example_under_where_it_acts() {
    let list = prints(&[]);
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    let examples = examples();
    assert_eq!(examples.len(), 23);
    for (name, example) in examples {
        assert!(list.lines().any(|line| line.starts_with(&format!("  {example}  "))), "{name}\n{list}");
    }
    let group = |title: &str| {
        let (_, below) = list.split_once(&format!("{title}\n")).expect("a title");
        let lines = below.lines().take_while(|line| line.starts_with("  "));
        lines.map(|line| line.trim_start().split([':', ' ']).next().unwrap_or_default()).collect::<Vec<_>>()
    };
    assert!(group("On streams (TCP) and datagrams (UDP)").contains(&"latency"));
    assert!(group("On streams (TCP)").contains(&"reset"));
    assert!(group("On datagrams (UDP)").contains(&"duplicate"));
    assert!(group("When a client connects (TCP)").contains(&"refuse"));
}

#[test]
fn one_fault_is_explained() {
    let told = prints(&["latency"]);
    assert!(told.lines().all(|line| line.chars().count() <= 80), "{told}");
    let (own, shared) = told.split_once("\nKeys of every fault\n").expect("both parts");
    assert!(own.starts_with("latency\n\nDelays every byte: each leaves"), "{own}");
    for line in [
        "It fires once per connection and direction that it delays.",
        "acts       on streams (TCP) and datagrams (UDP)",
        "direction  what the server sends, `@down`, by default",
        "  delay         duration, required; the key may be left out",
        "  jitter        duration, 0s by default",
    ] {
        assert!(own.lines().any(|told| told == line), "{line}\n{own}");
    }
    assert!(shared.contains("\n  probability  With which probability a connection is acted on"), "{shared}");
    assert!(shared.ends_with("  squall proxy --upstream localhost:5432 --fault latency:50ms,jitter=5ms\n"));
}

#[test]
fn a_fault_that_fits_one_carrier_says_why_and_what_is_nearest() {
    let words = |told: String| told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(prints(&["duplicate"])).contains(
        "not on streams (TCP): TCP delivers every byte once, so that a duplicate cannot be seen above it; nearest is \
         `loss:1%`"
    ));
    assert!(
        prints(&["duplicate"])
            .ends_with("squall proxy --udp --upstream localhost:5432 --fault duplicate:1%\n")
    );
    assert!(words(prints(&["slice"])).contains("nearest is `max_size:1200,action=truncate`"));
    assert!(!prints(&["latency"]).contains("not on"));
}

#[test]
fn a_fault_at_connect_time_has_no_direction_and_fewer_keys() {
    let refuse = prints(&["refuse"]);
    assert!(refuse.contains("\nacts    when a client connects (TCP); it has no direction\n"), "{refuse}");
    assert!(!refuse.contains("direction  "), "{refuse}");
    let keys = |told: &str, title: &str| {
        let (_, keys) = told.split_once(&format!("\n{title}\n")).unwrap_or_else(|| panic!("{title}\n{told}"));
        let rows = keys.lines().take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
        rows.filter_map(|line| line.split_whitespace().next().map(str::to_owned))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        keys(&refuse, "Keys of a fault at connect time"),
        "connections probability client for every times optional name"
    );
    assert!(refuse.contains("with `mode=unlisten`, which closes the port"), "{refuse}");
    // Its main parameter is the key `for`.
    assert_eq!(keys(&prints(&["hang"]), "Keys of a fault that closes the port"), "every times optional name");
}

#[test]
fn an_alias_explains_its_fault() {
    assert_eq!(prints(&["reset-peer"]), prints(&["reset"]));
    assert!(prints(&["reset"]).contains("\naliases    reset_peer\n"));
}

#[test]
fn an_unknown_fault_is_refused_with_the_nearest() {
    assert_eq!(refuses(&["latancy"]), "error: there is no fault `latancy`; did you mean `latency`?\n");
    assert!(refuses(&["zzz"]).starts_with("error: there is no fault `zzz`; faults are accept_delay, "));
}

#[test]
fn the_page_links_to_a_section_for_each_fault() {
    let page = prints(&["--markdown"]);
    for (name, _) in examples() {
        assert!(page.contains(&format!("\n  - [`{name}`](#{name}): ")), "{name}");
        assert!(prints(&[&name]).starts_with(&format!("{name}\n\n")));
    }
    assert!(page.contains("| **`delay`** | duration | required | The delay of each byte."), "{page}");
    assert!(page.contains("| `side` | both \\| client \\| server | `both` | Who gets the RST"), "{page}");
}

#[test]
fn the_page_says_which_keys_apply_where() {
    let page = prints(&["--markdown"]);
    let (_, keys) = page.split_once("\n## Scope keys\n").expect("a section");
    assert!(keys.contains("`hang` and `refuse:mode=unlisten` close the port"), "{keys}");
    for (key, taken) in [("`client`", "unless it closes the port"), ("`match`", "no"), ("`every`", "yes")] {
        let row = keys.lines().find(|line| line.starts_with(&format!("| {key} |"))).expect(key);
        assert_eq!(row.split(" | ").nth(3), Some(taken), "{row}");
    }
    assert!(
        page.contains("Not on streams (TCP): a TCP connection cannot change its port. The nearest there is")
    );
}

#[test]
fn the_schema_has_every_fault_and_key() {
    let output = squall().args(["faults", "--schema"]).output().expect("runs");
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        schema["oneOf"].as_array().map(Vec::len),
        schema["$defs"]["faults"].as_object().map(|f| f.len())
    );
    let loss = &schema["$defs"]["faults"]["loss"]["anyOf"];
    assert_eq!(
        (&loss[0]["type"], &loss[1]["properties"]["burst"]["type"][1]),
        (&"string".into(), &"integer".into())
    );
    let distribution = &schema["$defs"]["faults"]["latency"]["anyOf"][1]["properties"]["distribution"];
    assert_eq!(
        (&distribution["anyOf"][0]["enum"][1], &distribution["default"]),
        (&"normal".into(), &"uniform".into())
    );
    let of = |name: &str| {
        let tables = schema["oneOf"].as_array().expect("tables");
        tables.iter().find(|table| !table["properties"][name].is_null()).expect(name)["properties"].clone()
    };
    assert!(!of("packet_loss")["match_hex"].is_null() && !of("latency")["direction"].is_null());
    assert!(of("hang")["connections"].is_null() && of("refuse")["direction"].is_null());
}
