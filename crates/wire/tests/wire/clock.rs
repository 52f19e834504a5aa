//! Virtual time: exact, in order, the same each time, and over when nothing can happen.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use squall_wire::{Env, Shards, run_virtual};

use crate::worlds::{pair, read_exactly};

type Log = Arc<Mutex<Vec<(u64, &'static str)>>>;

#[test]
fn sleeps_are_exact_to_the_nanosecond() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        assert_eq!(env.now(), 0);
        for at in [1, 2, 999_999, 1_000_000, 1_000_001, 77_777_777, 3_600_000_000_007] {
            env.sleep_until(at).await;
            assert_eq!(env.now(), at);
        }
        env.sleep(Duration::from_nanos(3)).await;
        assert_eq!(env.now(), 3_600_000_000_010);
    })
    .unwrap();
}

#[test]
fn our_sleeps_and_tokios_fire_in_order() {
    let log = run_virtual(|shards| async move {
        let log = Log::default();
        let mut tasks = Vec::new();
        for (at, name) in [
            (7_999_999, "ours at 7.999999"),
            (5_300_000, "ours at 5.3"),
            (5_000_001, "ours at 5.000001"),
            (5_000_000, "ours at 5"),
            (5_300_000, "ours at 5.3 too"),
        ] {
            let (env, log) = (shards.env(0).clone(), log.clone());
            tasks.push(shards.spawn(0, async move {
                env.sleep_until(at).await;
                log.lock().unwrap().push((env.now(), name));
            }));
        }
        for (ms, name) in [(8, "tokio at 8"), (5, "tokio at 5"), (6, "tokio at 6")] {
            let (env, log) = (shards.env(0).clone(), log.clone());
            tasks.push(shards.spawn(0, async move {
                tokio::time::sleep(Duration::from_millis(ms)).await;
                log.lock().unwrap().push((env.now(), name));
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        log.lock().unwrap().clone()
    })
    .unwrap();
    assert_eq!(
        log,
        [
            (5_000_000, "tokio at 5"),
            (5_000_000, "ours at 5"),
            (5_000_001, "ours at 5.000001"),
            (5_300_000, "ours at 5.3"),
            (5_300_000, "ours at 5.3 too"),
            (6_000_000, "tokio at 6"),
            (7_999_999, "ours at 7.999999"),
            (8_000_000, "tokio at 8"),
        ]
    );
}

/// Twenty connections, each answering after a delay of its own, and what the clock said at each answer.
async fn twenty_slow_echoes(shards: Shards) -> Vec<(u64, u64)> {
    let log = Arc::new(Mutex::new(Vec::new()));
    let mut clients = Vec::new();
    for number in 0..20 {
        let env = shards.env(0).clone();
        let (client, server) = pair(&env).await;
        let delay = Duration::from_nanos(137_001 + number * 13);
        let echo_env = env.clone();
        shards.spawn(0, async move {
            let mut buf = [0; 100];
            while let Ok(length @ 1..) = server.read(&mut buf).await {
                echo_env.sleep(delay).await;
                server.write_all(&buf[..length]).await.unwrap();
            }
        });
        let log = log.clone();
        clients.push(shards.spawn(0, async move {
            for _ in 0..200 {
                let sent = env.now();
                client.write_all(&[number as u8; 100]).await.unwrap();
                assert_eq!(read_exactly(&client, 100).await, [number as u8; 100]);
                assert_eq!(env.now() - sent, delay.as_nanos() as u64);
                log.lock().unwrap().push((number, env.now()));
            }
        }));
    }
    for client in clients {
        client.await.unwrap();
    }
    log.lock().unwrap().clone()
}

#[test]
fn two_runs_are_the_same() {
    let first = run_virtual(twenty_slow_echoes).unwrap();
    assert_eq!(first.len(), 4000);
    assert_eq!(first, run_virtual(twenty_slow_echoes).unwrap());
}

#[test]
fn ten_minutes_pass_without_waiting() {
    let ticks = run_virtual(|shards| async move {
        let env = shards.env(0);
        let mut ticks = 0;
        while env.now() < 600_000_000_000 {
            env.sleep(Duration::from_millis(10)).await;
            ticks += 1;
        }
        ticks
    })
    .unwrap();
    assert_eq!(ticks, 60_000);
}

#[test]
fn a_timeout_gives_up_at_its_limit_and_not_before() {
    run_virtual(|shards| async move {
        let env = shards.env(0);
        let limit = Duration::from_micros(1500);
        assert_eq!(env.timeout(limit, std::future::pending::<()>()).await, None);
        assert_eq!(env.now(), 1_500_000);
        assert_eq!(env.timeout(limit, env.sleep(Duration::from_micros(1499))).await, Some(()));
        assert_eq!(env.now(), 2_999_000);
        assert_eq!(env.timeout(limit, env.sleep(limit)).await, Some(()), "ready at the limit");
    })
    .unwrap();
}

#[test]
fn a_sleep_can_be_reset_both_ways_and_dropped() {
    run_virtual(|shards| async move {
        let env: &Env = shards.env(0);
        let mut sleep = tokio_test::task::spawn(env.sleep_until(1_000_000));
        tokio_test::assert_pending!(sleep.poll());
        sleep.reset(5_000_000);
        tokio_test::assert_pending!(sleep.poll());
        env.sleep_until(2_000_000).await;
        assert!(!sleep.is_woken(), "the first time no longer counts");
        sleep.reset(3_000_000);
        tokio_test::assert_pending!(sleep.poll());
        env.sleep_until(3_000_000).await;
        assert!(sleep.is_woken());
        tokio_test::assert_ready!(sleep.poll());
        sleep.reset(4_000_000);
        tokio_test::assert_pending!(sleep.poll());
        drop(sleep);

        tokio_test::assert_ready!(tokio_test::task::spawn(env.sleep_until(0)).poll());
    })
    .unwrap();
}

#[test]
fn a_world_in_which_nothing_can_happen_is_an_error() {
    let error = run_virtual(|_| std::future::pending::<()>()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "virtual world is stuck: everything waits and no timer is due");

    let forever = run_virtual(|shards| {
        let env = shards.env(0).clone();
        async move { env.sleep_until(u64::MAX).await }
    });
    assert_eq!(forever.unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn a_world_that_waits_for_long_is_not_stuck() {
    let days = |days: u64| Duration::from_secs(days * 24 * 3600);
    run_virtual(move |shards| async move {
        tokio::time::sleep(days(300)).await;
        shards.env(0).sleep(days(300)).await;
        tokio::time::sleep(days(300)).await;
        assert_eq!(u128::from(shards.env(0).now()), days(900).as_nanos());
    })
    .unwrap();
}

#[test]
#[should_panic(expected = "from inside")]
fn a_panic_in_a_virtual_world_comes_out_of_it() {
    let _ = run_virtual(|_| async { panic!("from inside") });
}

#[test]
fn tasks_left_over_are_dropped_with_their_world() {
    let left = Arc::new(());
    let held = left.clone();
    run_virtual(|shards| async move {
        let env = shards.env(0).clone();
        shards.spawn(0, async move {
            let _held = held;
            env.sleep(Duration::from_secs(3600)).await;
        });
        tokio::task::yield_now().await;
    })
    .unwrap();
    assert_eq!(Arc::strong_count(&left), 1);
}

#[test]
fn a_lull_comes_at_every_time_once_before_it_moves() {
    let seen = run_virtual(|shards| async move {
        let env = shards.env(0).clone();
        let sleeper = env.clone();
        shards.spawn(0, async move {
            for _ in 0..3 {
                tokio::task::yield_now().await;
                sleeper.sleep(Duration::from_micros(1_700)).await;
            }
        });
        let mut lulls = env.lulls();
        let mut seen = Vec::new();
        while env.now() < 5_100_000 {
            lulls.next().await;
            seen.push(env.now());
        }
        seen
    });
    let seen = seen.unwrap();
    assert!([0, 1_700_000, 3_400_000, 5_100_000].iter().all(|time| seen.contains(time)), "{seen:?}");
    // The coarse hand may stop on its way, but no time is seen twice.
    assert!(seen.is_sorted_by(|a, b| a < b), "{seen:?}");
}

#[test]
fn a_lull_comes_after_what_is_due_at_its_time() {
    // Of whole milliseconds, at which the coarse hand stops too.
    let found = run_virtual(|shards| async move {
        let env = shards.env(0).clone();
        let (sleeper, woken) = (env.clone(), Arc::new(Mutex::new(0)));
        let count = woken.clone();
        shards.spawn(0, async move {
            for _ in 0..5 {
                sleeper.sleep(Duration::from_millis(3)).await;
                *count.lock().unwrap() += 1;
            }
        });
        let mut lulls = env.lulls();
        while *woken.lock().unwrap() < 5 {
            lulls.next().await;
        }
        env.now()
    });
    assert_eq!(found.unwrap(), 15_000_000);
}
