//! What an operator does to a balancer under traffic: drain, down, weights, and restarts of members one by one.

use crate::bench::*;
use squall_balance::{AdminState, Condition, HealthCheck};
use squall_proxy::{BalanceError, BalancerHandle, Check, Proxy};
use std::io::ErrorKind;
use std::time::Duration;

fn active(handle: &BalancerHandle, name: &str) -> u64 {
    handle.members().iter().find(|member| member.name == name).expect("a member").active
}

#[test]
fn a_member_that_drains_keeps_its_connections_and_gets_no_new_ones() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 2).await;
        let proxy = start(Proxy::balance(pool(&echoes)).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        let old = dial(env, &proxy).await;
        ping(&old, b"to a").await;
        handle.set_state("a", AdminState::Drain).expect("a member");
        for _ in 0..5 {
            round_trip(env, proxy.addr()).await.expect("goes to b");
        }
        ping(&old, b"still there").await;
        assert_eq!((active(&handle, "a"), handle.members()[0].state), (1, Condition::Drain));
        drop(old);
        settles(|| active(&handle, "a") == 0).await;
        assert_eq!(echoes[0].0.counts().accepted, 1);
        handle.set_state("a", AdminState::Up).expect("a member");
        round_trip(env, proxy.addr()).await.expect("goes well");
        round_trip(env, proxy.addr()).await.expect("goes well");
        assert_eq!(echoes[0].0.counts().accepted, 2);
    });
}

#[test]
fn a_member_that_is_taken_down_loses_its_connections_and_nobody_elses() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 2).await;
        let proxy = start(Proxy::balance(pool(&echoes)).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        let [to_a, to_b] = dial_both(env, &proxy).await;
        handle.set_state("a", AdminState::Down).expect("a member");
        let error = read_out(&to_a).await.1.expect_err("reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        settles(|| active(&handle, "a") == 0).await;
        ping(&to_b, b"goes on").await;
        assert_eq!(proxy.metrics().closes.cancelled, 1);
    });
}

#[test]
fn a_connection_that_is_being_made_to_a_member_that_is_taken_down_goes_to_another() {
    virtually(|shards| async move {
        let env = shards.env(0).clone();
        let echoes = members(&shards, 2).await;
        let builder =
            Proxy::balance(pool(&echoes)).shards(shards.clone()).connect_timeout(Duration::from_secs(60));
        let proxy = start(builder.member_fault("a", fault("upstream_hang"))).await;
        let handle = proxy.balancer().expect("it picks");
        let client = dial(&env, &proxy).await;
        settles_in(&env, || active(&handle, "a") == 1).await;
        env.sleep(Duration::from_secs(3)).await;
        handle.set_state("a", AdminState::Down).expect("a member");
        ping(&client, b"to b").await;
        assert_eq!(env.now() / 1_000_000_000, 3);
        let members = handle.members();
        assert_eq!((members[0].failures, members[0].active, members[1].active), (0, 0, 1));
    });
}

#[test]
fn a_member_that_was_down_during_a_dial_may_take_the_connection_once_it_is_up() {
    virtually(|shards| async move {
        let env = shards.env(0).clone();
        let echoes = members(&shards, 2).await;
        let mut builder = Proxy::balance(pool(&echoes)).shards(shards.clone());
        for member in ["a", "b"] {
            builder = builder.member_fault(member, fault("upstream_hang"));
        }
        let proxy = start(builder.connect_timeout(Duration::from_secs(60))).await;
        let handle = proxy.balancer().expect("it picks");
        let _client = dial(&env, &proxy).await;
        for (first, then) in [("a", "b"), ("b", "a"), ("a", "b")] {
            settles_in(&env, || active(&handle, first) == 1).await;
            handle.set_state(then, AdminState::Up).expect("a member");
            handle.set_state(first, AdminState::Down).expect("a member");
        }
        settles_in(&env, || active(&handle, "b") == 1).await;
        let counts: Vec<_> = handle.members().iter().map(|member| (member.picks, member.failures)).collect();
        assert_eq!(counts, [(2, 0), (2, 0)]);
    });
}

#[test]
fn wishes_that_make_no_sense_change_nothing() {
    virtually(|shards| async move {
        let echoes = members(&shards, 2).await;
        let proxy = start(Proxy::balance(pool(&echoes)).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        let before = handle.members();
        let error = handle.set_state("z", AdminState::Down).expect_err("nobody");
        assert_eq!(error.to_string(), "there is no member `z`; members are a, b");
        assert!(matches!(handle.set_weight("a", 1001), Err(BalanceError::Pool(_))));
        assert_eq!(handle.members(), before);
        // It may outlive the link.
        drop(proxy);
        handle.set_state("a", AdminState::Drain).expect("a member");
        assert_eq!(handle.members()[0].admin, AdminState::Drain);
    });
}

#[test]
fn members_that_restart_one_by_one_under_load_fail_no_client() {
    virtually(|shards| async move {
        let env = shards.env(0).clone();
        let mut echoes = members(&shards, 3).await;
        let check = HealthCheck { interval: Duration::from_millis(100), ..HealthCheck::default() };
        let builder = Proxy::balance(pool(&echoes).health(check, Check::Connect)).shards(shards.clone());
        let proxy = start(builder.fault(fault("latency:7ms,jitter=5ms@both"))).await;
        let (handle, addr) = (proxy.balancer().expect("it picks"), proxy.addr());
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let clients: Vec<_> = (0..20)
            .map(|_| {
                let (env, stopped) = (env.clone(), stopped.clone());
                shards.spawn(0, async move {
                    let mut done = 0;
                    while !*stopped.borrow() {
                        round_trip(&env, addr).await.expect("no client notices");
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        for at in 0..3 {
            let name = echoes[at].1.clone();
            let name = ["a", "b", "c"].into_iter().find(|known| name.is_named(known)).expect("a name");
            handle.set_state(name, AdminState::Drain).expect("a member");
            settles_in(&env, || active(&handle, name) == 0).await;
            let (echo, member) = echoes.remove(at);
            let addr = echo.addr();
            echo.stop(Duration::ZERO).await;
            env.sleep(Duration::from_millis(700)).await;
            assert!(!handle.members()[at].healthy);
            let echo = squall_echo::tcp().shards(shards.clone()).listen(addr).start().await.expect("returns");
            echoes.insert(at, (echo, member));
            handle.set_state(name, AdminState::Up).expect("a member");
            settles_in(&env, || handle.members()[at].state == Condition::Up).await;
            settles_in(&env, || echoes[at].0.counts().accepted > 20).await;
        }
        stop.send_replace(true);
        let mut done = 0;
        for client in clients {
            done += client.await.expect("no client fails");
        }
        let metrics = proxy.metrics();
        assert!(done > 1_000, "{done}");
        assert_eq!((metrics.connections.accepted, metrics.connections.failed), (done, 0));
    });
}
