//! What travels with a trace beside its ids: the trace state, and baggage.

use std::sync::Arc;

use opentelemetry::Context;
use opentelemetry::baggage::{Baggage, BaggageExt as _};
use opentelemetry::trace::TraceState;

/// What travels with a trace beside its ids. It is made once, where it comes in, and then shared: most traces have none.
#[derive(Debug)]
pub struct Carried {
    /// Baggage, and what else a propagator has put there. What it holds as its span is not looked at.
    context: Option<Context>,
    state: TraceState,
    /// The trace state as records have it.
    header: String,
}

impl Carried {
    /// Nothing, where there is nothing.
    pub(crate) fn new(context: Option<&Context>, state: &TraceState) -> Option<Arc<Self>> {
        let header = state.header();
        let context = context.filter(|context| !context.baggage().is_empty());
        if context.is_none() && header.is_empty() {
            return None;
        }
        Some(Arc::new(Self {
            context: context.cloned(),
            state: state.clone(),
            header,
        }))
    }

    pub(crate) fn context(&self) -> Option<&Context> {
        self.context.as_ref()
    }

    pub(crate) fn state(&self) -> &TraceState {
        &self.state
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
