//! Finished spans as trees on stdout, for looking at without a backend
//! (`OTEL_TRACES_EXPORTER=console`).
//!
//! One line a span, below it one line an event and the spans inside, for people: the format may change. Not the log
//! lines of `with_console`, which are written on stderr as things happen.
//!
//! A tree is made of the spans of one batch. A span whose parent comes in another batch, or from another process,
//! stands at the left and names it.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::time::UNIX_EPOCH;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

use crate::collect::{human, span_duration};
use crate::console::text::{write_field, write_text};

#[derive(Debug)]
pub(crate) struct ConsoleExporter;

impl SpanExporter for ConsoleExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut text = String::new();
        for (depth, span) in in_trees(&batch) {
            // Writing into a `String` cannot fail.
            let _ = write_span(&mut text, depth, span);
        }
        print(&text)
    }
}

/// Writes what an exporter was given in one piece, so that lines of several threads do not mix.
pub(super) fn print(text: &str) -> OTelSdkResult {
    io::stdout().write_all(text.as_bytes()).map_err(|error| {
        OTelSdkError::InternalFailure(format!("stdout cannot be written: {error}"))
    })
}

/// The deepest that a line is indented.
const DEEPEST: usize = 40;

/// The spans with their depths, each after its parent, and those of one parent in the order in which they started.
fn in_trees(batch: &[SpanData]) -> Vec<(usize, &SpanData)> {
    let known: HashSet<SpanId> = batch
        .iter()
        .map(|span| span.span_context.span_id())
        .collect();
    let mut inside: HashMap<SpanId, Vec<&SpanData>> = HashMap::new();
    let mut roots = Vec::new();
    for span in batch {
        let parent = span.parent_span_id;
        // One that is its own parent, as no library makes it, would be in no tree.
        if known.contains(&parent) && parent != span.span_context.span_id() {
            inside.entry(parent).or_default().push(span);
        } else {
            roots.push(span);
        }
    }
    let latest_first = |spans: &mut Vec<&SpanData>| {
        spans.sort_by_key(|span| span.start_time);
        spans.reverse();
    };
    latest_first(&mut roots);
    let mut waiting: Vec<(usize, &SpanData)> = roots.into_iter().map(|root| (0, root)).collect();
    let mut lines = Vec::with_capacity(batch.len());
    while let Some((depth, span)) = waiting.pop() {
        lines.push((depth, span));
        if let Some(mut children) = inside.remove(&span.span_context.span_id()) {
            latest_first(&mut children);
            waiting.extend(children.into_iter().map(|child| (depth + 1, child)));
        }
    }
    // What names each other as parents hangs on no root.
    lines.extend(inside.into_values().flatten().map(|span| (0, span)));
    lines
}

fn write_span(out: &mut String, depth: usize, span: &SpanData) -> fmt::Result {
    let indent = 2 * depth.min(DEEPEST);
    let start = span
        .start_time
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    write!(out, "{:indent$}span ", "")?;
    write_text(out, &span.name)?;
    write!(out, " {} ", human::duration(span_duration(span)))?;
    match &span.status {
        Status::Unset => out.write_str("unset")?,
        Status::Ok => out.write_str("ok")?,
        Status::Error { description } if description.is_empty() => out.write_str("error")?,
        Status::Error { description } => {
            out.write_str("error(")?;
            write_text(out, description)?;
            out.write_char(')')?;
        }
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
        write!(out, "\n{:indent$}  event ", "")?;
        write_text(out, &event.name)?;
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
    out.write_char(' ')?;
    write_field(out, attribute.key.as_str(), &attribute.value, false)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{SpanContext, SpanKind, TraceFlags, TraceId, TraceState};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

    use super::*;

    fn span(id: u64, parent: u64, start: u64) -> SpanData {
        let start_time = UNIX_EPOCH + Duration::from_secs(start);
        SpanData {
            span_context: SpanContext::new(
                TraceId::from(1),
                SpanId::from(id),
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: SpanId::from(parent),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: format!("s{id}").into(),
            start_time,
            end_time: start_time + Duration::from_secs(1),
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    fn tree(batch: &[SpanData]) -> Vec<(usize, &str)> {
        in_trees(batch)
            .into_iter()
            .map(|(depth, span)| (depth, &*span.name))
            .collect()
    }

    #[test]
    fn spans_stand_below_their_parents_in_the_order_of_their_starts() {
        // As they end: the innermost first.
        let batch = [
            span(4, 3, 5),
            span(3, 1, 4),
            span(2, 1, 2),
            span(1, 0, 1),
            span(5, 99, 0),
        ];
        assert_eq!(
            tree(&batch),
            [(0, "s5"), (0, "s1"), (1, "s2"), (1, "s3"), (2, "s4")]
        );
    }

    #[test]
    fn every_span_is_written_whatever_its_parents_say() {
        let batch = [span(1, 2, 1), span(2, 1, 2), span(3, 3, 3), span(4, 0, 4)];
        let mut names: Vec<&str> = tree(&batch).into_iter().map(|(_, name)| name).collect();
        names.sort_unstable();
        assert_eq!(names, ["s1", "s2", "s3", "s4"]);
    }

    #[test]
    fn a_line_is_indented_by_its_depth_and_no_further_than_there_is_room() {
        let write = |depth| {
            let mut text = String::new();
            write_span(&mut text, depth, &span(1, 0, 1)).unwrap();
            text
        };
        assert!(
            write(0).starts_with("span s1 1.00 s unset kind=internal start=1."),
            "{}",
            write(0)
        );
        assert!(write(2).starts_with("    span s1"));
        assert!(write(1_000).len() < write(0).len() + 100);
    }
}
