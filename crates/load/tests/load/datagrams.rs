//! The closed loop over datagrams, against servers of known behaviour.

use squall_load::{Load, Report};
use squall_wire::{Datagrams, Env, Shards, run_virtual};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The report of `load` against a server that sends back what `answer` makes of each datagram, numbered from 1 in the order in
/// which they come; each answer after the delay that stands with it.
fn against(
    answer: impl Fn(u64, &[u8]) -> Vec<(u64, Vec<u8>)> + Send + Sync + 'static,
    load: impl FnOnce(SocketAddr) -> Load + Send + 'static,
) -> Report {
    run_virtual(|shards| async move {
        let socket = bind(shards.env(0));
        let addr = socket.local_addr();
        let server = shards.spawn(0, serve(shards.clone(), Arc::new(socket), answer));
        let report = load(addr).datagrams().start(&shards).finish().await;
        server.abort();
        report
    })
    .expect("the world does not get stuck")
}

fn bind(env: &Env) -> Datagrams {
    env.bind("127.0.0.1:0".parse().expect("an address")).expect("binds")
}

async fn serve(shards: Shards, socket: Arc<Datagrams>, answer: impl Fn(u64, &[u8]) -> Vec<(u64, Vec<u8>)>) {
    let mut number = 0;
    loop {
        let mut answers = Vec::new();
        let received = socket.recv(|from, datagram| {
            number += 1;
            answers.extend(answer(number, datagram).into_iter().map(|(ms, bytes)| (from, ms, bytes)));
        });
        received.await.expect("receives");
        for (to, ms, bytes) in answers {
            let (env, socket) = (shards.env(0).clone(), socket.clone());
            // Those without a delay keep their order.
            if ms == 0 {
                socket.send(to, &bytes).await.expect("sends");
                continue;
            }
            shards.spawn(0, async move {
                env.sleep(Duration::from_millis(ms)).await;
                socket.send(to, &bytes).await.expect("sends");
            });
        }
    }
}

fn once(datagram: &[u8]) -> Vec<(u64, Vec<u8>)> {
    vec![(0, datagram.to_vec())]
}

const TIMEOUT: Duration = Duration::from_millis(100);

#[test]
fn requests_are_dealt_evenly_and_all_come_back() {
    let report =
        against(|_, datagram| once(datagram), |addr| Load::new(addr).connections(3).requests(11).size(100));
    let counts = report.counts;
    assert_eq!((counts.planned, counts.sent, counts.ok, counts.failed, counts.retried), (11, 11, 11, 0, 0));
    assert_eq!((counts.bytes.sent, counts.bytes.received, counts.connections.opened), (1_100, 1_100, 3));
}

#[test]
fn sizes_without_room_for_a_number_work_too() {
    for size in [1, 7, 8] {
        let report =
            against(|_, datagram| once(datagram), move |addr| Load::new(addr).requests(9).size(size));
        assert_eq!((report.counts.ok, report.counts.bytes.sent), (9, 9 * size));
    }
}

#[test]
fn a_lost_datagram_is_sent_again_as_often_as_allowed_and_then_failed() {
    // Of the datagrams 1 to 9, those that answer request 2 (2, 3, 4) and the first two of request 3 (5, 6) are lost.
    let lost = |number, datagram: &[u8]| if (2..=6).contains(&number) { vec![] } else { once(datagram) };
    let report = against(lost, |addr| Load::new(addr).requests(4).retries(2).timeout(TIMEOUT));
    let counts = report.counts;
    assert_eq!((counts.sent, counts.ok, counts.failed, counts.errors.timeout), (4, 3, 1, 1));
    assert_eq!(counts.retried, 4);
    assert_eq!(report.timing.elapsed_ns, 5 * 100_000_000);
    assert_eq!(report.timing.latency.max_ns, 2 * 100_000_000, "from the first time that it was sent");
}

#[test]
fn an_answer_to_a_request_that_was_given_up_is_late_and_not_taken_for_another() {
    let slow = |number, datagram: &[u8]| match number {
        1 => vec![(150, datagram.to_vec())],
        2 => vec![(60, datagram.to_vec())],
        _ => once(datagram),
    };
    let report = against(slow, |addr| Load::new(addr).requests(2).timeout(TIMEOUT));
    assert_eq!((report.counts.ok, report.counts.errors.timeout, report.timing.strays.late), (1, 1, 1));
    assert_eq!(report.timing.latency.max_ns, 60_000_000);
}

#[test]
fn a_second_answer_is_a_duplicate_whenever_it_comes() {
    let twice = |number, datagram: &[u8]| match number {
        1 => vec![(0, datagram.to_vec()), (0, datagram.to_vec())],
        2 => vec![(0, datagram.to_vec()), (30, datagram.to_vec())],
        3 => vec![(40, datagram.to_vec())],
        _ => once(datagram),
    };
    let report = against(twice, |addr| Load::new(addr).requests(3));
    assert_eq!((report.counts.ok, report.timing.strays.duplicated, report.timing.strays.late), (3, 2, 0));
}

#[test]
fn an_answer_to_an_earlier_attempt_answers_the_request() {
    let slow = |number, datagram: &[u8]| match number {
        1 => vec![(120, datagram.to_vec())],
        2 => vec![(60, datagram.to_vec())],
        _ => once(datagram),
    };
    let load =
        |addr| Load::new(addr).requests(2).retries(1).timeout(TIMEOUT).pause(Duration::from_millis(200));
    let report = against(slow, load);
    assert_eq!((report.counts.ok, report.counts.retried, report.timing.strays.duplicated), (2, 1, 1));
    assert_eq!(report.timing.latency.max_ns, 120_000_000);
}

#[test]
fn a_wrong_byte_and_a_cut_answer_are_told_apart_and_do_not_end_the_wait() {
    let spoilt = |number, datagram: &[u8]| {
        let mut wrong = datagram.to_vec();
        wrong[20] ^= 1;
        match number {
            1 => vec![(0, wrong), (0, datagram.to_vec())],
            2 => vec![(0, datagram[..10].to_vec())],
            _ => once(datagram),
        }
    };
    let report = against(spoilt, |addr| Load::new(addr).requests(3).timeout(TIMEOUT));
    let counts = report.counts;
    assert_eq!((counts.integrity.corrupt, counts.integrity.truncated), (1, 1));
    assert_eq!((counts.ok, counts.errors.timeout), (2, 1));
}

#[test]
fn only_the_target_is_heard() {
    let report = run_virtual(|shards| async move {
        let (server, stranger) = (bind(shards.env(0)), bind(shards.env(0)));
        let addr = server.local_addr();
        let task = shards.spawn(0, async move {
            let mut heard = None;
            server.recv(|from, datagram| heard = Some((from, datagram.to_vec()))).await.expect("receives");
            let (from, datagram) = heard.expect("a datagram");
            stranger.send(from, &datagram).await.expect("sends");
        });
        let report = Load::new(addr).datagrams().timeout(TIMEOUT).start(&shards).finish().await;
        task.await.expect("ends");
        report
    });
    let report = report.expect("the world does not get stuck");
    assert_eq!((report.counts.ok, report.counts.errors.timeout, report.timing.strays.late), (0, 1, 0));
}

#[test]
fn sessions_are_announced_and_begin_in_order() {
    let announced = Arc::new(Mutex::new(Vec::new()));
    let heard = announced.clone();
    let from = run_virtual(|shards| async move {
        let socket = bind(shards.env(0));
        let announce =
            move |local, worker, attempt| heard.lock().expect("not poisoned").push((local, worker, attempt));
        let load = Load::new(socket.local_addr()).datagrams().connections(4).requests(4).timeout(TIMEOUT);
        let report = load.announce(announce).start(&shards).finish().await;
        assert_eq!(report.counts.errors.timeout, 4);
        let mut from = Vec::new();
        socket.recv(|peer, _| from.push(peer)).await.expect("receives");
        from
    });
    let announced = announced.lock().expect("not poisoned").clone();
    let who: Vec<_> = announced.iter().map(|(_, worker, attempt)| (*worker, *attempt)).collect();
    assert_eq!(who, [(1, 1), (2, 1), (3, 1), (4, 1)]);
    let local: Vec<SocketAddr> = announced.iter().map(|(local, ..)| *local).collect();
    assert_eq!(from.expect("the world does not get stuck"), local);
}

#[test]
fn a_datagram_is_as_large_as_one_can_be_and_no_larger() {
    let report = against(|_, datagram| once(datagram), |addr| Load::new(addr).size(1 << 20));
    assert_eq!((report.counts.ok, report.counts.bytes.sent), (1, 65_507));
}

#[test]
fn real_sockets_count_the_same() {
    let shards = Shards::start(NonZeroUsize::new(2).expect("not zero")).expect("shards");
    let own = shards.clone();
    let work = shards.spawn(0, async move {
        let echo = squall_echo::udp().shards(own.clone()).start().await.expect("the echo starts");
        let load = Load::new(echo.addr()).datagrams().connections(4).requests(400).size(1_200);
        load.start(&own).finish().await
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let report = runtime.block_on(work).expect("the load ends");
    assert_eq!((report.counts.ok, report.counts.failed, report.counts.retried), (400, 0, 0));
    assert_eq!((report.counts.bytes.received, report.counts.connections.opened), (480_000, 4));
    assert_eq!(report.counts.integrity, squall_load::Integrity::default());
}
