//! A stage in progress: a span, its place as the current one, and its end.

use core::marker::PhantomData;

use tracing::Span;
use tracing::dispatcher::{self, DefaultGuard};
use tracing::metadata::LevelFilter;
use tracing_core::span::Record;

use super::callsite::{FieldValues, MAX_FIELDS, tail};
use super::context::{self, Frame, Token};
use super::outcome::{Fallible, Outcome};
use super::parent::{IntoLinks, Parent};
use super::{Callsite, event};
use crate::privacy::{AttributeValue, Value};

impl Callsite {
    /// Starts a stage. `values` are those of the first keys.
    pub fn start(&'static self, parent: Parent, values: &[Value<'_>]) -> Stage {
        Stage {
            adopted: matches!(parent, Parent::Of(_)),
            span: self.span(parent, values),
            callsite: self,
            ended: false,
        }
    }

    /// A stage that nobody wants, for functions that record late attributes: they must not reach the
    /// stage around it.
    pub fn hidden(&'static self) -> Stage {
        Stage {
            span: Span::none(),
            callsite: self,
            adopted: false,
            ended: true,
        }
    }
}

/// A stage that has started. When it is dropped its span ends: ok, or panicked while the thread unwinds,
/// where nothing else was said.
#[must_use]
pub struct Stage {
    span: Span,
    callsite: &'static Callsite,
    /// Whether its parent was given, and with it its subscriber.
    adopted: bool,
    ended: bool,
}

/// What a stage that is current takes with it when it is left.
pub(super) struct Current {
    frame: Option<Token>,
    /// The subscriber of the stage is the thread's while it is current: `tracing_subscriber` panics where a
    /// span is left under another.
    subscriber: Option<DefaultGuard>,
}

impl Stage {
    /// Links the span to those that it follows from.
    pub fn following(self, spans: impl IntoLinks) -> Self {
        for span in spans.into_links() {
            if let Parent::Of(span) = span {
                self.span.follows_from(span.id());
            }
        }
        self
    }

    /// Makes the stage current until the guard is dropped.
    #[inline]
    pub fn enter(self) -> StageGuard {
        let current = self.make_current();
        StageGuard {
            entered: Some((self, current)),
            unwinding: std::thread::panicking(),
            thread_bound: PhantomData,
        }
    }

    /// Makes the stage current on this thread.
    pub(super) fn make_current(&self) -> Current {
        let mut subscriber = None;
        let frame = self.span.with_subscriber(|(id, dispatch)| {
            if self.adopted {
                subscriber = Some(dispatcher::set_default(dispatch));
            }
            dispatch.enter(id);
            Frame {
                span: id.clone(),
                dispatch: dispatch.clone(),
                callsite: self.callsite,
            }
        });
        // Where nobody wants anything, nothing need be kept from a stage around.
        let wanted = frame.is_some() || LevelFilter::current() != LevelFilter::OFF;
        Current {
            frame: if wanted { context::push(frame) } else { None },
            subscriber,
        }
    }

    /// Takes back what [`make_current`](Self::make_current) did.
    pub(super) fn leave(&self, current: Option<Current>) {
        let (frame, subscriber) =
            current.map_or((None, None), |current| (current.frame, current.subscriber));
        context::remove(frame);
        self.span
            .with_subscriber(|(id, dispatch)| dispatch.exit(id));
        drop(subscriber);
    }

    /// Says how the stage ended. What is said first counts.
    pub fn end(&mut self, outcome: &Outcome<'_>) {
        let ended = core::mem::replace(&mut self.ended, true);
        if ended || matches!(outcome, Outcome::Ok) {
            return;
        }
        let (status, name, error_type) = (outcome.status(), outcome.name(), outcome.error_type());
        let metadata = self.callsite.metadata();
        let fields = metadata.fields();
        let mut values: FieldValues<'_> = [None; MAX_FIELDS];
        for (place, value) in [
            (tail::STATUS, &status),
            (tail::OUTCOME, &name),
            (tail::ERROR_TYPE, &error_type),
        ] {
            if let Some(place) = fields.len().checked_sub(place) {
                values[place] = value.as_tracing();
            }
        }
        let values = fields.value_set_all(&values[..fields.len()]);
        self.span
            .with_subscriber(|(id, dispatch)| dispatch.record(id, &Record::new(&values)));
    }

    /// Says how the stage ended, and emits an event at `site` for an error.
    pub fn end_with_event(&mut self, returned: &impl Fallible, site: &'static Callsite) {
        match returned.error() {
            None => self.end(&Outcome::Ok),
            Some(_) => self.end_in_error(returned.error_type(), site),
        }
    }

    /// As [`end_with_event`](Self::end_with_event), with the error told by `map`. What maps to
    /// nothing was expected: the stage ends ok, without an event.
    pub fn end_mapped<R, V>(
        &mut self,
        returned: &R,
        map: impl FnOnce(&R::Error) -> V,
        site: &'static Callsite,
    ) where
        R: Fallible,
        V: AttributeValue,
    {
        let kind = returned.error().map(map);
        match kind.as_ref().map(V::attribute) {
            Some(kind) if !kind.is_absent() => self.end_in_error(kind, site),
            _ => self.end(&Outcome::Ok),
        }
    }

    fn end_in_error(&mut self, kind: Value<'_>, site: &'static Callsite) {
        event::emit_value(site, &kind);
        self.end(&Outcome::Error(kind));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !self.ended && std::thread::panicking() {
            self.end(&Outcome::Panicked);
        }
        if self.adopted {
            context::close(core::mem::replace(&mut self.span, Span::none()));
        }
    }
}

/// A stage that is current on this thread, until the guard is dropped.
///
/// [`stage!`](crate::stage) makes one. It cannot be sent to another thread, so a future that holds one
/// across an `.await` cannot be spawned on a multi-thread runtime: there, the other tasks of the
/// thread would run inside the stage. `stage!("name", async { .. })` is for futures.
#[must_use = "dropped at once, the stage ends at once: bind it, `let _stage = stage!(..)`"]
pub struct StageGuard {
    entered: Option<(Stage, Current)>,
    unwinding: bool,
    thread_bound: PhantomData<*const ()>,
}

impl StageGuard {
    /// The guard of a stage that nobody wants.
    #[inline]
    pub const fn off() -> Self {
        Self {
            entered: None,
            unwinding: false,
            thread_bound: PhantomData,
        }
    }

    /// Lets `say` tell how the stage ended from what it returned, if anybody wants to know.
    #[inline]
    pub fn finish<R>(mut self, returned: &R, say: impl FnOnce(&R, &mut Stage)) {
        if let Some((stage, _)) = &mut self.entered {
            say(returned, stage);
        }
    }
}

impl Drop for StageGuard {
    #[inline]
    fn drop(&mut self) {
        if let Some((mut stage, current)) = self.entered.take() {
            if std::thread::panicking() && !self.unwinding {
                stage.end(&Outcome::Panicked);
            } else {
                stage.end(&Outcome::Ok);
            }
            stage.leave(Some(current));
        }
    }
}

impl core::fmt::Debug for StageGuard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StageGuard")
            .field("recorded", &self.entered.is_some())
            .finish_non_exhaustive()
    }
}
