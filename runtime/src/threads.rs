//! Waiting for threads that may never end.

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a thread is asked whether it has ended: the standard library has no way to wait for one until a time.
const PERIOD: Duration = Duration::from_micros(500);

/// Joins a thread that is about to end; one that has not by `until` is left behind. Returns whether it was joined.
pub(crate) fn join_by(thread: JoinHandle<()>, until: Instant) -> bool {
    while !thread.is_finished() {
        if Instant::now() >= until {
            return false;
        }
        thread::sleep(PERIOD);
    }
    // Its panic, if that is why it ended, has been printed.
    let _ = thread.join();
    true
}
