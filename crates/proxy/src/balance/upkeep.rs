//! What a balancer does beside its connections: it probes members, and notices ejections and slow starts that are over.

use super::balancer::Balancer;
use crate::connection::dial_address;
use crate::link::Link;
use squall_balance::Probe;
use squall_wire::Env;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// Goes on until it is dropped, and every probe with it.
pub(crate) async fn keep(link: Arc<Link>, balancer: Arc<Balancer>) {
    let env = link.shards.env(0).clone();
    let mut probes = JoinSet::new();
    loop {
        let now = env.now();
        let (begun, next) = balancer.with(|pool| {
            let events = pool.advance(now);
            let mut begun = Vec::new();
            while let Some((due, member)) = pool.next_probe().filter(|(due, _)| *due <= now) {
                match pool.begin_probe(due.max(now), member) {
                    Some(probe) => begun.push(probe),
                    None => break,
                }
            }
            let probe = pool.next_probe().map(|(due, _)| due);
            ((begun, pool.next_change().into_iter().chain(probe).min()), events)
        });
        for begun in begun {
            probes.spawn(probe(link.clone(), balancer.clone(), env.clone(), begun));
        }
        let due = async {
            match next {
                Some(at) => env.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = balancer.changed.notified() => {}
            // The next probe of that member may be due now.
            Some(_) = probes.join_next() => {}
            () = due => {}
        }
    }
}

/// Probes a member, past the link's faults and counts.
async fn probe(link: Arc<Link>, balancer: Arc<Balancer>, env: Env, probe: Probe) {
    let roster = balancer.roster();
    // Whoever is probed is in the roster.
    let Some(member) = roster.get(probe.member) else { return };
    let look = async {
        let stream = dial_address(&member.address, &link.options, &env).await?;
        let looked = match &roster.check {
            Some(check) => check.look(&stream).await,
            None => Ok(()),
        };
        // A FIN would leave the port in the system's hands for a minute after every probe.
        let _ = stream.abort();
        looked
    };
    let left = Duration::from_nanos(probe.deadline.saturating_sub(env.now()));
    let result = env.timeout(left, look).await;
    let timed_out = || Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "probe timed out"));
    let result = result.unwrap_or_else(timed_out);
    if let Err(error) = &result {
        let name = &link.id.name;
        tracing::debug!("link {name}: probe of member {}: {}", member.name, squall_wire::reason(error));
    }
    balancer.note_probe(member, result.is_ok());
    balancer.with(|pool| ((), pool.probe_done(env.now(), probe.member, result.is_ok())));
}
