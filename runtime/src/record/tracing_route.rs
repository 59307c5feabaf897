//! The tracing route: a stage is a span of the `tracing` crate, seen by whichever subscriber is installed.

use tracing::dispatcher::{self, DefaultGuard};
use tracing::metadata::LevelFilter;
use tracing::{Dispatch, Span};
use tracing_core::span::Record;

use super::Callsite;
use super::callsite::{FieldValues, MAX_FIELDS, tail};
use super::outcome::Outcome;
use super::parent::Parent;
use super::thread::{self, Frame};
use crate::privacy::{Slot, Value};

/// A span that is not current.
pub(super) struct Idle {
    span: Span,
    callsite: &'static Callsite,
    /// Whether its parent was given, and with it its subscriber.
    adopted: bool,
}

/// A span that is current on this thread.
pub(super) struct Entered {
    pub(super) idle: Idle,
    /// The subscriber of the span is the thread's while it is current: `tracing_subscriber` panics where a
    /// span is left under another.
    subscriber: Option<DefaultGuard>,
}

/// Starts a span, and makes it current. 0 where nothing need be kept of it.
pub(super) fn start(callsite: &'static Callsite, parent: Parent, values: &[Value<'_>]) -> u32 {
    enter(Idle {
        adopted: parent.is_a_span(),
        span: callsite.span(parent, values),
        callsite,
    })
}

/// Makes a span current.
pub(super) fn enter(idle: Idle) -> u32 {
    let mut subscriber = None;
    let recorded = idle.span.with_subscriber(|(id, dispatch)| {
        if idle.adopted {
            subscriber = Some(dispatcher::set_default(dispatch));
        }
        dispatch.enter(id);
    });
    // Where nobody wants anything, nothing need be kept from a stage around.
    if recorded.is_none() && LevelFilter::current() == LevelFilter::OFF {
        return 0;
    }
    let mut entered = Some(Entered { idle, subscriber });
    let token = thread::with(|thread| {
        let token = thread.push(Frame::Tracing);
        thread
            .entered
            .extend(entered.take().map(|entered| (token, entered)));
        token
    });
    if let Some(entered) = entered {
        // This thread's storage is gone: the span cannot be found again.
        close(leave(entered));
    }
    token.unwrap_or(0)
}

/// Makes a span the current one no longer.
pub(super) fn leave(entered: Entered) -> Idle {
    entered
        .idle
        .span
        .with_subscriber(|(id, dispatch)| dispatch.exit(id));
    drop(entered.subscriber);
    entered.idle
}

/// Drops a span that may be another subscriber's than the thread's: under its own, for where it closes,
/// `tracing_subscriber` closes its parent in whichever is the thread's, and panics if that does not know it.
pub(super) fn close(idle: Idle) {
    if idle.adopted {
        close_span(idle.span);
    }
}

/// See [`close`].
pub(super) fn close_span(span: Span) {
    let dispatch = span.with_subscriber(|(_, dispatch)| dispatch.clone());
    match dispatch {
        Some(dispatch) => dispatcher::with_default(&dispatch, || drop(span)),
        None => drop(span),
    }
}

/// Runs `f` on the span of a token, while the stack is not borrowed: a subscriber's code may come back here.
pub(super) fn with_idle<R>(token: u32, f: impl FnOnce(&Idle) -> R) -> Option<R> {
    let entered = thread::with(|thread| thread.take_entered(token)).flatten()?;
    let result = f(&entered.idle);
    let mut entered = Some(entered);
    thread::with(|thread| {
        let place = (token as usize).wrapping_sub(1);
        if let Some(Frame::Tracing) = thread.frames.get(place) {
            thread
                .entered
                .extend(entered.take().map(|entered| (token, entered)));
        }
    });
    Some(result)
}

/// The thread's innermost stage, if it is on this route and somebody wants it.
pub(super) fn innermost() -> Option<(tracing::span::Id, Dispatch, &'static Callsite)> {
    // Cloned, for whoever records to it may come back here.
    thread::with(|thread| {
        let innermost = |(token, _): &&(u32, Entered)| *token as usize == thread.frames.len();
        let (_, Entered { idle, .. }) = thread.entered.iter().rev().find(innermost)?;
        idle.span
            .with_subscriber(|(id, dispatch)| (id.clone(), dispatch.clone(), idle.callsite))
    })
    .flatten()
}

impl Idle {
    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    /// Records how the stage ended.
    pub(super) fn end(&self, outcome: &Outcome<'_>) {
        let (status, name, error_type) = (outcome.status(), outcome.name(), outcome.error_type());
        let metadata = self.callsite.metadata();
        let fields = metadata.fields();
        let mut values: FieldValues<'_> = [None; MAX_FIELDS];
        let mut slots = [const { Slot::EMPTY }; 3];
        let given = [
            (tail::STATUS, &status),
            (tail::OUTCOME, &name),
            (tail::ERROR_TYPE, &error_type),
        ];
        for ((place, value), slot) in given.into_iter().zip(&mut slots) {
            if let Some(place) = fields.len().checked_sub(place) {
                values[place] = value.as_tracing(slot);
            }
        }
        let values = fields.value_set_all(&values[..fields.len()]);
        self.span.with_subscriber(|(id, dispatch)| {
            let record = || dispatch.record(id, &Record::new(&values));
            #[cfg(feature = "init")]
            crate::policy::recording(id, record);
            #[cfg(not(feature = "init"))]
            record();
        });
    }
}
