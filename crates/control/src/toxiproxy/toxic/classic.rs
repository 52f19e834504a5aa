//! Toxiproxy's own types: their attributes, and the parameters of the faults that they are.

use super::attributes::Number;
use squall_faults::Probability;
use squall_faults::value::Value;

/// A fault's parameters as texts.
pub(super) type Params = Vec<(&'static str, String)>;

/// A type of Toxiproxy's.
#[derive(Debug)]
pub(super) struct Classic {
    pub(super) name: &'static str,
    /// What Go calls it, in errors.
    pub(super) go: &'static str,
    pub(super) attributes: &'static [(&'static str, Number)],
    /// The fault that does it; none for the one that does nothing.
    pub(super) fault: Option<&'static str>,
    /// The fault's parameters for these attributes.
    pub(super) params: fn(&[Number]) -> Result<Params, String>,
}

pub(super) fn find(name: &str) -> Option<&'static Classic> {
    TYPES.iter().find(|classic| classic.name == name)
}

/// An integer attribute.
const INT: Number = Number::Integer(0);
/// An attribute with decimals.
const FLOAT: Number = Number::Float(0.0);

static TYPES: [Classic; 9] = [
    Classic {
        name: "latency",
        go: "LatencyToxic",
        attributes: &[("latency", INT), ("jitter", INT)],
        fault: Some("latency"),
        params: |given| {
            let [delay, jitter] = two(given);
            Ok(vec![("delay", millis(delay)), ("jitter", millis(jitter)), ("fin", "false".to_owned())])
        },
    },
    Classic {
        name: "bandwidth",
        go: "BandwidthToxic",
        attributes: &[("rate", INT)],
        fault: Some("bandwidth"),
        params: |given| match one(given) {
            rate @ 0.. => Ok(vec![("rate", format!("{}KB/s", rate.min(i64::MAX / 8_000)))]),
            _ => Err("`rate` cannot be negative; 0 lets no data pass".to_owned()),
        },
    },
    Classic {
        name: "slow_close",
        go: "SlowCloseToxic",
        attributes: &[("delay", INT)],
        fault: Some("slow_close"),
        params: |given| Ok(vec![("delay", millis(one(given)))]),
    },
    Classic {
        name: "timeout",
        go: "TimeoutToxic",
        attributes: &[("timeout", INT)],
        fault: Some("timeout"),
        params: |given| {
            let flag = |name| (name, "true".to_owned());
            Ok(vec![("close_after", millis(one(given))), flag("fin"), flag("always_close")])
        },
    },
    Classic {
        name: "reset_peer",
        go: "ResetToxic",
        attributes: &[("timeout", INT)],
        fault: Some("reset"),
        // Every byte stands behind the first, so that connections are reset that were open before the toxic.
        params: |given| {
            let delay = ("delay", millis(one(given)));
            Ok(vec![("at", "0".to_owned()), delay, ("at_end", "true".to_owned())])
        },
    },
    Classic {
        name: "slicer",
        go: "SlicerToxic",
        attributes: &[("average_size", INT), ("size_variation", INT), ("delay", INT)],
        fault: Some("slice"),
        params: |given| {
            let &[Number::Integer(size), Number::Integer(spread), Number::Integer(delay)] = given else {
                return Err("`slicer` takes three integers".to_owned());
            };
            if size < 1 {
                return Err("`average_size` must be at least 1".to_owned());
            }
            if spread < 0 {
                return Err("`size_variation` must be at least 0".to_owned());
            }
            // Clients ask for as much as the average, too; no piece is empty.
            let spread = spread.min(size - 1);
            let delay = format!("{}us", delay.clamp(0, i64::MAX / 1_000));
            Ok(vec![("size", size.to_string()), ("spread", spread.to_string()), ("delay", delay)])
        },
    },
    Classic {
        name: "limit_data",
        go: "LimitDataToxic",
        attributes: &[("bytes", INT)],
        fault: Some("truncate"),
        // Counted from when the toxic joins; a trigger at the next byte makes it so, and keeps the count over changes.
        params: |given| Ok(vec![("at", one(given).max(0).to_string()), ("after", "0".to_owned())]),
    },
    Classic { name: "noop", go: "NoopToxic", attributes: &[], fault: None, params: |_| Ok(Vec::new()) },
    Classic {
        name: "packet_loss",
        go: "PacketLossToxic",
        attributes: &[("loss_rate", FLOAT), ("correlation", FLOAT)],
        fault: Some("loss"),
        params: |given| {
            let &[Number::Float(rate), Number::Float(correlation)] = given else {
                return Err("`packet_loss` takes two numbers".to_owned());
            };
            Ok(loss(rate.clamp(0.0, 1.0), correlation.clamp(0.0, 1.0)))
        },
    },
];

/// A loss at this rate. What the correlation adds to the chance of another loss makes runs longer: their mean is one in the
/// chance that a run ends.
fn loss(rate: f64, correlation: f64) -> Params {
    let p = format!("{}%", percent(rate));
    let mean = (1.0 / (1.0 - (rate + correlation)).max(1e-6)).round();
    // Within such bounds the conversion is exact.
    let burst = mean.clamp(1.0, 1e6) as u64;
    let mut params = vec![("p", p.clone())];
    let possible = Probability::parse(&p).is_ok_and(|p| p != Probability::ALWAYS);
    if correlation > 0.0 && burst > 1 && possible {
        params.push(("burst", burst.to_string()));
    }
    params
}

/// A part of one as percent, to a millionth of one.
fn percent(part: f64) -> String {
    let text = format!("{:.6}", part * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn one(given: &[Number]) -> i64 {
    two(given)[0]
}

fn two(given: &[Number]) -> [i64; 2] {
    let integer = |at: usize| match given.get(at) {
        Some(Number::Integer(integer)) => *integer,
        _ => 0,
    };
    [integer(0), integer(1)]
}

/// Milliseconds as a duration. Negative ones are none, as they are there; more than there are in 292 years are cut.
fn millis(ms: i64) -> String {
    format!("{}ms", ms.clamp(0, i64::MAX / 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correlation_makes_runs() {
        assert_eq!(loss(0.5, 0.0), [("p", "50%".to_owned())]);
        assert_eq!(loss(0.1, 0.4), [("p", "10%".to_owned()), ("burst", "2".to_owned())]);
        assert_eq!(loss(0.0, 0.75), [("p", "0%".to_owned()), ("burst", "4".to_owned())]);
        assert_eq!(loss(1.0, 1.0), [("p", "100%".to_owned())]);
        assert_eq!(loss(0.001, 0.0), [("p", "0.1%".to_owned())]);
    }
}
