//! How long the model takes for a piece of a stream, for a draw, and for looking for a pattern.

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use squall_faults::{Conn, ConnKey, Direction, FaultSpec, Lane, LinkId, Opening, Plan, Tick};
use std::hint::black_box;

/// A full read.
const PIECE: u64 = 64 << 10;

/// Nanoseconds from one read to the next: 6.5 GB/s.
const PACE: u64 = 10_000;

fn conn(specs: &[&str]) -> Conn {
    let mut plan = Plan::new(LinkId::new("proxy", 7));
    for spec in specs {
        let spec: FaultSpec = spec.parse().expect("a spec");
        plan.add(spec, 0, Tick::ZERO).expect("a free name");
    }
    let opening = Opening { number: 1, label: None, client: None, limit: u64::MAX };
    Conn::open(&plan, opening, Tick::ZERO)
}

/// A piece goes in, and what is due comes out: the line is as full as the delay makes it.
fn through(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, specs: &[&str]) {
    let (mut conn, mut now) = (conn(specs), 0);
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            now += PACE;
            conn.push(Direction::Down, Tick::from_nanos(now), PIECE);
            while let Some(action) = conn.pop(Direction::Down, Tick::from_nanos(now)) {
                black_box(action);
            }
        });
    });
    assert!(conn.ending().is_none(), "{name} measures a connection that has ended");
}

fn lines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("push and pop 64 KiB");
    let five = ["latency:10ms", "bandwidth:100GB/s", "slice:32KiB", "truncate:1000000TiB", "reset:900000TiB"];
    through(&mut group, "no fault", &[]);
    through(&mut group, "latency", &["latency:10ms"]);
    through(&mut group, "bandwidth", &["bandwidth:100GB/s"]);
    // These draw for every segment, and for every byte.
    through(&mut group, "latency with jitter", &["latency:10ms,jitter=1ms"]);
    through(&mut group, "corrupt", &["corrupt:0.000001%"]);
    through(&mut group, "five faults", &five);
}

fn draws(criterion: &mut Criterion) {
    let lane = |index| Lane::new(7, "proxy", "reset", ConnKey::Index(index), Direction::Down);
    let mut index = 0;
    criterion.bench_function("lane of a connection", |bencher| {
        bencher.iter(|| {
            index += 1;
            lane(black_box(index))
        });
    });
    let (lane, mut at) = (lane(1), 0);
    criterion.bench_function("draw", |bencher| {
        bencher.iter(|| {
            at += 1;
            lane.draw(black_box(at), 0)
        });
    });
}

fn patterns(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("look for a pattern in 64 KiB");
    group.throughput(Throughput::Bytes(PIECE));
    let text = b"the quick brown fox jumps over the lazy dog; ";
    let payload: Vec<u8> = text.iter().copied().cycle().take(PIECE as usize).collect();
    for (name, pattern) in [("that begins nowhere", "COMMIT"), ("that begins often", "the quick brown fax")] {
        let (mut conn, mut now) = (conn(&[&format!("reset:match={pattern}")]), 0);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                now += PACE;
                conn.push_bytes(Direction::Down, Tick::from_nanos(now), black_box(&payload));
                while let Some(action) = conn.pop(Direction::Down, Tick::from_nanos(now)) {
                    black_box(action);
                }
            });
        });
        assert!(conn.ending().is_none(), "the pattern must not be there");
    }
}

criterion_group!(benches, lines, draws, patterns);
criterion_main!(benches);
