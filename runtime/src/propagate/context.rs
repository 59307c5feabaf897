//! A context on its way in and out of the process, and its baggage.

use opentelemetry::baggage::BaggageExt as _;
use opentelemetry::trace::TraceContextExt as _;

use super::carried::copied;
use super::{Carried, CarrierMut, baggage as header, inject_handed, inject_otel};
use crate::privacy::Repr;
use crate::record::lane::health::{Loss, count};
use crate::record::lane::{Handed, Ids};
use crate::{AttributeValue, Context, policy};

/// What the baggage of the current trace says under a key.
///
/// Baggage is what the services of a request tell each other. Nothing of it becomes an attribute by itself; whoever wants
/// that says so by name, and says why it is public:
///
/// ```
/// use tickspan::{propagate, public, record, traced_stage};
///
/// #[traced_stage]
/// fn price(quantity: u64) {
///     record!(desk = public!(propagate::baggage("desk"), reason = "names of desks are no secret"));
/// }
/// # price(1);
/// ```
pub fn baggage(key: &str) -> Option<String> {
    let context = crate::otel_context();
    let value = context.baggage().get(key)?;
    Some(value.as_str().to_owned())
}

impl Context {
    /// Puts this context into a carrier, as [`inject`](super::inject()) does with the current one.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use tickspan::Context;
    ///
    /// let mut headers = HashMap::<String, String>::new();
    /// Context::current().inject(&mut headers);
    /// ```
    pub fn inject<C: CarrierMut + ?Sized>(&self, carrier: &mut C) {
        match self.handed() {
            Some(handed) => inject_handed(handed, carrier),
            None => inject_otel(&self.to_otel(), carrier),
        }
    }

    /// What the baggage of this context says under a key.
    pub fn baggage(&self, key: &str) -> Option<String> {
        let context = self.to_otel();
        let value = context.baggage().get(key)?;
        Some(value.as_str().to_owned())
    }

    /// This context with one more member in its baggage, or another value of it.
    ///
    /// It reaches every service that the trace gets to, so its value must be proven, as an attribute's. The key is a token
    /// of HTTP; one that names a secret or personal data [does not leave](crate::ForeignData). What is beyond the limits of [W3C](https://www.w3.org/TR/baggage/), 64 members and 8,192 bytes, is left
    /// out and counted.
    ///
    /// ```
    /// use tickspan::{AttributeValue, Context, propagate};
    ///
    /// #[derive(AttributeValue)]
    /// enum Desk { Fx, Rates }
    ///
    /// Context::current().with_baggage("desk", &Desk::Fx).run(|| {
    ///     assert_eq!(propagate::baggage("desk").as_deref(), Some("Fx"));
    /// });
    /// # let _ = Desk::Rates;
    /// ```
    #[must_use]
    pub fn with_baggage<V: AttributeValue>(self, key: &'static str, value: &V) -> Self {
        let value = value.attribute();
        let value = match value.repr() {
            Repr::Absent => return self,
            Repr::Text(text) => (*text).to_owned(),
            Repr::Written(text) => text.to_string(),
            Repr::Displayed(text) => text.to_string(),
            _ => value.to_string(),
        };
        policy::puts_into_baggage(key);
        let context = self.to_otel();
        let mut baggage = copied(context.baggage());
        baggage.insert(key, value.clone());
        let is_in = baggage.get(key).is_some_and(|it| it.as_str() == value);
        if !(is_in && header::is_token(key)) {
            count(Loss::BaggageDropped);
            return self;
        }
        let span = context.span();
        let context = opentelemetry::Context::new().with_baggage(baggage);
        match Carried::new(Some(&context), span.span_context().trace_state()) {
            Some(carried) => self.carrying(carried),
            None => self,
        }
    }

    /// What a propagator extracted.
    pub(super) fn from_otel(context: &opentelemetry::Context) -> Self {
        let span = context.span();
        let carried = Carried::new(Some(context), span.span_context().trace_state());
        match (crate::context::handed(span.span_context()), carried) {
            (Some(Handed { ids, .. }), carried) => Self::of_handed(Handed { ids, carried }),
            (None, Some(carried)) => Self::of_handed(Handed {
                ids: Ids::NONE,
                carried: Some(carried),
            }),
            (None, None) => Self::default(),
        }
    }
}
