//! The `tracing_subscriber` layer through which spans and events of other libraries enter the lanes.
//!
//! A span that enters is put on the thread's stack of stages, so that stages and spans are each other's
//! parents. It may begin, be entered and close on different threads; so it is written as an open span from
//! its start.

use std::fmt;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Registry;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use crate::outputs::Share;
use crate::policy::{self, Checked, Whole};
use crate::record::lane::Handed;
use crate::record::lane::foreign::{self, Fields, Foreign};

/// A layer through which the spans and events of other libraries join the stages of this process.
///
/// [`init`](crate::init) installs a subscriber with this layer. A program that brings its own subscriber says
/// so, and adds the layer:
///
/// ```no_run
/// use tracing_subscriber::prelude::*;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let _telemetry = tickspan::builder().with_global_subscriber(false).init()?;
/// tracing_subscriber::registry()
///     .with(tracing_subscriber::EnvFilter::from_default_env())
///     .with(tickspan::layer())
///     .with(tracing_subscriber::fmt::layer())
///     .try_init()?;
/// # Ok(())
/// # }
/// ```
///
/// A `#[traced_stage]` inside a `tracing` span is its child, and the reverse. A `tracing` event inside a stage
/// or a span becomes an event of it; outside of any, it is no part of a trace. What the subscriber's filters let
/// through is what is recorded, of stages as well; where it has a maximum level, give it to the whole subscriber
/// rather than to one layer.
///
/// Before `init`, and on the tracing route, the layer does nothing. Add it once: an event that two of them are told comes twice.
pub fn layer() -> Layer {
    Layer {
        handed: None,
        events: true,
        share: None,
    }
}

/// Finds a span as it is handed on.
type Find = fn(&Dispatch, &Id) -> Option<Handed>;

/// What [`layer`] gives.
#[derive(Clone)]
pub struct Layer {
    /// Set once the type of the subscriber is known.
    handed: Option<Find>,
    events: bool,
    /// Which events are wanted; nothing where that is all that come.
    share: Option<Share>,
}

impl Layer {
    /// Takes of events what the output wants.
    pub(crate) fn with_share(mut self, share: Option<Share>) -> Self {
        self.share = share;
        self
    }

    /// Whether `tracing` events become events of the stage or span that they are in. They do unless set;
    /// [`log_records`](crate::log_records()) makes log records of them.
    #[must_use]
    pub fn with_events(mut self, on: bool) -> Self {
        self.events = on;
        self
    }
}

/// A span that has begun.
struct Begun {
    span: Foreign,
    /// It is not closed twice where a subscriber has two of these layers.
    is_closed: bool,
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Layer").finish_non_exhaustive()
    }
}

/// A `tracing` span on the lane route, as it is handed on.
pub(crate) fn handed(span: &Span) -> Option<Handed> {
    span.with_subscriber(|(id, dispatch)| {
        let layer = dispatch.downcast_ref::<Layer>();
        // A layer that can be reloaded does not show what is in it; and most subscribers have their spans in a `Registry`.
        let find = layer.map_or(Some(find_handed::<Registry> as Find), |layer| layer.handed);
        find?(dispatch, id)
    })
    .flatten()
}

fn find_handed<S>(dispatch: &Dispatch, id: &Id) -> Option<Handed>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    handed_of(&dispatch.downcast_ref::<S>()?.span(id)?)
}

/// Puts a span on the tracing route below the one in a context.
pub(crate) fn put_under(span: &Span, context: opentelemetry::Context) {
    // Without the layer of `tracing-opentelemetry` there is nothing to tell.
    _ = span.set_parent(context);
}

/// Links a span on the tracing route to one of which only the ids are known.
pub(crate) fn link(span: &Span, to: &Handed) {
    span.add_link(crate::context::span_context(to));
}

struct Values<'a>(&'a mut Fields);

impl Visit for Values<'_> {
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.bool(field.index(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.i64(field.index(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.u64(field.index(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0.f64(field.index(), value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.text(field.index(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.display(field.index(), &format_args!("{value:?}"));
    }
}

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_layer(&mut self, _subscriber: &mut S) {
        self.handed = Some(find_handed::<S>);
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if span.extensions().get::<Begun>().is_some() {
            // By another of these layers in the subscriber.
            return;
        }
        let parent = match attributes.parent() {
            Some(parent) => foreign::Parent::Of(of(&context, parent).map(|parent| parent.handed())),
            None if attributes.is_root() => foreign::Parent::Of(None),
            None => foreign::Parent::Current,
        };
        let judged = policy::of(attributes.metadata());
        let started = foreign::start(attributes.metadata(), parent, |fields| {
            attributes.record(&mut Checked::new(judged, &mut Values(fields)));
        });
        if let Some(begun) = started {
            span.extensions_mut().insert(Begun {
                span: begun,
                is_closed: false,
            });
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let (Some(span), Some(metadata)) = (of(&context, id), context.metadata(id)) {
            let judged = policy::of(metadata);
            span.record(|fields| values.record(&mut Checked::new(judged, &mut Values(fields))));
        }
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        if let (Some(span), Some(follows)) = (of(&context, id), of(&context, follows)) {
            span.link(&follows.handed());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let is_wanted = |share: &Share| share.wants_event(event, &context);
        if !self.events || !self.share.as_ref().is_none_or(is_wanted) {
            return;
        }
        let parent = match event.parent() {
            Some(parent) => match of(&context, parent) {
                Some(parent) => Some(parent),
                None => return,
            },
            None if event.is_root() => return,
            None => None,
        };
        let judged = policy::of(event.metadata());
        if judged.whole() == Whole::Dropped {
            return judged.count_dropped();
        }
        foreign::event(event.metadata(), parent.as_ref(), |fields| {
            event.record(&mut Checked::of_event(judged, event, &mut Values(fields)));
        });
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = of(&context, id) {
            span.enter();
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = of(&context, id) {
            span.exit();
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else {
            return;
        };
        let close = |begun: &mut Begun| {
            let is_first = !core::mem::replace(&mut begun.is_closed, true);
            is_first.then(|| begun.span.clone())
        };
        let closed = span.extensions_mut().get_mut::<Begun>().and_then(close);
        if let Some(closed) = closed {
            closed.close();
        }
    }
}

/// A span of a registry, as it is handed on.
pub(crate) fn handed_of<'a, R: LookupSpan<'a>>(span: &SpanRef<'a, R>) -> Option<Handed> {
    (span.extensions().get::<Begun>()).map(|begun| begun.span.handed())
}

fn of<S>(context: &Context<'_, S>, id: &Id) -> Option<Foreign>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let span = context.span(id)?;
    let extensions = span.extensions();
    extensions.get::<Begun>().map(|begun| begun.span.clone())
}
