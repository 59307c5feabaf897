//! The recorder as exporters: spans and latency clocks become lines on the threads of exporters.

use std::borrow::Cow;
use std::io;
use std::process;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::SpanData;

use super::convert::{self, Trades};
use super::latency;
use super::settings::Recorder;
use super::store::FirstLine;
use super::writer::Writer;
use crate::collect::FinishedClock;
use crate::export::{Deliver, Delivery, Job};
use crate::recorded::{Data, Line, Recording, VERSION};

/// Writes spans into the files of a [`Recorder`].
#[derive(Debug)]
pub(crate) struct SpanRecorder {
    writer: Arc<Writer>,
    /// Of this exporter alone, which is asked on one thread.
    trades: Mutex<Trades>,
}

/// Writes finished latency clocks into the same files.
#[derive(Debug)]
pub(crate) struct ClockRecorder {
    writer: Arc<Writer>,
}

/// Starts the recorder's threads. Touches no file before there is something to write.
///
/// # Errors
///
/// When a thread cannot be started.
pub(crate) fn start(
    recorder: &Recorder,
    resource: &Resource,
) -> io::Result<(SpanRecorder, ClockRecorder)> {
    let writer = Arc::new(Writer::start(recorder, first_line(resource), 2)?);
    let spans = SpanRecorder {
        writer: Arc::clone(&writer),
        trades: Mutex::default(),
    };
    Ok((spans, ClockRecorder { writer }))
}

impl SpanRecorder {
    fn lines(&self, batch: &[SpanData]) -> Vec<u8> {
        let mut trades = self.trades.lock().unwrap_or_else(PoisonError::into_inner);
        trades.learn();
        // Some 400 bytes a span, measured on the example.
        let mut lines = Vec::with_capacity(batch.len() * 512);
        for span in batch {
            convert::lines(span, &trades, self.writer.is_audited, |line| {
                append(line, &mut lines);
            });
        }
        lines
    }
}

impl Deliver<Vec<SpanData>> for SpanRecorder {
    async fn deliver(&self, batch: Vec<SpanData>, job: &Job<'_>) -> Delivery {
        let lines = self.lines(&batch);
        // Freed where it was made, before anybody waits.
        drop(batch);
        self.writer.write(lines, job).await
    }

    fn end(&self) -> OTelSdkResult {
        self.writer.end()
    }
}

impl Deliver<Vec<FinishedClock>> for ClockRecorder {
    async fn deliver(&self, batch: Vec<FinishedClock>, job: &Job<'_>) -> Delivery {
        // Some 100 bytes a mark, of which most paths have fewer than six.
        let mut lines = Vec::with_capacity(batch.len() * 640);
        for clock in &batch {
            append(&latency::line(clock), &mut lines);
        }
        self.writer.write(lines, job).await
    }

    fn end(&self) -> OTelSdkResult {
        self.writer.end()
    }
}

/// Appends a line. Writing into memory cannot fail, nor can a line that was made of a span or a clock.
pub(super) fn append(line: &Line<'_>, lines: &mut Vec<u8>) {
    let before = lines.len();
    match line.write_json(&mut *lines) {
        Ok(()) => lines.push(b'\n'),
        Err(_) => lines.truncate(before),
    }
}

/// Makes the line that begins what this process writes into a file.
fn first_line(resource: &Resource) -> FirstLine {
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
