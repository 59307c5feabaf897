//! A stage in progress: its start, its place as the current one, and its end, on either route.

use core::marker::PhantomData;

use tracing::metadata::LevelFilter;

use super::outcome::{ErrorType, Fallible, Outcome};
use super::parent::{IntoLinks, Parent};
use super::thread::{self, Frame};
use super::tracing_route::{self, Idle};
use super::{Callsite, event};
#[cfg(feature = "init")]
use super::{callsite::tail, lane};
use crate::privacy::{AttributeValue, Value};

impl Callsite {
    /// Starts a stage below the current one, and makes it current. `values` are those of the first keys.
    pub fn start(&'static self, values: &[Value<'_>]) -> StageGuard {
        #[cfg(feature = "init")]
        match lane::start_usual(self, values) {
            0 => {}
            token => return StageGuard::of(token, Told::Nothing),
        }
        self.start_unusual(values)
    }

    /// As [`start`](Self::start), whatever there is to be asked.
    #[inline(never)]
    fn start_unusual(&'static self, values: &[Value<'_>]) -> StageGuard {
        #[cfg(feature = "init")]
        if lane::mode() != lane::Mode::Tracing {
            if lane::prepare(self) {
                let token = lane::start_usual(self, values);
                if token != 0 {
                    return StageGuard::of(token, Told::Nothing);
                }
            }
            if let Some(stage) = self.start_on_lane(&lane::Parent::Current, values) {
                return stage;
            }
        }
        StageGuard::new(tracing_route::start(self, Parent::Current, values))
    }

    /// As [`start`](Self::start), below another.
    pub fn start_under(&'static self, parent: Parent, values: &[Value<'_>]) -> StageGuard {
        #[cfg(feature = "init")]
        if lane::mode() != lane::Mode::Tracing {
            if let Some(stage) = self.start_on_lane(&parent.on_lane(), values) {
                return stage;
            }
        }
        StageGuard::new(tracing_route::start(self, parent, values))
    }

    /// Starts a stage on the lane route. Nothing where it is not taken.
    #[cfg(feature = "init")]
    fn start_on_lane(
        &'static self,
        parent: &lane::Parent,
        values: &[Value<'_>],
    ) -> Option<StageGuard> {
        match lane::start(self, parent, values) {
            lane::Start::At(token) => Some(StageGuard::new(token)),
            lane::Start::Tracing if lane::mode() == lane::Mode::Ended => Some(StageGuard::off()),
            // It might have been captured, and was not.
            lane::Start::Tracing if !self.is_enabled_by_subscriber() => Some(self.unwanted(values)),
            lane::Start::Tracing => None,
            _ => Some(StageGuard::off()),
        }
    }

    /// The guard of a stage that nobody wants: one that declares keys for later keeps them from the stage around.
    #[cfg(feature = "init")]
    #[cold]
    fn unwanted(&'static self, values: &[Value<'_>]) -> StageGuard {
        if self.metadata().fields().len() > values.len() + tail::KIND {
            self.hidden()
        } else {
            StageGuard::off()
        }
    }

    /// As [`start_under`](Self::start_under), with links to the spans that it follows from.
    pub fn start_following(
        &'static self,
        parent: Parent,
        values: &[Value<'_>],
        spans: impl IntoLinks,
    ) -> StageGuard {
        let stage = self.start_under(parent, values);
        for span in spans.into_links() {
            stage.link(&span);
        }
        stage
    }

    /// A stage that nobody wants, for functions that record late attributes: they must not reach the
    /// stage around it.
    #[inline]
    pub fn hidden(&'static self) -> StageGuard {
        if cfg!(tickspan_off) {
            return StageGuard::off();
        }
        StageGuard::new(hide())
    }
}

/// Puts a place on the stack that late attributes do not pass. None where nobody wants any.
fn hide() -> u32 {
    if LevelFilter::current() == LevelFilter::OFF {
        return 0;
    }
    thread::with(|thread| thread.push(Frame::Boundary)).unwrap_or(0)
}

/// A stage that is current on this thread, until the guard is dropped.
///
/// [`stage!`](crate::stage) makes one. It cannot be sent to another thread, so a future that holds one
/// across an `.await` cannot be spawned on a multi-thread runtime: there, the other tasks of the
/// thread would run inside the stage. `stage!("name", async { .. })` is for futures.
#[must_use = "dropped at once, the stage ends at once: bind it, `let _stage = stage!(..)`"]
pub struct StageGuard {
    /// The place on the thread's stack and one, or 0.
    token: u32,
    told: Told,
    thread_bound: PhantomData<*const ()>,
}

/// What is known of a stage's end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nothing: where its thread unwinds, it has panicked.
    Nothing,
    /// Nothing: its thread unwound already when it began.
    Unwinding,
    /// How it ended.
    End,
}

/// For expanded code: no part of it is stable.
#[doc(hidden)]
impl StageGuard {
    #[inline]
    fn new(token: u32) -> Self {
        let told = if std::thread::panicking() {
            Told::Unwinding
        } else {
            Told::Nothing
        };
        Self::of(token, told)
    }

    #[inline]
    const fn of(token: u32, told: Told) -> Self {
        Self {
            token,
            told,
            thread_bound: PhantomData,
        }
    }

    /// The guard of a stage that nobody wants.
    #[inline]
    pub const fn off() -> Self {
        Self::of(0, Told::Nothing)
    }

    /// Ends the stage: ok, or with an error of this type.
    #[inline]
    pub fn finish(self, error: Option<ErrorType>) {
        let token = self.token;
        core::mem::forget(self);
        if token != 0 {
            finish(token, error, None);
        }
    }

    /// As [`finish`](Self::finish), and emits an event at `site` for an error, with its kind.
    #[inline]
    pub fn finish_with_event(
        self,
        returned: &impl Fallible,
        kind: Option<&'static str>,
        site: &'static Callsite,
    ) {
        let token = self.token;
        core::mem::forget(self);
        if token != 0 {
            finish(token, returned.error_type(), Some((site, kind)));
        }
    }

    /// Lets `say` tell how the stage ended from what it returned, if anybody wants to know.
    #[inline]
    pub fn finish_with<R>(mut self, returned: &R, say: impl FnOnce(&R, &mut Self)) {
        if self.token != 0 {
            say(returned, &mut self);
        }
    }

    /// Says that the stage ended ok, or with an error of this type.
    #[inline]
    pub fn end_as(&mut self, error: Option<ErrorType>) {
        match error {
            None => self.end(&Outcome::Ok),
            Some(name) => self.end(&Outcome::Error(Value::text(name()))),
        }
    }

    /// Says how the stage ended. What is said first counts.
    pub fn end(&mut self, outcome: &Outcome<'_>) {
        let told = core::mem::replace(&mut self.told, Told::End);
        if told != Told::End && !matches!(outcome, Outcome::Ok) {
            end_badly(self.token, outcome);
        }
    }

    /// Says how the stage ended, and emits an event at `site` for an error, with its kind.
    pub fn end_with_event(
        &mut self,
        returned: &impl Fallible,
        kind: Option<&'static str>,
        site: &'static Callsite,
    ) {
        match returned.error_type() {
            None => self.end(&Outcome::Ok),
            Some(name) => self.end_in_error_of(name, kind, site),
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
            Some(kind) if !kind.is_absent() => {
                event::emit_value(site, &kind);
                self.end(&Outcome::Error(kind));
            }
            _ => self.end(&Outcome::Ok),
        }
    }

    fn end_in_error_of(
        &mut self,
        name: ErrorType,
        kind: Option<&'static str>,
        site: &'static Callsite,
    ) {
        let error_type = Value::text(name());
        let kind = kind.map_or(Value::ABSENT, Value::text);
        event::emit_if_wanted(site, &[error_type.clone(), kind]);
        self.end(&Outcome::Error(error_type));
    }

    fn link(&self, to: &Parent) {
        #[cfg(feature = "init")]
        if is_on_lane(self.token) {
            let handed = to.handed();
            if let Some(to) = handed.filter(|handed| handed.ids.trace != [0; 2]) {
                lane::link(self.token, &to);
            }
            return;
        }
        tracing_route::with_idle(self.token, |idle| match to {
            Parent::Of(to) => _ = idle.span().follows_from(to.id()),
            #[cfg(feature = "init")]
            Parent::With(to, _) => _ = idle.span().follows_from(to.id()),
            #[cfg(feature = "init")]
            Parent::Lane(to) => crate::layer::link(idle.span(), to),
            Parent::Current | Parent::Root => {}
        });
    }

    /// Hands the stage to the [`StageFuture`](super::StageFuture) that polls the caller. The body of an
    /// `async fn` calls it first of all: there it can read the arguments before it moves them, and the
    /// future need not hold them twice.
    pub fn begin(self) {
        thread::with(|thread| thread.begun = self.token);
        core::mem::forget(self);
    }

    /// The stage that a first poll began, which is current already.
    pub(super) fn begun(token: u32) -> Self {
        Self::new(token)
    }

    /// Takes the stage from its thread, to go on later, perhaps on another.
    pub fn suspend(self) -> Stage {
        let token = self.token;
        core::mem::forget(self);
        if token == 0 {
            return Stage(Suspended::Off);
        }
        #[cfg(feature = "init")]
        if let Some(suspended) = lane::suspend(token) {
            return Stage(Suspended::Lane(suspended));
        }
        match thread::with(|thread| thread.pop(token)).flatten() {
            Some((_, Some(entered))) => Stage(Suspended::Tracing(tracing_route::leave(entered))),
            Some((Frame::Boundary, None)) => Stage(Suspended::Hidden),
            _ => Stage(Suspended::Off),
        }
    }
}

impl Drop for StageGuard {
    #[inline]
    fn drop(&mut self) {
        if self.token != 0 {
            leave(self.token, self.told);
        }
    }
}

/// Ends a stage of which nobody has said yet how it ended, with an event at `site` for an error.
fn finish(
    token: u32,
    error: Option<ErrorType>,
    event: Option<(&'static Callsite, Option<&'static str>)>,
) {
    match error {
        None => leave(token, Told::End),
        Some(name) => fail(token, name, event),
    }
}

#[cold]
fn fail(token: u32, name: ErrorType, event: Option<(&'static Callsite, Option<&'static str>)>) {
    let mut stage = StageGuard::of(token, Told::Nothing);
    match event {
        None => stage.end(&Outcome::Error(Value::text(name()))),
        Some((site, kind)) => stage.end_in_error_of(name, kind, site),
    }
}

#[cfg(feature = "init")]
fn is_on_lane(token: u32) -> bool {
    thread::with(|thread| {
        let place = (token as usize).checked_sub(1)?;
        Some(matches!(thread.frames.get(place)?, Frame::Lane(_)))
    })
    .flatten()
        == Some(true)
}

#[cold]
fn end_badly(token: u32, outcome: &Outcome<'_>) {
    #[cfg(feature = "init")]
    if is_on_lane(token) {
        lane::end(token, outcome.code(), &outcome.error_type());
        return;
    }
    tracing_route::with_idle(token, |idle| idle.end(outcome));
}

fn leave(token: u32, told: Told) {
    let unwinds = std::thread::panicking();
    #[cfg(feature = "init")]
    if !unwinds && lane::finish_usual(token) {
        return;
    }
    leave_unusual(token, unwinds && told == Told::Nothing);
}

/// As [`leave`], whatever there is to be asked.
#[inline(never)]
fn leave_unusual(token: u32, panicked: bool) {
    if panicked {
        end_badly(token, &Outcome::Panicked);
    }
    #[cfg(feature = "init")]
    if lane::finish(token) {
        return;
    }
    let popped = thread::with(|thread| thread.pop(token)).flatten();
    if let Some((_, Some(entered))) = popped {
        tracing_route::close(tracing_route::leave(entered));
    }
}

impl core::fmt::Debug for StageGuard {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StageGuard")
            .field("recorded", &(self.token != 0))
            .finish_non_exhaustive()
    }
}

/// A stage that is not current: between two polls of its future. When it is dropped its span ends: ok, or
/// panicked while the thread unwinds.
#[must_use]
pub struct Stage(Suspended);

enum Suspended {
    /// Nobody wants it.
    Off,
    /// Nobody wants it, and late attributes must not pass it.
    Hidden,
    Tracing(Idle),
    #[cfg(feature = "init")]
    Lane(lane::Suspended),
}

impl Stage {
    /// Makes the stage current. Gives it back where it cannot be.
    pub(super) fn resume(mut self) -> Result<StageGuard, Self> {
        match self.enter() {
            0 if !matches!(self.0, Suspended::Off) => Err(self),
            token => Ok(StageGuard::new(token)),
        }
    }

    /// Makes the stage current, if it can be, and gives its token.
    fn enter(&mut self) -> u32 {
        match core::mem::replace(&mut self.0, Suspended::Off) {
            Suspended::Off => 0,
            Suspended::Hidden => hide(),
            Suspended::Tracing(idle) => tracing_route::enter(idle),
            #[cfg(feature = "init")]
            Suspended::Lane(suspended) => lane::resume(suspended).unwrap_or_else(|suspended| {
                self.0 = Suspended::Lane(suspended);
                0
            }),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let token = self.enter();
        if token != 0 {
            let mut stage = StageGuard::new(token);
            if std::thread::panicking() {
                stage.end(&Outcome::Panicked);
            }
        }
        #[cfg(feature = "init")]
        if let Suspended::Lane(suspended) = core::mem::replace(&mut self.0, Suspended::Off) {
            lane::close(suspended, std::thread::panicking());
        }
    }
}
