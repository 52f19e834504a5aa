//! How long it takes to record a time, and to add what two generators recorded.

use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

// The recorder is nobody's business outside the crate, so its file is taken in here.
#[allow(dead_code, unreachable_pub)]
#[path = "../src/histogram.rs"]
mod histogram;

use histogram::Recorder;

/// Times between 10 us and 10 s, no two alike for long: a multiplicative generator over a prime field.
struct Times(u64);

impl Times {
    fn next(&mut self) -> u64 {
        self.0 = self.0 * 48_271 % 2_147_483_647;
        10_000 + self.0 * 5
    }
}

fn recorded(times: u64) -> Recorder {
    let (mut recorder, mut next) = (Recorder::new(), Times(7));
    (0..times).for_each(|_| recorder.record(next.next()));
    recorder
}

fn records(criterion: &mut Criterion) {
    let (mut recorder, mut times) = (Recorder::new(), Times(1));
    criterion.bench_function("record a time", |bencher| {
        bencher.iter(|| recorder.record(black_box(times.next())));
    });
    assert!(!recorder.is_empty());
}

fn sums(criterion: &mut Criterion) {
    let (mut sum, other) = (Recorder::new(), recorded(100_000));
    criterion.bench_function("add 100,000 recorded times", |bencher| {
        bencher.iter(|| sum.add(black_box(&other)));
    });
}

criterion_group!(benches, records, sums);
criterion_main!(benches);
