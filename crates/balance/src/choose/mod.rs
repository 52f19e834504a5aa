//! The choice of a member, one way for each algorithm.

mod draw;
mod log2;
mod rendezvous;
mod rotation;

use crate::algorithm::Algorithm;
use crate::key::Lane;
use crate::member::Member;
use crate::pick::{Arrival, Candidates, MemberId};
use draw::Table;
use rendezvous::Rendezvous;
use rotation::Rotation;

/// The members as one pick sees them.
pub(crate) struct View<'a> {
    pub(crate) members: &'a [Member],
    /// The number of the pick: members that bear it are not to be picked.
    pub(crate) barred: u64,
    pub(crate) now: u64,
    /// How long a slow start takes, in nanoseconds.
    pub(crate) slow_start: u64,
}

impl View<'_> {
    /// The weight of a member in units, 0 where it takes no connections.
    fn units(&self, index: usize) -> u64 {
        let member = &self.members[index];
        let open = member.barred != self.barred && member.condition().takes_connections();
        if open { member.units(self.now, self.slow_start) } else { 0 }
    }

    /// The members that can be picked, with their weights.
    fn open(&self) -> impl Iterator<Item = (usize, u64)> {
        (0..self.members.len()).map(|index| (index, self.units(index))).filter(|(_, units)| *units > 0)
    }

    /// The weight of a member that is in service, even if it is full or has been tried.
    fn serving(&self, index: usize) -> u64 {
        let member = &self.members[index];
        if member.in_service() { member.units(self.now, self.slow_start) } else { 0 }
    }

    /// Whether member `one` has fewer connections for its weight than `other`.
    fn less_loaded(&self, one: usize, other: usize) -> bool {
        let load = |index: usize, by: usize| {
            u128::from(self.members[index].active)
                * u128::from(self.members[by].units(self.now, self.slow_start))
        };
        load(one, other) < load(other, one)
    }
}

/// The draws of members for sources, by the members' names.
fn rendezvous(seed: u64, pool: &str, members: &[Member]) -> Rendezvous {
    let lane =
        |member: &Member| Lane::new(seed, &[pool.as_bytes(), b"source_hash", member.config.name.as_bytes()]);
    Rendezvous::new(members.iter().map(lane).collect())
}

/// What an algorithm knows besides the members.
#[derive(Clone, Debug)]
pub(crate) struct Chooser {
    algorithm: Algorithm,
    seed: u64,
    pool: String,
    table: Table,
    rotation: Rotation,
    rendezvous: Rendezvous,
    /// Kept for its memory.
    among: Vec<(usize, u64)>,
}

impl Chooser {
    pub(crate) fn new(algorithm: Algorithm, seed: u64, pool: &str, members: &[Member]) -> Chooser {
        Chooser {
            algorithm,
            seed,
            pool: pool.to_owned(),
            table: Table::new(members),
            rotation: Rotation::new(members.len()),
            rendezvous: rendezvous(seed, pool, members),
            among: Vec::with_capacity(members.len()),
        }
    }

    /// Members joined or left for good, or have other weights, or are chosen otherwise. Whose turn it is goes on.
    pub(crate) fn reconfigure(&mut self, algorithm: Algorithm, members: &[Member]) {
        self.algorithm = algorithm;
        self.rendezvous = rendezvous(self.seed, &self.pool, members);
        self.rotation.grow(members.len());
        self.weight_changed(members);
    }

    /// Members came into service or left it.
    pub(crate) fn service_changed(&mut self) {
        self.rotation.change();
    }

    /// A member has another weight.
    pub(crate) fn weight_changed(&mut self, members: &[Member]) {
        self.table = Table::new(members);
        self.rotation.change();
    }

    /// The member for a connection, and those it was chosen from where that is worth telling.
    pub(crate) fn choose(&mut self, view: &View<'_>, arrival: &Arrival<'_>) -> (Option<usize>, Candidates) {
        let chosen = match self.algorithm {
            Algorithm::RoundRobin => {
                self.among.clear();
                self.among.extend(view.open());
                self.take_turn(view)
            }
            Algorithm::LeastConnections => {
                self.least_loaded(view);
                self.take_turn(view)
            }
            Algorithm::Random => self.table.draw(view, self.lane(arrival), 0, None),
            Algorithm::SourceHash => {
                let source =
                    Lane::new(self.seed, &[self.pool.as_bytes(), b"source", &arrival.source.bytes()]);
                self.rendezvous.find(view, source.bits())
            }
            Algorithm::P2c => {
                let two = self.table.two(view, self.lane(arrival));
                let candidates = two.map(|(_, drawn)| drawn.map(|drawn| drawn.map(MemberId::of)));
                return (two.map(|(chosen, _)| chosen), candidates.unwrap_or_default());
            }
        };
        (chosen, Candidates::default())
    }

    /// The draws of one attempt of one connection.
    fn lane(&self, arrival: &Arrival<'_>) -> Lane {
        let (connection, attempt) = (arrival.connection.to_le_bytes(), arrival.attempt.to_le_bytes());
        Lane::new(self.seed, &[self.pool.as_bytes(), b"pick", &connection, &attempt])
    }

    fn take_turn(&mut self, view: &View<'_>) -> Option<usize> {
        self.rotation.settle(|index| view.serving(index));
        self.rotation.next(&self.among)
    }

    /// Gathers the members with the fewest connections for their weight.
    fn least_loaded(&mut self, view: &View<'_>) {
        self.among.clear();
        for (index, units) in view.open() {
            if let Some((least, _)) = self.among.first() {
                if view.less_loaded(*least, index) {
                    continue;
                }
                if view.less_loaded(index, *least) {
                    self.among.clear();
                }
            }
            self.among.push((index, units));
        }
    }
}
