//! Any layer, behind the policy.

use std::any::TypeId;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::callsites::drops;
use super::{rewrite, trades};
use crate::outputs::Share;

/// Gives a layer only what the policy for other crates' data lets through.
///
/// The exporters and console lines of [`init`](crate::init) are behind the policy already. For the layers of a
/// subscriber of your own, which write lines or export for themselves:
///
/// ```no_run
/// use tickspan::ForeignData;
/// use tracing_subscriber::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let _telemetry = tickspan::builder()
///     .with_foreign_data(ForeignData::checked())
///     .with_global_subscriber(false)
///     .init()?;
/// tracing_subscriber::registry()
///     .with(tickspan::layer())
///     .with(tickspan::policed(tracing_subscriber::fmt::layer()))
///     .try_init()?;
/// # Ok(())
/// # }
/// ```
///
/// The policy is that of [`with_foreign_data`](crate::Builder::with_foreign_data), and before `init`
/// [`ForeignData::checked`](crate::ForeignData::checked). What stages record is handed on as it is.
///
/// Only the callsites that have a key to be withheld cost more than a look-up: their values are copied.
pub fn policed<L>(layer: L) -> Policed<L> {
    Policed {
        layer,
        share: None,
        marks_trades: false,
    }
}

/// What [`policed`] gives.
#[derive(Clone, Debug)]
pub struct Policed<L> {
    layer: L,
    /// Which events are wanted; nothing where that is all that come.
    share: Option<Share>,
    marks_trades: bool,
}

impl<L> Policed<L> {
    /// Marks the names of trade events, for a layer that makes spans which [`unmark`](super::unmark) sees.
    pub(crate) fn marking_trades(mut self) -> Self {
        self.marks_trades = true;
        self
    }

    /// Hands on of events what the output wants.
    pub(crate) fn with_share(mut self, share: Option<Share>) -> Self {
        self.share = share;
        self
    }

    fn wants<S: Subscriber>(&self, event: &Event<'_>, context: &Context<'_, S>) -> bool {
        let is_wanted = |share: &Share| share.wants_event(event, context);
        self.share.as_ref().is_none_or(is_wanted)
    }
}

impl<S, L> Layer<S> for Policed<L>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    L: Layer<S>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        rewrite::attributes(attributes, |attributes| {
            self.layer.on_new_span(attributes, id, context);
        });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(metadata) = context.metadata(id) {
            rewrite::record(id, metadata, values, |values| {
                self.layer.on_record(id, values, context);
            });
        }
    }

    fn event_enabled(&self, event: &Event<'_>, context: Context<'_, S>) -> bool {
        drops(event.metadata()) || self.layer.event_enabled(event, context)
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if self.wants(event, &context) {
            rewrite::event(event, |event| {
                if self.marks_trades {
                    trades::mark(event, |event| self.layer.on_event(event, context));
                } else {
                    self.layer.on_event(event, context);
                }
            });
        }
    }

    // The rest knows no values.

    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.layer.on_register_dispatch(subscriber);
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        self.layer.on_layer(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.layer.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        // A filter of the layer notes its answer for what it is shown next, and that is not shown.
        drops(metadata) || self.layer.enabled(metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.layer.max_level_hint()
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        self.layer.on_follows_from(id, follows, context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        self.layer.on_enter(id, context);
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        self.layer.on_exit(id, context);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.layer.on_close(id, context);
    }

    fn on_id_change(&self, old: &Id, new: &Id, context: Context<'_, S>) {
        self.layer.on_id_change(old, new, context);
    }

    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            return Some(core::ptr::from_ref(self).cast());
        }
        // SAFETY: what the layer behind points to is part of it, and so of `self`, which lives as long as the
        // borrow that the caller holds. It asks for what lies there by its type, as it would ask the layer.
        unsafe { self.layer.downcast_raw(id) }
    }
}
