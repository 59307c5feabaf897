//! What stages emit with `event!`, `ret` and `err`, as lines on stderr.
//!
//! On the tracing route the subscriber writes these lines, on the thread of the stage. Here the collector makes them of
//! the records, when the span ends, and a thread of their own writes them: a terminal that stands still holds up
//! neither stages nor the collector. Lines that this thread cannot take in time are dropped and counted.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::sync::mpsc::{self, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use jiff::Timestamp;
use opentelemetry::trace::Event;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use tracing::{Level, Metadata};

use crate::record::lane::health::{Loss, count_many};
use crate::threads::join_by;

/// So many blocks of lines may wait to be written.
const WAITING: usize = 256;

/// Makes lines.
pub(crate) struct Lines {
    coloured: bool,
    /// The ends of lines of the span that is being read.
    noted: Vec<(SystemTime, Level, String)>,
    /// Lines that have not been handed on.
    ready: String,
    count: u64,
    writer: SyncSender<String>,
}

/// The thread that writes lines.
#[derive(Debug)]
pub(crate) struct LineWriter(JoinHandle<()>);

impl Lines {
    /// Starts the thread that writes.
    pub(crate) fn start(coloured: bool) -> io::Result<(Self, LineWriter)> {
        let (writer, lines) = mpsc::sync_channel::<String>(WAITING);
        let thread = thread::Builder::new()
            .name("tickspan-lines".to_owned())
            .spawn(move || {
                for block in lines {
                    // Where stderr is closed there is nobody to tell.
                    let _ = io::stderr().write_all(block.as_bytes());
                }
            })?;
        let lines = Self {
            coloured,
            noted: Vec::new(),
            ready: String::new(),
            count: 0,
            writer,
        };
        Ok((lines, LineWriter(thread)))
    }

    /// Notes an event of the span that is being read.
    pub(super) fn note(&mut self, metadata: &Metadata<'_>, event: &Event) {
        let mut text = String::new();
        let _ = write!(text, "{}: {}", metadata.target(), event.name);
        write_attributes(&mut text, &event.attributes);
        self.noted.push((event.timestamp, *metadata.level(), text));
    }

    /// Makes lines of what was noted: the span has been read.
    pub(super) fn finish(&mut self, span: &SpanData) {
        for (time, level, text) in self.noted.drain(..) {
            let _ = write_head(&mut self.ready, time, level, span, self.coloured);
            self.ready.push_str(&text);
            self.ready.push('\n');
            self.count += 1;
        }
    }

    /// Hands on what is ready. Called with each pass.
    pub(super) fn hand_on(&mut self) {
        if self.count == 0 {
            return;
        }
        let block = core::mem::take(&mut self.ready);
        if self.writer.try_send(block).is_err() {
            count_many(Loss::LineDropped, self.count);
        }
        self.count = 0;
    }
}

impl LineWriter {
    /// Waits until everything is written, once nobody makes lines any more.
    pub(crate) fn wait(self, until: Instant) {
        join_by(self.0, until);
    }
}

/// `2026-11-21T02:27:39.702405Z ERROR check_risk{quantity=5000}: `, as the subscriber's lines begin.
fn write_head(
    out: &mut String,
    time: SystemTime,
    level: Level,
    span: &SpanData,
    coloured: bool,
) -> fmt::Result {
    // A time that is none is told as the first that there is.
    let time = Timestamp::try_from(time).unwrap_or_default();
    let (dim, bold, end) = if coloured {
        ("\x1b[2m", "\x1b[1m", "\x1b[0m")
    } else {
        ("", "", "")
    };
    let colour = match (coloured, level) {
        (false, _) => "",
        (true, Level::ERROR) => "\x1b[31m",
        (true, Level::WARN) => "\x1b[33m",
        (true, Level::INFO) => "\x1b[32m",
        (true, Level::DEBUG) => "\x1b[34m",
        (true, Level::TRACE) => "\x1b[35m",
    };
    write!(
        out,
        "{dim}{time:.6}{end} {colour}{level:>5}{end} {bold}{}{end}",
        span.name
    )?;
    if !span.attributes.is_empty() {
        let start = out.len();
        write_attributes(out, &span.attributes);
        out.replace_range(start..=start, "{");
        out.push('}');
    }
    out.write_str(": ")
}

fn write_attributes(out: &mut String, attributes: &[KeyValue]) {
    for KeyValue { key, value, .. } in attributes {
        out.push(' ');
        let _ = match value {
            // Quoted and escaped: text may hold spaces, line ends and what drives a terminal.
            Value::String(text) => write!(out, "{key}={:?}", text.as_str()),
            other => write!(out, "{key}={other}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    fn span(attributes: Vec<KeyValue>) -> SpanData {
        SpanData {
            span_context: SpanContext::NONE,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: "check_risk".into(),
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    fn head(attributes: Vec<KeyValue>, coloured: bool) -> String {
        let time = UNIX_EPOCH + Duration::from_micros(1_784_600_000_012_345);
        let mut text = String::new();
        write_head(&mut text, time, Level::WARN, &span(attributes), coloured).unwrap();
        text
    }

    #[test]
    fn line_tells_time_level_and_span() {
        assert_eq!(
            head(
                vec![
                    KeyValue::new("quantity", 5),
                    KeyValue::new("symbol", "A\nB")
                ],
                false
            ),
            "2026-07-21T02:13:20.012345Z  WARN check_risk{quantity=5 symbol=\"A\\nB\"}: "
        );
        assert_eq!(
            head(Vec::new(), true),
            "\x1b[2m2026-07-21T02:13:20.012345Z\x1b[0m \x1b[33m WARN\x1b[0m \x1b[1mcheck_risk\x1b[0m: "
        );
    }
}
