//! Active health in virtual time: probes on time, beside the link's traffic, and what they change.

use crate::bench::*;
use squall_balance::{Condition, HealthCheck};
use squall_proxy::{Check, Member, Proxy};
use std::time::Duration;

const CHECK: HealthCheck =
    HealthCheck { interval: Duration::from_secs(1), timeout: Duration::from_millis(300), rise: 2, fall: 3 };

#[test]
fn a_member_that_stops_is_unhealthy_after_its_probes_say_so_and_comes_back_by_them() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let mut echoes = members(&shards, 2).await;
        let balance = pool(&echoes).health(CHECK, Check::Connect).slow_start(Duration::from_secs(5));
        let proxy = start(Proxy::balance(balance).shards(shards.clone())).await;
        let state = || proxy.metrics().members[1].state;
        env.sleep(Duration::from_secs(10)).await;
        assert_eq!(state(), Condition::Up);
        let (echo, _) = echoes.remove(1);
        let addr = echo.addr();
        echo.stop(Duration::ZERO).await;
        let stopped = env.now();
        settles_in(env, || state() == Condition::Unhealthy).await;
        let took = env.now() - stopped;
        assert!((2_000_000_000..=3_000_000_000).contains(&took), "{took}");
        for _ in 0..4 {
            round_trip(env, proxy.addr()).await.expect("goes to the other");
        }
        let failures = proxy.metrics().members[1].failures;
        assert_eq!(failures, 0, "no client was spent on finding out");
        let _back = squall_echo::tcp().shards(shards.clone()).listen(addr).start().await.expect("returns");
        let returned = env.now();
        settles_in(env, || state() == Condition::SlowStart).await;
        let took = env.now() - returned;
        assert!((1_000_000_000..=2_000_000_000).contains(&took), "{took}");
        settles_in(env, || state() == Condition::Up).await;
        assert_eq!(env.now() - returned - took, 5_000_000_000);
    });
}

#[test]
fn probes_are_no_traffic_and_meet_no_faults() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 1).await;
        let builder = Proxy::balance(pool(&echoes).health(CHECK, Check::Connect)).shards(shards.clone());
        let proxy =
            start(builder.fault(fault("blackhole")).member_fault("a", fault("upstream_refuse"))).await;
        env.sleep(Duration::from_secs(20)).await;
        let metrics = proxy.metrics();
        assert_eq!((metrics.connections.accepted, metrics.bytes.up), (0, 0));
        let member = &metrics.members[0];
        assert_eq!((member.state, member.picks, member.active), (Condition::Up, 0, 0));
        assert!((19..=21).contains(&member.probes) && member.probe_failures == 0, "{member:?}");
        drop(proxy);
        let probed = echoes[0].0.counts().accepted;
        env.sleep(Duration::from_secs(20)).await;
        assert_eq!(echoes[0].0.counts().accepted, probed, "nobody probes when the link is gone");
    });
}

#[test]
fn a_probe_that_expects_an_answer_fails_without_it_in_time() {
    virtually(|shards| async move {
        let env = shards.env(0);
        let echoes = members(&shards, 1).await;
        // One that accepts and never answers.
        let mute = env.listen("127.0.0.1:0".parse().expect("an address")).expect("listens");
        let addr = mute.local_addr();
        let accepting = shards.spawn(0, async move {
            let mut accepted = Vec::new();
            loop {
                accepted.push(mute.accept().await.0.attach());
            }
        });
        let check = |expect: &[u8]| Check::Exchange { send: b"PING\r\n".to_vec(), expect: expect.to_vec() };
        let mut proxies = Vec::new();
        for (expect, states) in [
            (&b"PING"[..], [Condition::Up, Condition::Unhealthy]),
            (b"PONG", [Condition::Unhealthy, Condition::Unhealthy]),
            (b"", [Condition::Up, Condition::Up]),
        ] {
            let balance = pool(&echoes).member(Member::new(addr).name("mute")).health(CHECK, check(expect));
            proxies.push((start(Proxy::balance(balance).shards(shards.clone())).await, states));
        }
        env.sleep(Duration::from_secs(10)).await;
        for (proxy, states) in proxies {
            let members = proxy.metrics().members;
            assert_eq!([members[0].state, members[1].state], states);
        }
        accepting.abort();
    });
}
