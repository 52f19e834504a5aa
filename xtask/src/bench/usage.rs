//! What a group of processes uses: time on the processors, and memory.

use std::fs;
use std::path::PathBuf;

/// Seconds that all threads of the group have been running, to the nanosecond. Threads that have ended are not in it.
pub(crate) fn cpu_seconds(group: u32) -> f64 {
    let mut nanos = 0;
    for process in processes(group) {
        for thread in fs::read_dir(process.join("task")).into_iter().flatten().flatten() {
            nanos += fs::read_to_string(thread.path().join("schedstat")).map_or(0, |text| running(&text));
        }
    }
    nanos as f64 / 1e9
}

/// Bytes of memory that the group's processes have in use, each counted for itself.
pub(crate) fn resident_bytes(group: u32) -> f64 {
    let texts = processes(group).into_iter().map(|process| fs::read_to_string(process.join("status")));
    texts.flatten().map(|text| resident(&text)).sum::<u64>() as f64
}

fn processes(group: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let of_group = |process: &PathBuf| {
        let stat = fs::read_to_string(process.join("stat")).unwrap_or_default();
        group_of(&stat) == Some(group)
    };
    entries.filter(of_group).collect()
}

/// The process group in `/proc/PID/stat`: the third field after the name, which may have anything in it.
fn group_of(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(2)?.parse().ok()
}

/// The first field of a `schedstat`: nanoseconds.
fn running(schedstat: &str) -> u64 {
    schedstat.split_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0)
}

fn resident(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes: Option<u64> = line.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
    kibibytes.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_found_behind_any_name() {
        assert_eq!(group_of("12 (a) b) (c) S 3 45 6 0"), Some(45));
        assert_eq!(group_of(""), None);
    }

    #[test]
    fn figures_are_read_from_what_the_kernel_says() {
        assert_eq!(running("123456 7 8\n"), 123_456);
        assert_eq!(resident("Name: a\nVmRSS:\t    2048 kB\n"), 2 << 20);
        assert_eq!(resident("Name: kthread\n"), 0);
    }
}
