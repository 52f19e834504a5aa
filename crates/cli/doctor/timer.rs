//! How late a timer of a shard rings.

use super::check::{Check, State};
use crate::Failure;
use squall::{Env, Shards};
use std::num::NonZeroUsize;
use std::time::Duration;

/// Nanoseconds.
const SETTING: u64 = 1_000_000;

const TRIES: usize = 51;

/// The lateness, in nanoseconds, that only a busy or coarse machine has.
const GOOD: u64 = 200_000;

pub(super) async fn check() -> Result<Check, Failure> {
    let shards = Shards::start(NonZeroUsize::MIN).map_err(Failure::environment)?;
    let env = shards.env(0).clone();
    let late = shards.spawn(0, lateness(env)).await.map_err(Failure::environment)?;
    Ok(judge(late))
}

/// How late each try was, from the smallest.
async fn lateness(env: Env) -> Vec<u64> {
    let mut late = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let due = env.now() + SETTING;
        env.sleep(Duration::from_nanos(SETTING)).await;
        late.push(env.now().saturating_sub(due));
    }
    late.sort_unstable();
    late
}

fn judge(late: Vec<u64>) -> Check {
    let (median, worst) = (late[late.len() / 2], late[late.len() - 1]);
    let clock = if cfg!(target_os = "linux") { "timerfd" } else { "tokio's timer" };
    let found = format!(
        "{clock}: 1 ms is late by {} us in the median, {} us at worst",
        median / 1_000,
        worst / 1_000
    );
    Check::new("timer", State::active_if(median <= GOOD), found)
        .with("overshoot_median_ns", median)
        .with("overshoot_max_ns", worst)
        .with("tries", late.len())
        .advise(
            "squall doctor    # again while nothing else runs: the machine is busy, or its clock is coarse",
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_decides_and_not_the_worst() {
        assert_eq!(judge(vec![10_000, 30_000, 9_000_000]).state, State::Active);
        let coarse = judge(vec![10_000, 1_084_000, 1_100_000]);
        assert_eq!(
            (coarse.state, &coarse.figures["overshoot_median_ns"]),
            (State::Limited, &1_084_000.into())
        );
        assert!(coarse.advice.is_some());
    }
}
