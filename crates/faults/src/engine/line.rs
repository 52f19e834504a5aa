//! One direction of a connection: its stages in order, and the actions that have come out of the last.

use super::action::{Action, Datagram, Item, Range};
use super::stage::Stage;
use std::collections::VecDeque;

/// What a datagram costs beside its payload, in bytes, so that empty ones are bounded too.
const OVERHEAD: u64 = 64;

#[derive(Default)]
pub(super) struct Line {
    pub(super) stages: Vec<Stage>,
    out: VecDeque<Action>,
    /// Bytes that have entered.
    pub(super) entered: u64,
    /// Datagrams that have entered.
    datagrams: u64,
    /// Datagrams that have entered and not left as an action, copies included.
    waiting: u64,
    /// Bytes that have entered and not left as an action.
    pub(super) held: u64,
    finished: bool,
}

impl Line {
    /// The longest piece of the stream from `range.offset` on that no stage wants cut, and the rest.
    pub(super) fn cut(&self, range: Range) -> (Range, Range) {
        let cut = self.stages.iter().filter_map(|stage| stage.cut(range.offset)).min();
        range.split_at(cut.unwrap_or(u64::MAX))
    }

    /// Bytes enter.
    pub(super) fn admit(&mut self, len: u64) -> Range {
        let range = Range { offset: self.entered, len };
        self.entered += len;
        self.held += len;
        range
    }

    /// A datagram enters.
    pub(super) fn admit_datagram(&mut self, len: u64) -> Datagram {
        let number = self.datagrams;
        self.datagrams += 1;
        self.waiting += 1;
        Datagram { number, range: self.admit(len), keep: len }
    }

    /// Whether a datagram of so many bytes fits under `limit`: those that are held count with what it costs to hold them.
    pub(super) fn fits(&self, len: u64, limit: u64) -> bool {
        self.held + len + self.waiting * OVERHEAD <= limit
    }

    /// An item leaves the last stage. A RST is not the line's to emit: it ends the connection.
    pub(super) fn emit(&mut self, item: Item) {
        self.held -= item.bytes();
        match item {
            Item::Data { range, alone } if !self.finished => match self.out.back_mut() {
                Some(Action::Write { range: last, alone: false }) if !alone && last.end() == range.offset => {
                    last.len += range.len;
                }
                _ => self.out.push_back(Action::Write { range, alone }),
            },
            Item::Data { range, .. } | Item::Drop(range) => match self.out.back_mut() {
                Some(Action::Discard(last)) if last.end() == range.offset => last.len += range.len,
                _ => self.out.push_back(Action::Discard(range)),
            },
            Item::Datagram(Datagram { number, keep, .. }) => {
                self.waiting -= 1;
                self.out.push_back(Action::Send { number, len: keep })
            }
            Item::DropDatagram(Datagram { number, .. }) => {
                self.waiting -= 1;
                self.out.push_back(Action::Drop { number });
            }
            Item::Fin if !self.finished => {
                self.finished = true;
                self.out.push_back(Action::Fin);
            }
            Item::Fin | Item::Reset(_) => {}
        }
    }

    /// A datagram is to come out more often.
    pub(super) fn copy(&mut self, datagram: Datagram, copies: u64) {
        self.held += datagram.range.len * copies;
        self.waiting += copies;
        self.out.push_back(Action::Copy { number: datagram.number, copies });
    }

    /// An action of its own, beside what stands in the line.
    pub(super) fn put(&mut self, action: Action) {
        self.out.push_back(action);
    }

    pub(super) fn pop(&mut self) -> Option<Action> {
        self.out.pop_front()
    }

    /// Forgets what the stages hold, and with `all` also what has come out of them.
    pub(super) fn clear(&mut self, all: bool) {
        for stage in &mut self.stages {
            stage.clear();
        }
        self.held = 0;
        self.waiting = 0;
        if all {
            self.out.clear();
        }
    }
}
