//! The lane route on the caller's thread: a stage as bytes.
//!
//! Stages that are current lie on a stack of the thread ([`super::thread`]). What happens in most is written into the lane as it
//! happens ([`log`]). The values and events of the others lie on another stack, of bytes (`scratch`), already in the
//! form of a record, which goes into the lane with one copy when the stage ends. No lock, no allocation once the stacks have
//! grown, no formatting but of values that have to be formatted, no system call but a wake of the collector when half a
//! lane is full, or a chunk of it while the collector dozes.
//!
//! Nothing in a record is OpenTelemetry's: [`crate::collect`] makes spans of them. Here it is known to the sampler, which
//! decides as the SDK does, and to the stack, where stages are asked to be the current span of its context.

mod bytes;
pub(crate) mod capture;
mod clock;
mod encode;
pub(crate) mod ends;
pub(crate) mod foreign;
pub(crate) mod health;
mod log;
pub(crate) mod ring;
#[cfg(test)]
mod ring_tests;
pub(crate) mod sampling;
pub(crate) mod sites;
mod stack;
pub(crate) mod wire;
mod writer;

use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::Arc;

use super::thread::{self, Frame};
use super::{Callsite, LateCallsite};
use crate::edge::EdgeSite;
use crate::privacy::Value;
use crate::propagate::Carried;
pub(crate) use bytes::Bytes;
pub(super) use clock::clock_ended;
use health::{Loss, count};
use stack::Role;
pub(super) use stack::{Beside, LaneFrame};
use wire::{Head, Parts as _, flags, item, outcome};
use writer::LaneClock;
pub(super) use writer::LaneThread;

/// What [`ring`] is made of. A model checker puts its own in their place.
mod sync {
    pub(super) use core::sync::atomic::{AtomicU64, Ordering};

    use zerocopy::FromZeros as _;

    /// Words that are 0, whose memory the system gives when they are first written. Nothing where there is none.
    pub(super) fn zeroed(words: usize) -> Option<Box<[AtomicU64]>> {
        <[AtomicU64]>::new_box_zeroed_with_elems(words).ok()
    }
}

/// A header without anything in it.
const NOTHING: Head = [0; wire::HEADER];

/// Which route stages take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// The tracing route.
    Tracing = 0,
    /// The tracing route, but for what a test captures.
    Capturing = 1,
    /// The lane route.
    Lane = 2,
    /// None: telemetry has ended.
    Ended = 3,
}

/// What all stages have to know: the [`Mode`], and bits for what is unusual. In one byte, so that a stage that finds
/// nothing unusual asks once.
// Relaxed: which stage is the first or the last on a route makes no difference, and the bits are set before the first one
// takes the lane route.
static ROUTE: AtomicU8 = AtomicU8::new(Mode::Tracing as u8);

const MODE: u8 = 0b11;
/// The current stage is made OpenTelemetry's current span, too.
const ATTACHES: u8 = 0b100;

/// Which route stages take now.
#[inline]
pub(crate) fn mode() -> Mode {
    match ROUTE.load(Ordering::Relaxed) & MODE {
        0 => Mode::Tracing,
        1 => Mode::Capturing,
        2 => Mode::Lane,
        _ => Mode::Ended,
    }
}

pub(crate) fn set_mode(mode: Mode) {
    _ = ROUTE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |route| {
        Some(route & !MODE | mode as u8)
    });
}

/// Whether stages take the lane route, and there is nothing else to ask for.
#[inline]
fn is_usual() -> bool {
    ROUTE.load(Ordering::Relaxed) == Mode::Lane as u8
}

fn is(bit: u8) -> bool {
    ROUTE.load(Ordering::Relaxed) & bit != 0
}

fn set(bit: u8, on: bool) {
    if on {
        ROUTE.fetch_or(bit, Ordering::Relaxed);
    } else {
        ROUTE.fetch_and(!bit, Ordering::Relaxed);
    }
}

/// Sets whether stages are made OpenTelemetry's current span.
pub(crate) fn attach_contexts(on: bool) {
    set(ATTACHES, on);
}

/// Whether stages are made OpenTelemetry's current span.
pub(crate) fn attaches_contexts() -> bool {
    is(ATTACHES)
}

/// The identity of a span, as it is handed to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ids {
    /// Zero for a place in no trace.
    pub(crate) trace: [u64; 2],
    pub(crate) span: u64,
    pub(crate) sampled: bool,
    /// Whether the trace id is random, in the sense of W3C.
    pub(crate) random: bool,
    pub(crate) remote: bool,
    /// Whose capture it belongs to, or 0.
    pub(crate) capture: u32,
}

impl Ids {
    /// Those of a place in no trace.
    pub(crate) const NONE: Self = Self {
        trace: [0; 2],
        span: 0,
        sampled: true,
        random: false,
        remote: false,
        capture: 0,
    };

    /// Those that the flags of a record or link say of.
    pub(crate) fn of(trace: [u64; 2], span: u64, bits: u8) -> Self {
        Self {
            trace,
            span,
            sampled: bits & flags::SAMPLED != 0,
            random: bits & flags::RANDOM != 0,
            remote: bits & flags::REMOTE_PARENT != 0,
            capture: 0,
        }
    }

    /// What of it stands in the flags of a record or link.
    fn flags(&self) -> u8 {
        let bit = |is: bool, bit: u8| if is { bit } else { 0 };
        bit(self.sampled, flags::SAMPLED)
            | bit(self.random, flags::RANDOM)
            | bit(self.remote, flags::REMOTE_PARENT)
    }
}

/// A span as it is handed to others: its ids, and what its trace carries.
#[derive(Clone, Debug)]
pub struct Handed {
    pub(crate) ids: Ids,
    pub(crate) carried: Option<Arc<Carried>>,
}

/// Whose child a span is.
#[derive(Clone)]
pub(super) enum Parent {
    Current,
    Root,
    Of(Handed),
}

/// The clock whose ticks are in the records.
pub(crate) fn clock() -> quanta::Clock {
    ticks().clone()
}

/// The same, to be read once. The first time it is asked for, it is set beside the clock of the operating system,
/// which takes some milliseconds; `init` does that.
#[inline]
pub(crate) fn ticks() -> &'static quanta::Clock {
    static CLOCK: std::sync::OnceLock<quanta::Clock> = std::sync::OnceLock::new();
    CLOCK.get_or_init(quanta::Clock::new)
}

/// A stage that is not on a stack: between two polls of its future.
#[derive(Clone)]
pub(super) struct Suspended {
    head: Head,
    role: Role,
    carried: Option<Arc<Carried>>,
}

fn ids(head: &Head, role: Role) -> Ids {
    let ids = Ids::of(
        [head.trace_high(), head.trace_low()],
        head.span(),
        head.flags(),
    );
    Ids {
        remote: ids.remote && role == Role::Handed,
        capture: head.capture(),
        ..ids
    }
}

/// What became of a start.
pub(super) enum Start {
    /// It is on the stack, under this token.
    At(u32),
    /// It takes the other route.
    Tracing,
    /// It is not recorded.
    Lost,
    /// A value runs code of the user's: start again, with the values written elsewhere.
    RunsCode,
}

/// Writes values that may run code of the user's, while nothing is borrowed.
#[cold]
fn write_apart(values: &[Value<'_>]) -> Bytes {
    let mut written =
        thread::with(|thread| core::mem::take(&mut thread.written)).unwrap_or_default();
    written.truncate(0);
    encode::any(&mut written, values);
    written
}

/// Gives the memory of [`write_apart`] back.
fn keep(written: Bytes) {
    thread::with(|thread| thread.written = written);
}

/// Starts a span below the innermost where nothing is unusual, and gives its token; 0 where something is: where the thread
/// unwinds, too, so that the guard of one that is given need not know about it.
#[inline]
pub(super) fn start_usual(callsite: &'static Callsite, values: &[Value<'_>]) -> u32 {
    // Compiled by itself for each number of values that most stages have: without any, it is a fifth less to do.
    macro_rules! start_with_as_many {
        ($($number:literal)*) => {
            $(if let Ok(values) = <&[_; $number]>::try_from(values) {
                return start_with(callsite, values);
            })*
        };
    }
    if values.is_empty() {
        return start_with(callsite, []);
    }
    start_with_as_many!(1 2 3 4);
    start_with(callsite, values)
}

#[inline(never)]
fn start_with<'a>(callsite: &'static Callsite, values: impl AsRef<[Value<'a>]>) -> u32 {
    if !is_usual() || std::thread::panicking() {
        return stack::unusual();
    }
    thread::with_usual(|thread| thread.start_usual(callsite, values.as_ref()))
        .unwrap_or_else(stack::unusual)
}

/// Prepares what a usual start at this callsite needs the first time, on this thread and near the end of a chunk. False where
/// that is not what was missing.
#[cold]
pub(super) fn prepare(callsite: &'static Callsite) -> bool {
    let is_new = callsite.short_number().is_none();
    let is_short = u16::try_from(callsite.number()).is_ok();
    is_short && is_usual() && thread::with(|thread| thread.prepare(is_new)) == Some(true)
}

/// Starts a span on the lane route, current on this thread.
pub(super) fn start(callsite: &'static Callsite, parent: &Parent, values: &[Value<'_>]) -> Start {
    let site = callsite.number();
    let own = callsite.flags();
    let started = thread::with(|thread| thread.start(site, own, parent, values, None));
    match started {
        Some(Start::RunsCode) => {
            let written = write_apart(values);
            let started =
                thread::with(|thread| thread.start(site, own, parent, values, Some(&written)));
            keep(written);
            match started {
                Some(Start::Lost) | None => lost(),
                Some(started) => started,
            }
        }
        Some(Start::Lost) => lost(),
        Some(started) => started,
        None => busy(),
    }
}

/// Keeps late attributes of a stage that is not recorded from the one around it.
#[cold]
fn lost() -> Start {
    thread::with(|thread| Start::At(thread.push(Frame::Boundary))).unwrap_or(Start::Lost)
}

#[cold]
fn busy() -> Start {
    if mode() != Mode::Lane {
        return Start::Tracing;
    }
    count(Loss::Busy);
    Start::Lost
}

/// Ends the span of a token where nothing is unusual. False where something is.
#[inline]
pub(super) fn finish_usual(token: u32) -> bool {
    is_usual() && thread::with_usual(|thread| thread.finish_usual(token)) == Some(true)
}

/// Ends the span of a token. False where it is not one of this route.
pub(super) fn finish(token: u32) -> bool {
    thread::with(|thread| thread.finish(token)).unwrap_or(true)
}

/// Says how the span of a token will have ended. What is said first counts.
pub(super) fn end(token: u32, code: u8, error_type: &Value<'_>) {
    let place = token as usize - 1;
    let is_first = thread::with(|thread| thread.set_outcome(place, code));
    // What a panic's is, its code says.
    if is_first == Some(true) && code == outcome::ERROR {
        append_values(
            Some(token as usize - 1),
            flags::SAMPLED,
            core::slice::from_ref(error_type),
            |out, _| {
                out.put([item::ERROR_TYPE]);
            },
        );
    }
}

/// Appends an item that begins as `head` writes it and ends with `values`; to the innermost span, unless to
/// that at a place. Where it has none of the flags `of`, nobody wants the item.
fn append_values(
    place: Option<usize>,
    of: u8,
    values: &[Value<'_>],
    head: impl Fn(&mut Bytes, &LaneClock),
) -> bool {
    let append = |written: Option<&[u8]>| {
        thread::with(|thread| {
            let Some(place) = place.or_else(|| thread.innermost()) else {
                return Ok(false);
            };
            thread
                .append(place, of, |out, clock| {
                    head(out, clock);
                    match written {
                        None => encode::plain(out, values),
                        Some(written) => {
                            out.extend(written);
                            Ok(())
                        }
                    }
                })
                .map(|()| true)
        })
    };
    match append(None) {
        Some(Ok(appended)) => appended,
        Some(Err(encode::RunsCode)) => {
            let written = write_apart(values);
            let appended = append(Some(&written));
            keep(written);
            matches!(appended, Some(Ok(true)))
        }
        None => false,
    }
}

/// Writes an event of the innermost span where nothing is unusual. False where something is.
#[inline]
pub(super) fn event_usual(site: &'static Callsite, values: &[Value<'_>]) -> bool {
    is_usual()
        && thread::with_usual(|thread| thread.log_event(site.short_number(), None, values))
            == Some(true)
}

/// Appends an event to the innermost span. False where there is none, or nobody reads it: it is a line at most then.
pub(super) fn event(site: &'static Callsite, values: &[Value<'_>]) -> bool {
    if mode() == Mode::Ended && !is_captured() {
        return false;
    }
    let number = site.number();
    append_values(None, flags::SAMPLED, values, |out, clock| {
        write_event_head(out, clock, number, values.len());
    })
}

/// The bytes of an event before its values.
const EVENT_HEAD: usize = 14;

#[inline(always)]
#[expect(clippy::inline_always, reason = "it is three stores and a tick")]
fn write_event_head(out: &mut Bytes, clock: &LaneClock, site: u32, values: usize) {
    out.put_behind(item::EVENT, site.to_le_bytes());
    out.put(clock.raw().to_le_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "at most MAX_KEYS")]
    out.put([values as u8]);
}

/// Writes an edge: its event on the innermost span, and what the collector counts, whether or not that is sampled.
/// False where there is no span for the event.
pub(super) fn edge(site: &'static EdgeSite, values: &[Value<'_>]) -> bool {
    let (number, event_number) = (site.number(), site.event.number());
    let logged = thread::with(|thread| {
        thread.quiet == 0 && thread.log_event(site.event.short_number(), Some(number), values)
    });
    if logged == Some(true) {
        return true;
    }
    let written = thread::with(|thread| {
        let Some(place) = thread.innermost() else {
            return Ok((false, thread.count_edge(number, values, None)));
        };
        let before = thread.scratch_len();
        thread.append(place, flags::SAMPLED, |out, clock| {
            write_event_head(out, clock, event_number, values.len());
            encode::plain(out, values)
        })?;
        // The same values, unless the event is not the last in the scratch, or was not wanted.
        let is_last = place + 1 == thread.frames.len();
        let appended = is_last.then_some(before + EVENT_HEAD);
        Ok((true, thread.count_edge(number, values, appended)))
    });
    let (has_span, counted) = match written {
        Some(Ok(written)) => written,
        Some(Err(encode::RunsCode)) => {
            let has_span = event(site.event, values);
            let counted = thread::with(|thread| thread.count_edge(number, values, None));
            (has_span, counted == Some(true))
        }
        None => (false, false),
    };
    if !counted {
        count(Loss::EdgeLost);
    }
    has_span
}

/// Writes a value of a histogram. False where no collector reads it.
pub(crate) fn measure(series: u32, value: f64) -> bool {
    if mode() != Mode::Lane {
        return false;
    }
    let written = thread::with(|thread| thread.quiet > 0 || thread.measure(series, value));
    if written != Some(true) {
        count(Loss::ValueLost);
    }
    true
}

/// Writes a value as it stands in a record.
pub(crate) fn write_value(out: &mut Bytes, value: &Value<'_>) {
    encode::any(out, core::slice::from_ref(value));
}

/// Appends attributes to the innermost stage, if it takes them.
pub(super) fn late(site: &'static LateCallsite, values: &[Value<'_>]) -> bool {
    let Some(place) = thread::with(|thread| thread.innermost_stage()).flatten() else {
        return false;
    };
    let number = site.number();
    // Labels of metrics may be among them.
    let of = flags::SAMPLED | flags::LABELLED;
    append_values(Some(place), of, values, |out, _| {
        let mut head = [item::LATE; 6];
        head[1..5].copy_from_slice(&number.to_le_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_KEYS")]
        {
            head[5] = values.len() as u8;
        }
        out.put(head);
    })
}

/// Links the span of a token to another.
pub(super) fn link(token: u32, to: &Handed) {
    let place = Some(token as usize - 1);
    append_values(place, flags::SAMPLED, &[], |out, _| write_link(out, to));
}

fn write_link(out: &mut Bytes, to: &Handed) {
    out.put([item::LINK]);
    out.put(to.ids.trace[0].to_le_bytes());
    out.put(to.ids.trace[1].to_le_bytes());
    out.put(to.ids.span.to_le_bytes());
    out.put([to.ids.flags()]);
    write_state(out, to.carried.as_deref());
}

fn write_state(out: &mut Bytes, carried: Option<&Carried>) {
    let state = carried.map_or("", Carried::state_header);
    // One that came through a propagator has at most 512 bytes.
    let (len, state) = u16::try_from(state.len()).map_or((0, ""), |len| (len, state));
    out.put(len.to_le_bytes());
    out.extend(state.as_bytes());
}

/// Takes the span of a token from the stack, to go on later.
pub(super) fn suspend(token: u32) -> Option<Suspended> {
    thread::with(|thread| thread.suspend(token)).flatten()
}

/// Makes a span current that was suspended, and gives its token; 0 where the thread's storage has gone. Gives it back where it
/// cannot be current here.
pub(super) fn resume(suspended: Suspended) -> Result<u32, Suspended> {
    thread::with(|thread| thread.place(suspended)).unwrap_or(Ok(0))
}

/// Ends a span that was suspended, and cannot be current here.
#[cold]
pub(super) fn close(mut suspended: Suspended, panicked: bool) {
    if panicked && suspended.head.outcome() == outcome::OK {
        suspended.head.set_outcome(outcome::PANICKED);
    }
    thread::with(|thread| thread.close(suspended));
}

/// The innermost span. Nothing where that is a span of `tracing`'s.
pub(crate) fn current() -> Option<Handed> {
    thread::with(|thread| {
        let place = thread.innermost()?;
        let is_around = |frame: &Frame| matches!(frame, Frame::Tracing);
        if thread.frames[place + 1..].iter().any(is_around) {
            return None;
        }
        thread.current_handed()
    })
    .flatten()
}

/// Says that others may write items for the innermost span.
pub(crate) fn hand_on() {
    thread::with(|thread| {
        if let Some(place) = thread.innermost() {
            thread.hand_on(place);
        }
    });
}

/// Makes a span current that goes on elsewhere.
pub(super) fn hand(handed: &Handed) -> Option<u32> {
    thread::with(|thread| {
        let Handed { mut ids, carried } = handed.clone();
        let around = thread.current_ids();
        let capture_around = around.map_or(0, |ids| ids.capture);
        // A capture holds what other processes led to, too.
        if ids.capture == 0 {
            ids.capture = capture_around;
        }
        if ids.trace == [0; 2] && ids.capture == capture_around {
            // No span: what is current stays so.
            if carried.is_none() {
                return Some(thread.push(Frame::Boundary));
            }
            ids = around.unwrap_or(ids);
        }
        let mut head = NOTHING;
        head.set_trace_high(ids.trace[0]);
        head.set_trace_low(ids.trace[1]);
        head.set_span(ids.span);
        head.set_capture(ids.capture);
        let carries = if carried.is_some() { flags::CARRIES } else { 0 };
        head.set_flags(carries | ids.flags());
        let span = Suspended {
            head,
            role: Role::Handed,
            carried,
        };
        thread.place(span).ok()
    })
    .flatten()
}

/// Whether a test captures what this thread records.
pub(crate) fn is_captured() -> bool {
    mode() != Mode::Tracing
        && thread::with(|thread| thread.current_ids())
            .flatten()
            .is_some_and(|ids| ids.capture != 0)
}

/// Whether stages of this thread take the tracing route.
pub(super) fn is_off() -> bool {
    match mode() {
        Mode::Tracing => true,
        Mode::Capturing => !is_captured(),
        Mode::Lane | Mode::Ended => false,
    }
}

/// Asks that nothing be recorded on this thread, until it is taken back as often.
pub(crate) fn hush(on: bool) {
    thread::with(|thread| {
        thread.quiet = if on {
            thread.quiet.saturating_add(1)
        } else {
            thread.quiet.saturating_sub(1)
        };
    });
}
