//! The published schemas of scenario files and of reports: what squall accepts and writes is as they say.

use crate::json_schema::mistakes;
use crate::process::squall;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every file with that ending in a folder of the fixtures.
pub(crate) fn fixtures(folder: &str, extension: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let entries = std::fs::read_dir(folder).expect("the fixtures");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

fn schema(command: &[&str]) -> Value {
    let out = squall().args(command).output().expect("runs");
    assert!(out.status.success());
    serde_json::from_slice(&out.stdout).expect("JSON")
}

/// The document, where it is TOML at all.
fn document(text: &str) -> Option<Value> {
    toml::from_str(text).ok()
}

fn stem(file: &Path) -> &str {
    file.file_stem().and_then(|stem| stem.to_str()).expect("a name")
}

#[test]
fn every_scenario_is_as_the_schema_says() {
    let schema = schema(&["check", "--schema"]);
    for file in fixtures("scenarios", "toml") {
        let text = std::fs::read_to_string(&file).expect("readable");
        let document = document(&text).expect("TOML");
        assert_eq!(mistakes(&schema, &document), Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn a_file_of_services_is_as_its_schema_says_and_no_scenario() {
    let up = schema(&["up", "--schema"]);
    let text = "up = 1\nseed = 1\ngrace = \"1s\"\nmetrics = \"127.0.0.1:0\"\n[vars]\na = 1\n[echo.e]\nmode = \"discard\"\n[link.l]\nupstream = \"echo.e\"\n\
                [[link.l.fault]]\nlatency = \"1ms\"\n[balance.p]\nmembers = [\"link.l\", { to = \"echo.e\", weight = 2 }]\n\
                [[balance.p.fault]]\nmember = \"e\"\nlatency = \"1ms\"\n";
    let services = document(text).expect("TOML");
    assert_eq!(mistakes(&up, &services), Vec::<String>::new());
    assert_ne!(mistakes(&schema(&["check", "--schema"]), &services), Vec::<String>::new());
    let scenario = document("scenario = 1\n[echo.e]\n[[step]]\nsleep = \"1s\"\n").expect("TOML");
    assert_ne!(mistakes(&up, &scenario), Vec::<String>::new());
}

/// Files whose mistake is one of meaning: their tables and keys are all right.
const MEANT: &[&str] = &[
    "circle",
    "http",
    "inexact",
    "join-nothing",
    "left-to-the-clock",
    "nothings",
    "options",
    "presets",
    "traces",
    "unknown-metric",
    "virtual-address",
    "virtual-programs",
];

#[test]
fn a_file_with_the_wrong_tables_or_keys_is_not() {
    let schema = schema(&["check", "--schema"]);
    let mut meant = BTreeSet::new();
    for file in fixtures("invalid", "toml") {
        let text = std::fs::read_to_string(&file).expect("readable");
        if document(&text).is_some_and(|document| mistakes(&schema, &document).is_empty()) {
            meant.insert(stem(&file).to_owned());
        }
    }
    assert_eq!(meant, MEANT.iter().map(|name| (*name).to_owned()).collect());
}

/// Every key of the format once, in two files: what goes together, and what does not.
const EVERY_KEY: [&str; 2] = [
    r#"
scenario = 1
name = "{what}"
seed = 1
clock = "real"
timeout = "30s"
grace = "1s"
requires = ["sh"]
[vars]
what = "every key"
n = 5
[echo.e]
protocol = "tcp"
mode = "echo"
listen = "127.0.0.1:0"
id = "one"
max_connections = 100
idle_timeout = "1m"
buffer = "64KiB"
[echo.web]
protocol = "http"
[process.app]
command = ["sh", "-c", "exec cat"]
env = { A = "b" }
cwd = "/"
output = "inherit"
ready = { stdout = "ready", within = "1s" }
port = "{port.app}"
grace = "1s"
[process.tcp]
command = ["sh", "{port.tcp}"]
ready = { tcp = "127.0.0.1:{port.tcp}" }
[process.http]
command = ["sh", "{port.http}"]
ready = { http = "http://127.0.0.1:{port.http}/" }
[process.err]
command = ["sh"]
ready = { stderr = "ready" }
[link.l]
protocol = "tcp"
upstream = "echo.e"
preset = ["wifi-lossy"]
listen = "127.0.0.1:0"
connect_timeout = "1s"
idle_timeout = "1m"
max_connections = 100
segment = "1KiB"
buffer = "1MiB"
relay = "copy"
congestion = "reno"
rcvbuf = "64KiB"
sndbuf = 65536
proxy_protocol = "v1"
accept_proxy = false
[balance.b]
members = ["echo.e", { to = "link.l", name = "m", weight = 2, max_connections = 9, preset = "3g" }]
algorithm = "random"
dial_retries = 1
max_per_member = 8
check_interval = "1s"
check_timeout = "1s"
check_rise = 1
check_fall = 1
check_send = "a"
check_expect = "a"
eject_after = 1
eject_time = "1s"
eject_max = "1m"
slow_start = "1s"
preset = "3g"
listen = "127.0.0.1:0"
connect_timeout = "1s"
idle_timeout = "1m"
max_connections = 100
segment = "1KiB"
buffer = "1MiB"
relay = "auto"
congestion = "reno"
rcvbuf = "64KiB"
sndbuf = "64KiB"
proxy_protocol = "v2"
accept_proxy = true
[[balance.b.fault]]
name = "slow"
latency = "1ms"
member = "m"
[[link.l.fault]]
name = "slow"
latency = "1ms"
direction = "both"
[[step]]
name = "a"
background = true
load = { target = "link.l", connections = 2, duration = "1s", rate = "{n}", arrivals = "poisson", size = "64-128", framed = true, reply_size = "1KiB", reply_delay = "1ms", pipeline = "{n}", per_conn = 3, close = "rst", hold = "1ms", source = "127.0.0.0/24", proxy_protocol = "v1", timeout = "1s", warmup = "1ms", reconnect = false }
[[step]]
update = [{ link = "l", name = "slow", latency = "2ms" }]
[[step]]
inject = { link = ["l"], name = "cut", reset = "1KiB" }
[[step]]
clear = { link = "l", name = ["cut"] }
[[step]]
update = { link = "b", name = "slow", member = "m", latency = "2ms" }
[[step]]
inject = { link = "b", name = "far", member = "m", latency = "2ms" }
[[step]]
clear = { link = "b", name = "far", member = "m" }
[[step]]
balance = [{ name = "b", member = "m", state = "drain", weight = 1 }]
[[step]]
run = { command = ["sh"], env = { A = "b" }, cwd = ".", exit = [0, 1], timeout = "1s", output = "a.log" }
[[step]]
heal = { link = "l" }
[[step]]
join = "a"
[[step]]
link = { name = "l", state = "down" }
[[step]]
link = [{ name = "l", state = "up" }]
[[step]]
stop = "echo.e"
[[step]]
start = ["echo.e"]
[[step]]
wait = { that = "elapsed >= 1ms", within = "1s" }
[[step]]
assert = "load.a.planned == 5"
[[step]]
sleep = "1ms"
[[step]]
load = { target = "echo.web", requests = 2, http = "/raw", method = "POST", header = "A: b", body = "c", expect_echo = true, expect_status = 200, pause = "1ms" }
[[step]]
load = { target = "echo.e", requests = 2, send = "a", expect = "a" }
[[step]]
run = { command = ["sh", "-c", "exit 1"], env = { A = "{port.app}" }, cwd = "/", exit = [1, 2], timeout = "1s" }
[[expect]]
that = "load.load.ok == 2"
[snapshot]
elapsed = ">= 1ms"
"#,
    r#"
scenario = 1
[echo.e]
protocol = "udp"
[[step]]
load = { target = "echo.e", stages = "1s:5", retries = 2 }
"#,
];

/// Every key that the schema has outside of faults, as PATH.KEY, where a document has it too.
fn keys(root: &Value, schema: &Value, document: Option<&Value>, at: &str, found: &mut BTreeSet<String>) {
    let schema = match schema["$ref"].as_str().and_then(|path| path.strip_prefix('#')) {
        Some(path) => root.pointer(path).expect("a definition"),
        None => schema,
    };
    let options = schema["anyOf"].as_array().into_iter().flatten();
    options.for_each(|option| keys(root, option, document, at, found));
    let inside = document.and_then(Value::as_array);
    match inside {
        Some(items) => items.iter().for_each(|item| keys(root, &schema["items"], Some(item), at, found)),
        None if document.is_none() && schema["items"].is_object() => {
            keys(root, &schema["items"], None, at, found);
        }
        None => {}
    }
    if schema["additionalProperties"]["$ref"].is_string() {
        let below: Vec<Option<&Value>> = match document {
            Some(document) => {
                document.as_object().into_iter().flatten().map(|(_, value)| Some(value)).collect()
            }
            None => vec![None],
        };
        for each in below {
            keys(root, &schema["additionalProperties"], each, at, found);
        }
    }
    for (key, rule) in schema["properties"].as_object().into_iter().flatten() {
        let inner = document.map(|document| document.get(key));
        if inner != Some(None) {
            let at = format!("{at}.{key}");
            found.insert(at.clone());
            keys(root, rule, inner.flatten(), &at, found);
        }
    }
}

#[test]
fn a_file_with_every_key_is_accepted_and_as_the_schema_says() {
    let schema = schema(&["check", "--schema"]);
    let (mut all, mut used) = (BTreeSet::new(), BTreeSet::new());
    keys(&schema, &schema, None, "", &mut all);
    let dir = tempfile::tempdir().expect("a folder");
    for (i, text) in EVERY_KEY.iter().enumerate() {
        let file = dir.path().join(format!("{i}.toml"));
        std::fs::write(&file, text).expect("written");
        let out = squall().arg("check").arg(&file).output().expect("runs");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let document = document(text).expect("TOML");
        assert_eq!(mistakes(&schema, &document), Vec::<String>::new());
        keys(&schema, &schema, Some(&document), "", &mut used);
    }
    assert!(all.len() > 80, "{all:?}");
    assert_eq!(all.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn reports_are_as_their_schema_says() {
    let schema = schema(&["run", "--schema"]);
    for file in fixtures("scenarios", "toml") {
        let text = std::fs::read_to_string(&file).expect("readable");
        if !text.contains("clock = \"virtual\"") {
            continue;
        }
        let out = squall().arg("run").arg(&file).arg("--json").output().expect("runs");
        let report: Value = serde_json::from_slice(&out.stdout).expect("a report");
        assert_eq!(mistakes(&schema, &report), Vec::<String>::new(), "{}", file.display());
    }
}

#[test]
fn the_check_finds_what_is_wrong_in_a_report() {
    let (schema, file) = (schema(&["run", "--schema"]), &fixtures("scenarios", "toml")[0]);
    let out = squall().arg("run").arg(file).arg("--json").output().expect("runs");
    let report: Value = serde_json::from_slice(&out.stdout).expect("a report");
    let spoilt = |spoil: fn(&mut Value)| {
        let mut report = report.clone();
        spoil(&mut report);
        !mistakes(&schema, &report).is_empty()
    };
    assert!(spoilt(|report| report["schema"] = "squall.report/2".into()));
    assert!(spoilt(|report| report["counts"]["link"]["x"]["bytes"]["sideways"] = 1.into()));
    assert!(spoilt(|report| report["counts"]["load"]["x"]["latency"]["min_ns"] = 1.into()));
    assert!(spoilt(|report| report["timing"]["elapsed_ns"] = (-1).into()));
    assert!(spoilt(|report| drop(report.as_object_mut().and_then(|report| report.remove("reason")))));
}
