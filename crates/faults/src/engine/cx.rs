//! What a fault may ask for while it is being called.

use super::action::{Datagram, How, Item, Range, Reset};
use super::slot::Slot;
use crate::decision::{ACT, Recorder, Script};
use crate::direction::{Peer, Side};
use crate::key::{Draws, Lane};
use crate::planned::Planned;
use crate::tick::Tick;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A call to a fault: the logical time, the draws of its lane, and the schedule it adds to. `S` is what the fault's
/// connections share.
///
/// The time is when the bytes were released by the stage before, not when somebody woke up to see it, so lateness does not
/// add up along the line.
pub struct Cx<'a, S = ()> {
    pub(super) call: Call<'a>,
    pub(super) shared: &'a Mutex<S>,
}

/// A call, whatever the fault shares.
pub(crate) struct Call<'a> {
    pub(super) at: Tick,
    pub(super) seat: &'a Seat,
    pub(super) rtt: u64,
    /// The datagram that is concerned, where it is one.
    pub(super) datagram: Option<Datagram>,
    pub(super) slot: &'a mut Slot,
    pub(super) planned: &'a Planned,
    pub(super) effects: &'a mut Effects,
}

/// Where a stage sits: on which link, connection and direction, as far as draws and decisions go.
pub(super) struct Seat {
    pub(super) lane: Lane,
    /// What stands in place of the draws.
    pub(super) script: Option<Script>,
    pub(super) recorder: Option<Recorder>,
    pub(super) segment: u64,
}

/// What a fault asks for that does not wait in its line.
#[derive(Default)]
pub(super) struct Effects {
    pub(super) flips: Vec<(u64, u8)>,
    pub(super) gone: Option<Peer>,
    /// How the connection is to end at once, and the fault that says so.
    pub(super) ending: Option<(How, u64)>,
    /// A datagram that comes out more often, how much it counts for, and how many times more.
    pub(super) copies: Option<(Datagram, u64)>,
    pub(super) rebind: bool,
}

impl<'a, S> Cx<'a, S> {
    /// The logical time of this call.
    pub fn at(&self) -> Tick {
        self.call.at
    }

    /// The earliest time at which something can leave: that of this call, or later where changed parameters took over what
    /// had arrived before.
    pub fn earliest(&self) -> Tick {
        self.call.at.max(self.call.slot.floor)
    }

    /// The offset from which the fault's own positions count: where its trigger was met, 0 without a trigger.
    pub fn base(&self) -> u64 {
        self.call.slot.base
    }

    /// True where a trigger by time, not by position, armed the fault.
    pub fn armed_by_time(&self) -> bool {
        self.call.slot.armed_by_time
    }

    /// Bytes per segment, the unit of position for draws on a stream.
    pub fn segment(&self) -> u64 {
        self.call.seat.segment
    }

    /// The unit of position for draws: the number of the segment in which `offset` lies, or of the datagram.
    pub fn unit(&self, offset: u64) -> u64 {
        self.call.datagram.map_or(offset / self.segment(), |datagram| datagram.number)
    }

    /// True where what arrives is a datagram.
    pub fn is_datagram(&self) -> bool {
        self.call.datagram.is_some()
    }

    /// The link's round-trip time as its faults make it, in nanoseconds.
    pub fn rtt(&self) -> u64 {
        self.call.rtt
    }

    /// Bytes that the fault holds.
    pub fn queued(&self) -> u64 {
        self.call.slot.queued()
    }

    /// When the fault joined the link's plan: the origin of what all its connections share.
    pub fn joined(&self) -> Tick {
        self.call.planned.joined()
    }

    /// What all connections of the link share in this direction.
    pub fn shared(&self) -> MutexGuard<'a, S> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides about `index`, whose draws `draw` gets: a number where the fault is to act, nothing where it is not. While
    /// decisions are replayed they come from the log, and `draw` is not asked.
    pub fn choose(&self, index: u64, draw: impl FnOnce(Draws) -> Option<u64>) -> Option<u64> {
        match &self.call.seat.script {
            Some(script) => script.get(index),
            None => draw(Draws::new(self.call.seat.lane, index)),
        }
    }

    /// Counts a decision about `index`, at `offset`, with the number `value` that was drawn for it, and writes it down. False,
    /// and nothing is counted, where the fault has acted as often as it may: it must then not act.
    #[must_use]
    pub fn fire(&mut self, action: &'static str, index: u64, offset: u64, value: u64) -> bool {
        if !self.call.slot.decide(self.call.at, action, index) {
            return true;
        }
        let allowed = self.call.planned.may_act();
        if allowed {
            self.call.planned.count();
            self.note(action, index, offset, value);
        }
        allowed
    }

    /// Writes a drawn number down that counts for nothing by itself, such as a single delay.
    pub fn note(&self, action: &'static str, index: u64, offset: u64, value: u64) {
        if let Some(recorder) = &self.call.seat.recorder {
            recorder.note(action, index, offset, value);
        }
    }

    /// Counts this connection and direction as acted upon, once, from `offset` on. False where the fault has acted on as many
    /// as it may: it must then not act.
    #[must_use]
    pub fn act(&mut self, offset: u64) -> bool {
        match self.call.slot.acted {
            Some(allowed) => allowed,
            None => {
                let allowed = self.fire(ACT, 0, offset, 0);
                self.call.slot.acted = Some(allowed);
                allowed
            }
        }
    }

    /// True where the fault has acted as often as it may, and not on this connection: it must leave it alone.
    pub fn is_spared(&self) -> bool {
        self.call.slot.acted.map_or_else(|| self.call.planned.is_used_up(), |allowed| !allowed)
    }

    /// Lets bytes go on at `due`, never before what stands ahead of them nor before now.
    pub fn pass_at(&mut self, due: Tick, range: Range) {
        let item = self.item(range, false);
        self.queue(due, item);
    }

    /// As [`Cx::pass_at`], to be written in a system call of their own.
    pub fn pass_alone(&mut self, due: Tick, range: Range) {
        let item = self.item(range, true);
        self.queue(due, item);
    }

    /// As [`Cx::pass_at`], but before what is due later. Only datagrams may overtake.
    pub fn pass_overtaking(&mut self, due: Tick, range: Range) {
        let item = self.item(range, false);
        let at = self.call.at;
        self.call.slot.insert_at(due.max(at), at, item);
    }

    /// Holds bytes until the fault's window ends, the fault is removed, or [`Cx::release_to`].
    pub fn hold(&mut self, range: Range) {
        self.pass_at(Tick::NEVER, range);
    }

    /// Lets held bytes before `offset` go at `due` at the latest; with [`u64::MAX`] everything, the end of the stream too.
    pub fn release_to(&mut self, offset: u64, due: Tick) {
        self.call.slot.release_to(offset, due.max(self.call.at));
    }

    /// Lets a held datagram go at `due` at the latest.
    pub fn release_datagram(&mut self, number: u64, due: Tick) {
        self.call.slot.release_datagram(number, due.max(self.call.at));
    }

    /// Inverts bits of a byte that has not gone on yet.
    pub fn flip(&mut self, offset: u64, mask: u8) {
        self.call.effects.flips.push((offset, mask));
    }

    /// Makes the datagram come out `copies` times more, in places of their own: [`Cx::pass`] it as often.
    pub fn copy(&mut self, copies: u64) {
        self.call.effects.copies = self.call.datagram.map(|datagram| (datagram, copies));
    }

    /// Lets no more than `len` bytes of the datagram go on.
    pub fn shorten(&mut self, len: u64) {
        if let Some(datagram) = &mut self.call.datagram {
            datagram.keep = datagram.keep.min(len);
        }
    }

    /// Asks to be called ([`crate::Fault::timer`]) at `due`, instead of when it was asked before.
    pub fn wake_at(&mut self, due: Tick) {
        self.call.slot.wake = Some(due);
    }

    /// Lets bytes go on now.
    pub fn pass(&mut self, range: Range) {
        self.pass_at(self.call.at, range);
    }

    /// Takes bytes, or the datagram, out.
    pub fn discard(&mut self, range: Range) {
        let item = match self.call.datagram {
            Some(datagram) => Item::DropDatagram(datagram),
            None => Item::Drop(range),
        };
        match item {
            // A datagram that is dropped need not wait for those ahead.
            Item::DropDatagram(_) => self.call.slot.insert_at(self.call.at, self.call.at, item),
            _ => self.queue(self.call.at, item),
        }
    }

    /// Lets the end of the stream go on at `due`, in order.
    pub fn fin_at(&mut self, due: Tick) {
        self.queue(due, Item::Fin);
    }

    /// Lets the end of the stream go on now, in order.
    pub fn fin(&mut self) {
        self.fin_at(self.call.at);
    }

    /// Ends the connection with a RST that keeps its place in the line.
    pub fn reset(&mut self, side: Side) {
        let by = Some(self.call.planned.id());
        self.queue(self.call.at, Item::Reset(Reset { side, by }));
    }

    /// Ends the connection with a RST at once; everything still held in either direction is lost.
    pub fn reset_now(&mut self, side: Side) {
        self.end_now(How::Reset { side, flush: false });
    }

    /// From now on `peer` is as good as gone, without a word to the other: nothing more is read from it or written to it.
    pub fn lose(&mut self, peer: Peer) {
        self.call.effects.gone = Some(peer);
    }

    /// Ends the connection in order for both peers at once; everything still held is lost.
    pub fn close_now(&mut self) {
        self.end_now(How::Close);
    }

    fn end_now(&mut self, how: How) {
        self.call.effects.ending = Some((how, self.call.planned.id()));
    }

    /// From now on the server sees another port.
    pub fn rebind(&mut self) {
        self.call.effects.rebind = true;
    }

    fn item(&self, range: Range, alone: bool) -> Item {
        match self.call.datagram {
            Some(datagram) => Item::Datagram(datagram),
            None => Item::Data { range, alone },
        }
    }

    fn queue(&mut self, due: Tick, item: Item) {
        let at = self.call.at;
        self.call.slot.queue_at(due.max(at), at, item);
    }
}
