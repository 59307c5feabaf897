//! The thread that asks meters for instruments.
//!
//! A meter gives an instrument under a lock that whoever reads it holds while the program's callbacks run. So who uses an
//! instrument for the first time, a callback or a thread that trades, only asks for it here, and so does the collector.

use std::collections::VecDeque;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

/// How long [`wait`] waits at most: a callback may never return.
pub(crate) const LONGEST: Duration = Duration::from_millis(250);

type Job = Box<dyn FnOnce() + Send>;

struct State {
    jobs: VecDeque<Job>,
    /// How many have been asked for, and how many of these are done.
    asked: u64,
    done: u64,
    runs: bool,
}

// Locked where an instrument is new, and where meters are read. No job runs with it held.
static STATE: Mutex<State> = Mutex::new(State {
    jobs: VecDeque::new(),
    asked: 0,
    done: 0,
    runs: false,
});
static CHANGED: Condvar = Condvar::new();

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread.
///
/// # Errors
///
/// When it cannot be started.
pub(crate) fn start() -> io::Result<()> {
    let mut state = state();
    thread::Builder::new()
        .name("tickspan-make".to_owned())
        .spawn(run)?;
    state.runs = true;
    Ok(())
}

/// Has `job` done by the thread; by nobody where it does not run.
pub(crate) fn ask(job: impl FnOnce() + Send + 'static) {
    let mut state = state();
    if state.runs {
        state.jobs.push_back(Box::new(job));
        state.asked += 1;
        CHANGED.notify_all();
    }
}

/// Waits until what was asked for before is done, by `until`, a quarter of a second at most.
pub(crate) fn wait(until: Instant) {
    let state = state();
    let asked = state.asked;
    let left = until.saturating_duration_since(Instant::now());
    // What is not done by then is done later.
    _ = CHANGED.wait_timeout_while(state, left.min(LONGEST), |state| state.done < asked);
}

/// Ends the thread, and gives up what it has not done.
pub(super) fn stop() {
    let mut state = state();
    state.runs = false;
    // Dropped without the lock: they may hold the last of a provider.
    let given_up = core::mem::take(&mut state.jobs);
    state.done += given_up.len() as u64;
    CHANGED.notify_all();
    drop(state);
    drop(given_up);
}

// Not quiet: the SDK says here what is wrong with an instrument.
fn run() {
    let mut state = state();
    loop {
        if let Some(job) = state.jobs.pop_front() {
            drop(state);
            // A view, or a provider, is the program's code.
            _ = panic::catch_unwind(AssertUnwindSafe(job));
            state = self::state();
            state.done += 1;
            CHANGED.notify_all();
        } else if state.runs {
            state = CHANGED.wait(state).unwrap_or_else(PoisonError::into_inner);
        } else {
            return;
        }
    }
}
