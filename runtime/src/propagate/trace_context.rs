//! Trace context in the payload of a job.

use super::carrier::{Carrier, CarrierMut};
use super::{extract, inject};
use crate::Context;

/// The trace context of a span, to be put into the payload of a job that goes on elsewhere, in whichever language.
///
/// With the feature `serde` it is serialized as an object with the members `traceparent` and `tracestate`, as
/// [W3C](https://www.w3.org/TR/trace-context-2/) has them; either is left out where there is none, and may be missing.
///
/// ```
/// use tickspan::propagate::TraceContext;
/// use tickspan::traced_stage;
///
/// struct Job { symbol: String, trace: TraceContext }
///
/// #[traced_stage(kind = "producer")]
/// fn enqueue(symbol: &str) -> Job {
///     Job { symbol: symbol.to_owned(), trace: TraceContext::current() }
/// }
///
/// #[traced_stage(kind = "consumer", parent = job.trace.context(), skip(job))]
/// fn work(job: &Job) {}
///
/// work(&enqueue("AAPL"));
/// ```
///
/// Baggage does not travel with it. A payload with a `HashMap<String, String>` as its [carrier](Carrier) has room for
/// that as well.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct TraceContext {
    /// The trace and the span in it. Nothing where there was no span.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub traceparent: Option<String>,
    /// What the tracing systems on the way want to be told again.
    #[cfg_attr(feature = "serde", serde(skip_serializing_if = "Option::is_none"))]
    pub tracestate: Option<String>,
}

impl TraceContext {
    /// That of the current span; empty where there is none.
    pub fn current() -> Self {
        let mut current = Self::default();
        inject(&mut current);
        current
    }

    /// That of a span that was captured.
    pub fn of(context: &Context) -> Self {
        let mut of = Self::default();
        context.inject(&mut of);
        of
    }

    /// The context, to be a parent. What is malformed is counted, and gives an empty one.
    pub fn context(&self) -> Context {
        extract(self)
    }

    fn member(&mut self, name: &str) -> Option<&mut Option<String>> {
        match name {
            "traceparent" => Some(&mut self.traceparent),
            "tracestate" => Some(&mut self.tracestate),
            _ => None,
        }
    }
}

impl Carrier for TraceContext {
    fn get<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let member = match name {
            "traceparent" => self.traceparent.as_deref(),
            "tracestate" => self.tracestate.as_deref(),
            _ => None,
        };
        member.map(str::as_bytes).into_iter()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        ["traceparent", "tracestate"].into_iter()
    }
}

impl CarrierMut for TraceContext {
    fn set(&mut self, name: &str, value: String) {
        if let Some(member) = self.member(name) {
            *member = Some(value);
        }
    }

    fn remove(&mut self, name: &str) {
        if let Some(member) = self.member(name) {
            *member = None;
        }
    }
}
