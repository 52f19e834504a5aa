//! From a load as it was read to one that can be started.

use crate::model::{Load, Manner};
use squall_faults::Carrier;
use squall_wire::Address;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Nobody's address.
const NOWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

pub(super) fn of(load: &Load, target: &Address, seed: u64) -> squall_load::Load {
    let plan = match target {
        Address::Unix(path) => squall_load::Load::unix(path),
        // What listens has no name but an address.
        Address::Ip(_) => squall_load::Load::new(target.socket_addr().unwrap_or(NOWHERE)),
    };
    let mut plan = plan
        .connections(load.connections)
        .requests(load.requests)
        .sizes(load.sizes.clone())
        .reconnect(load.reconnect)
        .retries(load.retries)
        .timeout(load.timeout)
        .pause(load.pause)
        .close(load.manner.close)
        .hold(load.manner.hold)
        .warmup(load.manner.warmup)
        .seed(seed);
    if load.carrier == Carrier::Datagram {
        plan = plan.datagrams();
    }
    let schedule = load.pace.as_ref().and_then(|pace| pace.schedule(Some(load.requests), None, seed));
    if let Some(schedule) = schedule {
        plan = plan.schedule(schedule);
    }
    let Manner {
        framed,
        reply_sizes,
        reply_delay,
        text,
        http,
        pipeline,
        per_connection,
        source,
        proxy_protocol,
        ..
    } = &load.manner;
    if *framed {
        plan = plan.framed(reply_sizes.clone(), *reply_delay);
    }
    if let Some((send, expect)) = text {
        plan = plan.text(send.clone(), expect.clone());
    }
    if let Some(request) = http {
        plan = plan.http(request.clone());
    }
    if let Some(depth) = pipeline {
        plan = plan.pipeline(*depth);
    }
    if let Some(requests) = per_connection {
        plan = plan.per_connection(*requests);
    }
    if let Some(source) = source {
        plan = plan.source(*source);
    }
    if let Some(version) = proxy_protocol {
        plan = plan.proxy_protocol(*version);
    }
    plan
}
