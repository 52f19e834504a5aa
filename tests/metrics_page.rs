//! docs/metrics.md names everything that is served, and nothing else.

use crate::metrics::get;
use crate::process::*;
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::SocketAddr;

/// The families of a scrape, as the page writes them: `name{labels} | type`.
fn families(text: &str) -> BTreeSet<String> {
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let labels = |name: &str| {
        // Of a histogram, its count has the labels that all have.
        let rests = || text.lines().filter_map(|line| line.strip_prefix(name));
        let sample = rests().find_map(|rest| rest.strip_prefix("_count"));
        let sample = sample.or_else(|| rests().find(|rest| !rest.starts_with('_')));
        let labels = sample.expect("a sample").strip_prefix('{').and_then(|rest| rest.rsplit_once('}'));
        let labels = labels.map_or("", |(labels, _)| labels).split("\",");
        labels.filter_map(|label| label.split_once('=')).map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    let shown = |(name, kind): (&str, &str)| match labels(name) {
        labels if labels.is_empty() => format!("{name} | {kind}"),
        labels => format!("{name}{{{}}} | {kind}", labels.join(",")),
    };
    types.map(shown).collect()
}

/// The rows of a section of the page: what is in backticks in the first cell.
fn rows(section: &str) -> Vec<(Vec<&'static str>, &'static str)> {
    let page = include_str!("../docs/metrics.md");
    let body = page.split("\n## ").find(|part| part.starts_with(section)).expect("the section");
    let cells = body.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    cells.map(|(names, rest)| (names.split("`, `").collect(), rest.trim_start())).collect()
}

/// The families that a section of the page has.
fn written(section: &str) -> BTreeSet<String> {
    let typed = rows(section).into_iter().filter_map(|(names, rest)| {
        let kind =
            rest.split(" | ").next().filter(|kind| matches!(*kind, "counter" | "gauge" | "histogram"))?;
        Some(format!("{} | {kind}", names[0]))
    });
    typed.collect()
}

/// The keys of JSON that a section of the page has, written out.
fn written_keys(section: &str) -> BTreeSet<String> {
    let keys = rows(section)
        .into_iter()
        .filter(|(_, rest)| !["counter", "gauge", "histogram"].iter().any(|kind| rest.starts_with(kind)));
    let keys = keys.flat_map(|(names, _)| names).flat_map(|key| match key.split_once(".{") {
        Some((stem, choices)) => {
            let choices = choices.trim_end_matches('}').split(',');
            choices.map(|choice| format!("{stem}.{choice}")).collect::<Vec<_>>()
        }
        None => vec![key.to_owned()],
    });
    keys.collect()
}

/// The keys of an object down to its numbers, with a word for what is named by the user.
fn keys(value: &Value, path: &str, names: &[(&str, &str)], found: &mut BTreeSet<String>) {
    let Value::Object(fields) = value else {
        found.insert(path.to_owned());
        return;
    };
    let named = names.iter().find(|(parent, _)| path == *parent).map(|(_, word)| *word);
    for (key, value) in fields {
        let below = match path {
            "" => key.clone(),
            _ => format!("{path}.{}", named.unwrap_or(key)),
        };
        keys(value, &below, names, found);
    }
}

fn scraped_keys(metrics: SocketAddr, names: &[(&str, &str)]) -> BTreeSet<String> {
    let report = serde_json::from_str(&get(metrics, "/metrics?format=json")).expect("JSON");
    let mut found = BTreeSet::new();
    keys(&report, "", names, &mut found);
    found
}

#[test]
fn the_page_has_what_links_serve() {
    let (_echo, upstream) = echo();
    let (tcp, udp) = (format!("a={upstream}"), format!("b=udp:{upstream}"));
    let mut proxy = Server::start(&[
        "proxy",
        "--link",
        &tcp,
        "--link",
        &udp,
        "--fault",
        "a:latency:1ms",
        "--metrics",
        "127.0.0.1:0",
    ]);
    let _: [SocketAddr; 2] =
        [proxy.ready("squall proxy a listening on "), proxy.ready("squall proxy b listening on udp:")];
    let metrics = proxy.ready("squall metrics listening on ");
    assert_eq!(families(&get(metrics, "/metrics")), written("Links"));
    let names = [("links", "NAME"), ("links.NAME.faults", "FAULT")];
    assert_eq!(scraped_keys(metrics, &names), written_keys("Links"));
}

#[test]
fn the_page_has_what_balancers_serve() {
    let (_echo, upstream) = echo();
    let member = format!("a={upstream}");
    let mut balancer = Server::start(&[
        "balance",
        "--member",
        &member,
        "--fault",
        "latency:1ms",
        "--metrics",
        "127.0.0.1:0",
    ]);
    let _: SocketAddr = balancer.ready("squall balance listening on ");
    let metrics = balancer.ready("squall metrics listening on ");
    let served = families(&get(metrics, "/metrics"));
    let own: BTreeSet<String> =
        served.into_iter().filter(|family| family.starts_with("squall_member_")).collect();
    assert_eq!(own, written("Members of balancers"));
    let names = [("links", "NAME"), ("links.NAME.faults", "FAULT"), ("links.NAME.members", "MEMBER")];
    let keys = scraped_keys(metrics, &names);
    let own: BTreeSet<String> = keys.into_iter().filter(|key| key.contains(".members.")).collect();
    assert_eq!(own, written_keys("Members of balancers"));
}

// Numbers of the process are known only there.
#[cfg(target_os = "linux")]
#[test]
fn the_page_has_what_a_control_server_serves() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("proxies.json");
    let toxics = r#"[{"type": "latency", "attributes": {"latency": 1}}]"#;
    let proxies = format!(
        r#"[{{"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1", "toxics": {toxics}}},
            {{"name": "b", "listen": "127.0.0.1:0", "upstream": "udp:127.0.0.1:1"}}]"#
    );
    std::fs::write(&config, proxies).expect("written");
    let config = config.to_str().expect("a path");
    let mut serve = Server::start(&[
        "serve",
        "--port",
        "0",
        "--config",
        config,
        "--proxy-metrics",
        "--runtime-metrics",
        "--metrics",
        "127.0.0.1:0",
    ]);
    let control = serve.ready("squall control listening on ");
    let metrics = serve.ready("squall metrics listening on ");
    let links = families(&get(metrics, "/metrics"));
    assert_eq!(links, written("Links"));
    let own = written("The control API's own page");
    assert_eq!(families(&get(control, "/metrics")), own.union(&links).cloned().collect());
}

#[test]
fn the_page_has_what_echo_servers_serve() {
    let at = "127.0.0.1:0";
    let mut echo = Server::start(&["echo", "--tcp", at, "--udp", at, "--http", at, "--metrics", at]);
    let _ = [echo.ready("squall echo listening on "), echo.ready("squall echo listening on udp:")];
    let mut client = connect(echo.ready("squall echo listening on http://"));
    let metrics = echo.ready("squall metrics listening on ");
    client.write_all(b"GET /?close=true HTTP/1.0\r\n\r\n").expect("sent");
    client.read_to_end(&mut Vec::new()).expect("an answer");
    assert_eq!(families(&get(metrics, "/metrics")), written("Echo servers"));
    let names = [("servers", "NAME"), ("servers.NAME.answers", "STATUS")];
    assert_eq!(scraped_keys(metrics, &names), written_keys("Echo servers"));
}
