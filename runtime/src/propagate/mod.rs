//! Trace context and baggage, in and out of headers, messages and job payloads.
//!
//! ```
//! use std::collections::HashMap;
//! use tickspan::{propagate, traced_stage};
//!
//! #[traced_stage(kind = "producer")]
//! fn send(headers: &mut HashMap<String, String>) {
//!     propagate::inject(headers); // the stage `send` is what the receiver goes on from
//! }
//!
//! #[traced_stage(kind = "consumer", parent = propagate::extract(headers))]
//! fn receive(headers: &HashMap<String, String>) {}
//!
//! let mut headers = HashMap::new();
//! send(&mut headers);
//! receive(&headers);
//! ```
//!
//! `OTEL_PROPAGATORS` says what travels: `tracecontext` and `baggage` unless it is set. What is malformed starts a new
//! trace, and is counted in [`health`](crate::health()). Nothing here fails or panics.

mod baggage;
mod carried;
mod carrier;
mod context;
mod propagator;
mod trace_context;
mod traceparent;
pub(crate) mod tracestate;

use std::sync::OnceLock;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::TraceContextExt as _;

pub(crate) use carried::Carried;
pub use carrier::{Carrier, CarrierMut, pairs};
use carrier::{Reading, Written};
pub use context::baggage;
pub use propagator::Propagator;
pub use trace_context::TraceContext;
pub(crate) use traceparent::RANDOM;

use crate::Context;
use crate::policy;
use crate::record::lane::Handed;

/// What puts context into carriers.
#[derive(Debug)]
pub(crate) enum Configured {
    W3c(Propagator),
    /// The program's own.
    Other(Box<dyn TextMapPropagator + Send + Sync>),
}

/// That of `init`.
static CONFIGURED: OnceLock<Configured> = OnceLock::new();

/// Sets what puts context into carriers. Only the first call counts; `init` makes it when it has succeeded.
pub(crate) fn configure(propagator: Configured) {
    _ = CONFIGURED.set(propagator);
}

fn configured() -> &'static Configured {
    static DEFAULT: Configured = Configured::W3c(Propagator::W3C);
    CONFIGURED.get().unwrap_or(&DEFAULT)
}

/// The context that came with a request or message: to be the `parent` of a stage, or to [run](Context::run) or be
/// [attached](Context::attach) around what handles it.
///
/// Where the carrier has none, or it is malformed, the context is empty: a stage below it starts a trace. Whoever sends
/// the headers decides with it whether the trace is sampled; take none from the public.
///
/// ```
/// use tickspan::propagate;
///
/// // Kafka's headers, say.
/// let headers = vec![(
///     "traceparent".to_owned(),
///     b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_vec(),
/// )];
/// propagate::extract(&headers).run(|| { /* handle the message */ });
/// ```
pub fn extract<C: Carrier + ?Sized>(carrier: &C) -> Context {
    match configured() {
        Configured::W3c(propagator) => propagator.context(carrier),
        Configured::Other(propagator) => {
            let empty = opentelemetry::Context::new();
            Context::from_otel(&propagator.extract_with_context(&empty, &Reading(carrier)))
        }
    }
}

/// Puts the current stage into a carrier, for whoever gets the request or message.
///
/// What the carrier had of another trace is replaced. Outside of any stage nothing is written: headers that are sent on
/// stay as they came.
///
/// ```
/// use tickspan::propagate;
///
/// let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
/// propagate::inject(&mut headers);
/// # assert!(headers.is_empty(), "outside of any stage");
/// ```
pub fn inject<C: CarrierMut + ?Sized>(carrier: &mut C) {
    match crate::context::current() {
        Some(handed) => inject_handed(&handed, carrier),
        None => inject_otel(&crate::otel_context(), carrier),
    }
}

/// The headers that [`inject`] would write, for a client library that takes them one by one.
///
/// ```
/// // As rdkafka's `OwnedHeaders`: each call takes the headers and gives them back.
/// let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
/// for (name, value) in tickspan::propagate::headers() {
///     headers.push((name, value.into_bytes()));
/// }
/// ```
pub fn headers() -> impl Iterator<Item = (String, String)> {
    let mut headers: Vec<(String, String)> = Vec::with_capacity(3);
    inject(&mut headers);
    headers.into_iter()
}

fn inject_handed<C: CarrierMut + ?Sized>(handed: &Handed, carrier: &mut C) {
    match configured() {
        Configured::W3c(propagator) if handed.ids.trace != [0; 2] => {
            propagator.write_handed(handed, |name, value| match value {
                Some(value) => carrier.set(name, value),
                None => carrier.remove(name),
            });
        }
        _ => inject_otel(&crate::context::of_handed(handed), carrier),
    }
}

fn inject_otel<C: CarrierMut + ?Sized>(context: &opentelemetry::Context, carrier: &mut C) {
    let has_span = context.span().span_context().is_valid();
    match configured() {
        Configured::W3c(propagator) => {
            propagator.write_otel(context, |name, value| match value {
                Some(value) => carrier.set(name, value),
                None if has_span => carrier.remove(name),
                None => {}
            });
        }
        Configured::Other(propagator) => {
            let mut written = Written::default();
            propagator.inject_context(&policy::leaving(context), &mut written);
            let is_written = |field: &str| written.0.iter().any(|(name, _)| name == field);
            if has_span {
                for stale in propagator.fields().filter(|field| !is_written(field)) {
                    carrier.remove(stale);
                }
            }
            for (name, value) in written.0 {
                carrier.set(&name, value);
            }
        }
    }
}
