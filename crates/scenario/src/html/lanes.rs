//! Connections as lanes: from when to when each was open, and how it ended.

use super::put;
use super::scale::Axis;
use super::text::{Text, bytes, count, of, time};
use crate::timeline::{Ending, Lane, LinkTrack};
use squall_proxy::CloseReason;

/// So many are shown at once; the rest unfolds.
const SHOWN: usize = 40;

/// From here on the letter of an ending stands on its lane, for want of room beside it.
const EDGE: u64 = 9_700;

/// The letter and the class of an ending. Whoever cannot tell colours apart can read.
fn sign(ending: Ending) -> (&'static str, &'static str) {
    match ending {
        Ending::Closed(CloseReason::Fin) => ("", "fin"),
        Ending::Closed(CloseReason::Reset(_)) => ("R", "bad"),
        Ending::Closed(CloseReason::Timeout) => ("T", "bad"),
        Ending::Closed(CloseReason::Error(_)) => ("E", "bad"),
        Ending::Closed(CloseReason::Cancelled) => ("C", "cut"),
        Ending::NotRelayed => ("N", "bad"),
        Ending::Open => ("?", "cut"),
    }
}

/// The row of lanes.
pub(super) fn lanes(out: &mut String, link: &LinkTrack, shades: &str, axis: Axis) {
    let all = link.lanes.len() as u64 + link.others.iter().map(|(_, many)| many).sum::<u64>();
    put!(
        out,
        "<div class=\"track lanes\"><div class=\"label\"><strong>Connections</strong><small>{}</small></div><div class=\"y\"></div><div class=\"plot\">",
        of(all, "connection", "connections")
    );
    out.push_str(shades);
    if link.lanes.is_empty() {
        put!(out, "<p class=\"none\">Nobody connected.</p>");
    } else {
        let (first, rest) = link.lanes.split_at(link.lanes.len().min(SHOWN));
        list(out, first, axis, true);
        if !rest.is_empty() {
            put!(out, "<details><summary>{} more</summary>\n", count(rest.len() as u64));
            list(out, rest, axis, false);
            put!(out, "</details>");
        }
    }
    put!(out, "</div></div>\n");
}

fn list(out: &mut String, lanes: &[Lane], axis: Axis, first: bool) {
    put!(out, "<ol role=\"list\">\n");
    for (i, lane) in lanes.iter().enumerate() {
        let (letter, class) = sign(lane.ending);
        let to = lane.to.unwrap_or(u64::MAX);
        let edge = if axis.x(to) > EDGE { " edge" } else { "" };
        // One of them takes the focus; arrow keys lead on from there.
        let tab = if first && i == 0 { 0 } else { -1 };
        put!(
            out,
            "<li class=\"{class}{edge}\" tabindex=\"{tab}\" aria-label=\"{}\"><i style=\"left:{};width:{}\"></i>",
            words(lane),
            axis.percent(lane.from),
            axis.width(lane.from, to)
        );
        if !letter.is_empty() {
            put!(out, "<b style=\"left:{}\">{letter}</b>", axis.percent(to));
        }
        put!(out, "</li>\n");
    }
    put!(out, "</ol>");
}

/// All about a connection. Nothing in it needs to be escaped.
fn words(lane: &Lane) -> String {
    let Lane { number, peer, from, up, down, ending, .. } = lane;
    let end = lane.to.map_or_else(String::new, |to| format!(" at {}, {} later", time(to), time(to - from)));
    let (up, down) = (bytes(*up), bytes(*down));
    let ending = Text(ending);
    format!("Connection {number} from {peer}: opened at {}, {ending}{end}; {up} up, {down} down", time(*from))
}

/// How connections ended, whether they are drawn or not.
pub(super) fn endings(out: &mut String, link: &LinkTrack) {
    let mut endings: Vec<(Ending, u64, u64)> = Vec::new();
    let mut add =
        |ending: Ending, drawn: u64, other: u64| match endings.iter_mut().find(|(e, ..)| *e == ending) {
            Some((_, d, o)) => {
                *d += drawn;
                *o += other;
            }
            None => endings.push((ending, drawn, other)),
        };
    link.lanes.iter().for_each(|lane| add(lane.ending, 1, 0));
    link.others.iter().for_each(|(ending, many)| add(*ending, 0, *many));
    if endings.is_empty() {
        return;
    }
    endings.sort_by_key(|(ending, ..)| ending.place());
    let others: u64 = link.others.iter().map(|(_, many)| many).sum();
    if others > 0 {
        put!(
            out,
            "<p class=\"note\">{} of {} connections have a lane: the first ones, and some of the later ones that did not end by \
             FIN. The counts below are of all.</p>\n",
            count(link.lanes.len() as u64),
            count(link.lanes.len() as u64 + others)
        );
    }
    let with_lane = if others > 0 { "<th scope=\"col\" class=\"n\">With a lane</th>" } else { "" };
    put!(
        out,
        "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"How connections ended\"><table class=\"ends\">\
         <caption>How connections ended</caption><thead><tr><th scope=\"col\">Sign</th><th scope=\"col\">End</th>\
         <th scope=\"col\" class=\"n\">Connections</th>{with_lane}</tr></thead><tbody>\n"
    );
    for (ending, drawn, other) in endings {
        let (letter, class) = sign(ending);
        let letter = if letter.is_empty() { "|" } else { letter };
        put!(
            out,
            "<tr><td><b class=\"sign {class}\">{letter}</b></td><th scope=\"row\">{}</th><td class=\"n\">{}</td>",
            Text(ending),
            count(drawn + other)
        );
        if others > 0 {
            put!(out, "<td class=\"n\">{}</td>", count(drawn));
        }
        put!(out, "</tr>\n");
    }
    put!(out, "</tbody></table></div>\n");
}
