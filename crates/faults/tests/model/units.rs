//! Values with units: what reads, exactly, and what is refused.

use squall_faults::value::Value;
use squall_faults::{After, IndexSet, Probability, Rate, Size, Subnet};
use std::time::Duration;

fn error<T: Value>(text: &str) -> String {
    match T::parse(text) {
        Ok(value) => panic!("{text} reads as {:?}", value.render()),
        Err(error) => format!("{}; {}", error.message, error.help.unwrap_or_default()),
    }
}

#[test]
fn durations() {
    for (text, ns) in [
        ("50ms", 50_000_000),
        ("1.5s", 1_500_000_000),
        ("0.25us", 250),
        ("2m", 120_000_000_000),
        ("3µs", 3_000),
        ("1 h", 3_600_000_000_000),
    ] {
        assert_eq!(Duration::parse(text), Ok(Duration::from_nanos(ns)), "{text}");
    }
    assert_eq!(error::<Duration>("50"), "missing unit in `50`; write `50ms` or `50s`");
    assert_eq!(error::<Duration>("50x"), "unknown unit `x` in `50x`; units are ns, us, ms, s, m, h");
    assert_eq!(error::<Duration>("0.3ns"), "`0.3ns` is finer than a nanosecond; ");
    assert_eq!(error::<Duration>("-5ms"), "`-5ms` is not a duration; it cannot be negative");
    assert_eq!(error::<Duration>("fast"), "`fast` is not a duration; ");
    assert_eq!(error::<Duration>("1.2.3s"), "`1.2.3s` is not a duration; ");
}

#[test]
fn sizes() {
    for (text, bytes) in [
        ("4096", 4096),
        ("64KiB", 65_536),
        ("1.5MB", 1_500_000),
        ("1kB", 1_000),
        ("0B", 0),
        ("2GiB", 2 << 30),
    ] {
        assert_eq!(Size::parse(text), Ok(Size::bytes(bytes)), "{text}");
    }
    assert_eq!(
        error::<Size>("64K"),
        "`K` in `64K` could be 1000s or 1024s; write `KB` (1000) or `KiB` (1024)"
    );
    assert_eq!(error::<Size>("0.5B"), "`0.5B` is finer than a byte; ");
    assert_eq!(error::<Size>("99999999999TB"), "`99999999999TB` is too large for a size; ");
}

#[test]
fn rates() {
    for (text, bits) in [
        ("1MB/s", 8_000_000),
        ("1.6Mbit/s", 1_600_000),
        ("56kbit", 56_000),
        ("1gbit", 1_000_000_000),
        ("64KiB/s", 524_288),
    ] {
        assert_eq!(Rate::parse(text), Ok(Rate::bits_per_second(bits)), "{text}");
    }
    assert_eq!(
        error::<Rate>("1Mbps"),
        "`Mbps` in `1Mbps` could be bits or bytes; write `1Mbit/s` or `1MB/s`"
    );
    assert_eq!(error::<Rate>("5bps"), "`bps` in `5bps` could be bits or bytes; write `5bit/s` or `5B/s`");
    assert_eq!(error::<Rate>("100"), "missing unit in `100`; write `100KB/s` or `100Mbit/s`");
    assert_eq!(
        error::<Rate>("1MB"),
        "unknown unit `MB` in `1MB`; units are B/s, KB/s, MB/s, GB/s, KiB/s, MiB/s, bit/s, kbit/s, Mbit/s, Gbit/s"
    );
}

#[test]
fn probabilities_are_exact() {
    let threshold = |text: &str| Probability::parse(text).expect(text).threshold();
    assert_eq!(threshold("100%"), 1 << 64);
    assert_eq!(threshold("50%"), 1 << 63);
    assert_eq!(threshold("25%"), 1 << 62);
    assert_eq!(threshold("0%"), 0);
    assert_eq!(threshold("0.1%"), (1u128 << 64) / 1000);
    assert_eq!(error::<Probability>("0.5"), "missing `%` in `0.5`; write `0.5%`, of 100");
}

#[test]
fn index_sets() {
    let set = IndexSet::parse("2,5-7,*/10").expect("a set");
    let held: Vec<u64> = (0..=20).filter(|i| set.contains(*i)).collect();
    assert_eq!(held, [2, 5, 6, 7, 10, 20]);
    assert_eq!(error::<IndexSet>("0"), "`0` is no connection; connections are counted from 1");
    assert_eq!(error::<IndexSet>("3-1"), "`3-1` runs backwards; write `1-3`");
    assert_eq!(error::<IndexSet>("*/0"), "`0` is no connection; connections are counted from 1");
    assert_eq!(
        error::<IndexSet>("one"),
        "`one` is not a connection number; write `3`, `1-2`, `*/10`, or a quoted list of these"
    );
}

#[test]
fn triggers() {
    assert_eq!(After::parse("64KiB"), Ok(After::Bytes(Size::bytes(65_536))));
    assert_eq!(After::parse("2s"), Ok(After::Time(Duration::from_secs(2))));
    assert_eq!(
        error::<After>("soon"),
        "`soon` is not a size; write bytes such as `64KiB`, or a time such as `2s`"
    );
}

#[test]
fn subnets() {
    for (text, shown) in [
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1/32", "127.0.0.1"),
        ("fd00::/8", "fd00::/8"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ] {
        assert_eq!(Subnet::parse(text).expect(text).to_string(), shown);
    }
    let all = Subnet::parse("0.0.0.0/0").expect("everything");
    assert!(all.contains([1, 2, 3, 4].into()) && !all.contains(std::net::Ipv6Addr::LOCALHOST.into()));
    assert_eq!(
        error::<Subnet>("localhost"),
        "`localhost` is not an IP address; write `10.0.0.0/8`, or one address"
    );
    assert_eq!(
        error::<Subnet>("10.0.0.0/33"),
        "`/33` is not a prefix of 10.0.0.0; write a length from /0 to /32"
    );
    assert_eq!(
        error::<Subnet>("10.0.0.0/"),
        "`/` is not a prefix of 10.0.0.0; write a length from /0 to /32"
    );
}
