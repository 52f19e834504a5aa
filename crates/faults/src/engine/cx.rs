//! What a fault may ask for while it is being called.

use super::action::{How, Item, Range};
use super::slot::Slot;
use crate::direction::{Peer, Side};
use crate::key::Lane;
use crate::tick::Tick;
use std::sync::atomic::{AtomicU64, Ordering};

/// A call to a fault: the logical time, the draws of its lane, and the schedule it adds to.
///
/// The time is when the bytes were released by the stage before, not when somebody woke up to see it, so lateness does not
/// add up along the line.
pub struct Cx<'a> {
    pub(super) at: Tick,
    pub(super) lane: Lane,
    pub(super) segment: u64,
    pub(super) slot: &'a mut Slot,
    pub(super) fired: &'a AtomicU64,
    pub(super) joined: Tick,
    pub(super) effects: &'a mut Effects,
}

/// What a fault asks for that does not wait in its line.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) flips: Vec<(u64, u8)>,
    pub(super) gone: Option<Peer>,
    pub(super) ending: Option<How>,
}

impl Cx<'_> {
    /// The logical time of this call.
    pub fn at(&self) -> Tick {
        self.at
    }

    /// The offset from which the fault's own positions count: where its trigger was met, 0 without a trigger.
    pub fn base(&self) -> u64 {
        self.slot.base
    }

    /// True where a trigger by time, not by position, armed the fault.
    pub fn armed_by_time(&self) -> bool {
        self.slot.armed_by_time
    }

    /// Bytes per segment, the unit of position for draws on a stream.
    pub fn segment(&self) -> u64 {
        self.segment
    }

    /// 64 uniform bits for a position; see [`Lane::draw`].
    pub fn draw(&self, index: u64, slot: u64) -> u64 {
        self.lane.draw(index, slot)
    }

    /// When the fault joined the link's plan: the origin of what all its connections share.
    pub fn joined(&self) -> Tick {
        self.joined
    }

    /// Lets bytes go on at `due`, never before what stands ahead of them nor before now.
    pub fn pass_at(&mut self, due: Tick, range: Range) {
        self.slot.queue_at(due.max(self.at), Item::Data { range, alone: false });
    }

    /// As [`Cx::pass_at`], to be written in a system call of their own.
    pub fn pass_alone(&mut self, due: Tick, range: Range) {
        self.slot.queue_at(due.max(self.at), Item::Data { range, alone: true });
    }

    /// Holds bytes until the fault's window ends or the fault is removed.
    pub fn hold(&mut self, range: Range) {
        self.pass_at(Tick::NEVER, range);
    }

    /// Inverts bits of a byte that has not gone on yet.
    pub fn flip(&mut self, offset: u64, mask: u8) {
        self.effects.flips.push((offset, mask));
    }

    /// Asks to be called ([`crate::Fault::timer`]) at `due`, instead of when it was asked before.
    pub fn wake_at(&mut self, due: Tick) {
        self.slot.wake = Some(due);
    }

    /// Lets bytes go on now.
    pub fn pass(&mut self, range: Range) {
        self.pass_at(self.at, range);
    }

    /// Takes bytes out of the stream.
    pub fn discard(&mut self, range: Range) {
        self.slot.queue_at(self.at, Item::Drop(range));
    }

    /// Lets the end of the stream go on at `due`, in order.
    pub fn fin_at(&mut self, due: Tick) {
        self.slot.queue_at(due.max(self.at), Item::Fin);
    }

    /// Lets the end of the stream go on now, in order.
    pub fn fin(&mut self) {
        self.fin_at(self.at);
    }

    /// Ends the connection with a RST that keeps its place in the line.
    pub fn reset(&mut self, side: Side) {
        self.slot.queue_at(self.at, Item::Reset(side));
    }

    /// Ends the connection with a RST at once; everything still held in either direction is lost.
    pub fn reset_now(&mut self, side: Side) {
        self.effects.ending = Some(How::Reset { side, flush: false });
    }

    /// From now on `peer` is as good as gone, without a word to the other: nothing more is read from it or written to it.
    pub fn lose(&mut self, peer: Peer) {
        self.effects.gone = Some(peer);
    }

    /// Ends the connection in order for both peers at once; everything still held is lost.
    pub fn close_now(&mut self) {
        self.effects.ending = Some(How::Close);
    }

    /// Counts one decision of the fault.
    pub fn fired(&mut self) {
        self.fired.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts this connection and direction as acted upon, once.
    pub fn acted(&mut self) {
        if !std::mem::replace(&mut self.slot.acted, true) {
            self.fired();
        }
    }
}
