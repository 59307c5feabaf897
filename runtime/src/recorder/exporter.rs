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
#[cfg(feature = "recorder-otlp")]
use super::otlp::Requests;
use super::settings::{Form, Recorder};
use super::store::FirstLine;
use super::writer::Writer;
use crate::collect::FinishedClock;
use crate::export::{Deliver, Delivery, Job};
use crate::recorded::{Data, Line, Recording, VERSION};

/// Writes spans into the files of a [`Recorder`].
#[derive(Debug)]
pub(crate) struct SpanRecorder {
    writer: Arc<Writer>,
    lines: Lines,
}

/// Makes lines of spans.
#[derive(Debug)]
enum Lines {
    /// Of one exporter, which is asked on one thread.
    Events(Mutex<Trades>),
    #[cfg(feature = "recorder-otlp")]
    OtlpJson(Requests),
}

/// Writes finished latency clocks into the same files.
#[derive(Debug)]
pub(crate) struct ClockRecorder {
    writer: Arc<Writer>,
}

/// Starts the recorder's threads. Touches no file before there is something to write. OTLP has no lines for clocks.
///
/// # Errors
///
/// When a thread cannot be started.
pub(crate) fn start(
    recorder: &Recorder,
    resource: &Resource,
) -> io::Result<(SpanRecorder, Option<ClockRecorder>)> {
    match recorder.form {
        Form::Events => {
            let writer = Arc::new(Writer::start(recorder, first_line(resource), 2)?);
            let spans = SpanRecorder {
                writer: Arc::clone(&writer),
                lines: Lines::Events(Mutex::default()),
            };
            Ok((spans, Some(ClockRecorder { writer })))
        }
        #[cfg(feature = "recorder-otlp")]
        Form::OtlpJson => {
            let no_first_line = Box::new(|_| Vec::new());
            let spans = SpanRecorder {
                writer: Arc::new(Writer::start(recorder, no_first_line, 1)?),
                lines: Lines::OtlpJson(Requests::new(resource)),
            };
            Ok((spans, None))
        }
    }
}

impl Lines {
    /// Each line with its end. The spans are freed where they were made, before anybody waits.
    fn of(&self, batch: Vec<SpanData>, is_audited: bool) -> Vec<u8> {
        match self {
            Self::Events(trades) => {
                let mut trades = trades.lock().unwrap_or_else(PoisonError::into_inner);
                trades.learn();
                // Some 400 bytes a span, measured on the example.
                let mut lines = Vec::with_capacity(batch.len() * 512);
                for span in batch {
                    convert::lines(&span, &trades, is_audited, |line| append(line, &mut lines));
                }
                lines
            }
            #[cfg(feature = "recorder-otlp")]
            Self::OtlpJson(requests) => requests.lines(batch),
        }
    }
}

impl Deliver<Vec<SpanData>> for SpanRecorder {
    async fn deliver(&self, batch: Vec<SpanData>, job: &Job<'_>) -> Delivery {
        let lines = self.lines.of(batch, self.writer.is_audited);
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
