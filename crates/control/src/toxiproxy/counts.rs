//! The counts of a proxy over all the links that it has been.

use crate::source::add;
use squall_proxy::Metrics;
use std::fmt;

/// Reads a link's counts, also when it has gone.
type Meter = Box<dyn Fn() -> Metrics + Send + Sync>;

/// What the links have counted that a proxy has been, the present one included.
#[derive(Default)]
pub(crate) struct Counts {
    /// Those whose connections may still count.
    meters: Vec<Meter>,
    settled: Metrics,
}

impl Counts {
    /// A link has been started, whose counts `meter` reads.
    pub(crate) fn follow(&mut self, meter: impl Fn() -> Metrics + Send + Sync + 'static) {
        self.settle();
        self.meters.push(Box::new(meter));
    }

    /// All of it together; the faults' names are those of any time, and those of the last link are in force.
    pub(crate) fn read(&self) -> Metrics {
        let mut sum = self.settled.clone();
        for (place, meter) in self.meters.iter().enumerate() {
            let mut metrics = meter();
            if place + 1 < self.meters.len() {
                metrics.faults.iter_mut().for_each(|fault| fault.active = false);
            }
            add(&mut sum, metrics);
        }
        sum
    }

    /// Lets go of links that count no more, so that endless restarts do not fill the memory. The link before the next one is
    /// not running when this is called.
    fn settle(&mut self) {
        let Counts { meters, settled } = self;
        meters.retain(|meter| {
            let mut metrics = meter();
            let open = metrics.connections.active > 0;
            if !open {
                for fault in &mut metrics.faults {
                    fault.active = false;
                }
                add(settled, metrics);
            }
            open
        });
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counts").field("links", &self.meters.len()).finish_non_exhaustive()
    }
}
