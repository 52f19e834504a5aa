//! What the system knows of this process, for metrics.

use squall_control::Gauge;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

/// Ticks of a second in which Linux tells processor time to programs, on every architecture.
const TICKS: f64 = 100.0;

/// A reader of these numbers. On systems without /proc only the start is known.
pub(crate) fn gauges() -> impl Fn() -> Vec<Gauge> + Send + Sync {
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    move || {
        let gauge = |name, help, value: Option<f64>| {
            value.map(|value| Gauge { name, help, value, rises: name == "process_cpu_seconds_total" })
        };
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let gauges = [
            gauge("process_cpu_seconds_total", "Processor time used, in seconds.", cpu_seconds()),
            gauge("process_max_fds", "How many descriptors may be open.", max_descriptors()),
            gauge("process_open_fds", "How many descriptors are open.", descriptors()),
            gauge("process_resident_memory_bytes", "Memory in use, in bytes.", bytes(&status, "VmRSS:")),
            gauge("process_start_time_seconds", "When it started, in seconds since 1970.", Some(started)),
            gauge("process_virtual_memory_bytes", "Memory mapped, in bytes.", bytes(&status, "VmSize:")),
        ];
        gauges.into_iter().flatten().collect()
    }
}

fn cpu_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; the fields behind it are numbers.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS)
}

fn descriptors() -> Option<f64> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count() as f64)
}

fn max_descriptors() -> Option<f64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// A line of /proc/self/status, which counts in kibibytes.
fn bytes(status: &str, key: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0)
}
