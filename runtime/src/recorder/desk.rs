//! The recorder's thread, and the desk at which lines are left for it.
//!
//! The thread alone touches the files. It takes batches from the exporters' threads and, in audit mode, single lines from the threads
//! that decide; each is told what became of its lines. Whoever waits here waits for a disk, and no longer than it wants to.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::oneshot;

use super::file::Written;
use super::notices::Trouble;
use super::settings::Durability;
use super::store::Store;
use crate::record::Acknowledgement;
use crate::threads::join_by;

/// How long audited lines wait after a write that failed.
const AUDIT_RETRY: Duration = Duration::from_millis(20);

/// The longest time between two looks at the clock: a file is closed within it after its day.
const LOOK: Duration = Duration::from_secs(10);

/// After so long old files are looked after again, though nothing was closed.
const KEEP: Duration = Duration::from_secs(3_600);

/// Most audited lines that wait, and most that the thread has taken and not written. Those beyond both wait at the door.
pub(super) const MOST_AUDITED: usize = 4_096;

/// Where lines are left.
#[derive(Debug)]
pub(crate) struct Desk {
    state: Mutex<State>,
    /// There is something to do.
    work: Condvar,
    /// There is room for an audited line.
    room: Condvar,
}

#[derive(Default)]
struct State {
    /// One of each exporter, at most.
    batches: VecDeque<Batch>,
    audited: VecDeque<Audited>,
    ending: bool,
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

struct Batch {
    lines: Vec<u8>,
    written: oneshot::Sender<(Vec<u8>, Written)>,
}

struct Audited {
    line: Vec<u8>,
    /// Is told whether it is kept.
    kept: SyncSender<bool>,
}

impl Desk {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
        }
    }

    /// Starts the thread that serves it.
    pub(super) fn serve(
        self: &Arc<Self>,
        store: Store,
        durability: Durability,
    ) -> io::Result<JoinHandle<()>> {
        let desk = Arc::clone(self);
        thread::Builder::new()
            .name("tickspan-record".to_owned())
            .spawn(move || {
                let _quiet = crate::export::quiet();
                Work {
                    store,
                    durability,
                    synced_at: Instant::now(),
                    kept_at: None,
                }
                .run(&desk);
            })
    }

    /// Has lines written, and tells what became of them; gives them back, for what was not written. `None` where the thread has ended.
    pub(super) async fn write(&self, lines: Vec<u8>) -> Option<(Vec<u8>, Written)> {
        let (written, became) = oneshot::channel();
        {
            let mut state = self.lock();
            if state.ending {
                return None;
            }
            // Behind a disk that hangs, what was given up would pile up.
            state.batches.retain(|batch| !batch.written.is_closed());
            state.batches.push_back(Batch { lines, written });
        }
        self.work.notify_one();
        became.await.ok()
    }

    /// Has one line written before anything else, and waits for it, `deadline` at most.
    pub(super) fn audit(&self, line: Vec<u8>, deadline: Duration) -> Acknowledgement {
        let until = Instant::now() + deadline;
        let (kept, became) = mpsc::sync_channel(1);
        let mut state = self.lock();
        while state.audited.len() >= MOST_AUDITED && !state.ending {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Acknowledgement::Lost;
            }
            state = self
                .room
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        if state.ending {
            return Acknowledgement::Lost;
        }
        state.audited.push_back(Audited { line, kept });
        drop(state);
        self.work.notify_one();
        match became.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(true) => Acknowledgement::Kept,
            Err(RecvTimeoutError::Timeout) => Acknowledgement::Late,
            Ok(false) | Err(RecvTimeoutError::Disconnected) => Acknowledgement::Lost,
        }
    }

    /// Lets the thread write what was left, and end.
    pub(super) fn end(&self, thread: JoinHandle<()>, until: Instant) -> bool {
        self.lock().ending = true;
        self.work.notify_one();
        self.room.notify_all();
        join_by(thread, until)
    }

    /// Nothing panics with the lock held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Work {
    store: Store,
    durability: Durability,
    synced_at: Instant,
    /// When old files were looked after.
    kept_at: Option<Instant>,
}

impl Work {
    fn run(mut self, desk: &Desk) {
        let mut audited: Vec<Audited> = Vec::new();
        loop {
            let (batches, ending) = self.wait(desk, &mut audited);
            self.write_audited(&mut audited);
            for Batch { lines, written } in batches {
                // It was given up, and is counted as failed.
                if written.is_closed() {
                    continue;
                }
                let became = self.store.write(&lines, SystemTime::now());
                // Whoever left it may have given it up.
                _ = written.send((lines, became));
            }
            self.look_after();
            if ending {
                break;
            }
        }
        self.store.end();
    }

    /// Waits for something to do, and takes it.
    fn wait(&self, desk: &Desk, audited: &mut Vec<Audited>) -> (VecDeque<Batch>, bool) {
        let until = Instant::now() + self.patience(audited);
        // More of them would meet the same disk.
        let tries_again = !audited.is_empty();
        let mut state = desk.lock();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let has_audited = !state.audited.is_empty() && !tries_again;
            let is_idle = state.batches.is_empty() && !has_audited && !state.ending;
            if !is_idle || left.is_zero() {
                let taken = (MOST_AUDITED - audited.len()).min(state.audited.len());
                audited.extend(state.audited.drain(..taken));
                desk.room.notify_all();
                return (core::mem::take(&mut state.batches), state.ending);
            }
            state = desk
                .work
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// How long it may wait with nothing to do.
    fn patience(&self, audited: &[Audited]) -> Duration {
        if !audited.is_empty() {
            return AUDIT_RETRY;
        }
        match self.durability {
            Durability::Interval(interval) if self.store.is_unsynced() => {
                interval.saturating_sub(self.synced_at.elapsed()).min(LOOK)
            }
            _ => LOOK,
        }
    }

    /// Writes audited lines together, and tells each of those that wait. What is not written stays, for the next attempt.
    fn write_audited(&mut self, audited: &mut Vec<Audited>) {
        if audited.is_empty() {
            return;
        }
        let lines: Vec<u8> = audited.iter().flat_map(|it| &it.line).copied().collect();
        let became = self.store.write(&lines, SystemTime::now());
        if let Some(error) = &became.error {
            self.store.notices.trouble(Trouble::Auditing, error);
        }
        let is_safe = became.error.is_none() || became.bytes < lines.len();
        let mut left = became.bytes;
        let written = audited
            .iter()
            .take_while(|it| {
                let fits = it.line.len() <= left;
                left = left.saturating_sub(it.line.len());
                fits
            })
            .count();
        for Audited { kept, .. } in audited.drain(..written) {
            // Whoever left it may have gone.
            _ = kept.try_send(is_safe);
        }
    }

    /// Does what the clock asks for.
    fn look_after(&mut self) {
        if let Durability::Interval(interval) = self.durability {
            if self.synced_at.elapsed() >= interval {
                self.synced_at = Instant::now();
                if let Err(error) = self.store.sync() {
                    self.store.notices.trouble(Trouble::Syncing, &error);
                }
            }
        }
        if self.kept_at.is_none_or(|at| at.elapsed() >= KEEP) {
            self.kept_at = Some(Instant::now());
            self.store.look_after_old(SystemTime::now());
        }
        self.store.close_past_day(SystemTime::now());
    }
}
