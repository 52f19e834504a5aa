//! What makes UDP links fast: many datagrams by one system call, and room for bursts.

use super::check::{Check, State};
use super::sysctl;
use squall_wire::{DATAGRAM_BUFFER_WANTED, DatagramProbe, probe_datagrams};

pub(super) fn checks() -> Vec<Check> {
    match probe_datagrams() {
        Ok(probe) => judge(probe),
        Err(error) => vec![Check::unknown("udp", format!("no socket can be opened: {error}"))],
    }
}

fn judge(probe: DatagramProbe) -> Vec<Check> {
    vec![
        together("udp-gso", "sent", probe.send_together, "4.18"),
        together("udp-gro", "received", probe.receive_together, "5.0"),
        buffer("udp-receive-buffer", "net.core.rmem_max", probe.receive_buffer),
        buffer("udp-send-buffer", "net.core.wmem_max", probe.send_buffer),
    ]
}

fn together(name: &'static str, way: &str, most: usize, since: &str) -> Check {
    let (state, found) = match most {
        0 | 1 => (State::Inactive, format!("datagrams are {way} one by one")),
        most => (State::Active, format!("up to {most} datagrams are {way} together")),
    };
    let check = Check::new(name, state, found).with("segments_max", most);
    check.advise(format!("uname -r    # Linux {since} or later has it"))
}

fn buffer(name: &'static str, setting: &str, granted: usize) -> Check {
    let found = format!("{} KiB, {} KiB are asked for", granted >> 10, DATAGRAM_BUFFER_WANTED >> 10);
    let check = Check::new(name, State::active_if(granted >= DATAGRAM_BUFFER_WANTED), found)
        .with("granted_bytes", granted)
        .with("wanted_bytes", DATAGRAM_BUFFER_WANTED);
    match sysctl::number(setting) {
        Some(most) => check.with("most_bytes", most).advise(sysctl::set(setting, DATAGRAM_BUFFER_WANTED)),
        None => check,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_is_no_offload() {
        assert_eq!(together("udp-gso", "sent", 1, "4.18").state, State::Inactive);
        assert_eq!(together("udp-gso", "sent", 64, "4.18").state, State::Active);
    }

    #[test]
    fn a_smaller_buffer_than_asked_for_is_limited() {
        let all = DATAGRAM_BUFFER_WANTED;
        assert_eq!(buffer("udp-send-buffer", "net.core.wmem_max", all).state, State::Active);
        assert_eq!(buffer("udp-send-buffer", "net.core.wmem_max", all - 1).state, State::Limited);
    }
}
