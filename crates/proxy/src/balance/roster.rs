//! Who the members are: their names, their addresses, and what is counted of them beside what the pool counts.

use super::check::Check;
use squall_balance::{MemberId, Pool};
use squall_wire::Address;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// What a balancer is beside its pool. It is never changed, only replaced.
#[derive(Default)]
pub(super) struct Roster {
    /// By place in the pool, those that have left included.
    members: Vec<Arc<Entry>>,
    pub(super) check: Option<Check>,
    /// On how many more members a connection is tried.
    pub(super) retries: u32,
}

/// A member.
pub(super) struct Entry {
    pub(super) name: Arc<str>,
    pub(super) address: Address,
    pub(super) counts: Arc<Counts>,
}

/// What is counted of a member beside what the pool counts.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) connections: AtomicU64,
    pub(super) probes: AtomicU64,
    pub(super) probe_failures: AtomicU64,
    /// The last dial failed, or the last probe.
    pub(super) unreached: AtomicBool,
}

/// What is to be known of members: each name with its address.
pub(super) type Addresses = Vec<(Arc<str>, Address)>;

impl Roster {
    /// The members of `pool`, as it is now, with these addresses. Those that were among `kept` before are counted on.
    pub(super) fn of(
        pool: &Pool,
        addresses: Addresses,
        before: &Roster,
        kept: &[MemberId],
        (check, retries): (Option<Check>, u32),
    ) -> Roster {
        let mut members = before.members.clone();
        let known =
            |name: &str| kept.iter().filter_map(|id| before.get(*id)).find(|entry| *entry.name == *name);
        for (name, address) in addresses {
            let Some(place) = pool.find(&name) else { continue };
            let counts = known(&name).map(|entry| entry.counts.clone()).unwrap_or_default();
            let entry = Arc::new(Entry { name, address, counts });
            match members.get_mut(place.index()) {
                Some(member) => *member = entry,
                // New places come in the order of the addresses.
                None => members.push(entry),
            }
        }
        Roster { members, check, retries }
    }

    /// What is known of a member, where it is one of the pool that this roster was made for.
    pub(super) fn get(&self, member: MemberId) -> Option<&Arc<Entry>> {
        self.at(member.index())
    }

    /// The same by its place in the pool.
    pub(super) fn at(&self, index: usize) -> Option<&Arc<Entry>> {
        self.members.get(index)
    }

    /// The name of a member.
    pub(super) fn name(&self, member: MemberId) -> &str {
        self.get(member).map_or("", |entry| &entry.name)
    }

    /// All names by place.
    pub(super) fn names(&self) -> Arc<[Arc<str>]> {
        self.members.iter().map(|entry| entry.name.clone()).collect()
    }
}
