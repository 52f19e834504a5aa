//! Presets: the rates, round trips and losses of known kinds of networks, and who published them.

use crate::carrier::Carrier;
use crate::catalogue::{Bandwidth, Latency, Loss, Refuse};
use crate::spec::{FaultSpec, Shape, nearest};
use crate::value::{Probability, Rate};
use std::time::Duration;

/// A kind of network under a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Preset {
    /// Its name, with `-` between words.
    pub name: &'static str,
    /// Other names that are understood.
    pub aliases: &'static [&'static str],
    /// Bits per second from server to client; nothing where the rate is unlimited.
    pub down: Option<u64>,
    /// Bits per second from client to server; nothing where the rate is unlimited.
    pub up: Option<u64>,
    /// What the network adds to a round trip; half of it each way.
    pub rtt: Duration,
    /// The part of the segments or datagrams that is lost.
    pub loss: Probability,
    /// Who published the numbers, with remarks.
    pub source: &'static str,
    /// True where the link is down: nothing connects, and rates and round trip mean nothing.
    pub offline: bool,
}

impl Preset {
    /// The faults that make a link of `carrier` such a network. They may stay unfired: a short exchange loses nothing.
    pub fn faults(&self, carrier: Carrier) -> Vec<FaultSpec> {
        if self.offline {
            return match carrier {
                Carrier::Stream => vec![Refuse::unlisten().optional()],
                Carrier::Datagram => vec![Loss::chance(self.loss).both().optional()],
            };
        }
        let mut faults = vec![Latency::new(self.rtt / 2).both().optional()];
        if let Some(bits) = self.down {
            faults
                .push(Bandwidth::new(Rate::bits_per_second(bits)).down().named("bandwidth-down").optional());
        }
        if let Some(bits) = self.up {
            faults.push(Bandwidth::new(Rate::bits_per_second(bits)).up().named("bandwidth-up").optional());
        }
        if self.loss != Probability::percent(0) {
            faults.push(Loss::chance(self.loss).both().optional());
        }
        faults
    }
}

/// The preset of that name or alias; `-` and `_` are the same.
pub fn find_preset(name: &str) -> Option<&'static Preset> {
    let name = name.replace('_', "-");
    PRESETS.iter().find(|preset| preset.name == name || preset.aliases.contains(&name.as_str()))
}

/// The name or alias of a preset that is most like `name`, unless none is much like it.
pub fn nearest_preset(name: &str) -> Option<&'static str> {
    nearest(name, preset_names())
}

/// The names and aliases of all presets.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().flat_map(|preset| [preset.name].into_iter().chain(preset.aliases.iter().copied()))
}

/// One row: rates in bits per second, the round trip in milliseconds, the loss in percent.
const fn row(
    name: &'static str,
    aliases: &'static [&'static str],
    (down, up): (u64, u64),
    rtt_ms: u64,
    loss: u8,
    source: &'static str,
) -> Preset {
    let (down, up) = (Some(down), Some(up));
    let (rtt, loss) = (Duration::from_millis(rtt_ms), Probability::percent(loss));
    Preset { name, aliases, down, up, rtt, loss, source, offline: false }
}

const WPT: &str = "WebPageTest connectivity profiles";
const LIGHTHOUSE: &str = "Lighthouse throttling constants";
const CHROME: &str = "Chrome DevTools, its target RTT";
const NLC: &str = "Network Link Conditioner as copied in WebRTC (one-way x2)";
const NLC_BAD: &str = "Network Link Conditioner as copied in WebRTC (one-way x2) (Generic Bad)";
const ATC: &str = "Augmented Traffic Control profiles";
const GEO: &str = "GEO SatCom, APNIC 2022";
const LEO: &str = "LEO, APNIC 2022; up rate not published: unlimited";

/// Every preset, those of one source together.
pub static PRESETS: [Preset; 28] = [
    row("wpt-3g", &["3g"], (1_600_000, 768_000), 300, 0, WPT),
    row("wpt-3g-fast", &["fast-3g"], (1_600_000, 768_000), 150, 0, WPT),
    row("wpt-3g-slow", &["slow-3g"], (400_000, 400_000), 400, 0, WPT),
    row("wpt-2g", &["2g"], (280_000, 256_000), 800, 0, WPT),
    row("wpt-edge", &["edge"], (240_000, 200_000), 840, 0, WPT),
    row("wpt-dsl", &["dsl"], (1_500_000, 384_000), 50, 0, WPT),
    row("wpt-cable", &["cable"], (5_000_000, 1_000_000), 28, 0, WPT),
    row("wpt-dial", &[], (49_000, 30_000), 120, 0, WPT),
    row("wpt-4g", &["4g"], (9_000_000, 9_000_000), 170, 0, WPT),
    row("wpt-lte", &["lte"], (12_000_000, 12_000_000), 70, 0, WPT),
    row("wpt-fios", &[], (20_000_000, 5_000_000), 4, 0, WPT),
    row("lighthouse-slow4g", &["slow-4g"], (1_638_400, 750_000), 150, 0, LIGHTHOUSE),
    row("lighthouse-3g", &[], (700_000, 700_000), 300, 0, LIGHTHOUSE),
    row("lighthouse-desktop", &[], (10_240_000, 10_240_000), 40, 0, LIGHTHOUSE),
    row("chrome-3g", &[], (400_000, 400_000), 400, 0, CHROME),
    row("chrome-slow4g", &[], (1_440_000, 675_000), 150, 0, CHROME),
    row("chrome-fast4g", &[], (8_100_000, 1_350_000), 60, 0, CHROME),
    row("nlc-edge", &[], (240_000, 200_000), 800, 0, NLC),
    row("nlc-3g", &[], (780_000, 330_000), 200, 0, NLC),
    row("nlc-3g-lossy", &[], (780_000, 330_000), 200, 1, NLC),
    row("nlc-dsl", &[], (2_000_000, 256_000), 10, 0, NLC),
    row("nlc-wifi-lossy", &["wifi-lossy"], (40_000_000, 33_000_000), 2, 1, NLC),
    row("nlc-bad", &["bad"], (95_000, 95_000), 500, 2, NLC_BAD),
    row("atc-2g-rural", &[], (20_000, 18_000), 1300, 2, ATC),
    row("atc-2g-urban", &[], (35_000, 32_000), 1300, 0, ATC),
    row("geo", &["satellite"], (100_000_000, 10_000_000), 600, 0, GEO),
    Preset { up: None, ..row("leo", &["starlink"], (300_000_000, 0), 50, 0, LEO) },
    Preset { down: None, up: None, offline: true, ..row("offline", &[], (0, 0), 0, 100, "link down") },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Rate, Value};
    use std::collections::BTreeSet;

    /// Typed again, in the units of the sources: name (alias) | down/up in kbit/s | RTT in ms | loss | source.
    const TABLE: &str = r#"
        wpt-3g (3g)                 | 1600/768     | 300  | 0    | WebPageTest connectivity profiles
        wpt-3g-fast (fast-3g)       | 1600/768     | 150  | 0    | "
        wpt-3g-slow (slow-3g)       | 400/400      | 400  | 0    | "
        wpt-2g (2g)                 | 280/256      | 800  | 0    | "
        wpt-edge (edge)             | 240/200      | 840  | 0    | "
        wpt-dsl (dsl)               | 1500/384     | 50   | 0    | "
        wpt-cable (cable)           | 5000/1000    | 28   | 0    | "
        wpt-dial                    | 49/30        | 120  | 0    | "
        wpt-4g (4g)                 | 9000/9000    | 170  | 0    | "
        wpt-lte (lte)               | 12000/12000  | 70   | 0    | "
        wpt-fios                    | 20000/5000   | 4    | 0    | "
        lighthouse-slow4g (slow-4g) | 1638.4/750   | 150  | 0    | Lighthouse throttling constants
        lighthouse-3g               | 700/700      | 300  | 0    | "
        lighthouse-desktop          | 10240/10240  | 40   | 0    | "
        chrome-3g                   | 400/400      | 400  | 0    | Chrome DevTools, its target RTT
        chrome-slow4g               | 1440/675     | 150  | 0    | "
        chrome-fast4g               | 8100/1350    | 60   | 0    | "
        nlc-edge                    | 240/200      | 800  | 0    | Network Link Conditioner as copied in WebRTC (one-way x2)
        nlc-3g                      | 780/330      | 200  | 0    | "
        nlc-3g-lossy                | 780/330      | 200  | 1%   | "
        nlc-dsl                     | 2000/256     | 10   | 0    | "
        nlc-wifi-lossy (wifi-lossy) | 40000/33000  | 2    | 1%   | "
        nlc-bad (bad)               | 95/95        | 500  | 2%   | " (Generic Bad)
        atc-2g-rural                | 20/18        | 1300 | 2%   | Augmented Traffic Control profiles
        atc-2g-urban                | 35/32        | 1300 | 0    | "
        geo (satellite)             | 100000/10000 | 600  | 0    | GEO SatCom, APNIC 2022
        leo (starlink)              | 300000/-     | 50   | 0    | LEO, APNIC 2022; up rate not published: unlimited
        offline                     | -            | -    | 100% | link down
    "#;

    fn bits(kilobits: &str) -> Option<u64> {
        (kilobits != "-").then(|| Rate::parse(&format!("{kilobits}kbit/s")).expect(kilobits).bits())
    }

    #[test]
    fn every_row_is_as_published() {
        let mut rows = PRESETS.iter();
        let mut above = String::new();
        for line in TABLE.trim().lines() {
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            let [names, rates, rtt, loss, source] = columns[..] else { panic!("{line}") };
            let (name, alias) = names.split_once(" (").unwrap_or((names, ")"));
            let alias = alias.trim_end_matches(')');
            let (down, up) = rates.split_once('/').unwrap_or((rates, rates));
            let rtt = if rtt == "-" { "0" } else { rtt };
            above = source.replace('"', &above);
            let preset = rows.next().expect(line);
            let aliases: &[&str] = if alias.is_empty() { &[] } else { &[alias] };
            assert_eq!((preset.name, preset.aliases), (name, aliases));
            assert_eq!((preset.down, preset.up), (bits(down), bits(up)), "{name}");
            assert_eq!(Ok(preset.rtt), Duration::parse(&format!("{rtt}ms")), "{name}");
            assert_eq!(
                Ok(preset.loss),
                Probability::parse(&format!("{}%", loss.trim_end_matches('%'))),
                "{name}"
            );
            assert_eq!((preset.source, preset.offline), (above.as_str(), name == "offline"), "{name}");
        }
        assert_eq!(rows.next(), None);
    }

    #[test]
    fn no_name_means_two_presets() {
        let names: BTreeSet<&str> = preset_names().collect();
        assert_eq!(names.len(), preset_names().count());
    }

    #[test]
    fn a_preset_is_found_by_each_of_its_names() {
        for preset in &PRESETS {
            for name in [preset.name].iter().chain(preset.aliases) {
                assert_eq!(find_preset(name), Some(preset), "{name}");
                assert_eq!(find_preset(&name.replace('-', "_")), Some(preset), "{name}");
            }
        }
        assert_eq!(find_preset("slow_3g").map(|preset| preset.name), Some("wpt-3g-slow"));
        assert_eq!(find_preset("5g"), None);
        assert_eq!(find_preset(""), None);
    }

    #[test]
    fn only_the_link_that_is_down_is_offline() {
        let offline: Vec<&str> = PRESETS.iter().filter(|p| p.offline).map(|p| p.name).collect();
        assert_eq!(offline, ["offline"]);
    }
}
