//! Specs as text: what reads, how it is shown, and what each mistake is told.

use squall_faults::{FaultSpec, KINDS, LinkedSpec, Params, Scope, find_kind};

#[test]
fn specs_are_shown_in_a_form_that_reads_back() {
    let table = [
        ("latency:50ms", "latency:50ms@down"),
        ("latency:delay=50ms,jitter=5ms@both", "latency:50ms,jitter=5ms@both"),
        ("latency:1500us@upstream", "latency:1500us@up"),
        ("bandwidth:1.6Mbit/s", "bandwidth:200KB/s@down"),
        ("bandwidth:8mbit,burst=64KiB", "bandwidth:1MB/s,burst=64KiB@down"),
        ("bandwidth:1Mbit/s", "bandwidth:125KB/s@down"),
        ("reset:p=1%,connections=1-3", "reset:p=1%,connections=1-3@down"),
        (
            "reset:p=0.5%,connections=1..=3,probability=12.5%",
            "reset:p=0.5%,connections=1-3,probability=12.5%@down",
        ),
        ("reset_peer:at=4KiB,side=client@up", "reset:4KiB,side=client@up"),
        ("reset-peer:4096", "reset:4KiB@down"),
        (
            "latency:1s,connections=\"1,3,*/10\",after=2s,name=slow",
            "latency:1s,connections=\"1,3,*/10\",after=2s,name=slow@down",
        ),
        ("reset:after=64KiB,optional=true", "reset:after=64KiB,optional=true@down"),
        ("reset:1,client=10.0.0.0/8", "reset:1B,client=10.0.0.0/8@down"),
        ("freeze:800ms", "freeze:800ms@both"),
        ("freeze:for=2s,every=10s@up", "freeze:2s,every=10s@up"),
        ("slicer:64B,delay=10ms", "slice:64B,delay=10ms@down"),
        ("slow-close:3s", "slow_close:3s@down"),
        ("blackhole:mode=stop,for=1s", "blackhole:mode=stop,for=1s@both"),
        ("limit_data:1KiB", "truncate:1KiB@down"),
        ("corrupt:0.01%,bits=2", "corrupt:0.01%,bits=2@down"),
    ];
    for (text, shown) in table {
        let spec: FaultSpec = text.parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(spec.to_string(), shown);
        assert_eq!(shown.parse::<FaultSpec>().expect("reads back").to_string(), shown);
    }
}

#[test]
fn a_link_may_stand_in_front() {
    let linked: LinkedSpec = "db:latency:80ms".parse().expect("a spec");
    assert_eq!((linked.link.as_deref(), linked.spec.to_string().as_str()), (Some("db"), "latency:80ms@down"));
    let plain: LinkedSpec = "latency:80ms".parse().expect("a spec");
    assert_eq!(plain.link, None);
}

#[test]
fn every_mistake_is_told_where_it_is_and_what_to_write() {
    let table = [
        ("latency:50", "missing unit in `50`\n  latency:50\n          ^^ write `50ms` or `50s`"),
        ("latancy:50ms", "unknown fault `latancy`\n  latancy:50ms\n  ^^^^^^^ did you mean `latency`?"),
        (
            "db:latancy:50ms",
            "unknown fault `db`\n  db:latancy:50ms\n  ^^ faults are accept_delay, bandwidth, blackhole, corrupt, duplicate, flap, freeze, half_open, hang, latency, loss, max_size, rebind, refuse, reorder, reset, slice, slow_close, timeout, trace, truncate, upstream_hang, upstream_refuse",
        ),
        (
            "latency",
            "`latency` missing `delay`, a duration\n  latency\n  ^^^^^^^ for example `latency:50ms,jitter=5ms`",
        ),
        (
            "latency:50ms,jiter=5ms",
            "`latency` has no parameter `jiter`\n  latency:50ms,jiter=5ms\n               ^^^^^ did you mean `jitter`?",
        ),
        ("latency:50ms,5ms", "`5ms` has no key\n  latency:50ms,5ms\n               ^^^ write KEY=VALUE"),
        ("latency:50ms,delay=5ms", "`delay` is given twice\n  latency:50ms,delay=5ms\n               ^^^^^"),
        (
            "latency:50ms@sideways",
            "`sideways` is not a direction\n  latency:50ms@sideways\n               ^^^^^^^^ one of up, upstream, down, downstream, both",
        ),
        ("latency:50ms,,", "something is missing here\n  latency:50ms,,\n               ^ write KEY=VALUE"),
        (
            "bandwidth:100kbps",
            "`kbps` in `100kbps` could be bits or bytes\n  bandwidth:100kbps\n            ^^^^^^^ write `100kbit/s` or `100KB/s`",
        ),
        ("reset:p=30", "missing `%` in `30`\n  reset:p=30\n          ^^ write `30%`, of 100"),
        ("reset:p=130%", "`130%` is more than 100%\n  reset:p=130%\n          ^^^^"),
        (
            "reset",
            "`reset` needs `at`, `p` or `per_mib`, or `after` or `match`\n  reset\n  ^^^^^ for example `reset:p=1%,within=64KiB`",
        ),
        (
            "reset:4096,p=1%",
            "`reset` takes one of `at`, `p` and `per_mib`\n  reset:4096,p=1%\n  ^^^^^^^^^^^^^^^ for example `reset:p=1%,within=64KiB`",
        ),
        (
            "reset:1,connections=1..2",
            "`1..2` leaves open whether 2 is meant\n  reset:1,connections=1..2\n                      ^^^^ write `1-2`, which includes both ends",
        ),
        (
            "reset:1,connections=\"1",
            "this quote is not closed\n  reset:1,connections=\"1\n                      ^",
        ),
        (
            "reset:1,name=a.b",
            "`a.b` is not a name\n  reset:1,name=a.b\n               ^^^ names are letters, digits, `_` and `-`",
        ),
        (
            "latency:9999999999h",
            "`9999999999h` is too large for a duration\n  latency:9999999999h\n          ^^^^^^^^^^^",
        ),
        (
            "freeze",
            "`freeze` needs `for`: how long it holds\n  freeze\n  ^^^^^^ for example `freeze:800ms,every=10s`",
        ),
        (
            "latency:1ms,every=2s",
            "`every` needs `for`\n  latency:1ms,every=2s\n  ^^^^^^^^^^^^^^^^^^^^ for example `for=2s,every=10s`",
        ),
        (
            "latency:1ms,for=3s,every=2s",
            "`every` is shorter than `for`\n  latency:1ms,for=3s,every=2s\n  ^^^^^^^^^^^^^^^^^^^^^^^^^^^ windows must not overlap",
        ),
        (
            "blackhole:stop",
            "`blackhole` has no main parameter\n  blackhole:stop\n            ^^^^ write mode=",
        ),
        (
            "corrupt:1%,bits=9",
            "`corrupt` flips 1 to 8 `bits` of a byte\n  corrupt:1%,bits=9\n  ^^^^^^^^^^^^^^^^^ for example `corrupt:0.01%`",
        ),
        (
            "slice:0",
            "`slice` cannot cut pieces of no bytes: `size` must be at least 1\n  slice:0\n  ^^^^^^^ for example `slice:64B,delay=10ms`",
        ),
        (
            "",
            "unknown fault ``\n  \n  ^ faults are accept_delay, bandwidth, blackhole, corrupt, duplicate, flap, freeze, half_open, hang, latency, loss, max_size, rebind, refuse, reorder, reset, slice, slow_close, timeout, trace, truncate, upstream_hang, upstream_refuse",
        ),
    ];
    for (text, expected) in table {
        let error = text.parse::<LinkedSpec>().map(|s| s.spec.to_string()).expect_err(text);
        assert_eq!(error.to_string(), expected, "for {text:?}");
    }
}

#[test]
fn a_link_has_no_place_where_none_is_named() {
    let error = "db:latency:5ms".parse::<FaultSpec>().expect_err("no link here");
    assert_eq!(error.span, 0..2);
}

#[test]
fn no_text_panics() {
    let alphabet =
        ["latency", "reset", ":", ",", "=", "@", "\"", "50ms", "p", "é", "1-", "..", "%", "up", " ", "0"];
    let mut state = 1u64;
    for _ in 0..20_000 {
        let mut text = String::new();
        for _ in 0..state % 9 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text.push_str(alphabet[(state >> 33) as usize % alphabet.len()]);
        }
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 3;
        match text.parse::<LinkedSpec>() {
            Ok(linked) => {
                drop(linked.spec.to_string().parse::<FaultSpec>().unwrap_or_else(|e| panic!("{text}: {e}")))
            }
            Err(error) => drop(error.to_string()),
        }
    }
}

#[test]
fn every_kind_documents_itself_and_its_example_reads() {
    for kind in &KINDS {
        let spec: FaultSpec = kind.example.parse().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(spec.kind().name, kind.name);
        assert!(
            !kind.about.is_empty() && kind.params.iter().all(|p| !p.doc.is_empty()),
            "{} has no words",
            kind.name
        );
        assert!(kind.main.is_none_or(
            |main| kind.params.iter().any(|p| p.name == main) || Scope::keys().any(|key| key == main)
        ));
        let clash =
            kind.params.iter().find(|p| p.name == "name" || Scope::PARAMS.iter().any(|s| s.name == p.name));
        assert!(clash.is_none(), "{} has a scope key's name on {}", clash.map_or("", |p| p.name), kind.name);
        for name in kind.aliases.iter().chain([&kind.name]) {
            assert!(
                std::ptr::eq(find_kind(name).expect("found"), kind)
                    || find_kind(name).expect("found").name == kind.name
            );
        }
    }
}
