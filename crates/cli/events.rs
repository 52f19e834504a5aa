//! The console lines of `--log-events` and `--summary`.

use squall::{CloseReason, Datagrams, Event, Metrics, echo};
use std::fmt::{self, Display};

/// Lines for the events of links or servers, with the running totals of what they told.
#[derive(Default)]
pub(crate) struct Console {
    active: u64,
    total: u64,
    up: u64,
    down: u64,
}

impl Console {
    /// The line for an event of a link.
    pub(crate) fn line(&mut self, event: &Event) -> String {
        match event {
            Event::ConnectionOpened { peer } => self.opened(peer),
            Event::ConnectionClosed { peer, reason, fault } => {
                let told = |reason: CloseReason| reason.told(fault.as_deref());
                let why = reason.map_or("upstream not reached".to_owned(), told);
                self.closed(peer, why)
            }
            Event::BytesUpstream { peer, bytes } => self.up(peer, *bytes),
            Event::BytesDownstream { peer, bytes } => self.down(peer, *bytes),
        }
    }

    /// The line for an event of an echo server. Upstream is what it receives.
    pub(crate) fn echo_line(&mut self, event: &echo::Event) -> String {
        match event {
            echo::Event::Opened(client) => self.opened(client),
            echo::Event::Closed(client, ending) => self.closed(client, ending),
            echo::Event::Received(client, bytes) => self.up(client, *bytes),
            echo::Event::Sent(client, bytes) => self.down(client, *bytes),
        }
    }

    fn opened(&mut self, peer: impl Display) -> String {
        self.active += 1;
        self.total += 1;
        format!("[METRICS] ConnectionOpened {peer} | active: {}, total: {}", self.active, self.total)
    }

    fn closed(&mut self, peer: impl Display, why: impl Display) -> String {
        self.active = self.active.saturating_sub(1);
        let (active, total) = (self.active, self.total);
        format!("[METRICS] ConnectionClosed {peer} ({why}) | active: {active}, total: {total}")
    }

    fn up(&mut self, peer: impl Display, bytes: u64) -> String {
        self.up += bytes;
        format!("[METRICS] {peer} ↑ {bytes} | total up: {}", Human(self.up))
    }

    fn down(&mut self, peer: impl Display, bytes: u64) -> String {
        self.down += bytes;
        format!("[METRICS] {peer} ↓ {bytes} | total down: {}", Human(self.down))
    }
}

/// The line of totals of links.
pub(crate) fn summary(links: &[Metrics]) -> String {
    let sum = |count: fn(&Metrics) -> u64| links.iter().map(count).sum::<u64>();
    let (active, total) = (sum(|m| m.connections.active), sum(|m| m.connections.accepted));
    totals(active, total, sum(|m| m.bytes.up), sum(|m| m.bytes.down))
}

/// The line of totals of echo servers.
pub(crate) fn echo_summary(servers: &[echo::Counts]) -> String {
    let sum = |count: fn(&echo::Counts) -> u64| servers.iter().map(count).sum::<u64>();
    totals(sum(|c| c.active), sum(|c| c.accepted), sum(|c| c.bytes_in), sum(|c| c.bytes_out))
}

/// A line of totals.
pub(crate) fn totals(active: u64, total: u64, up: u64, down: u64) -> String {
    format!("[METRICS] {}", counted(active, total, up, down))
}

/// What such a line says.
pub(crate) fn counted(active: u64, total: u64, up: u64, down: u64) -> String {
    let (up, down) = (Human(up), Human(down));
    format!("active: {active} | total: {total} | up: {up} | down: {down}")
}

/// What became of a link's datagrams.
pub(crate) fn drops(link: &str, counts: &Datagrams) -> String {
    let Datagrams { up, down, dropped_up, dropped_down } = counts;
    format!(
        "[METRICS] {link} datagrams | up: {up} | down: {down} | dropped up: {dropped_up} | dropped down: {dropped_down}"
    )
}

/// Bytes for people: `512B`, `1.5MB`.
pub(crate) struct Human(pub(crate) u64);

impl Display for Human {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(&str, u64); 4] =
            [("TB", 1_000_000_000_000), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)];
        match UNITS.iter().find(|(_, unit)| self.0 >= *unit) {
            // Rounded down, so that 999,999 bytes are not shown as 1000.0KB.
            Some((name, unit)) => write!(f, "{}.{}{name}", self.0 / unit, self.0 % unit * 10 / unit),
            None => write!(f, "{}B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_like_a_person_wrote_them() {
        let shown = [0, 999, 1_024, 800_000, 999_999, 1_500_000, 2_000_000_000].map(|n| Human(n).to_string());
        assert_eq!(shown, ["0B", "999B", "1.0KB", "800.0KB", "999.9KB", "1.5MB", "2.0GB"]);
    }

    #[test]
    fn an_echo_tells_of_clients_without_addresses_by_number() {
        let mut console = Console::default();
        let client = echo::Client { number: 3, addr: None };
        let line = console.echo_line(&echo::Event::Received(client, 2_000));
        assert_eq!(line, "[METRICS] unix#3 ↑ 2000 | total up: 2.0KB");
        let line = console.echo_line(&echo::Event::Closed(client, echo::Ending::Timeout));
        assert_eq!(line, "[METRICS] ConnectionClosed unix#3 (timeout) | active: 0, total: 0");
    }

    #[test]
    fn a_connection_reads_as_a_story() {
        let peer = squall::Client { number: 1, addr: "127.0.0.1:54321".parse().ok() };
        let mut console = Console::default();
        let events = [
            Event::ConnectionOpened { peer },
            Event::BytesUpstream { peer, bytes: 1_024 },
            Event::BytesDownstream { peer, bytes: 5 },
            Event::ConnectionClosed { peer, reason: Some(CloseReason::Fin), fault: None },
        ];
        let lines: Vec<_> = events.iter().map(|event| console.line(event)).collect();
        assert_eq!(
            lines,
            [
                "[METRICS] ConnectionOpened 127.0.0.1:54321 | active: 1, total: 1",
                "[METRICS] 127.0.0.1:54321 ↑ 1024 | total up: 1.0KB",
                "[METRICS] 127.0.0.1:54321 ↓ 5 | total down: 5B",
                "[METRICS] ConnectionClosed 127.0.0.1:54321 (fin) | active: 0, total: 1",
            ]
        );
    }
}
