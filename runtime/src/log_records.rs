//! Log records that know the stage they were made in.

use std::any::TypeId;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use crate::otel_context;
#[cfg(feature = "logs")]
use crate::outputs::Share;
use crate::policy::{self, Policed, Whole, policed};

/// Gives the layer of a log appender the current stage: while it handles an event, the stage or span around is the
/// current one of `opentelemetry::Context`, so that its log record has the trace id and the span id.
///
/// For `tracing` events as log records rather than as events of their span:
///
/// ```
/// use tracing_subscriber::prelude::*;
/// # let appender = tracing_subscriber::layer::Identity::new();
///
/// // appender: opentelemetry_appender_tracing's `OpenTelemetryTracingBridge`, say
/// let subscriber = tracing_subscriber::registry()
///     .with(tickspan::layer().with_events(false))
///     .with(tickspan::log_records(appender));
/// # let _ = subscriber;
/// ```
///
/// It gives the appender only what the policy for other crates' data lets through, as [`policed`](crate::policed())
/// does.
///
/// With `with_events(true)`, which is the default, they are both. What [`event!`](crate::event!) emits is an event of
/// its stage in any case.
pub fn log_records<L>(appender: L) -> LogRecords<L> {
    LogRecords {
        appender: policed(appender),
    }
}

/// What [`log_records`] gives.
#[derive(Clone, Debug)]
pub struct LogRecords<L> {
    appender: Policed<L>,
}

impl<L> LogRecords<L> {
    /// Hands on of events what log records want.
    #[cfg(feature = "logs")]
    pub(crate) fn with_share(mut self, share: Option<Share>) -> Self {
        self.appender = self.appender.with_share(share);
        self
    }
}

impl<S, L> Layer<S> for LogRecords<L>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    L: Layer<S>,
{
    fn on_layer(&mut self, subscriber: &mut S) {
        self.appender.on_layer(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.appender.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.appender.enabled(metadata, context)
    }

    fn event_enabled(&self, event: &Event<'_>, context: Context<'_, S>) -> bool {
        // An appender asks for the context, too, and that is not there where the thread's storage goes.
        let Some(_current) = crate::context::attach(otel_context()) else {
            return true;
        };
        self.appender.event_enabled(event, context)
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // What stages emit is an event of its span, where there is one, on both routes.
        if policy::of(event.metadata()).whole() == Whole::Own && context.event_span(event).is_some()
        {
            return;
        }
        if let Some(_current) = crate::context::attach(otel_context()) {
            self.appender.on_event(event, context);
        }
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.appender.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.appender.on_record(id, values, context);
    }

    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.appender.on_register_dispatch(subscriber);
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.appender.max_level_hint()
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        self.appender.on_follows_from(id, follows, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.appender.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.appender.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.appender.on_close(id, context);
    }

    fn on_id_change(&self, old: &Id, new: &Id, context: Context<'_, S>) {
        self.appender.on_id_change(old, new, context);
    }

    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            return Some(core::ptr::from_ref(self).cast());
        }
        // SAFETY: what the appender points to is part of it, and so of `self`, which lives as long as the borrow that
        // the caller holds. It asks for what lies there by its type, as it would ask the appender.
        unsafe { self.appender.downcast_raw(id) }
    }
}
