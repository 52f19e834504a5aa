//! A rehearsal as JSON, with every single action.

use super::offer::Offer;
use super::rehearsal::Rehearsal;
use super::tally::Tally;
use serde_json::{Value, json};
use squall_faults::{Action, Carrier, FaultSpec, How, Tick};

/// The whole of it.
pub(super) fn of(spec: &FaultSpec, offer: &Offer, rehearsals: &[Rehearsal]) -> Value {
    let mut whole = json!({
        "fault": spec.to_string(),
        "seed": offer.seed,
        "connection": offer.connection,
        "carrier": carrier(offer.carrier),
        "offered_bytes": offer.bytes,
        "directions": rehearsals.iter().map(|rehearsal| direction(rehearsal, offer)).collect::<Vec<_>>(),
    });
    if let Some(pace) = offer.pace {
        whole["pace_bits_per_second"] = pace.bits().into();
    }
    match offer.carrier {
        Carrier::Stream => whole["chunk_bytes"] = offer.piece.into(),
        Carrier::Datagram => {
            whole["datagram_bytes"] = offer.piece.into();
            whole["offered_datagrams"] = offer.pieces().into();
        }
    }
    whole
}

fn carrier(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::Stream => "stream",
        Carrier::Datagram => "datagram",
    }
}

fn direction(rehearsal: &Rehearsal, offer: &Offer) -> Value {
    let mut part = json!({
        "direction": rehearsal.direction.to_string(),
        "fired": rehearsal.fired,
        "delivered_bytes": rehearsal.delivered(),
        "held_bytes": rehearsal.held,
        "cut_short": rehearsal.cut_short,
        "actions": rehearsal.actions.iter().map(|(at, action)| entry(*at, *action)).collect::<Vec<_>>(),
    });
    let counts = match offer.carrier {
        Carrier::Stream => vec![
            ("discarded_bytes", rehearsal.discarded()),
            ("lost_bytes", rehearsal.lost()),
            ("unread_bytes", rehearsal.unread),
        ],
        Carrier::Datagram => {
            let tally = Tally::of(rehearsal, offer);
            vec![
                ("delivered_datagrams", tally.sent),
                ("copied_datagrams", tally.copies),
                ("late_datagrams", tally.late),
                ("shortened_datagrams", tally.shortened),
                ("dropped_datagrams", tally.dropped),
                ("rebinds", tally.rebinds),
            ]
        }
    };
    for (name, count) in counts {
        part[name] = count.into();
    }
    part
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
        Action::Copy { number, copies } => {
            json!({ "at_ns": at, "action": "copy", "number": number, "copies": copies })
        }
        Action::Send { number, len } => {
            json!({ "at_ns": at, "action": "send", "number": number, "bytes": len })
        }
        Action::Drop { number } => json!({ "at_ns": at, "action": "drop", "number": number }),
        Action::Rebind => json!({ "at_ns": at, "action": "rebind" }),
        Action::Fin => json!({ "at_ns": at, "action": "fin" }),
        Action::End(ending) => match ending.how {
            How::Reset { side, flush } => {
                json!({ "at_ns": at, "action": "reset", "side": side.to_string(), "flush": flush })
            }
            How::Close => json!({ "at_ns": at, "action": "close" }),
        },
    }
}
