//! Waiting for work that may never end.
//!
//! A call into an exporter, or into the SDK around it, can block for ever. It runs on a thread of
//! its own, and the caller waits as long as it wants. Work that never ends keeps its thread until
//! the process ends: there is no way to stop it. [`Pipeline`](super::Pipeline) and
//! [`ExportThread`](super::thread::ExportThread) wait this way.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::quiet;

/// The result of work that goes on elsewhere.
#[derive(Debug)]
pub(super) struct Pending<T> {
    result: Receiver<T>,
    /// Taken when it has been joined; absent if it could not be started.
    thread: Option<JoinHandle<()>>,
}

/// Runs `work` on a thread of its own. If that thread cannot be started or panics, there will be no
/// result.
pub(super) fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Pending<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // Without a thread, `sender` is dropped with the closure, and the wait ends at once with
    // nothing.
    let thread = thread::Builder::new()
        .name("tickspan-wait".to_owned())
        .spawn(move || {
            let _quiet = quiet::enter();
            // Nobody may be waiting any more.
            let _ = sender.send(work());
        });
    Pending {
        result: receiver,
        thread: thread.ok(),
    }
}

impl<T> Pending<T> {
    /// The result, or `None` when there is none at `until`. It is given once.
    pub(super) fn wait(&mut self, until: Instant) -> Option<T> {
        let left = until.saturating_duration_since(Instant::now());
        let result = match self.result.recv_timeout(left) {
            Ok(result) => Some(result),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => return None,
        };
        if let Some(thread) = self.thread.take() {
            // It has nothing left to do but to end. Its panic, if it is why there is no result, has
            // been printed.
            let _ = thread.join();
        }
        result
    }
}
