//! The watch of a link's counts.

use crate::bench::*;
use squall_wire::Env;
use std::time::Duration;

const PERIOD: Duration = Duration::from_millis(100);

#[test]
fn a_watch_has_the_counts_of_each_period_in_which_they_changed() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env: &Env = shards.env(0);
        let proxy = start(proxy(&echo, &shards)).await;
        let mut counts = proxy.metrics_watch(PERIOD);
        assert_eq!(*counts.borrow_and_update(), proxy.metrics());
        let client = dial(env, &proxy).await;
        ping(&client, b"four").await;
        counts.changed().await.expect("the link is there");
        assert_eq!(env.now(), 100_000_000);
        assert_eq!(*counts.borrow_and_update(), proxy.metrics());
        assert_eq!(counts.borrow().bytes.up, 4);
        // Nothing happens for a while, and nothing is told.
        let quiet = env.timeout(Duration::from_secs(1), counts.changed()).await;
        assert!(quiet.is_none());
        ping(&client, b"more").await;
        counts.changed().await.expect("the link is there");
        assert_eq!((env.now(), counts.borrow().bytes.down), (1_200_000_000, 8));
    });
}

#[test]
fn a_watch_ends_with_the_final_counts_of_its_link() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let env = shards.env(0);
        let proxy = start(proxy(&echo, &shards)).await;
        let mut counts = proxy.metrics_watch(PERIOD);
        let client = dial(env, &proxy).await;
        ping(&client, b"last").await;
        let total = proxy.stop(Duration::ZERO).await;
        while counts.changed().await.is_ok() {}
        assert_eq!(*counts.borrow(), total);
        assert_eq!((total.closes.cancelled, total.bytes.up), (1, 4));
        assert!(env.now() <= 200_000_000);
    });
}

#[test]
fn nobody_looks_once_nobody_watches() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let before = tasks();
        let watches = [proxy.metrics_watch(PERIOD), proxy.metrics_watch(Duration::ZERO)];
        let again = watches[0].clone();
        shards.env(0).sleep(PERIOD).await;
        assert_eq!(tasks(), before + 2);
        drop(watches);
        shards.env(0).sleep(Duration::from_millis(1)).await;
        assert_eq!(tasks(), before + 1, "one is still held");
        drop(again);
        shards.env(0).sleep(Duration::from_millis(1)).await;
        assert_eq!(tasks(), before);
    });
}

/// How many tasks the world has.
fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}
