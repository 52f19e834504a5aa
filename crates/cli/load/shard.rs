//! Which part of a plan this process does.

use crate::Failure;

/// A part of so many; the index may be left to the environment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ShardArg {
    index: Option<u64>,
    count: u64,
}

pub(super) fn parse(text: &str) -> Result<ShardArg, String> {
    let wrong = || format!("`{text}` is no part; write I/N with I from 0 to N-1, or N alone");
    let (index, count) = match text.split_once('/') {
        Some((index, count)) => (Some(index.parse().map_err(|_| wrong())?), count),
        None => (None, text),
    };
    let count = count.parse().map_err(|_| wrong())?;
    let fits = count > 0 && index.is_none_or(|index: u64| index < count);
    if fits { Ok(ShardArg { index, count }) } else { Err(wrong()) }
}

impl ShardArg {
    /// Index and count. `environment` is the index that whoever started this process has given it.
    pub(super) fn resolve(self, environment: Option<&str>) -> Result<(u64, u64), Failure> {
        let given = || {
            let text = environment.ok_or_else(|| {
                Failure::usage(
                    "--shard N takes its index from JOB_COMPLETION_INDEX, which is not set; write I/N",
                )
            })?;
            let index = text.parse().ok().filter(|index| *index < self.count);
            index.ok_or_else(|| {
                Failure::usage(format!(
                    "JOB_COMPLETION_INDEX is `{text}`, and parts are 0 to {}",
                    self.count - 1
                ))
            })
        };
        Ok((self.index.map_or_else(given, Ok)?, self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_and_completed_by_the_environment() {
        let part = |text: &str, environment| parse(text).map(|arg| arg.resolve(environment).ok());
        assert_eq!(part("1/3", None), Ok(Some((1, 3))));
        assert_eq!(part("3", Some("2")), Ok(Some((2, 3))));
        assert_eq!(part("3", Some("3")), Ok(None));
        assert_eq!(part("3", None), Ok(None));
        assert!(["3/3", "0", "x/3", "1/", ""].iter().all(|text| parse(text).is_err()));
    }
}
