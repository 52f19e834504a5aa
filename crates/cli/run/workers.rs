//! Runs cases, several at a time where that is asked for, and hands out what came of them in order.

use super::cases::Case;
use squall::scenario::{Conclusion, Execution, execute};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Executes the cases, and starts no more after one that is `enough`: those that run already come to their end. `take` gets
/// each conclusion, in the order of the cases.
pub(crate) fn run(
    cases: &[Case],
    execution: &Execution,
    jobs: NonZeroUsize,
    enough: impl Fn(&Conclusion) -> bool + Sync,
    mut take: impl FnMut(&Case, Conclusion, Duration),
) {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs.get().min(cases.len()) {
            let (sender, next, stop, enough) = (sender.clone(), &next, &stop, &enough);
            scope.spawn(move || {
                while !stop.load(Relaxed) {
                    let place = next.fetch_add(1, Relaxed);
                    let Some(case) = cases.get(place) else { return };
                    let began = Instant::now();
                    let conclusion = execute(&case.path, &Execution { seed: case.seed, ..execution.clone() });
                    if enough(&conclusion) {
                        stop.store(true, Relaxed);
                    }
                    if sender.send((place, conclusion, began.elapsed())).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early: Vec<Option<(Conclusion, Duration)>> = cases.iter().map(|_| None).collect();
        let mut told = 0;
        for (place, conclusion, took) in results {
            early[place] = Some((conclusion, took));
            while let Some((conclusion, took)) = early.get_mut(told).and_then(Option::take) {
                take(&cases[told], conclusion, took);
                told += 1;
            }
        }
    });
}
