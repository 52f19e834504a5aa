//! Many proxies at once.

use crate::api::{Api, collection};
use squall_control::PopulateError;

fn item(name: &str, upstream: &str, more: &str) -> String {
    format!(r#"{{"name":"{name}","listen":"127.0.0.1:0","upstream":"{upstream}"{more}}}"#)
}

#[tokio::test]
async fn what_is_the_same_stays_what_differs_is_replaced_and_nothing_is_removed() {
    let api = Api::start().await;
    let all = format!("[{},{},{}]", item("a", "u:1", ""), item("b", "u:1", ""), item("c", "u:1", ""));
    let made = api.done("POST", "/populate", &all).await;
    assert_eq!((made.status, made.json()["proxies"].as_array().map(Vec::len)), (201, Some(3)));
    for name in ["a", "b"] {
        api.done("POST", &format!("/proxies/{name}/toxics"), r#"{"type":"noop"}"#).await;
    }
    let before = api.get("/proxies").await.json();
    let again = format!("[{},{}]", item("a", "u:1", r#","enabled":false,"toxics":[]"#), item("b", "v:2", ""));
    let told = api.done("POST", "/populate", &again).await.json();
    let after = api.get("/proxies").await.json();
    assert_eq!(after["a"], before["a"], "untouched, enabled is ignored, toxics are kept");
    assert_eq!((&after["b"]["upstream"], &after["b"]["toxics"]), (&"v:2".into(), &serde_json::json!([])));
    assert_eq!(after["c"], before["c"]);
    assert_eq!(told["proxies"], serde_json::json!([after["a"], after["b"]]));
}

#[tokio::test]
async fn everything_is_read_before_anything_is_made() {
    let api = Api::start().await;
    let good = item("ok", "u:1", "");
    for (body, told) in [
        (format!(r#"[{good},{{"upstream":"u"}}]"#), "missing required field: name at proxy 2"),
        (format!(r#"[{good},{{"name":"x"}}]"#), "missing required field: upstream at proxy 2"),
        (format!("[{good},null]"), "missing required field: name at proxy 2"),
        (
            format!("[{good},{}]", item("x", "u", r#","toxics":[{"type":"no"}]"#)),
            "invalid toxic type at proxy 2",
        ),
        (
            format!("[{good},{}]", item("x", "u", r#","toxics":[{"type":"noop"},{"type":"noop"}]"#)),
            "toxic already exists at proxy 2",
        ),
        (String::new(), "bad request body: EOF"),
        (format!("[{good}"), "bad request body: unexpected EOF"),
    ] {
        let answer = api.ask("POST", "/populate", &body).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let status = answer.json()["status"].clone();
        assert_eq!(answer.body, format!(r#"{{"error":"{told}","status":{status},"proxies":null}}"#));
    }
    let object = api.ask("POST", "/populate", r#"{"x":1}"#).await;
    assert_eq!(object.status, 400);
    assert!(
        object.body.contains("json: cannot unmarshal object into Go value of type []"),
        "{}",
        object.body
    );
    assert!(api.all.is_empty());
}

#[tokio::test]
async fn the_first_that_cannot_be_started_ends_it_and_those_before_stay() {
    let api = Api::start().await;
    let bad = r#"{"name":"bad","listen":"local373","upstream":"u:1"}"#;
    let body = format!("[{},{bad},{}]", item("ok", "u:1", ""), item("late", "u:1", ""));
    let answer = api.ask("POST", "/populate", &body).await;
    assert_eq!(answer.status, 500);
    let ok = api.get("/proxies/ok").await.body;
    let told = "listen tcp: address local373: missing port in address";
    assert_eq!(answer.body, format!(r#"{{"error":"{told}","status":500,"proxies":[{ok}]}}"#));
    assert_eq!(api.all.len(), 1);
}

#[tokio::test]
async fn toxics_may_come_with_a_proxy_and_are_made_so_again() {
    let api = Api::start().await;
    let toxics =
        r#","toxics":[{"type":"latency","attributes":{"latency":5}},{"type":"noop","stream":"upstream"}]"#;
    let made = api.done("POST", "/proxies", &item("a", "u:1", toxics)).await.json();
    let names = |proxy: &serde_json::Value| {
        let toxics = proxy["toxics"].as_array().expect("toxics").clone();
        toxics.into_iter().map(|toxic| toxic["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&made), ["noop_upstream", "latency_downstream"]);
    let other =
        r#","toxics":[{"type":"latency","toxicity":0.5,"attributes":{"latency":6}},{"type":"timeout"}]"#;
    api.done("POST", "/populate", &format!("[{}]", item("a", "u:1", other))).await;
    let now = api.get("/proxies/a").await.json();
    assert_eq!(names(&now), ["latency_downstream", "timeout_downstream"]);
    assert_eq!(now["toxics"][0]["attributes"]["latency"], 6);
    assert_eq!(now["listen"], made["listen"]);
}

#[tokio::test]
async fn a_configuration_tells_invalid_text_from_what_cannot_be_had() {
    let all = collection(0);
    let error = all.populate("[{}]").await.expect_err("no name");
    assert!(
        matches!(&error, PopulateError::Invalid(why) if why == "missing required field: name at proxy 1")
    );
    let error = all.populate(r#"[{"name":"a","upstream":"u","listen":"x"}]"#).await.expect_err("no port");
    assert!(matches!(error, PopulateError::Start(_)), "{error}");
    all.populate(&format!("[{}]", item("a", "u:1", ""))).await.expect("valid");
    assert_eq!(all.addresses().len(), 1);
}
