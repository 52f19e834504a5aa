//! Echo servers that come, go and are replaced, with what each has counted in all its lives.

use super::{EchoProtocol, EchoSource, Reading};
use squall_echo::{Counts, Totals};
use squall_wire::lock;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// The counts of echo servers by name, whichever these are when somebody asks. Cheap to clone; all clones are the same. It keeps no
/// server alive.
#[derive(Clone, Debug, Default)]
pub struct EchoCollection(Arc<Mutex<BTreeMap<String, Lives>>>);

/// A server, and those that it was before.
#[derive(Debug)]
struct Lives {
    protocol: EchoProtocol,
    /// Those whose connections may still count.
    running: Vec<Totals>,
    settled: (Counts, BTreeMap<u16, u64>),
}

impl EchoCollection {
    /// Takes a server in. What one of the same name has counted goes on being counted, unless it spoke something else.
    pub fn add(&self, source: EchoSource) {
        let EchoSource { name, protocol, totals } = source;
        let mut all = lock(&self.0);
        let new = || Lives { protocol, running: Vec::new(), settled: Default::default() };
        let lives = all.entry(name).or_insert_with(new);
        if lives.protocol != protocol {
            *lives = new();
        }
        lives.settle();
        lives.running.push(totals);
    }

    /// Takes a server out, with all that it has counted.
    pub fn remove(&self, name: &str) {
        lock(&self.0).remove(name);
    }

    /// What every server has counted, by name.
    pub fn counts(&self) -> Vec<(String, Counts)> {
        lock(&self.0).iter().map(|(name, lives)| (name.clone(), lives.read().0)).collect()
    }

    /// Reads every server once and has `show` make something of it.
    pub(crate) fn read<T>(&self, show: impl FnOnce(&[Reading<'_>]) -> T) -> T {
        let all = lock(&self.0);
        let readings: Vec<Reading<'_>> = all
            .iter()
            .map(|(name, lives)| {
                let (counts, answers) = lives.read();
                Reading::new(name, lives.protocol, counts, answers)
            })
            .collect();
        show(&readings)
    }
}

impl Lives {
    fn read(&self) -> (Counts, BTreeMap<u16, u64>) {
        let mut sum = self.settled.clone();
        self.running.iter().for_each(|totals| add(&mut sum, totals));
        sum
    }

    /// Lets go of servers that count no more, so that endless restarts do not fill the memory. The one before the next is not
    /// running when this is called.
    fn settle(&mut self) {
        let Lives { running, settled, .. } = self;
        running.retain(|totals| {
            let open = totals.counts().active > 0;
            if !open {
                add(settled, totals);
            }
            open
        });
    }
}

fn add(sum: &mut (Counts, BTreeMap<u16, u64>), totals: &Totals) {
    sum.0 = sum.0 + totals.counts();
    for (status, count) in totals.answers() {
        *sum.1.entry(status).or_default() += count;
    }
}
