//! A program that was started: what it writes is read, and it is known when it has ended.

use super::Fall;
use super::group::Group;
use super::tail::{Tail, Which};
use super::transcript::Transcript;
use squall_wire::{Env, lock};
use std::convert::Infallible;
use std::io;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::sync::{mpsc, watch};
use tokio::task::{AbortHandle, JoinHandle};

/// How long the outputs of a program that has ended are waited for: they stay open where it has left others behind.
const DRAIN: Duration = Duration::from_millis(200);

/// A program and what is known of it. Killed with its whole group when dropped.
pub(super) struct Started {
    group: Group,
    ended: watch::Receiver<Option<Ended>>,
    /// Whether the wanted text was written.
    seen: watch::Receiver<bool>,
    tail: Arc<Mutex<Tail>>,
    /// Whether its end is a failure.
    on_duty: Arc<AtomicBool>,
    post: Post,
    readers: [AbortHandle; 2],
    /// Ends when both outputs have.
    heard: mpsc::Receiver<Infallible>,
}

/// How and when a program ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// By the clock of the environment.
    pub(super) at: u64,
}

/// Where it is told that a program has ended that should not have.
#[derive(Clone)]
pub(super) struct Post {
    pub(super) name: String,
    pub(super) to: mpsc::UnboundedSender<Fall>,
}

impl Post {
    fn tell(&self, status: ExitStatus) {
        // Nobody listens any more when the run is over.
        let _ = self.to.send(Fall::Ended(self.name.clone(), status));
    }
}

impl Started {
    /// Starts `command`, and watches an output for a text where one is `wanted`. Must run on a shard's task.
    pub(super) fn spawn(
        command: &mut Command,
        env: &Env,
        wanted: Option<(Which, String)>,
        transcripts: [Transcript; 2],
        post: Post,
    ) -> io::Result<Started> {
        let (mut child, group) = Group::spawn(command)?;
        let tail = Arc::new(Mutex::new(Tail::default()));
        let on_duty = Arc::new(AtomicBool::new(false));
        let (tell_seen, seen) = watch::channel(false);
        let (tell_ended, ended) = watch::channel(None);
        let wants =
            |output| wanted.as_ref().filter(|wanted| wanted.0 == output).map(|wanted| wanted.1.clone());
        let (hearing, heard) = mpsc::channel(1);
        let ear = |which, transcript| Ear {
            which,
            wanted: wants(which),
            tail: tail.clone(),
            seen: tell_seen.clone(),
            transcript,
            _hearing: hearing.clone(),
        };
        let [first, second] = transcripts;
        let stdout = listen(child.stdout.take(), ear(Which::Stdout, first));
        let stderr = listen(child.stderr.take(), ear(Which::Stderr, second));
        let readers = [stdout.abort_handle(), stderr.abort_handle()];
        let (env, told, duty) = (env.clone(), post.clone(), on_duty.clone());
        // Left alone to its end, so that what was killed is waited for.
        tokio::spawn(async move {
            // It cannot be waited for where the program around this library has done so; its end is then never known.
            let Ok(status) = child.wait().await else { return };
            let at = env.now();
            env.timeout(DRAIN, async {
                let _ = (stdout.await, stderr.await);
            })
            .await;
            // Nobody looks where the run is over.
            let _ = tell_ended.send(Some(Ended { status, at }));
            if duty.load(Relaxed) {
                told.tell(status);
            }
        });
        Ok(Started { group, ended, seen, tail, on_duty, post, readers, heard })
    }

    /// From now on its end is told, also where it has ended already.
    pub(super) fn on_duty(&self) {
        // The task that watches it runs on this thread, and so either sees this or is seen here.
        self.on_duty.store(true, Relaxed);
        if let Some(ended) = self.has_ended() {
            self.post.tell(ended.status);
        }
    }

    /// From now on it may end.
    pub(super) fn off_duty(&self) {
        self.on_duty.store(false, Relaxed);
    }

    /// How it ended, where it has.
    pub(super) fn has_ended(&self) -> Option<Ended> {
        *self.ended.borrow()
    }

    /// Waits for its end.
    pub(super) async fn ended(&self) -> Ended {
        let mut ended = self.ended.clone();
        if let Ok(known) = ended.wait_for(Option::is_some).await
            && let Some(known) = *known
        {
            return known;
        }
        std::future::pending().await
    }

    /// Waits until the wanted text was written.
    pub(super) async fn seen(&self) {
        let mut seen = self.seen.clone();
        if seen.wait_for(|seen| *seen).await.is_err() {
            std::future::pending().await
        }
    }

    /// The last lines that it has written.
    pub(super) fn lines(&self) -> Vec<String> {
        lock(&self.tail).lines()
    }

    /// Asks its group to end.
    pub(super) fn ask(&self) {
        self.group.ask();
    }

    /// Waits until its group is gone, and what it has written is read; from `deadline` on it is killed.
    pub(super) async fn end(&mut self, env: &Env, deadline: u64) {
        self.group.end(env, deadline).await;
        // Who has left the group may keep an output open.
        env.timeout(DRAIN, self.heard.recv()).await;
    }

    /// Forgets the group where nothing of it is alive.
    pub(super) fn look(&mut self) {
        self.group.look();
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.off_duty();
        self.readers.iter().for_each(AbortHandle::abort);
    }
}

/// What becomes of an output.
struct Ear {
    which: Which,
    /// A text that is looked for.
    wanted: Option<String>,
    seen: watch::Sender<bool>,
    tail: Arc<Mutex<Tail>>,
    transcript: Transcript,
    _hearing: mpsc::Sender<Infallible>,
}

/// Reads an output to its end.
fn listen(output: Option<impl AsyncRead + Unpin + Send + 'static>, ear: Ear) -> JoinHandle<()> {
    tokio::spawn(async move {
        // All of it is kept until the end, not only what is used.
        let mut ear = ear;
        let Some(mut output) = output else { return };
        let mut buf = vec![0; 8192];
        while let Ok(count @ 1..) = output.read(&mut buf).await {
            let found = lock(&ear.tail).take(ear.which, &buf[..count], ear.wanted.as_deref());
            if found {
                ear.seen.send_replace(true);
            }
            ear.transcript.take(&buf[..count]).await;
        }
        ear.transcript.close().await;
    })
}
