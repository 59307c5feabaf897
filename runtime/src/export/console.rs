//! Finished spans as lines on stdout, for looking at without a backend
//! (`OTEL_TRACES_EXPORTER=console`).
//!
//! One line a span and one indented line an event, for people: the format may change. Not the log
//! lines of `with_console`, which are written on stderr as things happen.

use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::time::UNIX_EPOCH;

use opentelemetry::trace::{SpanId, Status};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::collect::human;

#[derive(Debug)]
pub(crate) struct ConsoleExporter;

impl SpanExporter for ConsoleExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut text = String::new();
        for span in &batch {
            // Writing into a `String` cannot fail.
            let _ = write_span(&mut text, span);
        }
        // One write a batch, so that lines of several threads do not mix.
        io::stdout().write_all(text.as_bytes()).map_err(|error| {
            OTelSdkError::InternalFailure(format!("stdout cannot be written: {error}"))
        })
    }
}

fn write_span(out: &mut String, span: &SpanData) -> fmt::Result {
    let start = span
        .start_time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let duration = span
        .end_time
        .duration_since(span.start_time)
        .unwrap_or_default();
    write!(
        out,
        "span {} {} ",
        one_line(&span.name),
        human::duration(duration)
    )?;
    match &span.status {
        Status::Unset => out.write_str("unset")?,
        Status::Ok => out.write_str("ok")?,
        Status::Error { description } if description.is_empty() => out.write_str("error")?,
        Status::Error { description } => write!(out, "error({})", one_line(description))?,
    }
    write!(
        out,
        " kind={} start={}.{:09} trace_id={} span_id={}",
        format!("{:?}", span.span_kind).to_lowercase(),
        start.as_secs(),
        start.subsec_nanos(),
        span.span_context.trace_id(),
        span.span_context.span_id(),
    )?;
    if span.parent_span_id != SpanId::INVALID {
        write!(out, " parent_span_id={}", span.parent_span_id)?;
    }
    write_attributes(out, &span.attributes)?;
    for event in span.events.iter() {
        write!(out, "\n  event {}", one_line(&event.name))?;
        write_attributes(out, &event.attributes)?;
    }
    out.write_char('\n')
}

fn write_attributes(out: &mut String, attributes: &[KeyValue]) -> fmt::Result {
    attributes
        .iter()
        .try_for_each(|attribute| write_attribute(out, attribute))
}

/// Writes ` key=value`.
pub(super) fn write_attribute(out: &mut String, attribute: &KeyValue) -> fmt::Result {
    let KeyValue { key, value, .. } = attribute;
    match value {
        // Quoted and escaped: text may hold spaces, line ends and what drives a terminal.
        Value::String(text) => write!(out, " {key}={:?}", text.as_str()),
        other => write!(out, " {key}={}", one_line(&other.as_str())),
    }
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}
