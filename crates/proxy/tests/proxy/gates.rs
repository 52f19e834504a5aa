//! Faults at connect time, in virtual time and on real sockets.

use crate::bench::*;
use squall_proxy::{Proxy, ProxyError};
use squall_wire::Env;
use std::io::ErrorKind;
use std::time::Duration;

/// What becomes of a client: its request is answered, or how it ends.
async fn fate(env: &Env, proxy: &Proxy) -> Result<(), Option<ErrorKind>> {
    let client = match env.dial(proxy.addr()).await {
        Ok(client) => client,
        Err(error) => return Err(Some(error.kind())),
    };
    // Writing to a connection that is gone already fails as reading does.
    let _ = client.write_all(b"ping").await;
    match client.read(&mut [0; 4]).await {
        Ok(0) => Err(None),
        Ok(_) => Ok(()),
        Err(error) => Err(Some(error.kind())),
    }
}

#[test]
fn the_first_clients_are_refused_and_counted() {
    both_ways(|shards| async move {
        for (mode, seen) in [("rst", Some(ErrorKind::ConnectionReset)), ("fin", None)] {
            let (echo, env) = (echo(&shards).await, shards.env(0));
            let spec = format!("refuse:{mode},connections=1-2");
            let proxy = start(proxy(&echo, &shards).fault(fault(&spec))).await;
            for expected in [Err(seen), Err(seen), Ok(()), Ok(())] {
                assert_eq!(fate(env, &proxy).await, expected, "{mode}");
            }
            let metrics = proxy.metrics();
            assert_eq!((metrics.connections.accepted, metrics.connections.refused), (4, 2));
            assert_eq!(metrics.faults[0].fired, 2);
        }
    });
}

#[test]
fn a_closed_port_refuses_and_comes_back_on_its_address() {
    both_ways(|shards| async move {
        let (echo, env) = (echo(&shards).await, shards.env(0));
        let proxy = start(proxy(&echo, &shards)).await;
        let open = dial(env, &proxy).await;
        ping(&open, b"before").await;
        let gone = proxy.inject(fault("refuse:unlisten"));
        while fate(env, &proxy).await != Err(Some(ErrorKind::ConnectionRefused)) {
            tokio::task::yield_now().await;
        }
        ping(&open, b"an open connection stays").await;
        assert_eq!(gone.fired(), 1);
        drop(gone);
        while fate(env, &proxy).await != Ok(()) {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_port_that_hangs_lets_its_clients_in_later() {
    virtually(|shards| async move {
        let (echo, env) = (echo(&shards).await, shards.env(0));
        let proxy = start(proxy(&echo, &shards).fault(fault("hang:3s,every=10s,times=2"))).await;
        for (comes, served) in [(0, 3), (5, 5), (11, 13), (21, 21)] {
            env.sleep_until(comes * 1_000_000_000).await;
            assert_eq!(fate(env, &proxy).await, Ok(()));
            assert_eq!(env.now(), served * 1_000_000_000);
        }
        assert_eq!(proxy.metrics().faults[0].fired, 2);
    });
}

#[test]
fn connecting_hangs_on_real_sockets_too() {
    if !squall_wire::can_hang() {
        eprintln!("skipped: this system completes connects although the backlog is full");
        return;
    }
    really(|shards| async move {
        let (echo, env) = (echo(&shards).await, shards.env(0).clone());
        let proxy = start(proxy(&echo, &shards)).await;
        let open = dial(&env, &proxy).await;
        let hang = proxy.inject(fault("hang"));
        settles(|| hang.fired() == 1).await;
        // Begins once the backlog is full, which the count does not wait for.
        let limit = Duration::from_millis(300);
        let mut waiting = env.timeout(limit, env.dial(proxy.addr())).await;
        if waiting.is_some() {
            waiting = env.timeout(limit, env.dial(proxy.addr())).await;
        }
        assert!(waiting.is_none(), "nobody gets in");
        ping(&open, b"an open connection stays").await;
        drop(hang);
        assert_eq!(fate(&env, &proxy).await, Ok(()));
        let accepted = proxy.metrics().connections.accepted;
        assert!((2..=4).contains(&accepted), "our own connections are not counted: {accepted}");
    });
}

#[test]
fn the_server_is_reached_for_late_or_not_at_all() {
    virtually(|shards| async move {
        let (echo, env) = (echo(&shards).await, shards.env(0));
        let builder = proxy(&echo, &shards).connect_timeout(Duration::from_secs(2));
        let builder = builder.fault(fault("accept_delay:300ms,connections=1"));
        let builder = builder.fault(fault("upstream_refuse:connections=2"));
        let proxy = start(builder.fault(fault("upstream_hang:connections=3"))).await;
        let reset = Err(Some(ErrorKind::ConnectionReset));
        for (expected, took) in [(Ok(()), 300_000_000), (reset, 0), (reset, 2_000_000_000), (Ok(()), 0)] {
            let before = env.now();
            assert_eq!(fate(env, &proxy).await, expected);
            assert_eq!(env.now() - before, took);
        }
        assert_eq!(proxy.metrics().connections.failed, 2);
        assert!(proxy.metrics().faults.iter().all(|fault| fault.fired == 1));
    });
}

#[test]
fn what_makes_no_sense_is_refused_with_the_nearest_that_does() {
    virtually(|shards| async move {
        let echo = echo(&shards).await;
        let proxy = start(proxy(&echo, &shards)).await;
        let refused = |text: &str| match proxy.try_inject(fault(text)) {
            Err(error @ ProxyError::Plan(_)) => error.to_string(),
            other => panic!("{other:?}"),
        };
        let told = refused("duplicate:1%");
        assert_eq!(
            told,
            "`duplicate` does not fit a TCP link: TCP delivers every byte once, so that a duplicate cannot be seen above \
             it; the nearest that does is `loss:1%`"
        );
        assert!(refused("loss:nth=3").contains("count datagrams"));
    });
}
