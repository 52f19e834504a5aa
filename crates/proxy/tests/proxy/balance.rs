//! Links that pick: who gets a connection, what happens when members cannot be reached, and that places are given back.

use crate::bench::*;
use squall_balance::{Algorithm, Condition, Ejection};
use squall_proxy::{Balance, Member, Picks, Proxy, ProxyError};
use squall_wire::Shards;
use std::io::ErrorKind;
use std::time::Duration;

async fn balancer(shards: &Shards, balance: Balance) -> Proxy {
    start(Proxy::balance(balance).shards(shards.clone())).await
}

fn counts<const N: usize>(proxy: &Proxy) -> [(u64, u64, u64, u64); N] {
    let members = proxy.metrics().members;
    let counts = members.iter().map(|m| (m.picks, m.connections, m.failures, m.active));
    counts.collect::<Vec<_>>().try_into().expect("so many members")
}

#[test]
fn connections_are_dealt_by_weight_and_their_places_given_back() {
    both_ways(|shards| async move {
        let echoes = members(&shards, 2).await;
        let weighted = [echoes[0].1.clone().weight(3), echoes[1].1.clone()];
        let balance = weighted.into_iter().fold(Balance::new(Algorithm::RoundRobin), Balance::member);
        let proxy = balancer(&shards, balance).await;
        for _ in 0..40 {
            round_trip(shards.env(0), proxy.addr()).await.expect("goes well");
        }
        settles(|| proxy.metrics().connections.active == 0).await;
        assert_eq!(counts(&proxy), [(30, 30, 0, 0), (10, 10, 0, 0)]);
        assert_eq!(echoes[0].0.counts().accepted, 30);
        assert!(proxy.upstream().is_none() && proxy.name() == "balance");
    });
}

#[test]
fn shares_are_exact_however_many_are_picked_for_at_once() {
    both_ways(|shards| async move {
        let echoes = members(&shards, 3).await;
        let weighted =
            echoes.iter().zip([5, 3, 2]).map(|((_, member), weight)| member.clone().weight(weight));
        let balance = weighted.fold(Balance::new(Algorithm::RoundRobin), Balance::member);
        let proxy = balancer(&shards, balance).await;
        let clients: Vec<_> = (0..10)
            .map(|client| {
                let (env, addr) = (shards.env(client).clone(), proxy.addr());
                shards.spawn(client, async move {
                    for _ in 0..20 {
                        round_trip(&env, addr).await.expect("goes well");
                    }
                })
            })
            .collect();
        for client in clients {
            client.await.expect("goes well");
        }
        settles(|| proxy.metrics().connections.active == 0).await;
        assert_eq!(counts(&proxy), [(100, 100, 0, 0), (60, 60, 0, 0), (40, 40, 0, 0)]);
    });
}

#[test]
fn the_least_used_member_is_picked_while_connections_last() {
    virtually(|shards| async move {
        let echoes = members(&shards, 3).await;
        let balance = echoes.iter().map(|(_, member)| member.clone());
        let balance = balance.fold(Balance::new(Algorithm::LeastConnections), Balance::member);
        let proxy = balancer(&shards, balance).await;
        let mut open = Vec::new();
        for _ in 0..30 {
            let client = dial(shards.env(0), &proxy).await;
            ping(&client, b"x").await;
            open.push(client);
        }
        assert_eq!(counts(&proxy).map(|(_, _, _, active)| active), [10, 10, 10]);
        drop(open);
        settles(|| counts(&proxy).map(|(_, _, _, active)| active) == [0, 0, 0]).await;
    });
}

#[test]
fn a_member_that_refuses_is_passed_over_ejected_and_readmitted_on_time() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 1).await;
        let gone = nowhere(env);
        let rule = Ejection { failures: 3, base: Duration::from_secs(2), ..Ejection::default() };
        let proxy =
            balancer(&shards, pool(&echoes).member(Member::new(gone).name("gone")).ejection(rule)).await;
        for _ in 0..10 {
            round_trip(env, proxy.addr()).await.expect("the other member answers");
        }
        let member = |at: usize| proxy.metrics().members[at].clone();
        assert_eq!((member(1).state, member(1).failures, member(1).ejections), (Condition::Ejected, 3, 1));
        assert_eq!((member(0).connections, proxy.metrics().connections.failed), (10, 0));
        env.sleep(Duration::from_nanos(2_000_000_000 - 1)).await;
        assert_eq!(member(1).state, Condition::Ejected);
        // Without a connection that would notice.
        env.sleep(Duration::from_nanos(1)).await;
        assert_eq!(member(1).state, Condition::Up);
        let returned = squall_echo::tcp().shards(shards.clone()).listen(gone).start().await.expect("starts");
        for _ in 0..10 {
            round_trip(env, proxy.addr()).await.expect("goes well");
        }
        assert_eq!((returned.counts().accepted, member(1).failures), (5, 3));
    });
}

#[test]
fn without_a_member_clients_are_reset_and_counted_as_failed() {
    both_ways(|shards| async move {
        let env = shards.env(0);
        // Ports that no test can be given.
        let [a, b] = [1, 9].map(|port| std::net::SocketAddr::from(([127, 0, 0, 1], port)));
        let balance = Balance::new(Algorithm::P2c).member(Member::new(a).name("a"));
        let proxy = balancer(&shards, balance.member(Member::new(b).name("b")).ejection(None)).await;
        for _ in 0..3 {
            let error = round_trip(env, proxy.addr()).await.expect_err("nobody there");
            assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        }
        settles(|| proxy.metrics().connections.failed == 3).await;
        // Each was tried on both.
        assert_eq!(counts(&proxy), [(3, 0, 3, 0); 2]);
        let handle = proxy.balancer().expect("it picks");
        handle.set_weight("a", 0).expect("a weight");
        handle.set_weight("b", 0).expect("a weight");
        round_trip(env, proxy.addr()).await.expect_err("nobody to pick");
        settles(|| proxy.metrics().connections.failed == 4).await;
        assert_eq!((handle.snapshot().unanswered, counts(&proxy)), (1, [(3, 0, 3, 0); 2]));
    });
}

#[test]
fn a_connection_is_tried_only_so_often() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 1).await;
        let mut balance = Balance::new(Algorithm::RoundRobin).dial_retries(1).ejection(None);
        for name in ["x", "y"] {
            balance = balance.member(Member::new(nowhere(env)).name(name));
        }
        let proxy = balancer(&shards, balance.member(echoes[0].1.clone())).await;
        round_trip(env, proxy.addr()).await.expect_err("x and y were tried");
        assert_eq!(counts(&proxy), [(1, 0, 1, 0), (1, 0, 1, 0), (0, 0, 0, 0)]);
    });
}

#[test]
fn what_happens_once_a_member_is_connected_is_not_tried_again() {
    virtually(|shards| async move {
        let echoes = members(&shards, 2).await;
        let proxy = balancer(&shards, pool(&echoes)).await;
        proxy.inject(fault("reset:at=2@up")).keep();
        let error = round_trip(shards.env(0), proxy.addr()).await.expect_err("cut");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        settles(|| proxy.metrics().connections.active == 0).await;
        assert_eq!(counts(&proxy), [(1, 1, 0, 0), (0, 0, 0, 0)]);
    });
}

#[test]
fn a_dial_that_is_cut_short_gives_its_place_back() {
    virtually(|shards| async move {
        let echoes = members(&shards, 1).await;
        let proxy = start(
            Proxy::balance(pool(&echoes)).shards(shards.clone()).member_fault("a", fault("upstream_hang")),
        )
        .await;
        let client = dial(shards.env(0), &proxy).await;
        settles_in(shards.env(0), || counts(&proxy) == [(1, 0, 0, 1)]).await;
        proxy.cut().await;
        read_out(&client).await.1.expect_err("reset");
        proxy.idle().await;
        assert_eq!(counts(&proxy), [(1, 0, 0, 0)]);
    });
}

#[test]
fn faults_are_for_all_members_or_for_one() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 2).await;
        let builder = Proxy::balance(pool(&echoes)).shards(shards.clone()).fault(fault("latency:1ms"));
        let proxy = start(builder.member_fault("b", fault("latency:50ms"))).await;
        assert_eq!(proxy.faults(), ["latency:1ms@down", "b:latency:50ms@down"]);
        for expected in [1_000_000, 51_000_000, 1_000_000, 51_000_000] {
            let before = env.now();
            round_trip(env, proxy.addr()).await.expect("goes well");
            assert_eq!(env.now() - before, expected);
        }
        let fired: Vec<_> = proxy.metrics().faults.into_iter().map(|f| (f.name, f.fired)).collect();
        assert_eq!(fired, [("b.latency".to_owned(), 2), ("latency".to_owned(), 4)]);
        // On open connections, too, and off again.
        let (at_a, at_b) = (dial(env, &proxy).await, dial(env, &proxy).await);
        ping(&at_a, b"a").await;
        ping(&at_b, b"b").await;
        let guard = proxy.try_inject_at("a", fault("latency:9ms")).expect("fits");
        let before = env.now();
        ping(&at_a, b"slower").await;
        assert_eq!(env.now() - before, 10_000_000);
        ping(&at_b, b"as before").await;
        assert_eq!((env.now() - before, guard.fired()), (61_000_000, 1));
    });
}

#[test]
fn a_member_that_a_fault_makes_refuse_is_passed_over() {
    virtually(|shards| async move {
        let echoes = members(&shards, 2).await;
        let builder = Proxy::balance(pool(&echoes)).shards(shards.clone());
        let proxy = start(builder.member_fault("a", fault("upstream_refuse:connections=1-4"))).await;
        for _ in 0..8 {
            round_trip(shards.env(0), proxy.addr()).await.expect("the other member answers");
        }
        let [a, b] = counts(&proxy);
        assert!(a.2 > 0 && a.1 > 0 && b.2 == 0, "{a:?} {b:?}");
        assert_eq!(a.1 + b.1, 8);
    });
}

#[test]
fn faults_for_a_member_are_refused_where_they_make_no_sense() {
    virtually(|shards| async move {
        let echoes = members(&shards, 1).await;
        let proxy = balancer(&shards, pool(&echoes)).await;
        let told = |member: &str, text: &str| {
            proxy.try_inject_at(member, fault(text)).map(drop).expect_err("makes no sense").to_string()
        };
        assert_eq!(told("z", "latency:1ms"), "there is no member `z`; members are a");
        assert!(told("a", "refuse").starts_with("`refuse` acts before a member is picked"));
        let one = start(crate::bench::proxy(&echoes[0].0, &shards)).await;
        let error = one.try_inject_at("a", fault("latency:1ms")).map(drop).expect_err("no members");
        assert_eq!(error.to_string(), "there is no member `a`; the link has no members");
        let twice = Balance::new(Algorithm::Random).member(echoes[0].1.clone()).member(echoes[0].1.clone());
        let error = Proxy::balance(twice).shards(shards.clone()).start().await.map(drop).expect_err("twice");
        assert!(matches!(error, ProxyError::Pool(_)), "{error}");
        let own = shards.env(0).listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let addr = own.local_addr();
        drop(own);
        let own = Balance::new(Algorithm::Random).member(Member::new(addr));
        let error = Proxy::balance(own).shards(shards.clone()).listen(addr).start().await.map(drop);
        assert!(matches!(error, Err(ProxyError::Loop { .. })));
    });
}

#[test]
fn the_same_seed_and_connections_make_the_same_picks() {
    let run = |seed: u64| {
        let log = Picks::default();
        let picks = log.clone();
        virtually(move |shards| async move {
            let echoes = members(&shards, 3).await;
            let balance = echoes.iter().map(|(_, member)| member.clone());
            let balance = balance.fold(Balance::new(Algorithm::P2c), Balance::member).picks(log);
            let builder = Proxy::balance(balance).shards(shards.clone()).seed(seed);
            let proxy = start(builder.member_fault("b", fault("upstream_refuse:connections=2-3"))).await;
            for _ in 0..20 {
                round_trip(shards.env(0), proxy.addr()).await.expect("goes well");
            }
        });
        picks.to_json_lines()
    };
    let first = run(7);
    assert_eq!(first, run(7));
    assert_ne!(first, run(8));
    let lines: Vec<_> = first.lines().collect();
    assert!(lines.len() >= 20, "{first}");
    assert!(
        lines[0].starts_with(r#"{"balancer":"balance","connection":1,"attempt":1,"member":""#),
        "{first}"
    );
    assert!(lines[0].contains(r#""candidates":[""#), "{first}");
}
