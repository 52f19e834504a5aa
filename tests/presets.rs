//! `squall presets`: the list, the explanation of one, the page and the JSON.

use crate::process::squall;

/// What a command prints that must end with this code: on stdout where that is 0, else on stderr.
fn told(args: &[&str], code: i32) -> String {
    let output = squall().arg("presets").args(args).output().expect("runs");
    let (told, silent) =
        if code == 0 { (output.stdout, output.stderr) } else { (output.stderr, output.stdout) };
    assert_eq!(
        (output.status.code(), String::from_utf8_lossy(&silent).as_ref()),
        (Some(code), ""),
        "{args:?}"
    );
    String::from_utf8(told).expect("text")
}

fn document(args: &[&str]) -> serde_json::Value {
    serde_json::from_str(&told(args, 0)).expect("JSON")
}

#[test]
fn the_list_has_every_preset_with_its_figures_under_its_source() {
    let list = told(&[], 0);
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    let (_, below) = list.split_once("WebPageTest connectivity profiles\n").expect("a source");
    let first = below.lines().next().expect("a preset");
    let cells: Vec<_> = first.split_whitespace().collect();
    assert_eq!(cells, ["wpt-3g", "3g", "1.6Mbit/s", "768kbit/s", "300ms", "0%"]);
    let presets = document(&["--json"]);
    let presets = presets.as_array().expect("a list");
    assert_eq!(presets.len(), 28);
    for name in presets.iter().filter_map(|preset| preset["name"].as_str()) {
        assert!(list.lines().any(|line| line.starts_with(&format!("  {name} "))), "{name}\n{list}");
    }
}

#[test]
fn a_preset_is_told_with_the_faults_it_stands_for() {
    insta::assert_snapshot!(told(&["3g"], 0), @r"
    wpt-3g

    aliases  3g
    down     1.6Mbit/s
    up       768kbit/s
    RTT      300ms, 150ms each way
    loss     0%
    source   WebPageTest connectivity profiles

    To use it
      squall proxy --upstream localhost:5432 --preset 3g

    It stands for
      --fault latency:150ms,optional=true@both
      --fault bandwidth:200KB/s,optional=true,name=bandwidth-down@down
      --fault bandwidth:96KB/s,optional=true,name=bandwidth-up@up
    ");
    assert_eq!(told(&["wpt_3g"], 0), told(&["3g"], 0));
}

#[test]
fn the_faults_of_a_preset_can_be_previewed_as_they_are_told() {
    for preset in document(&["--json"]).as_array().expect("a list") {
        let stream = preset["faults"]["stream"].as_array().expect("a list");
        assert!(!stream.is_empty(), "{preset}");
        if preset["name"] == "nlc-bad" {
            for fault in stream.iter().filter_map(|fault| fault.as_str()) {
                let mut preview = squall();
                let output = preview.args(["faults", "preview", fault]).output().expect("runs");
                assert!(output.status.success(), "{fault}: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
}

#[test]
fn a_link_that_is_down_is_told_for_each_carrier() {
    let offline = told(&["offline"], 0);
    assert!(offline.contains("\nIt stands for\n  --fault refuse:unlisten,optional=true\n"), "{offline}");
    let (_, udp) = offline.split_once("\nOn datagrams (UDP) it stands for\n").expect("another part");
    assert_eq!(udp, "  --fault loss:100%,optional=true@both\n");
}

#[test]
fn json_is_in_base_units() {
    let preset = document(&["starlink", "--json"]);
    assert_eq!((&preset["name"], &preset["aliases"][0]), (&"leo".into(), &"starlink".into()));
    assert_eq!(preset["down_bits_per_second"], 300_000_000);
    assert!(preset["up_bits_per_second"].is_null(), "unlimited");
    assert_eq!((&preset["rtt_ns"], &preset["loss_ppm"]), (&50_000_000.into(), &0.into()));
    assert_eq!(document(&["bad", "--json"])["loss_ppm"], 20_000);
}

#[test]
fn json_goes_to_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("presets.json");
    assert_eq!(told(&[&format!("--json={}", file.display())], 0), "");
    assert_eq!(std::fs::read_to_string(file).expect("written"), told(&["--json"], 0));
}

#[test]
fn the_page_has_every_preset() {
    let page = told(&["--markdown"], 0);
    for preset in document(&["--json"]).as_array().expect("a list") {
        let name = preset["name"].as_str().expect("a name");
        assert!(page.lines().any(|line| line.starts_with(&format!("| `{name}` "))), "{name}");
    }
    assert!(page.contains("\n| `nlc-bad` (Generic Bad) | `bad` | 95kbit/s | 95kbit/s | 500ms | 2% |\n"));
}

#[test]
fn an_unknown_preset_is_refused_with_the_nearest() {
    assert_eq!(told(&["wpt-3gg"], 2), "error: there is no preset `wpt-3gg`; did you mean `wpt-3g`?\n");
    assert!(told(&["zzzzzz"], 2).starts_with("error: there is no preset `zzzzzz`; presets are wpt-3g, "));
}
