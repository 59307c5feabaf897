//! The current span as OpenTelemetry's own context.

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::record::lane::{self, Ids};

/// The current span as an [`opentelemetry::Context`], for libraries that take one: to inject it into headers,
/// or to start a span below it with an OpenTelemetry tracer.
///
/// `opentelemetry::Context::current()` does not know of stages, unless
/// [`with_otel_context`](crate::Builder::with_otel_context) is set. This builds the context when it is asked.
/// Where no span is current, it is `Context::current()` itself.
///
/// ```
/// use opentelemetry::trace::TraceContextExt as _;
///
/// let context = tickspan::otel_context();
/// assert!(!context.span().span_context().is_valid(), "outside of any stage");
/// ```
pub fn otel_context() -> opentelemetry::Context {
    if let Some(ids) = lane::current() {
        return of_ids(&ids);
    }
    let span = tracing::Span::current();
    if span.is_disabled() {
        opentelemetry::Context::current()
    } else {
        span.context()
    }
}

impl crate::Context {
    /// The span of another process as a context: what a propagator extracted from a request or message.
    ///
    /// Stages below it belong to its trace, and follow its sampling. An invalid span context gives an empty
    /// context. The trace state is not kept.
    ///
    /// ```
    /// use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};
    /// use tickspan::{Context, traced_stage};
    ///
    /// #[traced_stage(kind = "server", parent = caller)]
    /// fn serve(caller: &Context) {}
    ///
    /// let extracted = SpanContext::new(
    ///     TraceId::from(0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736),
    ///     SpanId::from(0x00f0_67aa_0ba9_02b7),
    ///     TraceFlags::SAMPLED,
    ///     true,
    ///     TraceState::default(),
    /// );
    /// serve(&Context::from_span_context(&extracted));
    /// ```
    pub fn from_span_context(span: &SpanContext) -> Self {
        ids(span).map(Self::of_ids).unwrap_or_default()
    }
}

/// The ids as OpenTelemetry writes them.
pub(crate) fn span_context(ids: &Ids) -> SpanContext {
    SpanContext::new(
        TraceId::from(u128::from(ids.trace[0]) << 64 | u128::from(ids.trace[1])),
        SpanId::from(ids.span),
        if ids.sampled {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::NOT_SAMPLED
        },
        ids.remote,
        TraceState::default(),
    )
}

/// A context with the span of `ids`.
pub(crate) fn of_ids(ids: &Ids) -> opentelemetry::Context {
    opentelemetry::Context::current().with_remote_span_context(span_context(ids))
}

/// The innermost span of this thread, where stages and OpenTelemetry's own spans are mixed: that of OpenTelemetry's
/// context, which knows both.
pub(crate) fn attached(current: Option<Ids>) -> Option<Ids> {
    let capture = current.map_or(0, |ids| ids.capture);
    let context = opentelemetry::Context::current();
    let span = context.span();
    let attached = ids(span.span_context()).map(|ids| Ids { capture, ..ids });
    match (attached, current) {
        (Some(attached), Some(current)) if attached.span == current.span => Some(current),
        (Some(attached), _) => Some(attached),
        (None, current) => current,
    }
}

/// The ids of a valid span context.
fn ids(span: &SpanContext) -> Option<Ids> {
    let bytes = span.trace_id().to_bytes();
    let (high, low) = bytes.split_at(8);
    let half = |half: &[u8]| half.try_into().map_or(0, u64::from_be_bytes);
    span.is_valid().then(|| Ids {
        trace: [half(high), half(low)],
        span: u64::from_be_bytes(span.span_id().to_bytes()),
        sampled: span.is_sampled(),
        remote: span.is_remote(),
        capture: 0,
    })
}
