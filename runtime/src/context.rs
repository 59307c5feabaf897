//! The current span as OpenTelemetry's own context.

use std::panic;

use opentelemetry::trace::{
    SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::propagate::{self, Carried};
use crate::record::lane::{self, Handed, Ids, Mode};

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
    if let Some(handed) = current() {
        lane::hand_on();
        return of_handed(&handed);
    }
    let attached = of_thread();
    let span = tracing::Span::current();
    if span.is_disabled() {
        return attached;
    }
    let context = of_span(&span);
    // That of OpenTelemetry may have more, such as baggage; and without the layer of `tracing-opentelemetry` there is no
    // other.
    if !is_of(&context) || is_of_same_span(&context, &attached) {
        attached
    } else {
        context
    }
}

/// The current span, where it is a record, one of another process, or OpenTelemetry's own among stages.
pub(crate) fn current() -> Option<Handed> {
    if lane::attaches_contexts() {
        return attached(lane::current());
    }
    let handed = lane::current()?;
    let is_record = matches!(lane::mode(), Mode::Lane | Mode::Ended) || handed.ids.capture != 0;
    // On the tracing route a context of another process lies on both stacks, and a span of `tracing`'s may lie above it
    // on one of them.
    let is_innermost =
        || of_thread().span().span_context().span_id() == SpanId::from(handed.ids.span);
    (is_record || is_innermost()).then_some(handed)
}

/// Whether the current stage has ids of its own: as a span of `tracing`'s it has none without the layer of `tracing-opentelemetry`.
#[cfg(feature = "tower")]
pub(crate) fn stage_has_ids() -> bool {
    current().is_some_and(|handed| !handed.ids.remote) || is_of(&of_span(&tracing::Span::current()))
}

thread_local! {
    static SENTINEL: Sentinel = Sentinel {
        // It fails on a thread whose context has gone before it was first asked for here.
        found: panic::catch_unwind(|| opentelemetry::Context::map_current(|_| ())).is_ok(),
    };
}

/// Goes before OpenTelemetry's context of its thread: of thread-locals the last that was made is the first to go.
struct Sentinel {
    found: bool,
}

impl Drop for Sentinel {
    // Only what is dropped is known to have gone.
    fn drop(&mut self) {}
}

/// Whether OpenTelemetry's context of this thread is there. Where the thread's storage goes, to ask for it panics, and in a
/// destructor of a thread-local that aborts the process.
fn is_there() -> bool {
    SENTINEL
        .try_with(|sentinel| sentinel.found)
        .unwrap_or(false)
}

/// OpenTelemetry's current context; an empty one where the thread's storage has gone.
pub(crate) fn of_thread() -> opentelemetry::Context {
    if is_there() {
        opentelemetry::Context::current()
    } else {
        opentelemetry::Context::new()
    }
}

/// While it lives, a context is OpenTelemetry's current one.
pub(crate) struct Attached(Option<opentelemetry::ContextGuard>);

/// Makes a context OpenTelemetry's current one; nothing where the thread's storage has gone.
pub(crate) fn attach(context: opentelemetry::Context) -> Option<Attached> {
    is_there().then(|| Attached(Some(context.attach())))
}

impl Drop for Attached {
    fn drop(&mut self) {
        if !is_there() {
            // It has nothing to take back, and holds nothing but a place.
            core::mem::forget(self.0.take());
        }
    }
}

fn is_of(context: &opentelemetry::Context) -> bool {
    context.span().span_context().is_valid()
}

fn is_of_same_span(one: &opentelemetry::Context, other: &opentelemetry::Context) -> bool {
    let id = |context: &opentelemetry::Context| context.span().span_context().span_id();
    id(one) == id(other)
}

/// The context of a span of `tracing`'s.
pub(crate) fn of_span(span: &tracing::Span) -> opentelemetry::Context {
    span.context()
}

impl crate::Context {
    /// The span of another process as a context: what a propagator extracted from a request or message.
    ///
    /// Stages below it belong to its trace, and follow its sampling. An invalid span context gives an empty
    /// context. Its trace state and flags go with the trace.
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
        handed(span).map(Self::of_handed).unwrap_or_default()
    }
}

/// The halves of a trace id as OpenTelemetry writes them.
pub(crate) fn trace_id([high, low]: [u64; 2]) -> TraceId {
    TraceId::from(u128::from(high) << 64 | u128::from(low))
}

/// A span as OpenTelemetry knows it.
pub(crate) fn span_context(handed: &Handed) -> SpanContext {
    let carried = handed.carried.as_deref();
    span_context_of(
        &handed.ids,
        carried.map_or(TraceState::NONE, |carried| carried.state().clone()),
    )
}

/// Ids and a trace state as OpenTelemetry knows them.
pub(crate) fn span_context_of(ids: &Ids, state: TraceState) -> SpanContext {
    let random = if ids.random { propagate::RANDOM } else { 0 };
    SpanContext::new(
        trace_id(ids.trace),
        SpanId::from(ids.span),
        TraceFlags::new(random).with_sampled(ids.sampled),
        ids.remote,
        state,
    )
}

/// A context with the span that was handed on, and what its trace carries.
pub(crate) fn of_handed(handed: &Handed) -> opentelemetry::Context {
    let carried = handed
        .carried
        .as_ref()
        .and_then(|carried| carried.context());
    let around = carried.cloned().unwrap_or_else(of_thread);
    if handed.ids.trace == [0; 2] {
        return around;
    }
    around.with_remote_span_context(span_context(handed))
}

/// The innermost span of this thread, where stages and OpenTelemetry's own spans are mixed: that of OpenTelemetry's
/// context, which knows both.
pub(crate) fn attached(current: Option<Handed>) -> Option<Handed> {
    let context = of_thread();
    let span = context.span();
    let Some(mut attached) = handed(span.span_context()) else {
        return current;
    };
    match current {
        Some(current) if attached.ids.span == current.ids.span => Some(current),
        around => {
            attached.ids.capture = around.map_or(0, |around| around.ids.capture);
            let state = span.span_context().trace_state();
            attached.carried = Carried::new(Some(&context), state);
            Some(attached)
        }
    }
}

/// A span context as it is handed on, if it is valid.
pub(crate) fn handed(span: &SpanContext) -> Option<Handed> {
    let ids = ids_of(span)?;
    let carried = Carried::new(None, span.trace_state());
    Some(Handed { ids, carried })
}

/// The ids of a span context, if it is valid.
pub(crate) fn ids_of(span: &SpanContext) -> Option<Ids> {
    let bytes = span.trace_id().to_bytes();
    let (high, low) = bytes.split_at(8);
    let half = |half: &[u8]| half.try_into().map_or(0, u64::from_be_bytes);
    span.is_valid().then(|| Ids {
        trace: [half(high), half(low)],
        span: u64::from_be_bytes(span.span_id().to_bytes()),
        sampled: span.is_sampled(),
        random: span.trace_flags().to_u8() & propagate::RANDOM != 0,
        remote: span.is_remote(),
        capture: 0,
    })
}
