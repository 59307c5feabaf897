//! Waiting for work that may never end.
//!
//! A call into an exporter, or into the SDK around it, can block for ever. It runs on a thread of its own, and the caller
//! waits as long as it wants. Work that never ends keeps its thread until the process ends: there is no way to stop it.
//! [`Pipeline`](super::Pipeline) and [`ExportThread`](super::thread::ExportThread) wait this way.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use super::quiet;

/// The result of work that goes on elsewhere.
#[derive(Debug)]
pub(super) struct Pending<T>(Receiver<T>);

/// Runs `work` on a thread of its own. If that thread cannot be started or panics, there will be no result.
pub(super) fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Pending<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // Without a thread, `sender` is dropped with the closure, and the wait ends at once with nothing.
    let _ = thread::Builder::new()
        .name("tickspan-wait".to_owned())
        .spawn(move || {
            let _quiet = quiet::enter();
            // Nobody may be waiting any more.
            let _ = sender.send(work());
        });
    Pending(receiver)
}

impl<T> Pending<T> {
    /// The result, or `None` when there is none at `until`.
    pub(super) fn wait(&self, until: Instant) -> Option<T> {
        self.0
            .recv_timeout(until.saturating_duration_since(Instant::now()))
            .ok()
    }
}
