//! The lane route on the caller's thread: a stage as bytes.
//!
//! Stages that are current lie on a stack of the thread ([`super::thread`]), their values and events on
//! another, of bytes (`scratch`), already in the form of a record. When a stage ends, its record goes into
//! the lane with one copy. No lock, no allocation once the stacks have grown, no formatting but of values that have
//! to be formatted, no system call but a wake of the collector when half a lane is full.
//!
//! Nothing here knows OpenTelemetry; [`crate::collect`] reads what is written.

#![expect(
    clippy::inline_always,
    reason = "a span is some 40 ns, and each call that is left in it one"
)]

pub(crate) mod capture;
mod encode;
pub(crate) mod ends;
pub(crate) mod foreign;
pub(crate) mod health;
pub(crate) mod sampling;
pub(crate) mod sites;
pub(crate) mod wire;

use core::hash::BuildHasher as _;
use core::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::hash::RandomState;

use super::thread::{self, Frame, Thread};
use super::{Callsite, LateCallsite};
use crate::privacy::Value;
use ends::Writer;
use health::{Loss, count};
use wire::{Head, Kind, Parts as _, flags, item, outcome};

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

// Relaxed: which stage is the first or the last on a route makes no difference.
static MODE: AtomicU8 = AtomicU8::new(Mode::Tracing as u8);

/// Which route stages take now.
#[inline]
pub(crate) fn mode() -> Mode {
    match MODE.load(Ordering::Relaxed) {
        0 => Mode::Tracing,
        1 => Mode::Capturing,
        2 => Mode::Lane,
        _ => Mode::Ended,
    }
}

/// Whether the current stage is made OpenTelemetry's current span, too.
// Relaxed: set before the first stage takes this route.
static ATTACHES: AtomicBool = AtomicBool::new(false);

/// Sets whether stages are made OpenTelemetry's current span.
pub(crate) fn attach_contexts(on: bool) {
    ATTACHES.store(on, Ordering::Relaxed);
}

pub(crate) fn set_mode(mode: Mode) {
    MODE.store(mode as u8, Ordering::Relaxed);
}

/// The deepest that stages may lie in each other on one thread.
const DEEPEST: usize = 4_096;

/// A stage with more values and events than this writes them before its end.
const SPILL: usize = 16 << 10;

/// The most bytes of values and events that stages which are not the innermost may hold together.
const SCRATCH_LIMIT: usize = 1 << 20;

/// The longest record, within which a stage's items have to fit.
const RECORD_LIMIT: usize = 64 << 10;

/// The identity of a span, as it is handed to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ids {
    /// Zero for a place in no trace.
    pub(crate) trace: [u64; 2],
    pub(crate) span: u64,
    pub(crate) sampled: bool,
    pub(crate) remote: bool,
    /// Whose capture it belongs to, or 0.
    pub(crate) capture: u32,
}

/// Whose child a span is.
#[derive(Clone, Copy)]
pub(super) enum Parent {
    Current,
    Root,
    Of(Ids),
}

/// What a place on the stack stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A span that began here, of which nothing has been written.
    Begun,
    /// A span of which an `Open` record has been written.
    Opened,
    /// A span that goes on elsewhere: current here, ended there.
    Handed,
    /// A span of another library, entered here.
    Foreign,
}

/// A stage on the stack. Its header and items are in the scratch.
#[derive(Clone, Copy)]
pub(super) struct LaneFrame {
    /// Where its record begins.
    at: u32,
    role: Role,
}

fn ids(head: &Head, role: Role) -> Ids {
    Ids {
        trace: [head.trace_high(), head.trace_low()],
        span: head.span(),
        sampled: is_sampled(head),
        remote: head.flags() & flags::REMOTE_PARENT != 0 && role == Role::Handed,
        capture: head.capture(),
    }
}

fn is_sampled(head: &Head) -> bool {
    head.flags() & flags::SAMPLED != 0
}

/// What a span has from its parent, or from nobody.
#[derive(Clone, Copy)]
struct Lineage {
    trace: [u64; 2],
    parent: u64,
    capture: u32,
    flags: u8,
}

/// A stage that is not on a stack: between two polls of its future.
#[derive(Clone, Copy)]
pub(super) struct Suspended {
    head: Head,
    role: Role,
}

/// What a thread needs to write records.
pub(super) struct LaneThread {
    scratch: Vec<u8>,
    clock: quanta::Clock,
    ids: fastrand::Rng,
    writer: Writer,
}

impl LaneThread {
    #[cold]
    fn new() -> Self {
        Self {
            scratch: Vec::with_capacity(4 << 10),
            clock: clock(),
            // Keys of the operating system, and never the same twice.
            ids: fastrand::Rng::with_seed(RandomState::new().hash_one(std::thread::current().id())),
            writer: Writer::acquire(),
        }
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.scratch.truncate(len);
    }

    #[inline]
    fn id(&mut self) -> u64 {
        loop {
            let id = self.ids.u64(..);
            if id != 0 {
                return id;
            }
        }
    }

    /// The header at `at` in the scratch.
    #[inline]
    fn head(&self, at: u32) -> Option<&Head> {
        self.scratch.get(at as usize..)?.first_chunk()
    }

    #[inline]
    fn head_mut(&mut self, at: u32) -> Option<&mut Head> {
        self.scratch.get_mut(at as usize..)?.first_chunk_mut()
    }

    /// Writes the record from `at` to `end` in the scratch, as one of `kind`, at this tick.
    #[inline(always)]
    fn write(&mut self, at: u32, end: usize, kind: Kind, tick: u64) -> bool {
        let Some(record) = self.scratch.get_mut(at as usize..end) else {
            return false;
        };
        let Some(head) = record.first_chunk_mut::<{ wire::HEADER }>() else {
            return false;
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most SCRATCH_LIMIT")]
        head.set_len((end - at as usize) as u32);
        head.set_kind(kind as u8);
        head.set_end(tick);
        let capture = head.capture();
        if capture != 0 {
            return capture::write(capture, record);
        }
        if !self.writer.named {
            self.writer.named = self.writer.has_lane() && self.writer.write(&thread_record());
            if !self.writer.named {
                // It would be another thread's.
                return false;
            }
        }
        self.writer.write(record)
    }

    /// Writes a span's last record, and counts it.
    #[inline(always)]
    fn write_last(&mut self, at: u32, end: usize, kind: Kind, tick: u64) {
        let captured = self.head(at).is_some_and(|head| head.capture() != 0);
        if !captured {
            if mode() != Mode::Lane {
                count(Loss::AfterEnd);
                return;
            }
            self.writer.count_ended();
        }
        if !self.write(at, end, kind, tick) && !captured {
            self.count_lost();
        }
    }

    #[cold]
    fn count_lost(&mut self) {
        self.writer.count_lost();
        count(if self.writer.has_lane() {
            Loss::LaneFull
        } else {
            Loss::NoLane
        });
    }

    /// Takes the values from a header at `at`, which no record could hold.
    #[cold]
    fn drop_values(&mut self, at: u32) {
        count(Loss::ItemTooMany);
        self.scratch.truncate(at as usize + wire::HEADER);
        if let Some(head) = self.head_mut(at) {
            head.set_values(0);
        }
    }

    /// Writes a record that is not a span's last.
    fn write_part(&mut self, at: u32, end: usize, kind: Kind) {
        let tick = self.clock.raw();
        let captured = self.head(at).is_some_and(|head| head.capture() != 0);
        if (captured || mode() == Mode::Lane) && !self.write(at, end, kind, tick) {
            count(Loss::PartLost);
        }
    }
}

/// The clock whose ticks are in the records.
pub(crate) fn clock() -> quanta::Clock {
    static CLOCK: std::sync::OnceLock<quanta::Clock> = std::sync::OnceLock::new();
    CLOCK.get_or_init(quanta::Clock::new).clone()
}

/// The record that names the current thread: its number as `span`, its name behind the header.
#[cold]
fn thread_record() -> Vec<u8> {
    let thread = std::thread::current();
    let number = format!("{:?}", thread.id())
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>()
        .parse()
        .unwrap_or_default();
    let mut name = Vec::new();
    encode::text(&mut name, thread.name().unwrap_or_default());
    let mut head = NOTHING;
    head.set_len(u32::try_from(wire::HEADER + name.len()).unwrap_or(u32::MAX));
    head.set_kind(Kind::Thread as u8);
    head.set_span(number);
    let mut record = head.to_vec();
    record.extend_from_slice(&name);
    record
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

impl Thread {
    /// The place of the innermost span on the lane route.
    #[inline]
    fn innermost(&self) -> Option<usize> {
        match self.frames.last() {
            Some(Frame::Lane(_)) => Some(self.frames.len() - 1),
            None => None,
            Some(_) => self
                .frames
                .iter()
                .rposition(|frame| matches!(frame, Frame::Lane(_))),
        }
    }

    /// The place of the innermost stage, which takes late attributes. Those of other libraries' spans are passed, and
    /// those of what has ended.
    fn innermost_stage(&self) -> Option<usize> {
        let place = self.frames.iter().rposition(|frame| match frame {
            Frame::Lane(frame) => frame.role != Role::Foreign,
            Frame::Ended(_) | Frame::Gone => false,
            Frame::Tracing(_) | Frame::Boundary => true,
        })?;
        matches!(&self.frames[place], Frame::Lane(frame) if frame.role != Role::Handed)
            .then_some(place)
    }

    /// The header of the span at `place`.
    #[inline]
    fn head(&self, place: usize) -> Option<(&Head, Role)> {
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return None;
        };
        Some((self.lane.as_ref()?.head(frame.at)?, frame.role))
    }

    #[inline]
    fn head_mut(&mut self, place: usize) -> Option<&mut Head> {
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return None;
        };
        self.lane.as_mut()?.head_mut(frame.at)
    }

    fn current_ids(&self) -> Option<Ids> {
        let (head, role) = self.head(self.innermost()?)?;
        Some(ids(head, role))
    }

    /// What a span has that starts below a given one, or that starts a trace.
    #[inline(never)]
    fn below(&mut self, parent: Parent) -> Lineage {
        let mut current = self.current_ids();
        if ATTACHES.load(Ordering::Relaxed) {
            current = crate::context::attached(current);
        }
        let parent = match parent {
            Parent::Current => current,
            Parent::Of(ids) => Some(ids),
            Parent::Root => None,
        };
        // A capture holds the roots that start in it, and what other processes led to.
        let capture = [parent, current]
            .iter()
            .flatten()
            .map(|ids| ids.capture)
            .find(|capture| *capture != 0)
            .unwrap_or(0);
        match parent {
            Some(parent) if parent.trace != [0; 2] => {
                let remote = if parent.remote {
                    flags::REMOTE_PARENT
                } else {
                    0
                };
                Lineage {
                    trace: parent.trace,
                    parent: parent.span,
                    capture,
                    flags: sampling::of_child(parent.sampled, capture != 0, parent.trace) | remote,
                }
            }
            _ => {
                let lane = self.lane.get_or_insert_with(LaneThread::new);
                let trace = [lane.id(), lane.id()];
                let sampled = capture != 0 || sampling::of_root(trace);
                Lineage {
                    trace,
                    parent: 0,
                    capture,
                    flags: if sampled { flags::SAMPLED } else { 0 },
                }
            }
        }
    }

    #[inline(always)]
    fn start(
        &mut self,
        site: u32,
        parent: Parent,
        values: &[Value<'_>],
        written: Option<&[u8]>,
    ) -> Start {
        if self.frames.len() >= DEEPEST {
            return self.refuse();
        }
        let current = match parent {
            Parent::Current if !ATTACHES.load(Ordering::Relaxed) => {
                self.innermost().and_then(|place| self.head(place))
            }
            _ => None,
        };
        // One by one, so that they stay in registers: a struct would be stored and loaded.
        let (trace_high, trace_low, parent_span, capture, flags);
        match current {
            Some((head, role)) if head.trace_low() != 0 => {
                (trace_high, trace_low) = (head.trace_high(), head.trace_low());
                parent_span = head.span();
                capture = head.capture();
                let remote = if role == Role::Handed {
                    head.flags() & flags::REMOTE_PARENT
                } else {
                    0
                };
                let sampled = is_sampled(head);
                flags = sampling::of_child(sampled, capture != 0, [trace_high, trace_low]) | remote;
            }
            _ => {
                let lineage = self.below(parent);
                [trace_high, trace_low] = lineage.trace;
                (parent_span, capture, flags) = (lineage.parent, lineage.capture, lineage.flags);
            }
        }
        let captured = capture != 0;
        if !captured && mode() != Mode::Lane {
            return Start::Tracing;
        }
        if self.quiet > 0 {
            return Start::Lost;
        }
        let lane = self.lane.get_or_insert_with(LaneThread::new);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded by DEEPEST and SCRATCH_LIMIT"
        )]
        let (at, token) = (lane.scratch.len() as u32, self.frames.len() as u32 + 1);
        let span = lane.id();
        let takes_values = flags & flags::SAMPLED != 0 && (at as usize) < SCRATCH_LIMIT;
        // Each part goes where it will stay. A header that is built elsewhere and copied would be loaded while
        // its stores are on their way, which takes longer than all of this.
        lane.scratch.extend_from_slice(&NOTHING);
        let Some(head) = lane.head_mut(at) else {
            return Start::Lost;
        };
        head.set_flags(flags);
        head.set_site(site);
        head.set_capture(capture);
        head.set_trace_high(trace_high);
        head.set_trace_low(trace_low);
        head.set_span(span);
        head.set_parent(parent_span);
        if takes_values {
            #[expect(clippy::cast_possible_truncation, reason = "at most MAX_KEYS")]
            head.set_values(values.len() as u8);
            match written {
                Some(written) => lane.scratch.extend_from_slice(written),
                None => {
                    if encode::plain(&mut lane.scratch, values).is_err() {
                        lane.scratch.truncate(at as usize);
                        return Start::RunsCode;
                    }
                }
            }
        } else if flags & flags::SAMPLED != 0 && !(values.is_empty() && written.is_none()) {
            count(Loss::ItemTooMany);
        }
        if lane.scratch.len() - at as usize > RECORD_LIMIT {
            lane.drop_values(at);
        }
        if !captured {
            lane.writer.count_started();
        }
        self.frames.push(Frame::Lane(LaneFrame {
            at,
            role: Role::Begun,
        }));
        if ATTACHES.load(Ordering::Relaxed) {
            self.attach(token);
        }
        // Last of all: what starting takes is not part of the stage.
        if let Some(lane) = &mut self.lane {
            let tick = lane.clock.raw();
            if let Some(head) = lane.head_mut(at) {
                head.set_start(tick);
            }
        }
        Start::At(token)
    }

    /// What becomes of a span below the deepest.
    #[cold]
    fn refuse(&self) -> Start {
        let captured = || self.current_ids().is_some_and(|ids| ids.capture != 0);
        if mode() != Mode::Lane && !captured() {
            return Start::Tracing;
        }
        if self.quiet == 0 {
            count(Loss::TooDeep);
        }
        Start::Lost
    }

    /// Makes the span of a token OpenTelemetry's current one.
    #[cold]
    fn attach(&mut self, token: u32) {
        if let Some(ids) = self.current_ids() {
            let context = crate::context::of_ids(&ids);
            self.attached.push((token, context.attach()));
        }
    }

    /// Takes back what [`attach`](Self::attach) did.
    #[cold]
    fn detach(&mut self, token: u32) {
        if let Some(place) = self.attached.iter().rposition(|(of, _)| *of == token) {
            self.attached.remove(place);
        }
    }

    /// Puts a span on the stack that began elsewhere.
    fn place(&mut self, span: &Suspended) -> Option<u32> {
        if self.frames.len() >= DEEPEST || self.quiet > 0 {
            return None;
        }
        let lane = self.lane.get_or_insert_with(LaneThread::new);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded by DEEPEST and SCRATCH_LIMIT"
        )]
        let (at, token) = (lane.scratch.len() as u32, self.frames.len() as u32 + 1);
        lane.scratch.extend_from_slice(&span.head);
        self.frames.push(Frame::Lane(LaneFrame {
            at,
            role: span.role,
        }));
        if ATTACHES.load(Ordering::Relaxed) {
            self.attach(token);
        }
        Some(token)
    }

    /// Where the record of the span at `place` ends in the scratch.
    fn section_end(&self, place: usize, scratch: usize) -> usize {
        self.frames[place + 1..]
            .iter()
            .find_map(|frame| match frame {
                Frame::Lane(frame) => Some(frame.at as usize),
                Frame::Ended(at) => Some(*at as usize),
                _ => None,
            })
            .unwrap_or(scratch)
    }

    /// The span of a token, and where its record ends in the scratch.
    #[inline(always)]
    fn section(&self, token: u32) -> Option<(LaneFrame, usize)> {
        let place = (token as usize).checked_sub(1)?;
        let scratch = self.lane.as_ref()?.scratch.len();
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return None;
        };
        let end = if place + 1 == self.frames.len() {
            scratch
        } else {
            self.section_end(place, scratch)
        };
        Some((*frame, end))
    }

    /// Removes the place of a span.
    #[inline(always)]
    fn remove(&mut self, token: u32, at: u32) {
        if !self.attached.is_empty() {
            self.detach(token);
        }
        let place = token as usize - 1;
        if place + 1 < self.frames.len() {
            self.frames[place] = Frame::Ended(at);
            return;
        }
        // Dropped where it lies; `pop` would copy it first.
        self.frames.truncate(place);
        if let Some(lane) = &mut self.lane {
            lane.scratch.truncate(at as usize);
        }
        if let Some(Frame::Ended(_) | Frame::Gone) = self.frames.last() {
            self.trim();
        }
    }

    /// Ends a span and takes it from the stack. False where the token is not one of this route.
    #[inline(always)]
    fn finish(&mut self, token: u32) -> bool {
        // First of all: what ending takes is not part of the stage.
        let Some(tick) = self.lane.as_ref().map(|lane| lane.clock.raw()) else {
            return false;
        };
        let Some((frame, end)) = self.section(token) else {
            return false;
        };
        if let Some(lane) = &mut self.lane {
            match frame.role {
                Role::Begun => lane.write_last(frame.at, end, Kind::Span, tick),
                Role::Opened => lane.write_last(frame.at, end, Kind::Close, tick),
                Role::Handed | Role::Foreign => {
                    if end - frame.at as usize > wire::HEADER {
                        lane.write_part(frame.at, end, Kind::More);
                    }
                }
            }
        }
        self.remove(token, frame.at);
        true
    }

    /// Takes a span from the stack that goes on later.
    fn suspend(&mut self, token: u32) -> Option<Suspended> {
        let (frame, end) = self.section(token)?;
        self.spill(token as usize - 1, frame, end);
        let (head, role) = self.head(token as usize - 1)?;
        let suspended = Suspended { head: *head, role };
        self.remove(token, frame.at);
        Some(suspended)
    }

    /// Writes what there is of a span that goes on.
    fn spill(&mut self, place: usize, frame: LaneFrame, end: usize) {
        let Some(lane) = &mut self.lane else { return };
        if frame.role == Role::Begun {
            lane.write_part(frame.at, end, Kind::Open);
            self.frames[place] = Frame::Lane(LaneFrame {
                role: Role::Opened,
                ..frame
            });
            if let Some(head) = self.head_mut(place) {
                head.set_values(0);
            }
        } else if end - frame.at as usize > wire::HEADER {
            lane.write_part(frame.at, end, Kind::More);
        }
    }

    /// Appends an item to the span at `place`; `write` leaves it at the end of what it is given.
    fn append<E>(
        &mut self,
        place: usize,
        write: impl FnOnce(&mut Vec<u8>, &quanta::Clock) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(lane) = &mut self.lane else {
            return Ok(());
        };
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return Ok(());
        };
        let frame = *frame;
        if !lane.head(frame.at).is_some_and(is_sampled) {
            return Ok(());
        }
        let before = lane.scratch.len();
        if let Err(error) = write(&mut lane.scratch, &lane.clock) {
            lane.scratch.truncate(before);
            return Err(error);
        }
        let after = lane.scratch.len();
        let is_innermost = place + 1 == self.frames.len();
        let end = if is_innermost {
            before
        } else {
            self.section_end(place, before)
        };
        let len = end - frame.at as usize + (after - before);
        if len > RECORD_LIMIT || after > SCRATCH_LIMIT {
            count(Loss::ItemTooMany);
            if let Some(lane) = &mut self.lane {
                lane.scratch.truncate(before);
            }
        } else if end < before {
            self.move_down(place, end, after - before);
        } else if len > SPILL || frame.role == Role::Handed {
            // A span that goes on elsewhere may end there while it is current here.
            self.spill(place, frame, after);
            if let Some(lane) = &mut self.lane {
                lane.scratch.truncate(frame.at as usize + wire::HEADER);
            }
        }
        Ok(())
    }

    /// Moves the last `len` bytes of the scratch to `end`, where the section of the span at `place` ends.
    #[cold]
    fn move_down(&mut self, place: usize, end: usize, len: usize) {
        if let Some(lane) = &mut self.lane {
            lane.scratch[end..].rotate_right(len);
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most SCRATCH_LIMIT")]
        let len = len as u32;
        for frame in &mut self.frames[place + 1..] {
            match frame {
                Frame::Lane(frame) => frame.at += len,
                Frame::Ended(at) => *at += len,
                _ => {}
            }
        }
    }
}

/// Writes values that may run code of the user's, while nothing is borrowed.
#[cold]
fn write_apart(values: &[Value<'_>]) -> Vec<u8> {
    let mut written =
        thread::with(|thread| core::mem::take(&mut thread.written)).unwrap_or_default();
    written.clear();
    encode::any(&mut written, values);
    written
}

/// Gives the memory of [`write_apart`] back.
fn keep(written: Vec<u8>) {
    thread::with(|thread| thread.written = written);
}

/// Starts a span on the lane route, current on this thread.
#[inline]
pub(super) fn start(callsite: &'static Callsite, parent: Parent, values: &[Value<'_>]) -> Start {
    let site = callsite.number();
    let started = thread::with(|thread| thread.start(site, parent, values, None));
    match started {
        Some(Start::RunsCode) => {
            let written = write_apart(values);
            let started = thread::with(|thread| thread.start(site, parent, values, Some(&written)));
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

/// Ends the span of a token. False where it is not one of this route.
#[inline]
pub(super) fn finish(token: u32) -> bool {
    thread::with(|thread| thread.finish(token)).unwrap_or(true)
}

/// Says how the span of a token will have ended. What is said first counts.
pub(super) fn end(token: u32, code: u8, error_type: &Value<'_>) {
    let place = token as usize - 1;
    let ended = thread::with(|thread| {
        let head = thread.head_mut(place)?;
        let first = head.outcome() == outcome::OK;
        if first {
            head.set_outcome(code);
        }
        Some(first)
    })
    .flatten();
    // What a panic's is, its code says.
    if ended == Some(true) && code == outcome::ERROR {
        append_values(
            Some(token as usize - 1),
            core::slice::from_ref(error_type),
            |out, _| {
                out.push(item::ERROR_TYPE);
            },
        );
    }
}

/// Appends an item that begins as `head` writes it and ends with `values`; to the innermost span, unless to
/// that at a place.
fn append_values(
    place: Option<usize>,
    values: &[Value<'_>],
    head: impl Fn(&mut Vec<u8>, &quanta::Clock),
) -> bool {
    let append = |written: Option<&[u8]>| {
        thread::with(|thread| {
            let Some(place) = place.or_else(|| thread.innermost()) else {
                return Ok(false);
            };
            thread
                .append(place, |out, clock| {
                    head(out, clock);
                    match written {
                        None => encode::plain(out, values),
                        Some(written) => {
                            out.extend_from_slice(written);
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

/// Appends an event to the innermost span. False where there is none.
pub(super) fn event(site: &'static Callsite, values: &[Value<'_>]) -> bool {
    let number = site.number();
    append_values(None, values, |out, clock| {
        let mut head = [item::EVENT; 14];
        head[1..5].copy_from_slice(&number.to_le_bytes());
        head[5..13].copy_from_slice(&clock.raw().to_le_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_KEYS")]
        {
            head[13] = values.len() as u8;
        }
        out.extend_from_slice(&head);
    })
}

/// Appends attributes to the innermost stage, if it takes them.
pub(super) fn late(site: &'static LateCallsite, values: &[Value<'_>]) -> bool {
    let Some(place) = thread::with(|thread| thread.innermost_stage()).flatten() else {
        return false;
    };
    let number = site.number();
    append_values(Some(place), values, |out, _| {
        let mut head = [item::LATE; 6];
        head[1..5].copy_from_slice(&number.to_le_bytes());
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_KEYS")]
        {
            head[5] = values.len() as u8;
        }
        out.extend_from_slice(&head);
    })
}

/// Links the span of a token to another.
pub(super) fn link(token: u32, to: &Ids) {
    append_values(Some(token as usize - 1), &[], |out, _| write_link(out, to));
}

fn write_link(out: &mut Vec<u8>, to: &Ids) {
    out.push(item::LINK);
    out.extend_from_slice(&to.trace[0].to_le_bytes());
    out.extend_from_slice(&to.trace[1].to_le_bytes());
    out.extend_from_slice(&to.span.to_le_bytes());
    out.push(
        if to.sampled { flags::SAMPLED } else { 0 }
            | if to.remote { flags::REMOTE_PARENT } else { 0 },
    );
}

/// Takes the span of a token from the stack, to go on later.
pub(super) fn suspend(token: u32) -> Option<Suspended> {
    thread::with(|thread| thread.suspend(token)).flatten()
}

/// Makes a span current that was suspended. Nothing where it cannot be.
pub(super) fn resume(suspended: &Suspended) -> Option<u32> {
    thread::with(|thread| thread.place(suspended)).flatten()
}

/// The innermost span, to be handed on.
pub(crate) fn current() -> Option<Ids> {
    thread::with(|thread| {
        let place = thread.innermost()?;
        let head = thread.head_mut(place)?;
        head.set_flags(head.flags() | flags::HANDED);
        thread.current_ids()
    })
    .flatten()
}

/// Makes a span current that goes on elsewhere.
pub(super) fn hand(ids: &Ids) -> Option<u32> {
    thread::with(|thread| {
        let around = thread.current_ids().map_or(0, |ids| ids.capture);
        // A capture holds what other processes led to, too.
        let capture = if ids.capture == 0 {
            around
        } else {
            ids.capture
        };
        if ids.trace == [0; 2] && capture == around {
            // No span: what is current stays so.
            return Some(thread.push(Frame::Boundary));
        }
        let mut head = NOTHING;
        head.set_trace_high(ids.trace[0]);
        head.set_trace_low(ids.trace[1]);
        head.set_span(ids.span);
        head.set_capture(capture);
        head.set_flags(
            flags::HANDED
                | if ids.sampled { flags::SAMPLED } else { 0 }
                | if ids.remote { flags::REMOTE_PARENT } else { 0 },
        );
        thread.place(&Suspended {
            head,
            role: Role::Handed,
        })
    })
    .flatten()
}

/// Whether a test captures what this thread records.
pub(super) fn is_captured() -> bool {
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
