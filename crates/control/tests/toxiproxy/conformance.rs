//! Every request, status, header, body and error of the API, in tables.

use crate::api::{Answer, Api};

/// A request and what must come of it: the status and the whole body.
type Row<'a> = (&'a str, &'a str, &'a str, u16, &'a str);

/// Asks one after another, on one server.
async fn play(api: &Api, rows: &[Row<'_>]) {
    for (method, path, body, status, expected) in rows {
        let answer = api.ask(method, path, body).await;
        let row = format!("{method} {path} {body}");
        assert_eq!((answer.status, answer.body.as_str()), (*status, *expected), "{row}");
        headers(&answer, path, &row);
    }
}

/// The headers that go with what the answer is.
fn headers(answer: &Answer, path: &str, row: &str) {
    let kind = answer.header("content-type");
    let expected = match answer.status {
        204 | 301 | 405 => None,
        200 if path == "/version" => Some("application/json;charset=utf-8"),
        200 | 201 => Some("application/json"),
        _ if path == "/populate" => Some("application/json"),
        _ => Some("text/plain; charset=utf-8"),
    };
    assert_eq!(kind, expected, "{row}");
    let plain = expected.is_some_and(|kind| kind.starts_with("text/plain"));
    assert_eq!(answer.header("x-content-type-options"), plain.then_some("nosniff"), "{row}");
    let unmatched = answer.body == "404 page not found\n" || matches!(answer.status, 301 | 405);
    assert_eq!(answer.header("x-toxiproxy-request-id").map(str::len), (!unmatched).then_some(20), "{row}");
    assert_eq!(answer.header("allow"), None, "{row}");
}

/// A proxy as it is told.
fn told(name: &str, toxics: &str) -> String {
    format!(
        r#"{{"name":"{name}","listen":"localhost:0","upstream":"u:1","enabled":false,"Logger":{{}},"toxics":[{toxics}]}}"#
    )
}

/// What makes such a proxy.
fn asked(name: &str) -> String {
    format!(r#"{{"name":"{name}","upstream":"u:1","listen":"localhost:0","enabled":false}}"#)
}

#[tokio::test]
async fn proxies_are_made_shown_changed_and_removed() {
    let api = Api::start().await;
    let (a, b) = (told("a", ""), told("b", ""));
    let both = format!(r#"{{"a":{a},"b":{b}}}"#);
    let moved = a.replace("u:1", "v:2");
    play(
        &api,
        &[
            ("GET", "/proxies", "", 200, "{}"),
            ("POST", "/proxies", &asked("b"), 201, &b),
            ("POST", "/proxies", &asked("a"), 201, &a),
            ("GET", "/proxies", "", 200, &both),
            ("GET", "/proxies/a", "", 200, &a),
            ("GET", "/proxies/a/toxics", "", 200, "[]"),
            (
                "POST",
                "/proxies/a",
                r#"{"upstream":"v:2","name":"x","toxics":[{"type":"noop"}]}"#,
                200,
                &moved,
            ),
            ("PATCH", "/proxies/a", r#"{"Upstream":"u:1"}"#, 200, &a),
            ("PATCH", "/proxies/a", "{}", 200, &a),
            ("PATCH", "/proxies/a", "null", 200, &a),
            ("DELETE", "/proxies/b", "", 204, ""),
            ("DELETE", "/proxies/b", "", 404, "{\"error\":\"proxy not found\",\"status\":404}\n"),
            ("GET", "/version", "", 200, "{\"version\": \"2.12.0\"}\n"),
            ("POST", "/populate", "[]", 201, r#"{"proxies":null}"#),
            ("POST", "/populate", " null", 201, r#"{"proxies":null}"#),
        ],
    )
    .await;
}

#[tokio::test]
async fn paths_and_methods_that_are_not_there_are_told_apart() {
    let api = Api::start().await;
    let mut rows: Vec<Row<'_>> = Vec::new();
    for path in
        ["/nope", "/", "/proxies/", "/proxies/a/", "/Proxies", "/proxies/a/b", "/metrics", "/proxies/a%2Fb"]
    {
        rows.push(("GET", path, "", 404, "404 page not found\n"));
    }
    for (method, path) in [
        ("PUT", "/proxies"),
        ("HEAD", "/proxies"),
        ("OPTIONS", "/proxies/a"),
        ("PATCH", "/proxies"),
        ("DELETE", "/proxies"),
        ("GET", "/populate"),
        ("GET", "/reset"),
        ("DELETE", "/reset"),
        ("POST", "/version"),
        ("PATCH", "/proxies/a/toxics"),
        ("PUT", "/proxies/a/toxics/t"),
        ("POST", "/squall/links"),
    ] {
        rows.push((method, path, "", 405, ""));
    }
    rows.extend([("GET", "//proxies", "", 301, ""), ("GET", "/a/../version", "", 301, "")]);
    play(&api, &rows).await;
    assert_eq!(api.get("//proxies?x=1").await.header("location"), Some("/proxies?x=1"));
}

#[tokio::test]
async fn mistakes_in_proxies_are_told_in_order() {
    let api = Api::start().await;
    let error = |status: u16, message: &str| format!("{{\"error\":\"{message}\",\"status\":{status}}}\n");
    let bad = |why: &str| error(400, &format!("bad request body: {why}"));
    let (eof, cut, syntax) = (
        bad("EOF"),
        bad("unexpected EOF"),
        bad("invalid character '\\u003c' looking for beginning of value"),
    );
    let kind = bad("json: cannot unmarshal string into Go struct field Proxy.enabled of type bool");
    let array = bad("json: cannot unmarshal array into Go value of type toxiproxy.Proxy");
    let (name, upstream) =
        (error(400, "missing required field: name"), error(400, "missing required field: upstream"));
    let (taken, unknown) = (error(409, "proxy already exists"), error(404, "proxy not found"));
    let no_port = error(500, "listen tcp: address local373: missing port in address");
    let no_port_to_update = error(500, "address local373: missing port in address");
    let bad_port = error(500, "listen tcp: address 99999: invalid port");
    let free = r#"{"name":"q","upstream":"u","listen":"local373","enabled":false}"#;
    let free_told =
        r#"{"name":"q","listen":"local373","upstream":"u","enabled":false,"Logger":{},"toxics":[]}"#;
    play(
        &api,
        &[
            ("POST", "/proxies", "", 400, &eof),
            ("POST", "/proxies", "{\"name\":", 400, &cut),
            ("POST", "/proxies", "<p/>", 400, &syntax),
            ("POST", "/proxies", "[]", 400, &array),
            ("POST", "/proxies", r#"{"enabled":"yes"}"#, 400, &kind),
            ("POST", "/proxies", "null", 400, &name),
            ("POST", "/proxies", r#"{"name":"","upstream":"u"}"#, 400, &name),
            ("POST", "/proxies", r#"{"name":"p","upstream":""}"#, 400, &upstream),
            ("POST", "/proxies", &asked("a"), 201, &told("a", "")),
            ("POST", "/proxies", r#"{"name":"a","upstream":"u","listen":"local373"}"#, 409, &taken),
            ("POST", "/proxies", r#"{"name":"p","upstream":"u","listen":"local373"}"#, 500, &no_port),
            ("POST", "/proxies", r#"{"name":"p","upstream":"u","listen":"h:99999"}"#, 500, &bad_port),
            ("GET", "/proxies/p", "", 404, &unknown),
            ("POST", "/proxies", free, 201, free_told),
            ("PATCH", "/proxies/q", r#"{"enabled":true}"#, 500, &no_port),
            ("PATCH", "/proxies/a", r#"{"listen":"local373"}"#, 500, &no_port_to_update),
            ("PATCH", "/proxies/a", r#"{"enabled":"yes"}"#, 400, &kind),
            ("PATCH", "/proxies/none", "garbage", 404, &unknown),
            ("GET", "/proxies/none/toxics", "", 404, &unknown),
            ("GET", "/squall/links/none", "", 404, &unknown),
        ],
    )
    .await;
}

#[tokio::test]
async fn bodies_are_read_as_leniently_as_clients_write_them() {
    let api = Api::start().await;
    let lenient = r#" {"NAME":"a","Upstream":"u:1","LISTEN":"localhost:0","enabled":false,"extra":[{}],"enabled":null,"toxics":null,"Logger":{}} trailing"#;
    play(
        &api,
        &[
            ("POST", "/proxies", lenient, 201, &told("a", "")),
            (
                "POST",
                "/proxies",
                r#"{"name":"<&>","upstream":"u:1","listen":"localhost:0","enabled":false,"toxics":[]}"#,
                201,
                &told("\\u003c\\u0026\\u003e", ""),
            ),
        ],
    )
    .await;
    for kind in ["application/x-www-form-urlencoded", "text/xml"] {
        let answer =
            api.ask_with("POST", "/proxies", &format!("content-type: {kind}\r\n"), &asked(kind)).await;
        assert_eq!(answer.status, 201, "{kind}");
    }
}

/// The types with what is told of them when nothing, and when something, is given.
const TYPES: [(&str, &str, &str); 9] = [
    ("latency", r#"{"latency":0,"jitter":0}"#, r#"{"latency":1000,"jitter":-5}"#),
    ("bandwidth", r#"{"rate":0}"#, r#"{"rate":1000}"#),
    ("slow_close", r#"{"delay":0}"#, r#"{"delay":-1}"#),
    ("timeout", r#"{"timeout":0}"#, r#"{"timeout":9223372036854775807}"#),
    ("reset_peer", r#"{"timeout":0}"#, r#"{"timeout":2000}"#),
    ("slicer", "", r#"{"average_size":1000,"size_variation":1000,"delay":1000}"#),
    ("limit_data", r#"{"bytes":0}"#, r#"{"bytes":4096}"#),
    ("noop", "{}", "{}"),
    ("packet_loss", r#"{"loss_rate":0,"correlation":0}"#, r#"{"loss_rate":0.25,"correlation":0.5}"#),
];

#[tokio::test]
async fn every_type_is_told_with_all_its_attributes_in_order() {
    let api = Api::start().await;
    api.done("POST", "/proxies", &asked("a")).await;
    for (kind, zero, some) in TYPES {
        let shown = |attributes: &str, name: &str| {
            format!(
                r#"{{"attributes":{attributes},"name":"{name}","type":"{kind}","stream":"downstream","toxicity":1}}"#
            )
        };
        let name = format!("{kind}_downstream");
        if !zero.is_empty() {
            let body = format!(r#"{{"type":"{kind}","attributes":null}}"#);
            play(&api, &[("POST", "/proxies/a/toxics", &body, 200, &shown(zero, &name))]).await;
        }
        let body = format!(r#"{{"name":"n_{kind}","type":"{kind}","attributes":{some}}}"#);
        let some = shown(some, &format!("n_{kind}"));
        let path = format!("/proxies/a/toxics/n_{kind}");
        play(
            &api,
            &[
                ("POST", "/proxies/a/toxics", &body, 200, &some),
                ("GET", &path, "", 200, &some),
                ("PATCH", &path, "{}", 200, &some),
                ("DELETE", &path, "", 204, ""),
                ("GET", &path, "", 404, "{\"error\":\"toxic not found\",\"status\":404}\n"),
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn toxics_are_named_listed_merged_and_refused_in_order() {
    let api = Api::start().await;
    api.done("POST", "/proxies", &asked("a")).await;
    let toxic = |attributes: &str, name: &str, stream: &str, toxicity: &str| {
        format!(
            r#"{{"attributes":{attributes},"name":"{name}","type":"latency","stream":"{stream}","toxicity":{toxicity}}}"#
        )
    };
    let none = r#"{"latency":0,"jitter":0}"#;
    let (down, up) = (
        toxic(none, "latency_downstream", "downstream", "1"),
        toxic(none, "latency_UpStream", "UpStream", "0.1"),
    );
    let (over, under) = (toxic(none, "over", "downstream", "2.5"), toxic(none, "under", "downstream", "-1"));
    let tiny = toxic(none, "tiny", "downstream", "1e-7");
    let merged = toxic(r#"{"latency":100,"jitter":5}"#, "latency_downstream", "downstream", "0.1");
    let half = toxic(r#"{"latency":100,"jitter":0}"#, "latency_downstream", "downstream", "1");
    let list = format!("[{up},{half}]");
    let error = |status: u16, message: &str| format!("{{\"error\":\"{message}\",\"status\":{status}}}\n");
    let bad = |why: &str| error(400, &format!("bad request body: {why}"));
    let stream = error(400, "stream was invalid, can be either upstream or downstream");
    let (kind, taken) = (error(400, "invalid toxic type"), error(409, "toxic already exists"));
    let (unknown, gone) = (error(404, "proxy not found"), error(404, "toxic not found"));
    let number = |text: &str| {
        bad(&format!("json: cannot unmarshal {text} into Go struct field LatencyToxic.latency of type int64"))
    };
    let (text, point, exponent, list_kind) =
        (number("string"), number("number 100.0"), number("number 1e3"), number("array"));
    let eof = bad("EOF");
    let path = "/proxies/a/toxics";
    let one = "/proxies/a/toxics/latency_downstream";
    play(
        &api,
        &[
            ("POST", path, r#"{"type":"latency"}"#, 200, &down),
            (
                "PATCH",
                one,
                r#"{"attributes":{"latency":100},"toxicity":null,"name":"x","stream":""}"#,
                200,
                &half,
            ),
            ("POST", path, r#"{"type":"latency","stream":"UpStream","toxicity":0.1,"name":""}"#, 200, &up),
            ("GET", path, "", 200, &list),
            ("POST", path, r#"{"type":"latency","name":"over","toxicity":2.5}"#, 200, &over),
            ("POST", path, r#"{"type":"latency","name":"under","toxicity":-1}"#, 200, &under),
            ("POST", path, r#"{"type":"latency","name":"tiny","toxicity":0.0000001}"#, 200, &tiny),
            ("POST", one, r#"{"Attributes":{"JITTER":5,"nope":{}},"toxicity":0.1}"#, 200, &merged),
            ("POST", "/proxies/none/toxics", "garbage", 404, &unknown),
            ("POST", path, "", 400, &eof),
            ("POST", path, r#"{"stream":"","type":"nope"}"#, 400, &stream),
            ("POST", path, r#"{"stream":"both","type":"latency"}"#, 400, &stream),
            ("POST", path, r#"{"type":"nope","attributes":{"latency":"x"}}"#, 400, &kind),
            ("POST", path, "{}", 400, &kind),
            ("POST", path, r#"{"type":"latency","attributes":{"latency":"x"}}"#, 409, &taken),
            ("POST", path, r#"{"type":"noop","name":"latency_UpStream"}"#, 409, &taken),
            ("POST", path, r#"{"type":"latency","name":"n","attributes":{"latency":"100"}}"#, 400, &text),
            ("POST", path, r#"{"type":"latency","name":"n","attributes":{"latency":100.0}}"#, 400, &point),
            ("POST", path, r#"{"type":"latency","name":"n","attributes":{"latency":1e3}}"#, 400, &exponent),
            ("PATCH", one, r#"{"attributes":{"jitter":9,"latency":[]},"toxicity":0.9}"#, 400, &list_kind),
            ("GET", one, "", 200, &merged),
            ("PATCH", "/proxies/a/toxics/none", "garbage", 404, &gone),
            ("PATCH", "/proxies/none/toxics/none", "garbage", 404, &unknown),
            ("DELETE", "/proxies/a/toxics/none", "", 404, &gone),
        ],
    )
    .await;
}

#[tokio::test]
async fn attributes_that_cannot_work_are_refused_and_change_nothing() {
    let api = Api::start().await;
    api.done("POST", "/proxies", &asked("a")).await;
    let slicer = r#"{"name":"s","type":"slicer","attributes":{"average_size":10,"size_variation":2}}"#;
    let before = api.done("POST", "/proxies/a/toxics", slicer).await.body;
    for (kind, attributes) in [
        ("bandwidth", r#"{"rate":-1}"#),
        ("slicer", "{}"),
        ("slicer", r#"{"average_size":-1}"#),
        ("slicer", r#"{"average_size":10,"size_variation":-1}"#),
        ("latency", r#"{"after":"soon"}"#),
        ("latency", r#"{"probability":"5%"}"#),
        ("noop", r#"{"times":0}"#),
        ("reset", "{}"),
        ("reset", r#"{"p":"1"}"#),
        ("reset", r#"{"pp":"1%"}"#),
        ("reset", r#"{"p":["1%"]}"#),
        ("duplicate", r#"{"p":"1%"}"#),
        ("trace", r#"{"file":"lte.csv"}"#),
    ] {
        let body = format!(r#"{{"name":"n","type":"{kind}","toxicity":0.5,"attributes":{attributes}}}"#);
        let answer = api.ask("POST", "/proxies/a/toxics", &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        assert!(answer.body.starts_with("{\"error\":\"invalid attributes: "), "{body}: {}", answer.body);
    }
    let wrong = r#"{"toxicity":0.25,"attributes":{"delay":7,"size_variation":-1}}"#;
    assert_eq!(api.ask("PATCH", "/proxies/a/toxics/s", wrong).await.status, 400);
    assert_eq!(api.get("/proxies/a/toxics").await.body, format!("[{before}]"));
}

#[tokio::test]
async fn browsers_are_turned_away_where_there_is_something_to_see() {
    let api = Api::start().await;
    let browser = "user-agent: Mozilla/5.0 (X11)\r\n";
    for (path, status, body) in [
        ("/version", 403, "User agent not allowed\n"),
        ("/proxies", 403, "User agent not allowed\n"),
        ("/proxies/none", 403, "User agent not allowed\n"),
        ("/nope", 404, "404 page not found\n"),
    ] {
        let answer = api.ask_with("GET", path, browser, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (status, body), "{path}");
        headers(&answer, "", path);
    }
    assert_eq!(api.ask_with("GET", "/version", "user-agent: curl/8 Mozilla/5.0\r\n", "").await.status, 200);
}
