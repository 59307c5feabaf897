//! The recorder as an exporter: spans become lines on the exporter's thread.

use std::borrow::Cow;
use std::io;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::SpanData;
use tokio::time::Instant;

use super::audit::{self, Audit};
use super::convert::{self, Trades};
use super::desk::Desk;
use super::keeper::Keeper;
use super::names::Form;
use super::notices::Notices;
use super::settings::Recorder;
use super::store::Store;
use crate::export::{Deliver, Delivered, Delivery, Job};
use crate::recorded::{Data, Line, Recording, VERSION};

/// The first and the longest pause between two attempts.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How long the end of the recorder waits for its disk.
const END: Duration = Duration::from_secs(2);

/// Writes spans into the files of a [`Recorder`].
#[derive(Debug)]
pub(crate) struct RecorderExporter {
    desk: Arc<Desk>,
    is_audited: bool,
    /// Of this exporter alone, which is asked on one thread.
    trades: Mutex<Trades>,
    /// Taken when it has been told to end.
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl RecorderExporter {
    /// Starts the recorder's threads. Touches no file before there is something to write.
    ///
    /// # Errors
    ///
    /// When a thread cannot be started.
    pub(crate) fn start(recorder: &Recorder, resource: &Resource) -> io::Result<Self> {
        let form = Form::Events;
        let notices = Arc::new(Notices::new(&recorder.dir));
        let keeper = Keeper::start(recorder, form, Arc::clone(&notices))?;
        let store = Store::new(
            recorder,
            form,
            first_line(resource),
            keeper,
            Arc::clone(&notices),
        );
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
            trades: Mutex::default(),
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The lines of spans.
    fn lines(&self, batch: &[SpanData]) -> Vec<u8> {
        let mut trades = self.trades.lock().unwrap_or_else(PoisonError::into_inner);
        trades.learn();
        // Some 400 bytes a span, measured on the example.
        let mut lines = Vec::with_capacity(batch.len() * 512);
        for span in batch {
            convert::lines(span, &trades, self.is_audited, |line| {
                append(line, &mut lines);
            });
        }
        lines
    }

    /// Writes lines, and tries again with what was not written.
    async fn write(&self, mut lines: Vec<u8>, job: &Job<'_>) -> Delivery {
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
}

impl Deliver<Vec<SpanData>> for RecorderExporter {
    async fn deliver(&self, batch: Vec<SpanData>, job: &Job<'_>) -> Delivery {
        let lines = self.lines(&batch);
        // Freed where it was made, before anybody waits.
        drop(batch);
        self.write(lines, job).await
    }

    fn end(&self) -> OTelSdkResult {
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

/// Appends a line. Writing into memory cannot fail, nor can a line that was made of a span.
pub(super) fn append(line: &Line<'_>, lines: &mut Vec<u8>) {
    let before = lines.len();
    match line.write_json(&mut *lines) {
        Ok(()) => lines.push(b'\n'),
        Err(_) => lines.truncate(before),
    }
}

/// Makes the line that begins what this process writes into a file.
fn first_line(resource: &Resource) -> Box<dyn Fn(SystemTime) -> Vec<u8> + Send> {
    let mut resource: Vec<KeyValue> = resource
        .iter()
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    resource.sort_by(|one, other| one.key.cmp(&other.key));
    Box::new(move |timestamp| {
        let mut line = Vec::new();
        let first = Line {
            timestamp,
            trace_id: None,
            span_id: None,
            data: Data::Recording(Recording {
                schema_version: Cow::Borrowed(VERSION),
                process_id: process::id(),
                tickspan_version: Cow::Borrowed(env!("CARGO_PKG_VERSION")),
                resource: resource.iter().collect(),
            }),
        };
        append(&first, &mut line);
        line
    })
}
