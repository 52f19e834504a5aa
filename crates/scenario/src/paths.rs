//! The vocabulary of reports: every path a report can have, what it measures, and whether it is counted or timed.

use std::collections::{BTreeMap, BTreeSet};

use squall_faults::{Carrier, Carriers};

use crate::expr::{Dimension, Kind};
use crate::model::{Load, Scenario};

/// Where in a report a value stands when nothing leaves it open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Exact: the same in every run.
    Count,
    /// Measured by a clock, or dependent on one.
    Timing,
}

/// One value of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The path as expressions write it; each `*` stands for a name from the scenario.
    pub pattern: &'static str,
    /// What it measures.
    pub kind: Kind,
    /// Whether it is counted or timed.
    pub nature: Nature,
    /// What an echo, a link or a load must carry to have it.
    pub on: Carriers,
    /// Which loads have it.
    pub when: When,
}

/// Loads that have a value which others do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// All.
    Always,
    /// Those whose requests are due at a time.
    Open,
    /// Those that speak in frames.
    Framed,
    /// Those that speak HTTP.
    Http,
    /// Those that speak in frames or HTTP.
    FramedOrHttp,
    /// Those that speak in frames, and all over datagrams.
    FramedOrDatagram,
    /// All but those whose answers are bytes without a length.
    Bounded,
}

impl When {
    fn of(self, load: &Load) -> bool {
        match self {
            When::Always => true,
            When::Open => load.pace.is_some(),
            When::Framed => load.manner.framed,
            When::Http => load.manner.http.is_some(),
            When::FramedOrHttp => load.manner.framed || load.manner.http.is_some(),
            When::Bounded => When::FramedOrHttp.of(load) || When::FramedOrDatagram.of(load),
            When::FramedOrDatagram => load.manner.framed || load.carrier == Carrier::Datagram,
        }
    }
}

impl Field {
    const fn new(pattern: &'static str, dimension: Dimension, nature: Nature) -> Field {
        Field { pattern, kind: Kind::Number(dimension), nature, on: Carriers::Both, when: When::Always }
    }

    const fn when(self, when: When) -> Field {
        Field { when, ..self }
    }

    const fn over(self, on: Carriers) -> Field {
        Field { on, ..self }
    }
}

const fn count(pattern: &'static str) -> Field {
    Field::new(pattern, Dimension::Count, Nature::Count)
}

const fn size(pattern: &'static str) -> Field {
    Field::new(pattern, Dimension::Bytes, Nature::Count)
}

const fn timing(pattern: &'static str, dimension: Dimension) -> Field {
    Field::new(pattern, dimension, Nature::Timing)
}

const STREAM: Carriers = Carriers::Stream;
const DATAGRAM: Carriers = Carriers::Datagram;

/// A new field of the report goes here.
pub const FIELDS: &[Field] = &[
    count("link.*.connections.accepted"),
    count("link.*.connections.active"),
    count("link.*.connections.closed"),
    count("link.*.connections.refused"),
    count("link.*.connections.failed"),
    size("link.*.bytes.up"),
    size("link.*.bytes.down"),
    count("link.*.datagrams.up").over(DATAGRAM),
    count("link.*.datagrams.down").over(DATAGRAM),
    count("link.*.datagrams.dropped_up").over(DATAGRAM),
    count("link.*.datagrams.dropped_down").over(DATAGRAM),
    count("link.*.closes.fin"),
    count("link.*.closes.reset"),
    count("link.*.closes.timeout"),
    count("link.*.closes.error"),
    count("link.*.closes.cancelled"),
    count("link.*.faults.*.fired"),
    timing("link.*.held.max", Dimension::Bytes),
    count("balance.*.connections.accepted"),
    count("balance.*.connections.active"),
    count("balance.*.connections.closed"),
    count("balance.*.connections.refused"),
    count("balance.*.connections.failed"),
    size("balance.*.bytes.up"),
    size("balance.*.bytes.down"),
    count("balance.*.closes.fin"),
    count("balance.*.closes.reset"),
    count("balance.*.closes.timeout"),
    count("balance.*.closes.error"),
    count("balance.*.closes.cancelled"),
    count("balance.*.faults.*.fired"),
    timing("balance.*.held.max", Dimension::Bytes),
    count("balance.*.members.*.active"),
    count("balance.*.members.*.picks"),
    count("balance.*.members.*.connections"),
    count("balance.*.members.*.failures"),
    count("balance.*.members.*.ejections"),
    timing("balance.*.members.*.probes", Dimension::Count),
    timing("balance.*.members.*.probe_failures", Dimension::Count),
    count("balance.*.members.*.faults.*.fired"),
    count("load.*.planned"),
    count("load.*.sent"),
    count("load.*.ok"),
    count("load.*.failed"),
    count("load.*.retried").over(DATAGRAM),
    size("load.*.bytes.sent"),
    size("load.*.bytes.received"),
    count("load.*.connections.opened"),
    count("load.*.connections.lost").over(STREAM),
    count("load.*.connections.refused"),
    count("load.*.integrity.corrupt"),
    count("load.*.integrity.extra").over(STREAM),
    count("load.*.integrity.truncated").when(When::Bounded),
    timing("load.*.integrity.late", Dimension::Count).over(DATAGRAM),
    timing("load.*.integrity.duplicated", Dimension::Count).when(When::FramedOrDatagram),
    timing("load.*.integrity.reordered", Dimension::Count).when(When::Framed),
    count("load.*.errors.refused"),
    count("load.*.errors.reset").over(STREAM),
    count("load.*.errors.closed").over(STREAM),
    count("load.*.errors.timeout"),
    count("load.*.errors.corrupt").over(STREAM),
    count("load.*.errors.not_sent").over(STREAM),
    count("load.*.errors.malformed").when(When::FramedOrHttp),
    count("load.*.errors.incomplete").when(When::Http),
    count("load.*.errors.mixed_up").when(When::Http),
    count("load.*.errors.status_2xx").when(When::Http),
    count("load.*.errors.status_3xx").when(When::Http),
    count("load.*.errors.status_4xx").when(When::Http),
    count("load.*.errors.status_5xx").when(When::Http),
    count("load.*.errors.other"),
    timing("load.*.latency.min", Dimension::Duration),
    timing("load.*.latency.mean", Dimension::Duration),
    timing("load.*.latency.p50", Dimension::Duration),
    timing("load.*.latency.p90", Dimension::Duration),
    timing("load.*.latency.p99", Dimension::Duration),
    timing("load.*.latency.p99.9", Dimension::Duration),
    timing("load.*.latency.max", Dimension::Duration),
    timing("load.*.service_time.min", Dimension::Duration).when(When::Open),
    timing("load.*.service_time.mean", Dimension::Duration).when(When::Open),
    timing("load.*.service_time.p50", Dimension::Duration).when(When::Open),
    timing("load.*.service_time.p90", Dimension::Duration).when(When::Open),
    timing("load.*.service_time.p99", Dimension::Duration).when(When::Open),
    timing("load.*.service_time.p99.9", Dimension::Duration).when(When::Open),
    timing("load.*.service_time.max", Dimension::Duration).when(When::Open),
    timing("load.*.send_delay.min", Dimension::Duration).when(When::Open),
    timing("load.*.send_delay.mean", Dimension::Duration).when(When::Open),
    timing("load.*.send_delay.p50", Dimension::Duration).when(When::Open),
    timing("load.*.send_delay.p90", Dimension::Duration).when(When::Open),
    timing("load.*.send_delay.p99", Dimension::Duration).when(When::Open),
    timing("load.*.send_delay.p99.9", Dimension::Duration).when(When::Open),
    timing("load.*.send_delay.max", Dimension::Duration).when(When::Open),
    timing("load.*.late", Dimension::Count).when(When::Open),
    timing("load.*.elapsed", Dimension::Duration),
    timing("load.*.throughput.sent", Dimension::Rate),
    timing("load.*.throughput.received", Dimension::Rate),
    count("echo.*.connections.accepted").over(STREAM),
    count("echo.*.connections.active").over(STREAM),
    count("echo.*.connections.closed").over(STREAM),
    count("echo.*.datagrams").over(DATAGRAM),
    size("echo.*.bytes"),
    count("process.*.starts"),
    timing("process.*.ready", Dimension::Duration),
    count("run.*.exit"),
    timing("run.*.elapsed", Dimension::Duration),
    timing("step.*.elapsed", Dimension::Duration),
    timing("elapsed", Dimension::Duration),
];

impl Field {
    /// The last key of the value in a report: under `timing` it bears its unit.
    pub fn key(&self) -> String {
        let last = segments(self.pattern).pop().unwrap_or_default();
        let suffix = match (self.nature, self.kind) {
            (Nature::Timing, Kind::Number(Dimension::Duration)) => "_ns",
            (Nature::Timing, Kind::Number(Dimension::Bytes)) => "_bytes",
            (Nature::Timing, Kind::Number(Dimension::Rate)) => "_bytes_per_s",
            _ => "",
        };
        format!("{last}{suffix}")
    }

    /// What has such a value: a link, a balancer, a member, a fault of one of these, a load, an echo, a process, a command, a step;
    /// empty for the run as a whole.
    fn group(&self) -> &'static str {
        match self.pattern.split_once(".*.") {
            Some(("link", rest)) if rest.starts_with("faults.") => "link.faults",
            Some(("balance", rest)) if rest.starts_with("faults.") => "balance.faults",
            Some(("balance", rest)) if rest.starts_with("members.*.faults.") => "member.faults",
            Some(("balance", rest)) if rest.starts_with("members.") => "member",
            Some((group, _)) => group,
            None => "",
        }
    }

    /// The path with its `*` replaced by `names`, in order.
    fn path(&self, names: &[&str]) -> String {
        let mut names = names.iter();
        let mut path = String::new();
        for part in self.pattern.split_inclusive('*') {
            match part.strip_suffix('*') {
                Some(text) => {
                    path.push_str(text);
                    path.push_str(names.next().copied().unwrap_or("*"));
                }
                None => path.push_str(part),
            }
        }
        path
    }
}

/// The field that `path` is an instance of, whatever the names in it.
pub fn field(path: &str) -> Option<&'static Field> {
    let path = segments(path);
    FIELDS.iter().find(|field| matches(&segments(field.pattern), &path))
}

/// Whether `path` is an instance of `pattern`.
fn matches(pattern: &[String], path: &[String]) -> bool {
    pattern.len() == path.len() && pattern.iter().zip(path).all(|(want, have)| want == "*" || want == have)
}

/// Every path of one scenario's report.
#[derive(Debug, Clone)]
pub struct Vocabulary {
    paths: BTreeMap<String, &'static Field>,
}

impl Vocabulary {
    /// The paths of the report that running `scenario` makes.
    pub fn of(scenario: &Scenario) -> Vocabulary {
        let mut paths = BTreeMap::new();
        let mut put = |group: &str, names: &[&str], carrier: Option<Carrier>| {
            let fields = FIELDS.iter().filter(|field| field.group() == group);
            let fields = fields.filter(|field| carrier.is_none_or(|carrier| field.on.include(carrier)));
            paths.extend(fields.map(|field| (field.path(names), field)));
        };
        for link in &scenario.links {
            let group = if link.pool().is_some() { "balance" } else { "link" };
            put(group, &[&link.name], Some(link.carrier));
            for member in link.pool().iter().flat_map(|pool| &pool.members) {
                put("member", &[&link.name, &member.name], None);
            }
            for fault in scenario.faults_of(link) {
                let name = fault.name().unwrap_or(fault.kind().name);
                match name.split_once('.') {
                    Some((member, name)) => put("member.faults", &[&link.name, member, name], None),
                    None => put(&format!("{group}.faults"), &[&link.name, name], Some(link.carrier)),
                }
            }
        }
        for echo in &scenario.echoes {
            put("echo", &[&echo.name], Some(echo.carrier));
        }
        for process in &scenario.processes {
            put("process", &[&process.name], None);
        }
        for (name, _) in scenario.jobs() {
            put("run", &[name], None);
        }
        for step in &scenario.steps {
            put("step", &[&step.name], None);
        }
        put("", &[], None);
        for (name, load) in scenario.loads() {
            let fields = FIELDS.iter().filter(|field| field.group() == "load");
            let fields = fields.filter(|field| field.on.include(load.carrier) && field.when.of(load));
            paths.extend(fields.map(|field| (field.path(&[name]), field)));
        }
        Vocabulary { paths }
    }

    /// The field at `path`.
    pub fn get(&self, path: &str) -> Option<&'static Field> {
        self.paths.get(path).copied()
    }

    /// Every path in alphabetical order, with its field.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'static Field)> {
        self.paths.iter().map(|(path, field)| (path.as_str(), *field))
    }

    /// The path that `path` is likely to mean: one key of it is misspelt, or else the whole is much like another.
    pub fn nearest(&self, path: &str) -> Option<String> {
        let (known, next) = self.fork(path);
        let wanted = segments(path);
        let far = segments(&known).len();
        if !known.is_empty()
            && let Some(wrong) = wanted.get(far)
        {
            let near = squall_faults::nearest(wrong, next.iter().map(String::as_str));
            let mended =
                near.map(|near| [&wanted[..far], &[near.to_owned()], &wanted[far + 1..]].concat().join("."));
            if let Some(mended) = mended.filter(|path| self.get(path).is_some()) {
                return Some(mended);
            }
            // All the rest is right: nothing is like the last key.
            if far + 1 == wanted.len() {
                return None;
            }
        }
        squall_faults::nearest(path, self.paths.keys().map(String::as_str)).map(str::to_owned)
    }

    /// How far `path` leads, and the keys that could follow there; the former is empty where it leads nowhere.
    pub(crate) fn fork(&self, path: &str) -> (String, BTreeSet<String>) {
        let wanted = segments(path);
        let known: Vec<_> = self.paths.keys().map(|path| segments(path)).collect();
        let along = |known: &[String]| known.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        let far = known.iter().map(|known| along(known)).max().unwrap_or(0);
        let next = known.iter().filter(|known| along(known) == far).filter_map(|known| known.get(far));
        (wanted[..far].join("."), next.cloned().collect())
    }
}

/// The keys that a path leads through: cut at points, except that `p99.9` is one key.
pub(crate) fn segments(path: &str) -> Vec<String> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let mut segments: Vec<String> = Vec::new();
    for part in path.split('.') {
        match segments.last_mut() {
            Some(last) if digits(part) && last.strip_prefix('p').is_some_and(digits) => {
                last.push('.');
                last.push_str(part);
            }
            _ => segments.push(part.to_owned()),
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_with_a_point_is_one_key() {
        assert_eq!(segments("load.a.latency.p99.9"), ["load", "a", "latency", "p99.9"]);
        assert_eq!(segments("link.1.bytes.up"), ["link", "1", "bytes", "up"]);
    }

    #[test]
    fn every_field_is_found_by_its_path() {
        for field in FIELDS {
            let path = field.path(&["some-name", "early-reset", "latency"]);
            assert_eq!(super::field(&path), Some(field), "{path}");
        }
        assert_eq!(field("link.api"), None);
        assert_eq!(field("load.upload.latency.p99").map(Field::key).as_deref(), Some("p99_ns"));
        assert_eq!(field("load.upload.latency.p99.9").map(Field::key).as_deref(), Some("p99.9_ns"));
    }
}
