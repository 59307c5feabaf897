//! What the exporters of one recorder share: its thread, and what is done where the disk refuses.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use tokio::time::Instant;

use super::audit::{self, Audit};
use super::desk::Desk;
use super::keeper::Keeper;
use super::notices::Notices;
use super::settings::Recorder;
use super::store::{FirstLine, Store};
use crate::export::{Delivered, Delivery, Job};

/// The first and the longest pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long the end of the recorder waits for its disk.
const END: Duration = Duration::from_secs(2);

/// Writes lines into the files of a [`Recorder`].
#[derive(Debug)]
pub(super) struct Writer {
    desk: Arc<Desk>,
    pub(super) is_audited: bool,
    /// Exporters that have not ended.
    exporters: AtomicUsize,
    /// Taken when it has been told to end.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the recorder's threads, for so many exporters. Touches no file before there is something to write.
    ///
    /// # Errors
    ///
    /// When a thread cannot be started.
    pub(super) fn start(
        recorder: &Recorder,
        first_line: FirstLine,
        exporters: usize,
    ) -> io::Result<Self> {
        let notices = Arc::new(Notices::new(&recorder.dir));
        let keeper = Keeper::start(recorder, Arc::clone(&notices))?;
        let store = Store::new(recorder, first_line, keeper, Arc::clone(&notices));
        let desk = Arc::new(Desk::new());
        let thread = desk.serve(store, recorder.durability)?;
        if let Some(deadline) = recorder.audit {
            audit::set(Some(Arc::new(Audit {
                desk: Arc::clone(&desk),
                notices,
                deadline,
            })));
        }
        Ok(Self {
            desk,
            is_audited: recorder.audit.is_some(),
            exporters: AtomicUsize::new(exporters),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Writes lines, and tries again with what was not written.
    pub(super) async fn write(&self, mut lines: Vec<u8>, job: &Job<'_>) -> Delivery {
        let mut pause = PAUSE;
        loop {
            let Some((given, written)) = self.desk.write(lines).await else {
                return Err("the recorder has ended".to_owned());
            };
            let Some(error) = written.error else {
                return Ok(Delivered::default());
            };
            lines = given;
            lines.drain(..written.bytes);
            if lines.is_empty() || Instant::now() + pause > job.until {
                return Err(error.to_string());
            }
            job.ledger.record_trouble(&error.to_string());
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Is told that an exporter has ended. With the last the thread ends.
    pub(super) fn end(&self) -> OTelSdkResult {
        // Relaxed: nothing else is told by it, and the desk has a lock.
        if self.exporters.fetch_sub(1, Ordering::Relaxed) > 1 {
            return Ok(());
        }
        if self.is_audited {
            audit::set(None);
        }
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let until = std::time::Instant::now() + END;
        let ended = thread.is_none_or(|thread| self.desk.end(thread, until));
        if ended {
            Ok(())
        } else {
            Err(OTelSdkError::Timeout(END))
        }
    }
}
