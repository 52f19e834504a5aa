//! Which answers of HTTP are right: their statuses, and their bodies.

use std::sync::Arc;

/// What the body of every answer has to be.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Expect {
    /// Anything.
    #[default]
    Anything,
    /// That of its request.
    Echo,
    /// These bytes.
    Text(Arc<[u8]>),
}

/// Statuses that count as success; those of 2xx by default.
///
/// ```
/// use squall_load::Statuses;
///
/// let statuses = Statuses::ranges([(200, 299), (404, 404)]).expect("ranges");
/// assert!(statuses.has(404) && !statuses.has(400));
/// assert_eq!(Statuses::ranges([(200, 1000)]), None);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statuses(Arc<[(u16, u16)]>);

impl Statuses {
    /// Those from the first to the last of each range; none where a range is empty or goes beyond 200 to 999, or where there is
    /// no range at all. What is below 200 is no answer.
    pub fn ranges(ranges: impl IntoIterator<Item = (u16, u16)>) -> Option<Statuses> {
        let ranges: Arc<[(u16, u16)]> = ranges.into_iter().collect();
        let good =
            !ranges.is_empty() && ranges.iter().all(|(from, to)| 200 <= *from && from <= to && *to < 1000);
        good.then_some(Statuses(ranges))
    }

    /// Whether `status` is one of them.
    pub fn has(&self, status: u16) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&status))
    }
}

impl Default for Statuses {
    fn default() -> Statuses {
        Statuses(Arc::new([(200, 299)]))
    }
}
