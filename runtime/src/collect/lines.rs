//! What stages emit with `event!`, `ret` and `err`, as lines on stderr.
//!
//! On the tracing route the subscriber writes these lines, on the thread of the stage. Here the collector makes them of
//! the records, when the span ends, and another thread writes them: a terminal that stands still holds up neither
//! stages nor the collector. Lines that this thread cannot write in time are dropped and counted.

use std::io;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::Event;
use opentelemetry_sdk::trace::SpanData;
use tracing::Metadata;

use super::summary;
use crate::console::{Around, BLOCK, Fields, Format, Line, LineSink, Operation, operation_fields};

/// Makes lines.
pub(crate) struct Lines {
    format: Format,
    coloured: bool,
    /// Whether spans that end are told.
    operations: bool,
    /// The events of the span that is being read.
    noted: Vec<Noted>,
    /// Lines that have not been handed on.
    ready: String,
    count: u64,
    sink: LineSink,
}

/// An event to be told.
struct Noted {
    time: SystemTime,
    metadata: &'static Metadata<'static>,
    message: String,
    fields: Vec<KeyValue>,
}

impl Lines {
    /// Starts the thread that writes.
    pub(crate) fn start(format: Format, coloured: bool, operations: bool) -> io::Result<Self> {
        Ok(Self {
            format,
            coloured,
            operations,
            noted: Vec::new(),
            ready: String::new(),
            count: 0,
            sink: LineSink::start()?,
        })
    }

    /// Whether spans that end are told.
    pub(super) fn tells_spans(&self) -> bool {
        self.operations
    }

    /// Notes an event of the span that is being read.
    pub(super) fn note(&mut self, metadata: &'static Metadata<'static>, event: &Event) {
        self.noted.push(Noted {
            time: event.timestamp,
            metadata,
            message: event.name.clone().into_owned(),
            fields: event.attributes.clone(),
        });
    }

    /// Makes lines of what was noted: the span has been read. `is_told` says whether the span may be told as well.
    pub(super) fn finish(
        &mut self,
        span: &SpanData,
        metadata: &'static Metadata<'static>,
        is_told: bool,
    ) {
        let around = [Around {
            name: &span.name,
            fields: Fields::Attributes(&span.attributes),
        }];
        let ids = Some((span.span_context.trace_id(), span.span_context.span_id()));
        for noted in core::mem::take(&mut self.noted) {
            self.tell(&Line {
                time: noted.time,
                metadata: noted.metadata,
                message: &noted.message,
                fields: Fields::Attributes(&noted.fields),
                spans: &around,
                ids,
            });
        }
        if self.operations && is_told {
            let fields = operation_fields(&Operation {
                id: Some(span.span_context.span_id()),
                name: &span.name,
                status: status(span),
                took: summary::duration(span),
            });
            self.tell(&Line {
                time: span.end_time,
                metadata,
                message: Operation::MESSAGE,
                fields: Fields::Attributes(&fields),
                spans: &around,
                ids,
            });
        }
    }

    fn tell(&mut self, line: &Line<'_>) {
        let before = self.ready.len();
        self.format.write(&mut self.ready, line, self.coloured);
        if self.ready.len() > BLOCK {
            let line = self.ready.split_off(before);
            self.hand_on();
            self.ready = line;
        }
        self.count += 1;
    }

    /// Hands on what is ready. Called with each pass.
    pub(super) fn hand_on(&mut self) {
        if self.count == 0 {
            return;
        }
        let block = core::mem::take(&mut self.ready);
        self.sink.hand_on(block, core::mem::take(&mut self.count));
    }
}

/// How a span has ended.
fn status(span: &SpanData) -> &'static str {
    let outcome = span
        .attributes
        .iter()
        .find(|attribute| attribute.key.as_str() == "tickspan.outcome");
    match outcome.map(|outcome| outcome.value.as_str()).as_deref() {
        Some("panicked") => "panicked",
        Some("cancelled") => "cancelled",
        _ if summary::failed(span) => "error",
        _ => "ok",
    }
}
