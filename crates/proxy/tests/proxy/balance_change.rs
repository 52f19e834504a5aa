//! Balancers that become others under traffic: members that come, leave and move, and rules that change.

use crate::bench::*;
use squall_balance::{AdminState, Algorithm, Condition, HealthCheck};
use squall_proxy::{Balance, BalancerHandle, Check, Member, Picks, Proxy, ProxyError};
use std::io::ErrorKind;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

fn names(handle: &BalancerHandle) -> Vec<String> {
    handle.members().into_iter().map(|member| member.name).collect()
}

#[test]
fn members_come_and_go_and_connections_go_on() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 3).await;
        let proxy = start(Proxy::balance(pool(&echoes[..2])).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        let [to_a, to_b] = dial_both(env, &proxy).await;
        let departed = handle.change(pool(&echoes[1..])).expect("a pool");
        assert_eq!(names(&handle), ["b", "c"]);
        for _ in 0..4 {
            round_trip(env, proxy.addr()).await.expect("goes to b or c");
        }
        ping(&to_a, b"still there").await;
        ping(&to_b, b"still there").await;
        assert_eq!(echoes.iter().map(|(echo, _)| echo.counts().accepted).collect::<Vec<_>>(), [1, 3, 2]);
        // Whoever waits for it is done when the last connection is.
        let draining = shards.spawn(0, departed.drain(LONG));
        ping(&to_a, b"and on").await;
        drop(to_a);
        draining.await.expect("drained");
        assert_eq!(proxy.metrics().closes.cancelled, 0);
        assert!(handle.change(pool(&echoes[1..])).expect("a pool").is_empty(), "nothing has changed");
    });
}

#[test]
fn connections_of_members_that_have_left_are_reset_after_the_grace_and_nobody_elses() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 2).await;
        let proxy = start(Proxy::balance(pool(&echoes)).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        let [to_a, to_b] = dial_both(env, &proxy).await;
        handle.change(pool(&echoes[1..])).expect("a pool").drain(Duration::ZERO).await;
        assert_eq!(read_out(&to_a).await.1.expect_err("reset").kind(), ErrorKind::ConnectionReset);
        ping(&to_b, b"goes on").await;
        settles(|| proxy.metrics().closes.cancelled == 1).await;
        // It comes back as one that nothing is known of.
        drop(handle.change(pool(&echoes)).expect("a pool"));
        let a = handle.members().into_iter().find(|member| member.name == "a").expect("a member");
        assert_eq!((a.picks, a.connections, a.active), (0, 0, 0));
    });
}

#[test]
fn a_connection_that_is_being_made_to_a_member_that_has_left_goes_elsewhere_after_the_grace() {
    virtually(|shards| async move {
        let env = shards.env(0).clone();
        let echoes = members(&shards, 2).await;
        let builder = Proxy::balance(pool(&echoes)).shards(shards.clone()).connect_timeout(LONG);
        let proxy = start(builder.member_fault("a", fault("upstream_hang"))).await;
        let handle = proxy.balancer().expect("it picks");
        let client = dial(&env, &proxy).await;
        settles_in(&env, || handle.members()[0].active == 1).await;
        let departed = handle.change(pool(&echoes[1..])).expect("a pool");
        departed.drain(Duration::from_secs(3)).await;
        ping(&client, b"to b").await;
        assert_eq!((env.now() / 1_000_000_000, names(&handle)), (3, vec!["b".to_owned()]));
    });
}

#[test]
fn a_member_with_another_address_is_another_server_by_the_same_name() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 2).await;
        let at = |echo: usize| {
            let member = Member::new(echoes[echo].0.addr()).name("only");
            Balance::new(Algorithm::RoundRobin).member(member)
        };
        let proxy = start(Proxy::balance(at(0)).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        let old = dial(env, &proxy).await;
        ping(&old, b"before").await;
        let departed = handle.change(at(1)).expect("a pool");
        round_trip(env, proxy.addr()).await.expect("goes well");
        ping(&old, b"after").await;
        assert_eq!((echoes[0].0.counts().accepted, echoes[1].0.counts().accepted), (1, 1));
        let [only] = handle.members().try_into().expect("one member");
        assert_eq!((only.picks, only.connections), (2, 2), "it is counted on");
        assert_eq!(only.address, echoes[1].0.addr().to_string());
        departed.drain(Duration::ZERO).await;
        assert!(read_out(&old).await.1.is_err());
    });
}

#[test]
fn members_that_come_and_go_under_load_lose_no_connection() {
    both_ways(|shards| async move {
        let echoes = members(&shards, 4).await;
        let proxy = start(Proxy::balance(pool(&echoes[..2])).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        let clients: Vec<_> = (0..4)
            .map(|client| {
                let (env, addr) = (shards.env(client).clone(), proxy.addr());
                shards.spawn(client, async move {
                    for _ in 0..30 {
                        round_trip(&env, addr).await.expect("goes well");
                    }
                })
            })
            .collect();
        for turn in 0..20 {
            let wanted = [&echoes[1..3], &echoes[2..4], &echoes[..2], &echoes[..]][turn % 4];
            let departed = handle.change(pool(wanted)).expect("a pool");
            round_trip(shards.env(0), proxy.addr()).await.expect("goes well");
            departed.drain(LONG).await;
        }
        for client in clients {
            client.await.expect("goes well");
        }
        settles(|| proxy.metrics().connections.active == 0).await;
        let served: u64 = echoes.iter().map(|(echo, _)| echo.counts().accepted).sum();
        assert_eq!((served, proxy.metrics().connections.failed), (140, 0));
    });
}

#[test]
fn probes_begin_with_a_check_and_look_for_what_it_says_now() {
    virtually(|shards| async move {
        let env = shards.env(0).clone();
        let echoes = members(&shards, 1).await;
        let proxy = start(Proxy::balance(pool(&echoes)).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        let rule =
            HealthCheck { interval: Duration::from_secs(1), fall: 1, rise: 1, ..HealthCheck::default() };
        let probed = |expect: &[u8]| {
            let check = Check::Exchange { send: b"ping".to_vec(), expect: expect.to_vec() };
            pool(&echoes).health(rule, check)
        };
        drop(handle.change(probed(b"ping")).expect("a pool"));
        settles_in(&env, || handle.members()[0].probes == 2).await;
        assert_eq!(handle.members()[0].state, Condition::Up);
        drop(handle.change(probed(b"pong")).expect("a pool"));
        settles_in(&env, || handle.members()[0].state == Condition::Unhealthy).await;
        drop(handle.change(pool(&echoes)).expect("a pool"));
        assert_eq!(handle.members()[0].state, Condition::Up);
    });
}

#[test]
fn what_cannot_be_a_pool_changes_nothing() {
    virtually(|shards| async move {
        let echoes = members(&shards, 1).await;
        let proxy = start(Proxy::balance(pool(&echoes)).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        handle.set_state("a", AdminState::Drain).expect("a member");
        let before = handle.members();
        let none = handle.change(Balance::new(Algorithm::P2c)).expect_err("no members");
        assert_eq!(none.to_string(), "a balancer needs at least one member");
        let itself = handle.change(pool(&echoes).member(proxy.addr())).expect_err("a loop");
        assert!(matches!(itself, ProxyError::Loop { .. }));
        assert_eq!(handle.members(), before);
        // The log of picks knows members that have left by their own names.
        let (picks, echoes) = (Picks::default(), members(&shards, 3).await);
        let proxy =
            start(Proxy::balance(pool(&echoes[..1]).picks(picks.clone())).shards(shards.clone())).await;
        let handle = proxy.balancer().expect("it picks");
        for member in 0..3 {
            drop(handle.change(pool(&echoes[member..=member])).expect("a pool"));
            round_trip(shards.env(0), proxy.addr()).await.expect("goes well");
        }
        let log = picks.to_json_lines();
        let member = |line: &str| {
            ["a", "b", "c"].into_iter().find(|name| line.contains(&format!("\"member\":\"{name}\"")))
        };
        assert_eq!(log.lines().filter_map(member).collect::<String>(), "abc", "{log}");
    });
}
