//! Every preset on virtual ticks: the round trip and the rates that an echo measures are those of the table.

use crate::datagram_drive::*;
use crate::drive::*;
use squall_faults::{
    Action, Carrier, Direction, LinkId, PRESETS, Plan, PortState, Preset, Probability, Tick,
};

fn link(preset: &Preset, carrier: Carrier, seed: u64) -> Plan {
    let link = LinkId::new("proxy", seed);
    let mut plan = Plan::new(if carrier == Carrier::Stream { link } else { link.datagrams() });
    for fault in preset.faults(carrier) {
        assert!(fault.to_string().contains("optional=true"));
        plan.add(fault, 0, Tick::ZERO).expect("a free name");
    }
    plan
}

/// The same without the losses, which would blur what is measured.
fn lossless(preset: &Preset) -> Plan {
    let mut plan = link(preset, Carrier::Stream, 7);
    if let Some(id) = plan.find("loss").map(|loss| loss.id()) {
        plan.remove(id);
    }
    plan
}

/// When so many bytes that a greedy sender had at `start` have all come out.
fn transfer(plan: &Plan, direction: Direction, start: u64, bytes: u64) -> u64 {
    let mut conn = conn(plan, 1);
    let (mut now, mut left, mut out) = (start, bytes, 0);
    loop {
        let room = conn.room(direction).min(left);
        if room > 0 {
            conn.push(direction, at(now), room);
            left -= room;
        }
        while let Some(action) = conn.pop(direction, at(now)) {
            let Action::Write { range, .. } = action else { panic!("{action:?}") };
            out += range.len;
        }
        if out == bytes {
            return now;
        }
        if conn.room(direction).min(left) == 0 {
            now = conn.next_due().expect("something is on its way").as_nanos();
        }
    }
}

/// Nanoseconds that so many bytes take at a rate, rounded down.
fn duration(bytes: u64, rate: Option<u64>) -> u64 {
    rate.map_or(0, |bits| bytes * 8 * 1_000_000_000 / bits)
}

#[test]
fn round_trips_and_rates_are_those_of_the_table() {
    for preset in PRESETS.iter().filter(|preset| !preset.offline) {
        let plan = lossless(preset);
        let there = transfer(&plan, Direction::Up, 0, 1);
        let back = transfer(&plan, Direction::Down, there, 1);
        let wires = duration(1, preset.up) + duration(1, preset.down);
        let rtt = preset.rtt.as_nanos() as u64 + wires;
        assert!(back.abs_diff(rtt) <= 2, "{}: a byte is back after {back}, not {rtt}", preset.name);
        for (direction, rate) in [(Direction::Up, preset.up), (Direction::Down, preset.down)] {
            // Two seconds' worth, or any number where the rate is unlimited.
            let bytes = rate.map_or(1_000_000, |bits| bits * 2 / 8);
            let took = transfer(&plan, direction, 0, bytes);
            let expected = preset.rtt.as_nanos() as u64 / 2 + duration(bytes, rate);
            assert!(took.abs_diff(expected) <= 2, "{} {direction}: {took}, not {expected}", preset.name);
        }
    }
}

#[test]
fn losses_are_there_where_the_table_has_them() {
    for preset in PRESETS.iter().filter(|preset| !preset.offline) {
        for carrier in [Carrier::Stream, Carrier::Datagram] {
            let plan = link(preset, carrier, 7);
            let lossy = preset.loss != Probability::percent(0);
            assert_eq!(plan.find("loss").is_some(), lossy, "{}", preset.name);
            if !lossy {
                continue;
            }
            for direction in Direction::BOTH {
                let arrivals: Vec<_> = (0..800).map(|i| (i * 1_000 * MS, 1)).collect();
                let lost = match carrier {
                    Carrier::Stream => {
                        let segments: Vec<_> = arrivals.iter().map(|(t, _)| (*t, 1_448)).collect();
                        drive(conn(&plan, 1), direction, &segments, 0);
                        plan.find("loss").map_or(0, |loss| loss.fired())
                    }
                    Carrier::Datagram => {
                        drive_datagrams(conn(&plan, 1), direction, &arrivals, 0).lost().len() as u64
                    }
                };
                assert!((1..60).contains(&lost), "{} {direction}: {lost}", preset.name);
            }
        }
    }
}

#[test]
fn offline_closes_the_port_and_drops_datagrams() {
    let offline = PRESETS.iter().find(|preset| preset.offline).expect("a row");
    assert_eq!(link(offline, Carrier::Stream, 7).port(at(0)).state, PortState::Closed);
    let plan = link(offline, Carrier::Datagram, 7);
    for direction in Direction::BOTH {
        assert_eq!(drive_datagrams(conn(&plan, 1), direction, &[(0, 5); 9], 0).lost().len(), 9);
    }
}
