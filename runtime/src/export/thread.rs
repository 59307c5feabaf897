//! The thread that turns the I/O of every exporter.
//!
//! It owns a current-thread tokio runtime, so that exporters find a reactor wherever `init` was
//! called, and never use or block the caller's runtime. The runtime is made and ended on this
//! thread, outside of any async context, where that is allowed. Exporters themselves are polled by
//! their batch processor's thread ([`super::supervised`]); here run the connections, timers and
//! tasks that they start.

use std::io;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{oneshot, watch};

use super::quiet;
use crate::threads::join_by;

#[derive(Debug)]
pub(super) struct ExportThread {
    handle: Handle,
    /// Becomes `true` when running exports are to be dropped.
    give_up: watch::Sender<bool>,
    /// How many wait for exporters right now.
    hurry: Arc<watch::Sender<usize>>,
    /// Ends the thread when it is used or dropped.
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl ExportThread {
    /// Starts the thread and waits for its runtime.
    pub(super) fn start() -> io::Result<Self> {
        let (started, runtime_handle) = mpsc::sync_channel(1);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("tickspan-export".to_owned())
            .spawn(move || match build_runtime() {
                Ok(runtime) => {
                    let _ = started.send(Ok(runtime.handle().clone()));
                    drop(started);
                    run(runtime, stopped);
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            })?;
        let handle = runtime_handle
            .recv()
            .map_err(|_| io::Error::other("the export thread ended while it started"))??;
        Ok(Self {
            handle,
            give_up: watch::Sender::new(false),
            hurry: Arc::new(watch::Sender::new(0)),
            stop,
            thread,
        })
    }

    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// A signal that becomes `true` with [`give_up`](Self::give_up).
    pub(super) fn given_up(&self) -> watch::Receiver<bool> {
        self.give_up.subscribe()
    }

    /// How many wait for exporters.
    #[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
    pub(super) fn hurry(&self) -> watch::Receiver<usize> {
        self.hurry.subscribe()
    }

    /// Has exporters know that somebody waits, until what is returned is dropped.
    pub(super) fn hurried(&self) -> Hurry {
        self.hurry.send_modify(|waiting| *waiting += 1);
        Hurry(Arc::clone(&self.hurry))
    }

    /// Drops the exports that are running and fails the ones to come.
    pub(super) fn give_up(&self) {
        self.give_up.send_replace(true);
    }

    /// Ends the thread, waiting until `until` for it.
    pub(super) fn stop(self, until: Instant) {
        let _ = self.stop.send(());
        // A task of an exporter that blocks this thread would block its end too: it is left behind.
        join_by(self.thread, until);
    }
}

/// Somebody waits for exporters while it lives.
#[derive(Debug)]
pub(super) struct Hurry(Arc<watch::Sender<usize>>);

impl Drop for Hurry {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

fn build_runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .thread_name("tickspan-export-io")
        .enable_all()
        .build()
}

fn run(runtime: Runtime, stopped: oneshot::Receiver<()>) {
    let _quiet = quiet::enter();
    // An error means that the other end is gone, which asks for the same.
    let _ = runtime.block_on(stopped);
    // Does not wait for blocking work, such as a name look-up without an answer.
    runtime.shutdown_background();
}
