//! Lines of what the `tracing` crate says, written on the thread that says it.
//!
//! Behind [`policed`](crate::policed()), so that it sees of other crates' data what may be seen.

use std::io::{self, Write as _};
use std::time::{Instant, SystemTime};

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceId};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::fields::Gather;
use super::{Around, Fields, Format, Line, Operation, operation_fields};
use crate::context;
use crate::layer::handed_of;
use crate::outputs::Share;
use crate::policy::{self, Whole};

/// Writes lines on stderr.
#[derive(Debug)]
pub(crate) struct ConsoleLayer {
    pub(crate) format: Format,
    pub(crate) coloured: bool,
    /// Whether spans that end are told. On the lane route the collector does it.
    pub(crate) operations: bool,
    /// Which spans that end are told; nothing where that is all there are.
    pub(crate) share: Option<Share>,
}

/// What is kept of a span while it is open.
struct Kept {
    fields: Gather,
    start: Instant,
    /// On the tracing route the ids are known once the span is entered, and no longer when it has closed.
    ids: Option<(TraceId, SpanId)>,
}

impl ConsoleLayer {
    fn tell(&self, line: &Line<'_>) {
        let mut text = String::new();
        self.format.write(&mut text, line, self.coloured);
        // In one piece, so that lines of several threads do not mix. Where stderr is closed there is nobody to tell.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

impl<S> Layer<S> for ConsoleLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Gather::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(Kept {
            fields,
            start: Instant::now(),
            ids: None,
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        // Gathered apart: what writes a value may come back to this span.
        let mut fields = Gather::default();
        values.record(&mut fields);
        if let Some(kept) = span.extensions_mut().get_mut::<Kept>() {
            kept.fields.add(fields);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if !self.operations {
            return;
        }
        let Some(span) = context.span(id) else { return };
        let is_first = span
            .extensions()
            .get::<Kept>()
            .is_some_and(|kept| kept.ids.is_none());
        if is_first {
            // Asked while nothing is locked: who knows the ids keeps them beside.
            let ids = current();
            if let Some(kept) = span.extensions_mut().get_mut::<Kept>() {
                kept.ids = ids;
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut gathered = Gather::default();
        event.record(&mut gathered);
        let normalized = event.normalized_metadata();
        if normalized.is_some() {
            // The target is told in its place.
            gathered
                .fields
                .retain(|field| !field.key.starts_with("log."));
        }
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        // An event of a stage has a name; those of others are named by a place in the source.
        if gathered.message.is_empty() && policy::of(event.metadata()).whole() == Whole::Own {
            metadata.name().clone_into(&mut gathered.message);
        }
        let ids = match event.parent() {
            Some(parent) => context
                .span(parent)
                .and_then(|span| handed_of(&span))
                .and_then(|handed| ids(&context::span_context(&handed))),
            None if event.is_root() => None,
            None => current(),
        };
        with_spans(context.event_scope(event), |spans| {
            self.tell(&Line {
                time: SystemTime::now(),
                metadata,
                message: &gathered.message,
                fields: Fields::Visited(&gathered.fields),
                spans,
                ids,
            });
        });
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if !self.operations {
            return;
        }
        let Some(span) = context.span(&id) else {
            return;
        };
        let metadata: &Metadata<'_> = span.metadata();
        if let Some(share) = &self.share {
            if !share.wants(metadata, &context) {
                return;
            }
        }
        let Some((took, ids, status)) = span.extensions().get::<Kept>().map(|kept| {
            let took = kept.start.elapsed();
            (took, kept.ids, status(&kept.fields))
        }) else {
            return;
        };
        let fields: Vec<KeyValue> = operation_fields(&Operation {
            id: ids.map(|(_, span)| span),
            name: metadata.name(),
            status,
            took,
        });
        with_spans(Some(span.scope()), |spans| {
            self.tell(&Line {
                time: SystemTime::now(),
                metadata,
                message: Operation::MESSAGE,
                fields: Fields::Attributes(&fields),
                spans,
                ids,
            });
        });
    }
}

/// Runs `f` on the spans of a scope, the outermost first.
fn with_spans<'a, S>(scope: Option<Scope<'a, S>>, f: impl FnOnce(&[Around<'_>]))
where
    S: LookupSpan<'a>,
{
    // Copies, because extensions are locked while they are looked at.
    let spans: Vec<(&'static str, Gather)> = scope
        .into_iter()
        .flat_map(Scope::from_root)
        .map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<Kept>().map(|kept| kept.fields.clone());
            (span.name(), fields.unwrap_or_default())
        })
        .collect();
    let around: Vec<Around<'_>> = spans
        .iter()
        .map(|(name, gathered)| Around {
            name,
            fields: Fields::Visited(&gathered.fields),
        })
        .collect();
    f(&around);
}

/// The ids of the current span, on either route.
fn current() -> Option<(TraceId, SpanId)> {
    ids(crate::otel_context().span().span_context())
}

fn ids(span: &SpanContext) -> Option<(TraceId, SpanId)> {
    span.is_valid().then(|| (span.trace_id(), span.span_id()))
}

/// How a stage told that it ended; what else closes has ended well.
fn status(fields: &Gather) -> &'static str {
    let text = |key: &str| {
        let mut fields = fields.fields.iter();
        let field = fields.find(|field| field.key == key)?;
        Some(field.value.as_str())
    };
    match text("tickspan.outcome").as_deref() {
        Some("panicked") => "panicked",
        Some("cancelled") => "cancelled",
        Some("error") => "error",
        _ if text("otel.status_code").is_some_and(|code| code.eq_ignore_ascii_case("error")) => {
            "error"
        }
        _ => "ok",
    }
}
