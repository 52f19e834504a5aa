//! A preset as JSON.

use serde_json::{Value, json};
use squall_faults::{Carrier, Preset};

pub(super) fn of(preset: &Preset) -> Value {
    let faults = |carrier| preset.faults(carrier).iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({
        "name": preset.name,
        "aliases": preset.aliases,
        "offline": preset.offline,
        "down_bits_per_second": preset.down,
        "up_bits_per_second": preset.up,
        "rtt_ns": u64::try_from(preset.rtt.as_nanos()).unwrap_or(u64::MAX),
        "loss_ppm": parts_per_million(preset.loss.threshold()),
        "source": preset.source,
        "faults": { "stream": faults(Carrier::Stream), "datagram": faults(Carrier::Datagram) },
    })
}

/// Of 2^64, rounded.
fn parts_per_million(threshold: u128) -> u64 {
    u64::try_from((threshold * 1_000_000 + (1 << 63)) >> 64).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_faults::Probability;

    #[test]
    fn a_percent_is_ten_thousand_parts_per_million() {
        for (percent, ppm) in [(0, 0), (1, 10_000), (2, 20_000), (100, 1_000_000)] {
            assert_eq!(parts_per_million(Probability::percent(percent).threshold()), ppm);
        }
    }
}
