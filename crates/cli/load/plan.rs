//! From options to a load, and to what the report says of them.

use super::args::Args;
use super::live::Total;
use super::target::{Protocol, Target};
use crate::Failure;
use squall::load::{Close, Expect, Load, Mix, Plan, ProxyProtocol, Rate, Request, Schedule};
use squall::value::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a load goes on where nothing says so.
const DURATION: Duration = Duration::from_secs(10);

/// The load that is asked for; refuses what does not go together.
pub(super) fn read(args: &Args) -> Result<(Load, Plan), Failure> {
    let target = args.target.as_ref().ok_or_else(|| Failure::usage("there is no target"))?;
    let seed = args.seed;
    check(args, target)?;
    let mut load = target
        .load(args.source.map(|source| source.is_ipv4()))?
        .connections(args.connections.get())
        .close(args.close)
        .hold(args.hold)
        .reconnect(!args.no_reconnect)
        .retries(args.retries)
        .timeout(args.timeout)
        .pause(args.pause)
        .warmup(args.warmup)
        .seed(seed);
    let schedule = schedule(args)?;
    let requests = match (&schedule, args.requests) {
        (Some(schedule), _) => Some(schedule.count()),
        (None, requests) => requests.map(|requests| requests.get()),
    };
    load = match (schedule, requests) {
        (Some(schedule), _) => load.schedule(schedule),
        (None, Some(requests)) => load.requests(requests),
        (None, None) => load.duration(args.duration.unwrap_or(DURATION)),
    };
    if let Some(sizes) = &args.size {
        load = load.sizes(sizes.clone());
    }
    if let Some(depth) = args.pipeline {
        load = load.pipeline(depth.get());
    }
    if let Some(requests) = args.per_conn {
        load = load.per_connection(requests.get());
    }
    if let Some(source) = args.source {
        load = load.source(source);
    }
    if let Some(version) = args.proxy_protocol {
        load = load.proxy_protocol(version);
    }
    load = speak(args, &target.protocol, load)?;
    let (index, count) = part(args)?;
    load = load.shard(index, count);
    let open = args.rate.is_some() || args.stages.is_some();
    let timed = requests.is_none().then(|| args.duration.unwrap_or(DURATION));
    let plan = Plan {
        target: target.written.clone(),
        model: if open { "open" } else { "closed" }.to_owned(),
        connections: args.connections.get(),
        requests,
        duration_ns: timed.map(|duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)),
        options: options(args),
        seed,
        shards: count,
        parts: vec![index],
    };
    Ok((load, plan))
}

/// What the live line counts towards.
pub(super) fn total(args: &Args) -> Total {
    let schedule = schedule(args).ok().flatten();
    match (schedule, args.requests) {
        // A part has its share of the whole.
        _ if args.shard.is_some() => Total::Unknown,
        (Some(schedule), _) => Total::Requests(schedule.count()),
        (None, Some(requests)) => Total::Requests(requests.get()),
        (None, None) => Total::Time(args.duration.unwrap_or(DURATION)),
    }
}

fn part(args: &Args) -> Result<(u64, u64), Failure> {
    let Some(shard) = args.shard else { return Ok((0, 1)) };
    let environment = std::env::var("JOB_COMPLETION_INDEX").ok();
    let (index, count) = shard.resolve(environment.as_deref())?;
    if count > args.connections.get() {
        let connections = args.connections;
        return Err(Failure::usage(format!("{connections} connections cannot be split into {count} parts")));
    }
    Ok((index, count))
}

fn schedule(args: &Args) -> Result<Option<Schedule>, Failure> {
    let schedule = match (&args.stages, args.rate, args.requests) {
        (Some(stages), start, _) => {
            let start = start.or(Rate::thousandths(0)).unwrap_or(Rate::HIGHEST);
            Schedule::stages(start, stages.list.iter().copied())
        }
        (None, Some(rate), Some(requests)) => Schedule::constant(rate, requests.get()),
        (None, Some(rate), None) => Schedule::lasting(rate, args.duration.unwrap_or(DURATION)),
        (None, None, _) => return Ok(None),
    };
    let schedule = schedule.filter(|schedule| schedule.count() > 0);
    let schedule = schedule.ok_or_else(|| {
        Failure::usage("this rate has no request at all, or takes more than a day: change it or the duration")
    })?;
    Ok(Some(schedule.arriving(args.arrivals, args.seed)))
}

/// Refuses options that mean nothing to the target.
fn check(args: &Args, target: &Target) -> Result<(), Failure> {
    let (framed, protocol, unix) = (is_framed(args), &target.protocol, target.is_unix());
    let (udp, http) = (*protocol == Protocol::Udp, matches!(protocol, Protocol::Http { .. }));
    let spread = args.arrivals != squall::load::Arrivals::Uniform;
    let most = if framed { 65_507 - 64 } else { 65_507 };
    let largest = args.size.iter().chain(&args.reply_size).map(Mix::largest).max().unwrap_or(0);
    let refusals = [
        (unix && args.source.is_some(), "a unix socket has no addresses to come from: leave out --source"),
        (unix && args.close == Close::Rst, "a unix socket has no RST: write --close fin or --close half"),
        (
            udp && args.per_conn.is_some(),
            "UDP has no connection that could be replaced: --per-conn is for TCP",
        ),
        (udp && args.close != Close::Fin, "UDP has no connection that could be closed: --close is for TCP"),
        (udp && args.proxy_protocol.is_some(), "--proxy-protocol is for TCP"),
        (udp && args.no_reconnect, "UDP has no connection that could be lost: --no-reconnect is for TCP"),
        (!udp && args.retries > 0, "TCP sends again by itself: --retries is for UDP"),
        (udp && args.send.is_some(), "--send and --expect are for TCP"),
        (udp && largest > most, "a datagram has at most 65507 bytes, 64 of which are a frame's header"),
        (framed && largest > u64::from(u32::MAX), "a frame has less than 4GiB"),
        (framed && args.send.is_some(), "frames have their own payload: leave out --send"),
        (http && framed, "HTTP has no frames"),
        (http && args.send.is_some(), "HTTP has requests of its own: --method, --header, --body"),
        (!http && args.expect.is_some() && args.send.is_none(), "--expect needs --send, but over HTTP"),
        (!http && args.expect_echo, "--expect-echo is for HTTP: other loads expect an echo by default"),
        (!http && args.expect_status.is_some(), "--expect-status is for HTTP"),
        (!http && args.body.is_some(), "--body is for HTTP"),
        (!http && !args.headers.is_empty(), "--header is for HTTP"),
        (!http && args.method != "GET", "--method is for HTTP"),
        (spread && args.rate.is_none() && args.stages.is_none(), "--arrivals goes with --rate or --stages"),
    ];
    match refusals.into_iter().find(|(refused, _)| *refused) {
        Some((_, why)) => Err(Failure::usage(why)),
        None => Ok(()),
    }
}

fn is_framed(args: &Args) -> bool {
    args.framed || args.reply_size.is_some() || args.reply_delay.is_some()
}

/// What is said to the target.
fn speak(args: &Args, protocol: &Protocol, load: Load) -> Result<Load, Failure> {
    let load = if *protocol == Protocol::Udp { load.datagrams() } else { load };
    if is_framed(args) {
        return Ok(load.framed(args.reply_size.clone(), args.reply_delay.unwrap_or_default()));
    }
    if let (Some(send), Some(expect)) = (&args.send, &args.expect) {
        if send.bytes.is_empty() {
            return Err(Failure::usage("--send has no text"));
        }
        return Ok(load.text(send.bytes.clone(), expect.bytes.clone()));
    }
    let Protocol::Http { path, host } = protocol else { return Ok(load) };
    let headers: Vec<(&str, &str)> =
        args.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = match (&args.body, &args.size) {
        (Some(body), _) => Request::new(&args.method, path, host, &headers, &body.bytes),
        (None, Some(_)) => Request::seeded(&args.method, path, host, &headers),
        (None, None) => Request::new(&args.method, path, host, &headers, &[]),
    };
    let expect = match &args.expect {
        _ if args.expect_echo => Expect::Echo,
        Some(text) => Expect::Text(text.bytes.clone().into()),
        None => Expect::Anything,
    };
    let request = request.and_then(|request| request.expecting(expect)).map_err(Failure::usage)?;
    Ok(load.http(match &args.expect_status {
        Some(expected) => request.expecting_status(expected.statuses.clone()),
        None => request,
    }))
}

/// The options that differ from what they are without being given.
fn options(args: &Args) -> BTreeMap<String, String> {
    let mut options = BTreeMap::new();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    let lasting = |duration: Duration| (!duration.is_zero()).then(|| duration.render()).flatten();
    let open = args.rate.is_some() || args.stages.is_some();
    put("rate", args.rate.map(shown));
    put("stages", args.stages.as_ref().map(|stages| stages.written.clone()));
    put("arrivals", open.then(|| args.arrivals.to_string()));
    put("duration", args.duration.and_then(lasting));
    put("size", args.size.as_ref().map(Mix::to_string));
    put("reply-size", args.reply_size.as_ref().map(Mix::to_string));
    put("reply-delay", args.reply_delay.and_then(lasting));
    put("framed", is_framed(args).then(|| "true".to_owned()));
    put("pipeline", args.pipeline.map(|depth| depth.to_string()));
    put("per-conn", args.per_conn.map(|requests| requests.to_string()));
    put(
        "close",
        Some(
            match args.close {
                Close::Fin => "fin",
                Close::Rst => "rst",
                Close::Half => "half",
            }
            .to_owned(),
        ),
    );
    put("hold", lasting(args.hold));
    put("source", args.source.map(|source| source.to_string()));
    put(
        "proxy-protocol",
        args.proxy_protocol.map(|version| match version {
            ProxyProtocol::V1 => "v1".to_owned(),
            ProxyProtocol::V2 => "v2".to_owned(),
        }),
    );
    put("timeout", lasting(args.timeout));
    put("pause", lasting(args.pause));
    put("warmup", lasting(args.warmup));
    put("retries", (args.retries > 0).then(|| args.retries.to_string()));
    put("no-reconnect", args.no_reconnect.then(|| "true".to_owned()));
    put("send", args.send.as_ref().map(|text| text.written.clone()));
    put("expect", args.expect.as_ref().map(|text| text.written.clone()));
    put("expect-echo", args.expect_echo.then(|| "true".to_owned()));
    put("expect-status", args.expect_status.as_ref().map(|expected| expected.written.clone()));
    put("method", (args.method != "GET").then(|| args.method.clone()));
    put("body", args.body.as_ref().map(|text| text.written.clone()));
    // What a header holds may be a secret; its name is enough to know the request by.
    let names: Vec<&str> = args.headers.iter().map(|(name, _)| name.as_str()).collect();
    put("header", (!names.is_empty()).then(|| names.join(", ")));
    options
}

/// A rate as it is written.
fn shown(rate: Rate) -> String {
    let (whole, part) = (rate.as_thousandths() / 1000, rate.as_thousandths() % 1000);
    if part == 0 { whole.to_string() } else { format!("{whole}.{part:03}").trim_end_matches('0').to_owned() }
}
