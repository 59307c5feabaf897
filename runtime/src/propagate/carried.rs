//! What travels with a trace beside its ids: the trace state, and baggage.

use std::sync::{Arc, OnceLock};

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt as _};
use opentelemetry::trace::TraceState;

use super::tracestate;

/// What travels with a trace beside its ids. It is made once, where it comes in, and then shared: most traces have none.
#[derive(Debug)]
pub struct Carried {
    /// Baggage, and what else a propagator has put there. What it holds as its span is not looked at.
    context: Option<Context>,
    /// The trace state as headers and records have it.
    header: String,
    /// The same as OpenTelemetry has it, once somebody asks.
    state: OnceLock<TraceState>,
}

impl Carried {
    /// What a context holds as baggage, and a trace state. Nothing, where there is nothing.
    pub(crate) fn new(context: Option<&Context>, state: &TraceState) -> Option<Arc<Self>> {
        let context = context.filter(|context| !context.baggage().is_empty());
        Self::of(context.cloned(), tracestate::format(state))
    }

    /// What came in headers.
    pub(super) fn read(baggage: Option<Baggage>, state: String) -> Option<Arc<Self>> {
        let context = baggage.map(|baggage| Context::new().with_baggage(baggage));
        Self::of(context, state)
    }

    fn of(context: Option<Context>, header: String) -> Option<Arc<Self>> {
        (context.is_some() || !header.is_empty()).then(|| {
            Arc::new(Self {
                context,
                header,
                state: OnceLock::new(),
            })
        })
    }

    pub(crate) fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    pub(crate) fn state(&self) -> &TraceState {
        self.state.get_or_init(|| tracestate::state(&self.header))
    }

    /// Empty, where there is no trace state.
    pub(crate) fn state_header(&self) -> &str {
        &self.header
    }

    /// A context with the span of `base` and this baggage.
    pub(crate) fn on(&self, base: &Context) -> Context {
        match &self.context {
            Some(context) => base.with_baggage(copied(context.baggage())),
            None => base.clone(),
        }
    }
}

/// A copy, which its type does not offer.
pub(super) fn copied(baggage: &Baggage) -> Baggage {
    baggage
        .iter()
        .map(|(key, (value, properties))| (key.clone(), (value.clone(), properties.clone())))
        .collect()
}
