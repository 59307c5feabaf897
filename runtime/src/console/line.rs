//! What a line tells.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, TraceId};
use tracing::{Level, Metadata};

use super::Fields;

/// One thing that is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) time: SystemTime,
    pub(crate) metadata: &'a Metadata<'a>,
    /// May be empty.
    pub(crate) message: &'a str,
    pub(crate) fields: Fields<'a>,
    /// The spans around, the outermost first.
    pub(crate) spans: &'a [Around<'a>],
    /// The trace and the span in which it happened.
    pub(crate) ids: Option<(TraceId, SpanId)>,
}

/// A span around.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    pub(crate) name: &'a str,
    pub(crate) fields: Fields<'a>,
}

impl Line<'_> {
    pub(super) fn level(&self) -> Level {
        *self.metadata.level()
    }

    pub(super) fn timestamp(&self) -> Timestamp {
        // A time that is none is told as the first that there is.
        Timestamp::try_from(self.time).unwrap_or_default()
    }
}

/// A span that has ended, as lines tell it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation<'a> {
    pub(crate) id: Option<SpanId>,
    pub(crate) name: &'a str,
    pub(crate) status: &'static str,
    pub(crate) took: Duration,
}

impl Operation<'_> {
    /// What stands in place of a message.
    pub(crate) const MESSAGE: &'static str = "ended";
}

/// The standard fields of an operation.
pub(crate) fn operation_fields(operation: &Operation<'_>) -> Vec<KeyValue> {
    let id = operation
        .id
        .map(|id| KeyValue::new("operation.id", id.to_string()));
    id.into_iter()
        .chain([
            KeyValue::new("operation.type", operation.name.to_owned()),
            KeyValue::new("operation.status", operation.status),
            KeyValue::new("operation.duration", operation.took.as_secs_f64()),
        ])
        .collect()
}
