//! A signal cuts a run short: the programs of its scenarios are ended, and then squall.

use crate::signals::Signals;
use crate::{Failure, serving};
use squall::scenario::end_processes;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long programs may take to end once they are asked to. A second signal ends them at once.
const GRACE: Duration = Duration::from_secs(2);
/// The exit code of a shell's child that a hangup has ended.
const HANGUP: i32 = 129;

/// A signal has come: what still happens is its doing, and no verdict.
static CUT_SHORT: AtomicBool = AtomicBool::new(false);

/// Ends the process on SIGINT, SIGTERM and SIGHUP, with all that its scenarios have started.
pub(crate) fn end_on_signals() -> Result<(), Failure> {
    let runtime = serving::runtime()?;
    let (mut signals, mut hangup) = {
        let _context = runtime.enter();
        // Under nohup it is ignored, and stays so.
        let hangup = (!hangup_is_ignored()).then(|| signal(SignalKind::hangup())).transpose();
        let unheard = |error| Failure::environment(format!("listen for signals: {error}"));
        (Signals::listen()?, hangup.map_err(unheard)?)
    };
    let mut next = async move || {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            code = signals.next() => code,
            _ = hung_up => HANGUP,
        }
    };
    let thread = std::thread::Builder::new().name("squall-signals".into()).spawn(move || {
        let code = runtime.block_on(async {
            let code = next().await;
            CUT_SHORT.store(true, SeqCst);
            // Nobody may be taking it, and what runs is ended all the same.
            let told = tokio::task::spawn_blocking(|| patiently!("interrupted\n"));
            let ending = tokio::task::spawn_blocking(|| end_processes(GRACE));
            let done = async {
                let _ = (ending.await, told.await);
            };
            tokio::select! {
                () = done => code,
                code = next() => {
                    end_processes(Duration::ZERO);
                    code
                }
            }
        });
        std::process::exit(code);
    });
    thread.map(drop).map_err(|error| Failure::environment(format!("start a thread: {error}")))
}

/// Lets nothing more be said or written once a signal has come: this thread then waits for the end.
pub(crate) fn heed() {
    while CUT_SHORT.load(SeqCst) {
        std::thread::park();
    }
}

/// Whether whoever started this process has it live on when its terminal is closed. Known on Linux alone.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // SIGHUP is the first signal.
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}
