//! The signals that squall is sent while a command runs, which are meant for the command.

use crate::Failure;
use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// Listens for SIGHUP, SIGINT, SIGQUIT and SIGTERM, from the moment it is made.
pub(super) struct Orders(Vec<(Signal, unix::Signal)>);

impl Orders {
    /// Must be made inside a tokio runtime. What squall was started to ignore (under `nohup`, say) it goes on ignoring, and so
    /// does the command.
    pub(super) fn listen() -> Result<Orders, Failure> {
        let ignored = ignored();
        let mut orders = Vec::new();
        for wanted in [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM] {
            let number = wanted.as_raw();
            if ignored & (1 << (number - 1)) == 0 {
                let heard = signal(SignalKind::from_raw(number))
                    .map_err(|error| Failure::environment(format!("listen for signals: {error}")))?;
                orders.push((wanted, heard));
            }
        }
        Ok(Orders(orders))
    }

    /// The next signal. Cancelling it loses none.
    pub(super) async fn next(&mut self) -> Signal {
        std::future::poll_fn(|cx| {
            let heard = |(signal, heard): &mut (Signal, unix::Signal)| {
                heard.poll_recv(cx).is_ready().then_some(*signal)
            };
            self.0.iter_mut().find_map(heard).map_or(std::task::Poll::Pending, std::task::Poll::Ready)
        })
        .await
    }
}

/// The signals that this process ignores, as bits; none where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
