//! The real timer: never early, in order, and all shards by one clock.

use std::future::{Future, poll_fn};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use squall_wire::Shards;

use crate::worlds::on_a_real_shard;

#[test]
fn a_sleep_is_never_early() {
    on_a_real_shard(|shards| async move {
        let env = shards.env(0);
        for micros in [0, 1, 50, 300, 1000, 2500] {
            let at = env.now() + micros * 1000;
            env.sleep_until(at).await;
            assert!(env.now() >= at);
        }
    });
}

#[test]
fn many_sleepers_wake_in_the_order_of_their_times() {
    let order = on_a_real_shard(|shards| async move {
        let env = shards.env(0).clone();
        let order = Arc::new(Mutex::new(Vec::new()));
        let begin = env.now() + 5_000_000;
        let tasks: Vec<_> = (0..500u64)
            .map(|number| {
                let (env, order) = (env.clone(), order.clone());
                let at = begin + (number * 7919 % 500) * 3_000;
                shards.spawn(0, async move {
                    let mut sleep = env.sleep_until(at);
                    // On a busy machine this may come too late to wait at all.
                    let waits = poll_fn(|cx| Poll::Ready(Pin::new(&mut sleep).poll(cx).is_pending())).await;
                    if waits {
                        sleep.await;
                        assert!(env.now() >= at);
                        order.lock().unwrap().push(at);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        order.lock().unwrap().clone()
    });
    assert!(order.is_sorted());
}

#[test]
fn a_sooner_sleeper_does_not_wait_for_a_later_one() {
    on_a_real_shard(|shards| async move {
        let env = shards.env(0);
        let mut hour = tokio_test::task::spawn(env.sleep(Duration::from_secs(3600)));
        tokio_test::assert_pending!(hour.poll());
        env.sleep(Duration::from_millis(1)).await;
        assert!(!hour.is_woken());
        let sooner = env.now() + 1_000_000;
        hour.reset(sooner);
        hour.into_inner().await;
        assert!(env.now() >= sooner);
    });
}

#[test]
fn a_dropped_sleep_wakes_nobody() {
    on_a_real_shard(|shards| async move {
        let env = shards.env(0);
        let mut sleep = Some(env.sleep(Duration::from_millis(1)));
        let mut task = tokio_test::task::spawn(std::future::poll_fn(|cx| {
            if let Some(mut sleep) = sleep.take() {
                let _ = Pin::new(&mut sleep).poll(cx);
            }
            Poll::<()>::Pending
        }));
        tokio_test::assert_pending!(task.poll());
        env.sleep(Duration::from_millis(3)).await;
        assert!(!task.is_woken());
    });
}

#[test]
fn a_timeout_lets_the_ready_future_win() {
    on_a_real_shard(|shards| async move {
        let env = shards.env(0);
        assert_eq!(env.timeout(Duration::ZERO, async { 7 }).await, Some(7));
        assert_eq!(env.timeout(Duration::from_millis(1), std::future::pending::<()>()).await, None);
    });
}

#[test]
fn all_real_shards_read_one_clock() {
    let shards = Shards::start(NonZeroUsize::new(2).unwrap()).unwrap();
    let (first, second) = (shards.env(0), shards.env(1));
    let mut last = 0;
    for env in [first, second, first, second] {
        assert!(env.now() >= last);
        last = env.now();
    }
}
