//! Tables of expressions, with their values or their mistakes.

use serde_json::{Value, json};

use super::{Dimension, Expr, Kind};

fn report() -> Value {
    json!({
        "counts": {
            "link": { "api": {
                "bytes": { "up": 16384, "down": 100 },
                "faults": { "early-reset": { "fired": 2, "ever": true } },
            } },
            "load": { "upload": { "sent": 200, "failed": 10, "ok": 190 }, "none": { "sent": 0 } },
        },
        "timing": {
            "load": { "upload": {
                "latency": { "min_ns": 812_000_000, "p99.9_ns": 1_500_000_000_u64, "p99_ns": null },
                "throughput": { "sent_bytes_per_s": 1_250_000.5 },
                "elapsed_ns": 2_000_000_000_u64,
            } },
            "link": { "api": { "held": { "max_bytes": 4096 } } },
        },
    })
}

fn evaluate(text: &str) -> Result<(bool, String), String> {
    let expr =
        Expr::parse(text).map_err(|diagnostic| format!("{} {:?}", diagnostic.message, diagnostic.span))?;
    match expr.evaluate(&report()) {
        Ok(outcome) => Ok((outcome.holds, outcome.actual)),
        Err(diagnostic) => Err(diagnostic
            .help
            .map_or(diagnostic.message.clone(), |help| format!("{}; {help}", diagnostic.message))),
    }
}

#[test]
fn expressions_have_values() {
    let cases = [
        ("link.api.bytes.up >= 16KiB", true, "16KiB"),
        ("link.api.bytes.up == 16384", true, "16KiB"),
        ("link.api.bytes.down < 0.1KB", false, "100B"),
        ("link.api.faults.early-reset.fired == 2", true, "2"),
        ("link.api.faults.early-reset.ever", true, "true"),
        ("not link.api.faults.early-reset.ever", false, "false"),
        ("load.upload.latency.min >= 700ms", true, "812ms"),
        ("load.upload.latency.p99.9 == 1.5s", true, "1.5s"),
        ("load.upload.throughput.sent > 1.2MB/s", true, "1.25MB/s"),
        ("load.upload.throughput.sent < 10Mbit/s", false, "1.25MB/s"),
        ("load.upload.failed / load.upload.sent <= 5%", true, "5%"),
        ("load.upload.failed / load.upload.sent < 0.05", false, "5%"),
        ("load.upload.failed + load.upload.ok == load.upload.sent", true, "200"),
        ("link.api.bytes.up / load.upload.elapsed == 8192B/s", true, "8.192KB/s"),
        ("link.api.bytes.up / 8KiB/s == 2s", true, "2s"),
        ("8KiB/s * 2s == link.api.bytes.up", true, "16KiB"),
        ("load.upload.sent * 1KiB >= link.api.bytes.up", true, "200KiB"),
        ("link.api.held.max <= 4KiB", true, "4KiB"),
        ("load.upload.sent - 200 == -0", true, "0"),
        ("-(load.upload.sent - 210) == 10", true, "10"),
        ("load.upload.sent - 10 - 10 == 180", true, "180"),
        ("1 + 2 * 3 == 7", true, "7"),
        ("(1 + 2) * 3 == 9", true, "9"),
        ("0.1 + 0.2 == 0.3", true, "0.3"),
        ("load.upload.sent == 0.2k", true, "200"),
        ("1 == 2 or 2 == 2 and not 1 == 2", true, "left of `==` = 1, left of `==` = 2, left of `==` = 1"),
        (
            "load.upload.ok > 0 and load.upload.failed == 0",
            false,
            "load.upload.ok = 190, load.upload.failed = 10",
        ),
    ];
    for (text, holds, actual) in cases {
        assert_eq!(evaluate(text), Ok((holds, actual.to_owned())), "{text}");
    }
}

#[test]
fn a_value_that_is_not_there_is_an_error_and_never_a_pass() {
    let cases = [
        (
            "load.upload.falied == 0",
            "the report has no `load.upload.falied`; did you mean `load.upload.failed`?",
        ),
        (
            "1 == 1 or load.uplaod.sent == 0",
            "the report has no `load.uplaod.sent`; did you mean `load.upload.sent`?",
        ),
        (
            "load.upload.latency.mni > 1s",
            "the report has no `load.upload.latency.mni`; did you mean `load.upload.latency.min`?",
        ),
        ("load.upload.latency.p99 > 1s", "`load.upload.latency.p99` has no value: nothing was measured"),
        ("link.api.bytes > 1", "`link.api.bytes` is a group of values; it holds down, up"),
        ("load.upload.failed / load.none.sent < 1%", "division by zero"),
        ("load.upload.latency.min > 1KiB", "cannot compare a duration with a size"),
        ("load.upload.latency.min > 5", "cannot compare a duration with a plain number"),
        ("load.upload.sent", "expected a comparison, found a number"),
    ];
    for (text, error) in cases {
        assert_eq!(evaluate(text), Err(error.to_owned()), "{text}");
    }
}

#[test]
fn syntax_errors_point_at_the_character() {
    let cases = [
        ("", "empty expression 0..0"),
        ("  ", "empty expression 0..0"),
        ("a >=", "the expression ends too early 4..4"),
        ("a = 1", "unexpected `=` 2..3"),
        ("a == 1 && b == 2", "unexpected `&&` 7..9"),
        ("!a", "unexpected `!` 0..1"),
        ("1 < a < 3", "expected an operator 6..7"),
        ("a b", "expected an operator 2..3"),
        ("(a == 1", "unclosed `(` 0..1"),
        ("a == 1)", "unmatched `)` 6..7"),
        ("a == * 2", "expected a value 5..6"),
        ("a == 5furlongs", "unknown unit `furlongs` 5..14"),
        ("a == 1.2.3", "invalid number `1.2.3` 5..10"),
        ("a == é", "unexpected `é` 5..7"),
        ("a == \"b\"", "unexpected `\\\"` 5..6"),
        ("a. == 1", "unexpected `.` 1..2"),
    ];
    for (text, error) in cases {
        let diagnostic = Expr::parse(text).expect_err(text);
        assert_eq!(format!("{} {:?}", diagnostic.message, diagnostic.span), error, "{text}");
    }
}

#[test]
fn rates_that_may_mean_bits_or_bytes_are_refused() {
    let diagnostic = Expr::parse("a > 5Mbps").expect_err("ambiguous");
    assert_eq!(diagnostic.help.as_deref(), Some("write `5Mbit/s` or `5MB/s`"));
}

#[test]
fn a_hyphen_belongs_to_the_name_and_a_minus_needs_spaces() {
    let paths = |text: &str| {
        let expr = Expr::parse(text).expect(text);
        expr.paths().iter().map(|used| used.path.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths("a-b == 1"), ["a-b"]);
    assert_eq!(paths("a - b == 1"), ["a", "b"]);
    assert_eq!(paths("5ms-2ms == 3ms"), [""; 0]);
    assert_eq!(paths("load.x.p99.9 > link.1.bytes.up"), ["load.x.p99.9", "link.1.bytes.up"]);
}

#[test]
fn paths_know_whether_they_are_compared_exactly() {
    let expr = Expr::parse("a + b == 1 and c >= 2 or not (d != 3)").expect("valid");
    let exactly: Vec<_> =
        expr.paths().iter().map(|used| (used.path.to_owned(), used.compared_exactly)).collect();
    assert_eq!(exactly, [("a".into(), true), ("b".into(), true), ("c".into(), false), ("d".into(), true)]);
}

#[test]
fn operands_are_checked_before_there_is_a_report() {
    let kind_of = |path: &str| match path {
        "t" => Some(Kind::Number(Dimension::Duration)),
        "b" => Some(Kind::Number(Dimension::Bytes)),
        "c" => Some(Kind::Number(Dimension::Count)),
        "r" => Some(Kind::Number(Dimension::Rate)),
        "yes" => Some(Kind::Truth),
        _ => None,
    };
    let cases = [
        ("t > 5ms and b > 5 and c > 5 and r > 5MB/s and yes", ""),
        ("b / t > 5MB/s and r * t > 1KiB and c / c > 5% and c * 1KiB == b", ""),
        ("unknown > 5 + unknown", ""),
        ("t > 5", "cannot compare a duration with a plain number 0..5; a duration needs a unit, such as 5ms"),
        ("5 < r", "cannot compare a plain number with a rate 0..5; a rate needs a unit, such as 5MB/s"),
        ("t > b", "cannot compare a duration with a size 0..5"),
        ("c < 1%", "cannot compare a count with a ratio 0..6"),
        ("t + 5 > 1s", "cannot add a duration and a plain number 0..5; a duration needs a unit, such as 5ms"),
        ("b * b > 1", "cannot multiply a size and a size 0..5"),
        ("t", "expected a comparison 0..1; compare it, as in `... >= 5ms`"),
        ("yes and c", "expected a comparison 8..9; compare it, as in `... >= 5`"),
        ("yes > 1", "expected a number 0..3"),
        ("(c > 1) + 1 > 1", "expected a number 1..6"),
    ];
    for (text, expected) in cases {
        let shown: Vec<String> = Expr::parse(text)
            .expect(text)
            .check(&kind_of)
            .into_iter()
            .map(|d| {
                format!(
                    "{} {:?}{}",
                    d.message,
                    d.span,
                    d.help.map_or(String::new(), |help| format!("; {help}"))
                )
            })
            .collect();
        assert_eq!(shown.join("|"), expected, "{text}");
    }
}

#[test]
fn bands_bound_one_path_from_one_side_or_both() {
    let holds = |band| {
        let expr = Expr::parse_band("load.upload.latency.min", band).expect(band);
        expr.evaluate(&report()).expect(band).holds
    };
    assert!(holds(">= 100ms"));
    assert!(holds(">= 100ms and <= 1s"));
    assert!(!holds("< 100ms * 8"));
    for band in ["", "100ms", ">=", ">= 1s or < 2s", ">= 1s and", "and"] {
        assert!(Expr::parse_band("x", band).is_err(), "{band}");
    }
}

#[test]
fn long_and_deep_expressions_are_refused_instead_of_overflowing_the_stack() {
    for text in
        ["(".repeat(100_000), "not ".repeat(100_000), "- ".repeat(100_000), "1 + ".repeat(100_000) + "1"]
    {
        assert!(Expr::parse(&text).is_err());
    }
    let long = "1 + ".repeat(240) + "1 == 241";
    assert_eq!(evaluate(&long), Ok((true, "241".to_owned())));
    assert!(Expr::parse(&("(".repeat(33) + "1")).is_err_and(|d| d.message.contains("levels deep")));
}
