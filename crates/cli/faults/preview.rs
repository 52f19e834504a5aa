//! `squall faults preview`: what a fault would do to one connection, in virtual time and without a socket.

use super::rehearsal::{Offer, Rehearsal};
use super::timeline;
use crate::exit::Exit;
use crate::{Failure, output, parse};
use serde_json::{Value, json};
use squall::Size;
use squall_faults::{Action, Carrier, Direction, FaultSpec, How, Tick};
use std::path::PathBuf;

/// Show what a fault would do to one connection, without making one.
///
/// All bytes are offered at once, in pieces as a relay would read them, then the end of the stream. Time is virtual, so the
/// answer comes at once and is the same on every machine. A fault on both directions is shown for each.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The fault, FAULT[:VALUE,KEY=VALUE...][@up|down|both].
    #[arg(value_name = "SPEC")]
    spec: FaultSpec,
    /// How many bytes are offered.
    #[arg(long, value_name = "SIZE", default_value = "1MiB", value_parser = parse::size)]
    bytes: Size,
    /// How many bytes one read takes at most.
    #[arg(long, value_name = "SIZE", default_value = "64KiB", value_parser = parse::piece)]
    chunk: Size,
    /// The seed of every random decision, or `random`.
    #[arg(long, value_name = "N", default_value = "0", value_parser = parse::seed)]
    seed: u64,
    /// Which connection, by its place in accept order.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u64).range(1..))]
    connection: u64,
    /// Write every single action as JSON to FILE, or to stdout without one.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    json: Option<PathBuf>,
}

pub(super) fn main(args: Args) -> Result<Exit, Failure> {
    let kind = args.spec.kind();
    if kind.on == Carrier::Datagram {
        return Err(Failure::usage(format!(
            "`{}` acts on datagrams; only streams can be previewed",
            kind.name
        )));
    }
    let offer = Offer {
        bytes: args.bytes.as_bytes(),
        chunk: args.chunk.as_bytes(),
        seed: args.seed,
        connection: args.connection,
    };
    let covered = Direction::BOTH.into_iter().filter(|direction| args.spec.directions().covers(*direction));
    let rehearsals = covered.map(|direction| Rehearsal::of(&args.spec, direction, &offer));
    let rehearsals = rehearsals.collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
    match &args.json {
        Some(target) => output::write(target, &format!("{:#}\n", document(&args.spec, &offer, &rehearsals)))?,
        None => {
            let (spec, bytes, seed, connection) = (&args.spec, args.bytes, offer.seed, offer.connection);
            let mut text = format!("{spec}: {bytes} on connection {connection}, seed {seed}\n");
            for rehearsal in &rehearsals {
                text.push_str(&format!("\n{}", timeline::render(rehearsal)));
            }
            output::print(&text)?;
        }
    }
    Ok(Exit::Ok)
}

fn document(spec: &FaultSpec, offer: &Offer, rehearsals: &[Rehearsal]) -> Value {
    let directions = rehearsals.iter().map(|rehearsal| {
        json!({
            "direction": rehearsal.direction.to_string(),
            "fired": rehearsal.fired,
            "delivered_bytes": rehearsal.delivered(),
            "discarded_bytes": rehearsal.discarded(),
            "lost_bytes": rehearsal.lost(),
            "held_bytes": rehearsal.held,
            "unread_bytes": rehearsal.unread,
            "cut_short": rehearsal.cut_short,
            "actions": rehearsal.actions.iter().map(|(at, action)| entry(*at, *action)).collect::<Vec<_>>(),
        })
    });
    json!({
        "fault": spec.to_string(),
        "seed": offer.seed,
        "connection": offer.connection,
        "offered_bytes": offer.bytes,
        "chunk_bytes": offer.chunk,
        "directions": directions.collect::<Vec<_>>(),
    })
}

fn entry(at: Tick, action: Action) -> Value {
    let at = at.as_nanos();
    match action {
        Action::Write { range, alone } => {
            json!({ "at_ns": at, "action": "write", "offset": range.offset, "bytes": range.len, "alone": alone })
        }
        Action::Discard(range) => {
            json!({ "at_ns": at, "action": "discard", "offset": range.offset, "bytes": range.len })
        }
        Action::Flip { offset, mask } => {
            json!({ "at_ns": at, "action": "flip", "offset": offset, "mask": mask })
        }
        Action::Fin => json!({ "at_ns": at, "action": "fin" }),
        Action::End(ending) => match ending.how {
            How::Reset { side, flush } => {
                json!({ "at_ns": at, "action": "reset", "side": side.to_string(), "flush": flush })
            }
            How::Close => json!({ "at_ns": at, "action": "close" }),
        },
    }
}
