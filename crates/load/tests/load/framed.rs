//! Frames: what came wrong is told precisely, and where.

use crate::target::{Answer, against, framed};
use squall_load::{Load, Mix, Report, Way, Wrong};
use squall_wire::{Env, Frame, Stream};
use std::net::SocketAddr;
use std::time::Duration;

/// The report of `load` against a server that sends what `alter` makes of its replies.
fn altered(
    alter: impl Fn(u64, &Frame, Vec<u8>) -> Vec<Vec<u8>> + Clone + Send + Sync + 'static,
    load: impl FnOnce(Load) -> Load + Send + 'static,
) -> Report {
    let serve = move |number, env: Env, stream: Stream| {
        let alter = alter.clone();
        async move {
            let mut own = |frame: &Frame, right| alter(number, frame, right);
            let answer: Answer<'_> = &mut own;
            framed(&env, &stream, &format!("server-{}", number % 2), answer).await;
        }
    };
    against(serve, |addr: SocketAddr| load(Load::new(addr).framed(None, Duration::ZERO)))
}

fn as_is(_: u64, _: &Frame, right: Vec<u8>) -> Vec<Vec<u8>> {
    vec![right]
}

#[test]
fn framed_requests_come_back_and_servers_are_known_by_name() {
    let report = altered(as_is, |load| load.connections(5).requests(50).size(1_000).pipeline(4));
    assert_eq!(
        (report.counts.ok, report.counts.bytes.sent, report.counts.bytes.received),
        (50, 50_000, 50_000)
    );
    let members: Vec<(&str, u64)> = report.members.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(members, [("server-0", 2), ("server-1", 3)]);
    assert_eq!(report.first_wrong, None);
}

#[test]
fn replies_have_the_size_and_the_delay_that_was_asked_for() {
    let report = altered(as_is, |load| {
        let reply = Mix::weighted([(0, 1), (5_000, 1)]);
        load.requests(40).size(10).framed(reply, Duration::from_millis(3))
    });
    assert_eq!((report.counts.ok, report.counts.bytes.sent), (40, 400));
    assert!(report.counts.bytes.received > 0 && report.counts.bytes.received.is_multiple_of(5_000));
    assert_eq!(report.timing.latency.min_ns, 3_000_000);
}

#[test]
fn one_wrong_byte_is_found_with_its_connection_and_place() {
    let wrong = |number, frame: &Frame, mut right: Vec<u8>| {
        if (number, frame.sequence) == (2, 3) {
            right[Frame::HEADER + 77] ^= 0x40;
        }
        vec![right]
    };
    let report = altered(wrong, |load| load.connections(3).requests(30).size(1_000));
    let counts = report.counts;
    assert_eq!((counts.ok, counts.failed, counts.errors.corrupt, counts.integrity.corrupt), (29, 1, 1, 1));
    assert_eq!((counts.connections.opened, counts.connections.lost), (3, 0), "the frames go on");
    // The greeting's reply, then three whole replies, then the header.
    let offset = (64 + 8) + 3 * 1_064 + 64 + 77;
    let expected = Wrong { connection: 2, attempt: 1, sequence: 3, offset, way: Way::Down };
    assert_eq!(report.first_wrong, Some(expected));
}

#[test]
fn damage_on_the_way_up_is_told_by_the_server() {
    let wrong = |_, frame: &Frame, right: Vec<u8>| match frame.sequence {
        2 => vec![crate::target::right_reply(frame, Some(9))],
        _ => vec![right],
    };
    let report = altered(wrong, |load| load.requests(5).size(100));
    assert_eq!((report.counts.ok, report.counts.integrity.corrupt), (4, 1));
    let expected =
        Wrong { connection: 1, attempt: 1, sequence: 2, offset: 64 + 2 * 164 + 64 + 9, way: Way::Up };
    assert_eq!(report.first_wrong, Some(expected));
}

#[test]
fn a_damaged_header_ends_the_connection_and_its_place_is_known() {
    let wrong = |number, frame: &Frame, mut right: Vec<u8>| {
        if (number, frame.sequence) == (1, 1) {
            right[40] ^= 1;
        }
        vec![right]
    };
    let report = altered(wrong, |load| load.requests(4).size(100));
    assert_eq!(
        (report.counts.ok, report.counts.integrity.corrupt, report.counts.connections.lost),
        (3, 1, 1)
    );
    let expected =
        Wrong { connection: 1, attempt: 1, sequence: 1, offset: (64 + 8) + 164 + 40, way: Way::Down };
    assert_eq!(report.first_wrong, Some(expected));
}

#[test]
fn short_doubled_and_foreign_replies_are_told_apart() {
    let wrong = |_, frame: &Frame, right: Vec<u8>| match frame.sequence {
        1 => vec![crate::target::reply(frame, &right[64..100], None)],
        2 => vec![right.clone(), right],
        4 => vec![crate::target::reply(&Frame { sequence: 1_000, ..*frame }, b"what?", None), right],
        _ => vec![right],
    };
    let report = altered(wrong, |load| load.requests(6).size(100));
    let counts = report.counts;
    assert_eq!((counts.ok, counts.errors.corrupt, counts.integrity.truncated), (5, 1, 1));
    assert_eq!((report.timing.strays.duplicated, counts.integrity.extra), (1, 69));
}

#[test]
fn replies_out_of_order_find_their_requests() {
    let swapped = |_, frame: &Frame, right: Vec<u8>| match frame.sequence % 2 {
        0 => vec![],
        _ => {
            let before = Frame { sequence: frame.sequence - 1, ..*frame };
            vec![right, crate::target::right_reply(&before, None)]
        }
    };
    let report = altered(swapped, |load| load.requests(20).size(50).pipeline(2));
    assert_eq!((report.counts.ok, report.timing.strays.reordered), (20, 10));
}

#[test]
fn a_server_that_speaks_no_frames_is_malformed() {
    let echo =
        |_, env: Env, stream: Stream| async move { crate::target::echo(&env, &stream, |now| now).await };
    let load = |addr| Load::new(addr).requests(3).framed(None, Duration::ZERO);
    let counts = against(echo, load).counts;
    assert_eq!((counts.ok, counts.errors.malformed, counts.sent), (0, 3, 3));
}
