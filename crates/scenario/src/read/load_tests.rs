//! What loads may ask for, and what does not go together.

use super::read;
use super::tests::valid;
use crate::diagnostic::Source;
use crate::paths::Vocabulary;

#[test]
fn an_open_loop_has_as_many_requests_as_its_rate_and_time() {
    let read = |keys: &str| {
        let text = format!("scenario = 1\n[echo.e]\n[[step]]\nload = {{ target = \"echo.e\", {keys} }}\n");
        let scenario = valid(&text);
        let (_, load) = scenario.loads().next().expect("a load");
        (load.requests, load.manner.clone(), Vocabulary::of(&scenario))
    };
    let (requests, _, vocabulary) = read("rate = \"2k\", duration = \"1500ms\", arrivals = \"burst:5\"");
    assert_eq!(requests, 3_000);
    assert!(vocabulary.get("load.load.send_delay.max").is_some());
    assert_eq!(read("stages = \"10s:100,10s:0\"").0, 1_000);
    assert_eq!(read("rate = 0.5, requests = 7").0, 7);
    let (_, manner, vocabulary) = read(
        "requests = 7, reply_size = \"1KiB\", pipeline = 4, per_conn = 3, close = \"rst\", hold = \"1s\"",
    );
    assert!(manner.framed && vocabulary.get("load.load.errors.malformed").is_some());
    assert!(vocabulary.get("load.load.send_delay.max").is_none());
    assert_eq!((manner.pipeline, manner.per_connection), (Some(4), Some(3)));
}

#[test]
fn a_load_whose_keys_do_not_go_together_is_refused() {
    let cases = [
        ("duration = \"1s\"", "how many requests a closed loop gets done in a time is chance"),
        ("requests = 1, arrivals = \"poisson\"", "`arrivals` goes with `rate` or `stages`"),
        ("requests = 1, rate = \"fast\"", "`fast` is not a rate"),
        ("rate = \"1k\"", "load has no `requests`"),
        ("rate = \"1k\", duration = \"1s\", requests = 5", "a rate and its duration say how many"),
        ("rate = \"1k\", requests = 5, pause = \"1s\"", "with a rate, requests are due when they are"),
        ("requests = 5, send = \"PING\"", "`send` needs `expect`"),
        ("requests = 5, size = \"9-5\"", "begins above its end"),
        ("requests = 5, source = \"::1\"", "addresses of version 4"),
    ];
    for (keys, message) in cases {
        let text = format!("scenario = 1\n[echo.e]\n[[step]]\nload = {{ target = \"echo.e\", {keys} }}\n");
        let found = read(&Source::new("s.toml", text)).expect_err(keys);
        assert!(found.iter().any(|each| each.message.contains(message)), "{keys}: {found:?}");
    }
}

/// What is wrong with a load of these keys to an HTTP echo, behind a link or not, to one of bytes, or to a process.
fn mistakes(target: &str, keys: &str) -> Vec<String> {
    let servers = "[echo.web]\nprotocol = \"http\"\n[echo.raw]\n[link.api]\nupstream = \"echo.web\"\n\
                   [process.app]\ncommand = [\"app\"]\nport = 80\n[process.mute]\ncommand = [\"mute\"]\n";
    let step = format!("[[step]]\nload = {{ target = \"{target}\", requests = 3, {keys} }}\n");
    let text = format!("scenario = 1\n{servers}{step}");
    let found = read(&Source::new("s.toml", text)).err().unwrap_or_default();
    found.into_iter().map(|each| each.message).collect()
}

#[test]
fn a_load_speaks_what_the_server_at_the_end_does() {
    for target in ["echo.web", "link.api"] {
        let told = "`echo.web` speaks HTTP, and this load sends other bytes";
        assert_eq!(mistakes(target, "size = \"1KiB\""), [told]);
        assert_eq!(mistakes(target, "framed = true"), [told]);
        assert_eq!(mistakes(target, "http = \"/?size=1KiB\", method = \"PUT\", body = \"x\""), [""; 0]);
        assert_eq!(mistakes(target, "send = \"GET / HTTP/1.0\\\\r\\\\n\\\\r\\\\n\", expect = \"\""), [""; 0]);
    }
    assert_eq!(mistakes("echo.raw", "http = \"/\""), ["`echo.raw` does not speak HTTP"]);
    assert_eq!(mistakes("echo.raw", "framed = true"), [""; 0]);
}

#[test]
fn what_is_expected_over_http_must_be_what_an_echo_can_answer() {
    for good in [
        "http = \"/raw\", size = \"1-9\", expect_echo = true, expect_status = \"2xx\"",
        "http = \"/?status=404&raw=true\", body = \"x\", expect_echo = true, expect_status = 404",
        "http = \"/\", size = \"1KiB\", expect_echo = false",
        "http = \"/raw\", body = \"x\", expect = \"x\"",
    ] {
        assert_eq!(mistakes("echo.web", good), [""; 0], "{good}");
    }
    let other = "`echo.web` does not answer with the body of the request alone";
    for path in ["/", "/raw?size=5B", "/rawer"] {
        assert_eq!(
            mistakes("echo.web", &format!("http = \"{path}\", body = \"x\", expect_echo = true")),
            [other]
        );
        assert_eq!(
            mistakes("process.app", &format!("http = \"{path}\", body = \"x\", expect_echo = true")),
            [""; 0]
        );
    }
    let none = "the request has no body that could come back";
    assert_eq!(mistakes("echo.web", "http = \"/raw\", expect_echo = true"), [none]);
    let both = "`expect` and `expect_echo` both say what the body of an answer is";
    assert_eq!(
        mistakes("echo.web", "http = \"/raw\", body = \"x\", expect = \"x\", expect_echo = true"),
        [both]
    );
    let large = "an echo takes a body of at most 1MiB";
    assert_eq!(mistakes("echo.web", "http = \"/\", size = \"2MiB\""), [large]);
    assert_eq!(mistakes("echo.raw", "expect_status = 200"), ["`expect_status` is for requests over HTTP"]);
    assert_eq!(mistakes("echo.raw", "expect = \"x\""), ["`expect` needs `send` or `http`"]);
    assert_eq!(mistakes("process.app", "size = \"1KiB\""), [""; 0]);
    assert_eq!(mistakes("process.mute", "size = \"1KiB\""), ["process `mute` does not say where it listens"]);
    assert_eq!(mistakes("process.ap", "size = \"1KiB\""), ["there is no `process.ap`"]);
}

#[test]
fn only_loads_over_http_have_statuses() {
    let text = |keys: &str| {
        let servers = "[echo.web]\nprotocol = \"http\"\n[echo.raw]\n";
        valid(&format!("scenario = 1\n{servers}[[step]]\nload = {{ requests = 3, {keys} }}\n"))
    };
    let has = |keys: &str| Vocabulary::of(&text(keys)).get("load.load.errors.status_5xx").is_some();
    assert!(has("target = \"echo.web\", http = \"/\""));
    assert!(!has("target = \"echo.raw\""));
}
