//! The open loop against servers of known behaviour, in virtual time: what is planned, what is late and whose fault that is.

use crate::target::{against, echo};
use squall_load::{Arrivals, Load, Rate, Schedule};
use squall_wire::{Env, Shards, Stream, run_virtual};
use std::num::NonZeroUsize;
use std::time::Duration;

const MS: u64 = 1_000_000;

fn rate(per_second: u64) -> Rate {
    Rate::thousandths(per_second * 1000).expect("a rate")
}

fn lasting(per_second: u64, seconds: u64) -> Schedule {
    Schedule::lasting(rate(per_second), Duration::from_secs(seconds)).expect("a schedule")
}

/// Answers at once.
async fn prompt(_: u64, env: Env, stream: Stream) {
    echo(&env, &stream, |now| now).await;
}

/// Answers at once, except in the last second of each ten.
async fn stalling(_: u64, env: Env, stream: Stream) {
    let second = 1_000 * MS;
    echo(&env, &stream, |now| {
        if now % (10 * second) < 9 * second { now } else { now.next_multiple_of(10 * second) }
    })
    .await;
}

#[test]
fn all_that_is_planned_is_reported_when_it_is_due() {
    let report =
        against(prompt, |addr| Load::new(addr).connections(3).size(10).schedule(lasting(1_000, 100)));
    assert_eq!((report.counts.planned, report.counts.sent, report.counts.ok), (100_000, 100_000, 100_000));
    assert_eq!(report.timing.send_delay.max_ns, 0);
    assert_eq!(report.intervals.len(), 100);
    assert!(report.intervals.iter().all(|second| (second.sent, second.ok) == (1_000, 1_000)));
    assert!(!report.generator.saturated);
}

#[test]
fn a_stall_shows_in_the_percentiles_of_an_open_loop_and_hides_from_a_closed_one() {
    let open = against(stalling, |addr| {
        Load::new(addr).connections(10).size(10).schedule(lasting(1_000, 20)).timeout(Duration::from_secs(60))
    });
    assert_eq!((open.counts.ok, open.counts.failed), (20_000, 0));
    // A tenth of all are planned in a stall; one in a hundred waits for at least nine tenths of it.
    let p99 = open.timing.latency.p99_ns;
    assert!((890 * MS..=1_000 * MS).contains(&p99), "{p99}");
    assert!(open.timing.service_time.p90_ns < MS, "only the one that is under way waits for its own answer");
    assert_eq!(open.timing.send_delay.max_ns, 0, "the generator is not to blame");
    assert!(!open.generator.saturated);
    let closed = against(stalling, |addr| {
        let load = Load::new(addr).connections(10).size(10).requests(20_000);
        load.pause(Duration::from_millis(10)).timeout(Duration::from_secs(60))
    });
    assert!(closed.timing.latency.p99_ns < MS, "{}", closed.timing.latency.p99_ns);
}

#[test]
fn arrivals_are_drawn_from_the_seed_and_their_number_is_exact() {
    let run = |seed| {
        let schedule = lasting(500, 4).arriving(Arrivals::Poisson, seed);
        let slow = |_, env: Env, stream: Stream| async move { echo(&env, &stream, |now| now + MS).await };
        against(slow, move |addr| Load::new(addr).connections(4).size(10).schedule(schedule).seed(seed))
    };
    let (one, again, other) = (run(7), run(7), run(8));
    assert_eq!(one, again);
    assert_eq!((one.counts.ok, other.counts.ok), (2_000, 2_000));
    assert_ne!(one.timing.latency, other.timing.latency);
}

#[test]
fn pipelined_requests_do_not_wait_for_each_other() {
    let slow = |_, env: Env, stream: Stream| async move { echo(&env, &stream, |now| now + 10 * MS).await };
    let load = |depth| {
        move |addr| {
            let schedule = Schedule::lasting(rate(1_000), Duration::from_secs(1)).expect("a schedule");
            let schedule = schedule.arriving(Arrivals::Burst(10), 0);
            Load::new(addr).size(10).pipeline(depth).schedule(schedule)
        }
    };
    let deep = against(slow, load(10));
    assert_eq!((deep.counts.ok, deep.timing.latency.max_ns), (1_000, 10 * MS));
    let shallow = against(slow, load(1));
    assert_eq!(shallow.counts.ok, 1_000);
    assert!(shallow.timing.latency.max_ns >= 8_000 * MS, "each waits for all before it");
    assert_eq!(shallow.timing.send_delay.max_ns, 0, "that is the connection's doing");
}

#[test]
fn what_is_planned_while_warming_up_is_counted_and_not_measured() {
    let slow_at_first = |_, env: Env, stream: Stream| async move {
        echo(&env, &stream, |now| if now < 1_000 * MS { now + 5 * MS } else { now }).await;
    };
    let report = against(slow_at_first, |addr| {
        Load::new(addr).size(10).schedule(lasting(100, 3)).warmup(Duration::from_millis(1_100))
    });
    assert_eq!((report.counts.ok, report.counts.warmup), (300, 110));
    assert!(report.timing.latency.max_ns < MS);
    assert_eq!(report.intervals.iter().map(|second| second.measured).sum::<u64>(), 190);
}

#[test]
fn a_target_that_is_away_fails_what_is_due_meanwhile_and_the_plan_stays_exact() {
    let report = run_virtual(|shards| async move {
        let vacant = "127.0.0.1:9".parse().expect("an address");
        let load =
            Load::new(vacant).connections(2).timeout(Duration::from_millis(300)).schedule(lasting(100, 2));
        load.start(&shards).finish().await
    });
    let counts = report.expect("the world does not get stuck").counts;
    assert_eq!((counts.planned, counts.failed, counts.errors.refused, counts.sent), (200, 200, 200, 0));
}

#[test]
fn parts_of_a_plan_are_the_whole() {
    let run = |shard: Option<(u64, u64)>| {
        against(prompt, move |addr| {
            let mix = squall_load::Mix::range(1, 900).expect("a range");
            let load = Load::new(addr).connections(7).schedule(lasting(1_000, 2)).sizes(mix).seed(3);
            match shard {
                Some((index, count)) => load.shard(index, count),
                None => load,
            }
        })
    };
    let (whole, parts) = (run(None), [0, 1, 2].map(|index| run(Some((index, 3)))));
    let sum = |of: fn(&squall_load::Counts) -> u64| parts.iter().map(|part| of(&part.counts)).sum::<u64>();
    let counts = whole.counts;
    assert_eq!(
        (counts.planned, counts.ok, counts.bytes.received, counts.connections.opened),
        (sum(|c| c.planned), sum(|c| c.ok), sum(|c| c.bytes.received), sum(|c| c.connections.opened))
    );
    assert!(parts.iter().all(|part| part.counts.ok >= 2_000 * 2 / 7));
}

#[test]
fn datagrams_are_sent_when_they_are_due_whether_others_were_answered_or_not() {
    let report = run_virtual(|shards| async move {
        let socket = shards.env(0).bind("127.0.0.1:0".parse().expect("an address")).expect("binds");
        let addr = socket.local_addr();
        let env = shards.env(0).clone();
        let server = shards.spawn(0, async move {
            let mut number = 0;
            loop {
                let mut answers = Vec::new();
                let heard = socket.recv(|from, datagram| answers.push((from, datagram.to_vec())));
                heard.await.expect("receives");
                for (to, datagram) in answers {
                    number += 1;
                    // Every tenth is lost; the others take 5 ms, one after the other.
                    if number % 10 != 0 {
                        env.sleep(Duration::from_micros(500)).await;
                        socket.send(to, &datagram).await.expect("sends");
                    }
                }
            }
        });
        let load = Load::new(addr).datagrams().connections(2).size(100).schedule(lasting(1_000, 1));
        let report = load.timeout(Duration::from_millis(100)).start(&shards).finish().await;
        server.abort();
        report
    });
    let report = report.expect("the world does not get stuck");
    let counts = report.counts;
    assert_eq!((counts.planned, counts.ok, counts.errors.timeout), (1_000, 900, 100));
    assert_eq!(report.timing.strays.lost, 100);
    assert!(report.timing.elapsed_ns < 1_200 * MS, "nobody waited for the lost ones");
}

#[test]
fn real_sockets_keep_the_plan() {
    let shards = Shards::start(NonZeroUsize::new(2).expect("not zero")).expect("shards");
    let own = shards.clone();
    let work = shards.spawn(0, async move {
        let echo = squall_echo::tcp().shards(own.clone()).start().await.expect("the echo starts");
        let schedule = Schedule::constant(rate(2_000), 400).expect("a schedule");
        Load::new(echo.addr()).connections(4).size(64).schedule(schedule).start(&own).finish().await
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let report = runtime.block_on(work).expect("the load ends");
    assert_eq!((report.counts.ok, report.counts.failed, report.counts.bytes.received), (400, 0, 25_600));
    assert!(report.timing.elapsed_ns >= 199 * MS, "the last is due then");
}
