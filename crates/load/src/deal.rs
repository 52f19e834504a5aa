//! What one connection is dealt of a load: which requests, and when each is due.

use crate::draw::Purpose;
use crate::shared::Shared;
use squall_wire::nanos;

pub(crate) struct Deal {
    /// The connection's number, from 1.
    pub(crate) number: u64,
    connections: u64,
    share: u64,
    /// The next request's number on this connection, from 0.
    next: u64,
    /// When the last request was over; 0 before.
    over: u64,
    /// In a closed loop by duration, when no further request begins.
    end: Option<u64>,
}

impl Deal {
    pub(crate) fn new(shared: &Shared, number: u64) -> Deal {
        let load = shared.load();
        Deal {
            number,
            connections: load.connections,
            share: load.share(number),
            next: 0,
            over: 0,
            end: load.duration.map(|_| 0),
        }
    }

    /// The sending begins.
    pub(crate) fn begin(&mut self, shared: &Shared) {
        self.end = shared.load().duration.map(|duration| shared.origin().saturating_add(nanos(duration)));
    }

    /// Whether there is nothing left to begin.
    pub(crate) fn is_done(&self, now: u64) -> bool {
        self.next >= self.share || self.end.is_some_and(|end| now >= end)
    }

    /// How many requests it is dealt in all.
    pub(crate) fn share(&self) -> u64 {
        self.share
    }

    /// When the next request is planned to begin; nothing where that is as soon as possible.
    pub(crate) fn due(&self, shared: &Shared) -> Option<u64> {
        let load = shared.load();
        match &load.schedule {
            Some(schedule) => {
                Some(shared.origin().saturating_add(schedule.instant(self.operation(self.next))))
            }
            None if self.next > 0 && !load.pause.is_zero() => {
                Some(self.over.saturating_add(nanos(load.pause)))
            }
            None => None,
        }
    }

    /// The number of a request among those of all connections, from 0.
    fn operation(&self, sequence: u64) -> u64 {
        sequence.saturating_mul(self.connections).saturating_add(self.number - 1)
    }

    /// The size of a request of this connection, in bytes.
    pub(crate) fn size(&self, shared: &Shared, sequence: u64) -> u64 {
        let load = shared.load();
        load.sizes.size(load.seed, Purpose::Size, self.operation(sequence)).max(1)
    }

    /// The size of the reply to it, where the load asks for one.
    pub(crate) fn reply_size(&self, shared: &Shared, sequence: u64) -> Option<u64> {
        let load = shared.load();
        let sizes = load.talk.reply_sizes()?;
        Some(sizes.size(load.seed, Purpose::ReplySize, self.operation(sequence)))
    }

    /// Takes the next request.
    pub(crate) fn take(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// A request is over.
    pub(crate) fn over(&mut self, now: u64) {
        self.over = now;
    }
}
