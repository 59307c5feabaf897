//! The two routes, each giving what it exports.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use opentelemetry::Context;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
use tickspan::testing::capture;
use tracing_subscriber::layer::SubscriberExt as _;

/// The spans of `f` over the lane route.
pub(crate) fn lane(f: impl FnOnce()) -> Vec<SpanData> {
    let ((), captured) = capture(f);
    captured.spans().to_vec()
}

/// The spans of `f` over the tracing route, as `tracing-opentelemetry` makes them: configured as `tickspan::init`
/// does it, without what is not compared.
pub(crate) fn oracle(f: impl FnOnce()) -> Vec<SpanData> {
    let kept = Kept::default();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(kept.clone())
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("oracle"))
        .with_error_fields_to_exceptions(false)
        .with_error_events_to_status(false)
        .with_error_events_to_exceptions(false)
        .with_error_records_to_exceptions(false)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_level(false)
        .with_target(false);
    let layer = tickspan::policed(layer);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), f);
    core::mem::take(&mut *kept.lock())
}

/// Keeps what ends. That of the SDK runs an executor, in which a program could not run its own.
#[derive(Clone, Debug, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl Kept {
    fn lock(&self) -> MutexGuard<'_, Vec<SpanData>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for Kept {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        self.lock().push(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}
