//! What faults decide: the same for the same bytes, written down, and made again from what was written.

use crate::bench::*;
use squall_faults::{Decisions, Replay};
use squall_proxy::ProxyBuilder;
use squall_wire::{Env, Shards};
use std::io::ErrorKind;

const FAULTS: [&str; 4] = [
    "reset:p=30%,within=3000",
    "latency:200us,jitter=100us,distribution=normal@both",
    "corrupt:0.1%",
    "loss:2%,rtt=1ms",
];

/// Sequential connections with one request each; what came back.
async fn work(env: &Env, builder: ProxyBuilder) -> Vec<(Vec<u8>, Option<ErrorKind>)> {
    let proxy = start(builder).await;
    let mut fates = Vec::new();
    for _ in 0..12 {
        let client = dial(env, &proxy).await;
        // The connection may be gone before everything is sent; what was answered tells.
        let _ = client.write_all(&pattern(4_000)).await;
        let _ = client.finish();
        let (got, end) = read_out(&client).await;
        fates.push((got, end.err().map(|error| error.kind())));
    }
    fates
}

async fn logged(shards: &Shards, seed: u64, faults: &[&str], replay: Option<Replay>) -> (Vec<usize>, String) {
    let (echo, log) = (echo(shards).await, Decisions::default());
    let builder = faults.iter().fold(proxy(&echo, shards).seed(seed), |b, spec| b.fault(fault(spec)));
    let builder = match replay {
        Some(replay) => builder.replay(replay),
        None => builder,
    };
    let fates = work(shards.env(0), builder.decisions(log.clone())).await;
    (fates.into_iter().map(|(got, _)| got.len()).collect(), log.to_json_lines())
}

#[test]
fn the_same_seed_decides_the_same_and_a_log_decides_in_its_place() {
    both_ways(|shards| async move {
        let (lengths, first) = logged(&shards, 5, &FAULTS, None).await;
        let (_, again) = logged(&shards, 5, &FAULTS, None).await;
        assert_eq!(first, again);
        let (_, other) = logged(&shards, 6, &FAULTS, None).await;
        assert_ne!(first, other);
        let replay = Replay::parse(&first).expect("a log");
        let (replayed, copy) = logged(&shards, 6, &FAULTS, Some(replay)).await;
        assert_eq!((replayed, copy), (lengths, first));
    });
}

#[test]
fn one_more_fault_leaves_the_decisions_of_the_others() {
    both_ways(|shards| async move {
        let (_, without) = logged(&shards, 5, &FAULTS[..3], None).await;
        let more = [FAULTS.as_slice(), &["slice:500,variation=100"]].concat();
        let (_, with) = logged(&shards, 5, &more, None).await;
        let others: String = with
            .lines()
            .filter(|line| !line.contains("\"fault\":\"slice\"") && !line.contains("\"fault\":\"loss\""))
            .map(|line| format!("{line}\n"))
            .collect();
        assert!(!without.is_empty() && with.len() > others.len());
        assert_eq!(others, without);
    });
}

#[test]
fn a_match_cuts_between_a_request_and_its_answer() {
    both_ways(|shards| async move {
        let (echo, env) = (echo(&shards).await, shards.env(0));
        let proxy =
            start(proxy(&echo, &shards).fault(fault("reset:match=COMMIT,match_on=up,times=1@down"))).await;
        let client = dial(env, &proxy).await;
        ping(&client, b"BEGIN").await;
        ping(&client, b"..COM").await;
        client.write_all(b"MIT;").await.expect("sent");
        let (got, end) = read_out(&client).await;
        assert_eq!(
            (got.as_slice(), end.map_err(|e| e.kind())),
            (b"".as_slice(), Err(ErrorKind::ConnectionReset))
        );
        assert_eq!(proxy.metrics().bytes.up, 14, "the server has it all");
        ping(&dial(env, &proxy).await, b"COMMIT once more").await;
        assert_eq!(proxy.metrics().faults[0].fired, 1);
    });
}
