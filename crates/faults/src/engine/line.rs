//! One direction of a connection: its stages in order, and the actions that have come out of the last.

use super::action::{Action, Item, Range};
use super::stage::Stage;
use std::collections::VecDeque;

#[derive(Default)]
pub(super) struct Line {
    pub(super) stages: Vec<Stage>,
    out: VecDeque<Action>,
    /// Bytes that have entered.
    pub(super) entered: u64,
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
            Item::Fin if !self.finished => {
                self.finished = true;
                self.out.push_back(Action::Fin);
            }
            Item::Fin | Item::Reset(_) => {}
        }
    }

    /// A byte is altered before it is written.
    pub(super) fn flip(&mut self, offset: u64, mask: u8) {
        self.out.push_back(Action::Flip { offset, mask });
    }

    /// Appends the action that ends everything.
    pub(super) fn end(&mut self, action: Action) {
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
        if all {
            self.out.clear();
        }
    }
}
