//! W3C trace context and baggage, as one propagator of the OpenTelemetry API.

use std::borrow::Cow;
use std::sync::OnceLock;

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt as _};
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt as _;

use super::carrier::{Carrier, Extracted};
use super::{Carried, baggage, traceparent, tracestate};
use crate::context::{ids_of, of_thread, span_context_of};
use crate::policy;
use crate::record::lane::health::{Loss, count, count_many};
use crate::record::lane::{Handed, Ids};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
const BAGGAGE: &str = "baggage";

/// The propagator of [`extract`](super::extract()) and [`inject`](super::inject()) for other libraries: W3C trace context
/// and baggage, with the limits of the standards, and what is malformed counted in [`health`](crate::health()).
///
/// ```
/// // For libraries that ask OpenTelemetry's global propagator.
/// opentelemetry::global::set_text_map_propagator(tickspan::propagate::Propagator::default());
/// ```
///
/// Unlike `TraceContextPropagator` of the SDK it keeps the flag that says that a trace id is random, joins several
/// `tracestate` headers, sends no empty one, and takes no ids that are too short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Propagator {
    pub(crate) trace_context: bool,
    pub(crate) baggage: bool,
}

impl Default for Propagator {
    /// Both, as `OTEL_PROPAGATORS` has it where it is not set.
    fn default() -> Self {
        Self::W3C
    }
}

/// What came with a request or message.
#[derive(Debug, Default)]
struct Incoming {
    span: Option<Ids>,
    /// The trace state, if there is a span.
    state: String,
    baggage: Option<Baggage>,
}

impl Propagator {
    pub(super) const W3C: Self = Self {
        trace_context: true,
        baggage: true,
    };

    /// Reads what there is, and counts what is malformed.
    fn read<C: Carrier + ?Sized>(self, carrier: &C) -> Incoming {
        let span = self.trace_context.then(|| read_span(carrier)).flatten();
        Incoming {
            state: span.map(|_| read_state(carrier)).unwrap_or_default(),
            span,
            baggage: self.baggage.then(|| read_baggage(carrier)).flatten(),
        }
    }

    /// What came with a request or message.
    pub(super) fn context<C: Carrier + ?Sized>(self, carrier: &C) -> crate::Context {
        let incoming = self.read(carrier);
        let along = Carried::read(incoming.baggage, incoming.state);
        match (incoming.span, along) {
            (None, None) => crate::Context::default(),
            (ids, along) => crate::Context::of_handed(Handed {
                ids: ids.unwrap_or(Ids::NONE),
                carried: along,
            }),
        }
    }

    fn extracted<C: Carrier + ?Sized>(self, context: &Context, carrier: &C) -> Context {
        let incoming = self.read(carrier);
        let context = match incoming.span {
            Some(ids) => {
                let state = tracestate::state(&incoming.state);
                context.with_remote_span_context(span_context_of(&ids, state))
            }
            None => context.clone(),
        };
        match incoming.baggage {
            Some(baggage) => context.with_baggage(baggage),
            None => context,
        }
    }

    /// Writes a span as it is handed on, and what its trace carries.
    pub(super) fn write_handed(
        self,
        handed: &Handed,
        put: impl FnMut(&'static str, Option<String>),
    ) {
        let carried = handed.carried.as_deref();
        // Where the trace carries no baggage, what other code has attached goes along.
        let context = carried.and_then(Carried::context).cloned();
        let context = context.unwrap_or_else(of_thread);
        let state = carried.map_or("", Carried::state_header);
        self.write(Some(&handed.ids), state.into(), context.baggage(), put);
    }

    /// Writes a context of OpenTelemetry's.
    pub(super) fn write_otel(
        self,
        context: &Context,
        put: impl FnMut(&'static str, Option<String>),
    ) {
        let span = context.span();
        let span = span.span_context();
        let state = tracestate::format(span.trace_state());
        self.write(ids_of(span).as_ref(), state.into(), context.baggage(), put);
    }

    /// Writes what is to travel, but for what the policy withholds. `put` gets each name, and its value if it has one.
    fn write(
        self,
        span: Option<&Ids>,
        state: Cow<'_, str>,
        carried: &Baggage,
        mut put: impl FnMut(&'static str, Option<String>),
    ) {
        if self.trace_context {
            put(TRACEPARENT, span.map(traceparent::format));
            let has_state = span.is_some() && !state.is_empty();
            put(TRACESTATE, has_state.then(|| state.into_owned()));
        }
        if self.baggage {
            let (header, dropped) = baggage::format(carried, policy::baggage_leaves);
            count_many(Loss::BaggageDropped, dropped);
            put(BAGGAGE, (!header.is_empty()).then_some(header));
        }
    }

    /// The names that it writes.
    fn names(self) -> &'static [String] {
        static NAMES: OnceLock<[String; 3]> = OnceLock::new();
        let names = NAMES.get_or_init(|| [TRACEPARENT, TRACESTATE, BAGGAGE].map(str::to_owned));
        match (self.trace_context, self.baggage) {
            (true, true) => names,
            (true, false) => &names[..2],
            (false, true) => &names[2..],
            (false, false) => &[],
        }
    }
}

fn read_span<C: Carrier + ?Sized>(carrier: &C) -> Option<Ids> {
    let mut parents = carrier.get(TRACEPARENT);
    let span = traceparent::parse(parents.next()?);
    // Two callers cannot both be the parent.
    if span.is_none() || parents.next().is_some() {
        count(Loss::TraceparentMalformed);
        return None;
    }
    span
}

fn read_state<C: Carrier + ?Sized>(carrier: &C) -> String {
    let parsed = tracestate::parse(carrier.get(TRACESTATE));
    if parsed.dropped {
        count(Loss::TracestateDropped);
    }
    parsed.header
}

fn read_baggage<C: Carrier + ?Sized>(carrier: &C) -> Option<Baggage> {
    let parsed = baggage::parse(carrier.get(BAGGAGE));
    if parsed.dropped > 0 {
        count_many(Loss::BaggageDropped, parsed.dropped);
    }
    (!parsed.baggage.is_empty()).then_some(parsed.baggage)
}

impl TextMapPropagator for Propagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        self.write_otel(context, |name, value| {
            if let Some(value) = value {
                injector.set(name, value);
            }
        });
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        self.extracted(context, &Extracted(extractor))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(self.names())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId};
    use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
    use proptest::collection::btree_map;
    use proptest::prelude::*;

    use super::*;

    fn context(trace: u128, span: u64, sampled: bool, state: &str) -> Context {
        Context::new().with_remote_span_context(SpanContext::new(
            TraceId::from(trace),
            SpanId::from(span),
            TraceFlags::default().with_sampled(sampled),
            true,
            state.parse().expect("a trace state"),
        ))
    }

    fn span(context: &Context) -> SpanContext {
        context.span().span_context().clone()
    }

    proptest! {
        #[test]
        fn the_sdk_reads_what_is_written_and_the_reverse(
            trace in 1_u128..,
            span_id in 1_u64..,
            sampled: bool,
            state in "([a-z]=[a-z0-9]{1,8})?",
        ) {
            let sent = context(trace, span_id, sampled, &state);
            let (ours, sdks) = (Propagator::default(), TraceContextPropagator::new());
            let mut headers = HashMap::new();
            ours.inject_context(&sent, &mut headers);
            prop_assert_eq!(span(&sdks.extract(&headers)), span(&sent));
            let mut headers = HashMap::new();
            sdks.inject_context(&sent, &mut headers);
            prop_assert_eq!(span(&ours.extract(&headers)), span(&sent));
        }

        #[test]
        fn what_the_sdk_refuses_is_refused(header in "[0-9a-f]{2}-[0-9a-fA-F]{31,33}-[0-9a-f]{15,17}-[0-9a-g]{1,3}") {
            let headers = HashMap::from([("traceparent".to_owned(), header)]);
            let sdks = span(&TraceContextPropagator::new().extract(&headers));
            let ours = span(&Propagator::default().extract(&headers));
            prop_assert!(sdks.is_valid() || !ours.is_valid());
        }

        #[test]
        // Under keys that no policy withholds.
        fn the_sdk_reads_the_same_baggage(members in btree_map("k[0-9]{1,7}", "[^=%]{0,20}", 0..8)) {
            let sent = Context::new().with_baggage(
                members
                    .iter()
                    .map(|(key, value)| (key.clone(), value.trim().to_owned()))
                    .map(|(key, value)| opentelemetry::KeyValue::new(key, value))
                    .collect::<Baggage>(),
            );
            let mut headers = HashMap::new();
            Propagator::default().inject_context(&sent, &mut headers);
            let read = BaggagePropagator::new().extract(&headers);
            for (key, value) in members {
                prop_assert_eq!(
                    read.baggage().get(key).map(|value| value.as_str().to_owned()),
                    Some(value.trim().to_owned())
                );
            }
        }
    }
}
