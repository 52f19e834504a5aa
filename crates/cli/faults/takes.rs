//! Which scope keys a fault takes: all of them on traffic, fewer where it acts before there is any.

use squall_faults::{FaultSpec, Kind, Params, PortState, Scope};

/// Keys that arm a fault by what has passed: at connect time nothing has.
const ARMING: [&str; 4] = ["after", "match", "match_hex", "match_on"];
/// Keys that pick clients: a closed port is closed to all.
const PICKING: [&str; 3] = ["connections", "probability", "client"];

/// Whether faults at connect time take a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Taken {
    Always,
    /// Only where they leave the port open.
    PortOpen,
    Never,
}

/// Whether faults at connect time take the scope key, or `name`.
pub(super) fn at_connect(key: &str) -> Taken {
    match key {
        key if ARMING.contains(&key) => Taken::Never,
        key if PICKING.contains(&key) => Taken::PortOpen,
        _ => Taken::Always,
    }
}

/// Whether a fault of this kind takes the scope key, or `name`, in any of its forms.
pub(super) fn takes(kind: &Kind, key: &str) -> bool {
    match at_connect(key) {
        _ if !kind.is_gate() => true,
        Taken::Always => true,
        Taken::PortOpen => !closes_port(kind),
        Taken::Never => false,
    }
}

/// True where a fault at connect time closes the port in all its forms.
pub(super) fn closes_port(kind: &Kind) -> bool {
    closes(kind.example)
}

/// The parameters that make a fault close the port which it otherwise leaves open, as they are written.
pub(super) fn closing_params(kind: &Kind) -> Vec<String> {
    if !kind.is_gate() || closes_port(kind) {
        return Vec::new();
    }
    let written =
        kind.params.iter().flat_map(|param| param.words.iter().map(|word| format!("{}={word}", param.name)));
    written.filter(|item| closes(&format!("{}:{item}", kind.name))).collect()
}

fn closes(spec: &str) -> bool {
    spec.parse::<FaultSpec>().is_ok_and(|spec| spec.port() != PortState::Open)
}

/// The names of the keys that faults which close the port take.
pub(super) fn keys_of_closing() -> impl Iterator<Item = &'static str> {
    Scope::PARAMS.iter().map(|param| param.name).filter(|key| at_connect(key) == Taken::Always)
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_faults::find_kind;

    /// Every scope key in a scope that makes sense on traffic.
    const SAMPLES: [(&str, &str); 11] = [
        ("connections", "connections=1"),
        ("probability", "probability=50%"),
        ("client", "client=10.0.0.0/8"),
        ("after", "after=1s"),
        ("match", "match=x"),
        ("match_hex", "match_hex=00"),
        ("match_on", "match=x,match_on=up"),
        ("for", "for=1s"),
        ("every", "for=1s,every=2s"),
        ("times", "for=1s,times=2"),
        ("optional", "optional=true"),
    ];

    #[test]
    fn the_model_takes_the_keys_that_are_told() {
        let keys: Vec<_> = SAMPLES.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, Scope::keys().collect::<Vec<_>>());
        for (key, items) in SAMPLES {
            let parses = |fault: &str| format!("{fault}{items}").parse::<FaultSpec>().is_ok();
            assert!(parses("latency:50ms,"), "{key}");
            assert_eq!(parses("refuse:"), at_connect(key) != Taken::Never, "{key}");
            assert_eq!(parses("refuse:unlisten,"), at_connect(key) == Taken::Always, "{key}");
            for fault in ["latency", "refuse", "hang"] {
                let kind = find_kind(fault).expect("a fault");
                let first = if fault == "latency" { "latency:50ms,".to_owned() } else { format!("{fault}:") };
                assert_eq!(parses(&first), takes(kind, key), "{fault} {key}");
            }
        }
    }

    #[test]
    fn what_closes_the_port_is_known() {
        let kind = |name| find_kind(name).expect("a fault");
        assert!(closes_port(kind("hang")));
        assert!(!closes_port(kind("refuse")));
        assert_eq!(closing_params(kind("refuse")), ["mode=unlisten"]);
        assert!(closing_params(kind("hang")).is_empty());
        assert!(closing_params(kind("blackhole")).is_empty());
    }
}
