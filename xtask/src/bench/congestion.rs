//! One congestion control for everybody: what the comparison would measure otherwise is that.

use crate::bench::guarded::AtEnd;
use std::fs;

const SETTING: &str = "/proc/sys/net/ipv4/tcp_congestion_control";

/// What is asked for: it does not pace.
const WANTED: &str = "cubic";

/// What is in force during the run, put back when dropped and also if this process is killed.
pub(crate) struct Congestion {
    /// For sockets of our own.
    pub(crate) name: String,
    /// One sentence about it for the page.
    pub(crate) told: String,
    _put_back: Option<AtEnd>,
}

impl Congestion {
    /// Sets the system's where that is permitted.
    pub(crate) fn pin() -> Congestion {
        let before = fs::read_to_string(SETTING).map(|text| text.trim().to_owned()).unwrap_or_default();
        if before == WANTED {
            let told = format!("{WANTED}, the system's own");
            return Congestion { name: before, told, _put_back: None };
        }
        // First somebody who puts it back.
        let put_back = AtEnd::run(r#"echo "$1" > "$2""#, &[before.as_str(), SETTING]).ok();
        if put_back.is_some() && fs::write(SETTING, WANTED).is_ok() {
            let told = format!("{WANTED}, set for the run; the system's own is {before}");
            return Congestion { name: WANTED.to_owned(), told, _put_back: put_back };
        }
        let told = format!(
            "{before}, as setting the system's needs root; the clients and servers of this run use {WANTED}"
        );
        Congestion { name: WANTED.to_owned(), told, _put_back: None }
    }
}
