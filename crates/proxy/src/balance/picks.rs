//! The log of who was picked: kept in memory, a few words for each pick, and written sorted.

use squall_balance::{Candidates, Decision, MemberId, NoMember, Pick};
use squall_wire::lock;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

/// How many picks are kept; what comes later is counted only.
const LIMIT: usize = 4_000_000;

/// Every pick of the balancers that were given it. Cheap to clone; all clones are the same log.
#[derive(Clone, Default, Debug)]
pub struct Picks(Arc<Mutex<Inner>>);

#[derive(Default, Debug)]
struct Inner {
    balancers: BTreeMap<Arc<str>, Balancer>,
    len: usize,
    missed: u64,
}

#[derive(Default, Debug)]
struct Balancer {
    members: Arc<[Arc<str>]>,
    entries: Vec<Entry>,
}

/// There is no time in it: the same connections and the same fates of dials give the same log.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Entry {
    connection: u64,
    attempt: u32,
    member: Result<MemberId, Box<NoMember>>,
    candidates: Candidates,
}

impl Picks {
    /// The members of a balancer that will write into the log.
    pub(super) fn name(&self, balancer: &Arc<str>, members: &Arc<[Arc<str>]>) {
        lock(&self.0).balancers.entry(balancer.clone()).or_default().members = members.clone();
    }

    pub(super) fn note(&self, balancer: &Arc<str>, pick: &Pick) {
        let mut inner = lock(&self.0);
        if inner.len >= LIMIT {
            inner.missed += 1;
            return;
        }
        inner.len += 1;
        let member = pick.member.clone().map_err(Box::new);
        let entry =
            Entry { connection: pick.connection, attempt: pick.attempt, member, candidates: pick.candidates };
        inner.balancers.entry(balancer.clone()).or_default().entries.push(entry);
    }

    /// Picks that came when the log was full.
    pub fn missed(&self) -> u64 {
        lock(&self.0).missed
    }

    /// Writes the log as JSON lines, by balancer, connection and attempt.
    ///
    /// # Errors
    /// Those of `out`; what was written until then stays written.
    pub fn write_json_lines(&self, mut out: impl Write) -> io::Result<()> {
        let inner = lock(&self.0);
        for (name, balancer) in &inner.balancers {
            let mut entries: Vec<&Entry> = balancer.entries.iter().collect();
            entries.sort_unstable();
            let member = |id: MemberId| balancer.members.get(id.index()).map_or("", |name| name).to_owned();
            for entry in entries {
                let decision = Decision {
                    balancer: name.to_string(),
                    connection: entry.connection,
                    attempt: entry.attempt,
                    member: entry.member.as_ref().ok().map(|id| member(*id)),
                    candidates: entry.candidates.into_iter().flatten().map(member).collect(),
                    reason: entry.member.as_ref().err().map(|none| NoMember::clone(none)),
                };
                serde_json::to_writer(&mut out, &decision)?;
                out.write_all(b"\n")?;
            }
        }
        Ok(())
    }

    /// The log as JSON lines.
    pub fn to_json_lines(&self) -> String {
        let mut text = Vec::new();
        // Writing to memory does not fail, and JSON is UTF-8.
        let _ = self.write_json_lines(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }
}
