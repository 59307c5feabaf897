//! The stack of stages on the lane route: where a header and items are made, before they go into the lane.

#![expect(
    clippy::inline_always,
    reason = "a bare span is some 20 ns, and each call that is left in it one"
)]

use core::num::NonZeroU16;
use std::sync::Arc;

use super::health::{Loss, count, count_many};
use super::log::{self, FLAGS, ITEM_HEAD, end_word};
use super::wire::{self, Head, Kind, Parts as _, flags, item, outcome};
use super::writer::{LaneClock, LaneThread, RECORD_LIMIT};
use super::{
    ATTACHES, Bytes, Handed, Ids, Mode, NOTHING, Parent, Start, Suspended, encode, ids, is, mode,
    sampling, write_state,
};
use crate::privacy::Value;
use crate::propagate::Carried;
use crate::record::Callsite;
use crate::record::thread::{Frame, Thread};

/// The deepest that stages may lie in each other on one thread.
const DEEPEST: usize = 4_096;

/// A stage with more values and events than this writes them before its end.
const SPILL: usize = 16 << 10;

/// The most bytes of values and events that stages which are not the innermost may hold together.
const SCRATCH_LIMIT: usize = 1 << 20;

/// What a place on the stack stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A span that began here, whose start and items are in the lane as they come.
    Logged,
    /// A span that began here, of which nothing has been written.
    Begun,
    /// A span of which an `Open` record has been written.
    Opened,
    /// A span that goes on elsewhere: current here, ended there.
    Handed,
    /// A span of another library, entered here.
    Foreign,
}

/// A stage on the stack. Its header and items are in the scratch, unless it is logged.
#[derive(Clone, Copy)]
pub(in crate::record) struct LaneFrame {
    /// Where its record begins, unless it is logged.
    pub(super) at: u32,
    pub(super) role: Role,
    /// Of one that is logged, word 0 of its end, with its flags, and in their two highest bits its outcome. Of another that is
    /// usual, the same with what a child has from it, so that no header has to be looked for; 0 where more has to be asked
    /// to start a child of it.
    last: u64,
    /// Zero, and its parent too, of one that is logged in the place above its parent, which is: it has the parent's.
    trace: [u64; 2],
    span: u64,
    /// What stands in the header of others: of one that is logged, for when it is suspended.
    site: u32,
    parent: u64,
    start: u64,
}

impl LaneFrame {
    #[inline]
    fn new(at: u32, role: Role, head: &Head) -> Self {
        let is_own = matches!(role, Role::Begun | Role::Opened);
        let flags = head.flags() & (flags::SAMPLED | flags::INHERITED);
        let is_usual =
            is_own && head.capture() == 0 && head.trace_low() != 0 && flags & flags::CARRIES == 0;
        Self {
            at,
            role,
            last: if is_usual { end_word(0, flags) } else { 0 },
            trace: [head.trace_high(), head.trace_low()],
            span: head.span(),
            site: 0,
            parent: 0,
            start: 0,
        }
    }

    #[inline]
    fn flags(&self) -> u8 {
        self.last.to_le_bytes()[FLAGS]
    }

    /// What of its flags a child has.
    #[inline]
    fn inherited(&self) -> u8 {
        self.flags() & (flags::SAMPLED | flags::INHERITED)
    }

    fn add_flags(&mut self, flags: u8) {
        self.last |= u64::from(flags) << (8 * FLAGS);
    }
}

/// The bits of the outcome in the flags of a span that is logged.
const OUTCOME: u8 = outcome::ALL << flags::BEFORE_OUTCOME;

/// What a span has from its parent, or from nobody.
struct Lineage {
    trace: [u64; 2],
    parent: u64,
    capture: u32,
    flags: u8,
}

/// Where something stands in the scratch or on the stack.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "bounded by SCRATCH_LIMIT and DEEPEST"
)]
fn offset(at: usize) -> u32 {
    at as u32
}

/// Says that something is unusual, and to the compiler that it seldom is: what is usual lies together, and the clock is read
/// without a call. Not a constant, or there would be no call here to say it.
#[cold]
#[inline(never)]
pub(super) fn unusual<T: Default>() -> T {
    core::hint::black_box(T::default())
}

/// Whether anybody wants the values of a span with these flags: labels of metrics are wanted of all, the others of those that
/// are sampled.
fn is_wanted(flags: u8) -> bool {
    flags & (flags::SAMPLED | flags::LABELLED) != 0
}

/// What lies beside a place on the stack, where one in a thousand stages has something.
pub(in crate::record) enum Beside {
    /// It is OpenTelemetry's current span.
    #[expect(dead_code, reason = "it is kept to be dropped")]
    Attached(crate::context::Attached),
    /// What its trace carries.
    Carried(Arc<Carried>),
}

impl LaneThread {
    /// What a span has that is the first of a trace.
    fn begin_trace(&mut self, capture: u32) -> Lineage {
        let trace = self.trace_id();
        let sampled = capture != 0 || sampling::of_root(trace);
        Lineage {
            trace,
            parent: 0,
            capture,
            flags: flags::RANDOM | if sampled { flags::SAMPLED } else { 0 },
        }
    }

    /// Ends a span that is logged.
    fn end_logged(&mut self, last: u64, tick: u64) {
        if mode() != Mode::Lane {
            count(Loss::AfterEnd);
            return;
        }
        self.writer.count_ended();
        if !self.write_end(last, tick) {
            self.count_lost();
        }
    }

    /// Says that the span at a place, which is logged, goes on elsewhere.
    fn suspend_logged(&mut self, place: u32) {
        if mode() == Mode::Lane && !self.log_suspend(place) {
            count(Loss::PartLost);
        }
    }

    /// Writes items of the span at a place, which is logged, if anybody wants them.
    fn append_logged<E>(
        &mut self,
        place: u32,
        is_wanted: bool,
        write: impl FnOnce(&mut Bytes, &LaneClock) -> Result<(), E>,
    ) -> Result<(), E> {
        if !is_wanted {
            return Ok(());
        }
        let before = self.scratch.len();
        Self::begin_items(&mut self.scratch);
        let written = write(&mut self.scratch, &self.clock);
        if written.is_ok() {
            if self.scratch.len() - before > RECORD_LIMIT {
                let items = wire::count_items(&self.scratch[before + ITEM_HEAD..]);
                count_many(Loss::ItemTooMany, items);
            } else {
                self.log_items(place, before);
            }
        }
        self.scratch.truncate(before);
        written
    }
}

impl Thread {
    /// The place of the innermost span on the lane route.
    #[inline]
    pub(super) fn innermost(&self) -> Option<usize> {
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
    pub(super) fn innermost_stage(&self) -> Option<usize> {
        let place = self.frames.iter().rposition(|frame| match frame {
            Frame::Lane(frame) => frame.role != Role::Foreign,
            Frame::Ended(_) | Frame::Gone => false,
            Frame::Tracing | Frame::Boundary => true,
        })?;
        matches!(&self.frames[place], Frame::Lane(frame) if frame.role != Role::Handed)
            .then_some(place)
    }

    fn frame(&self, place: usize) -> Option<&LaneFrame> {
        match self.frames.get(place) {
            Some(Frame::Lane(frame)) => Some(frame),
            _ => None,
        }
    }

    fn frame_mut(&mut self, place: usize) -> Option<&mut LaneFrame> {
        match self.frames.get_mut(place) {
            Some(Frame::Lane(frame)) => Some(frame),
            _ => None,
        }
    }

    /// The header of the span at `place`, if it has one.
    #[inline]
    pub(super) fn head(&self, place: usize) -> Option<(&Head, Role)> {
        let frame = self.frame(place)?;
        if frame.role == Role::Logged {
            return None;
        }
        Some((self.lane.head(frame.at)?, frame.role))
    }

    #[inline]
    pub(super) fn head_mut(&mut self, place: usize) -> Option<&mut Head> {
        let frame = self.frame(place)?;
        if frame.role == Role::Logged {
            return None;
        }
        let at = frame.at;
        self.lane.head_mut(at)
    }

    /// Says how the span at `place` will have ended. False where that was said before.
    pub(super) fn set_outcome(&mut self, place: usize, code: u8) -> bool {
        if let Some(head) = self.head_mut(place) {
            let is_first = head.outcome() == outcome::OK;
            if is_first {
                head.set_outcome(code);
            }
            return is_first;
        }
        let Some(frame) = self.frame_mut(place) else {
            return false;
        };
        let is_first = frame.flags() >> flags::BEFORE_OUTCOME == outcome::OK;
        if is_first {
            frame.add_flags(code << flags::BEFORE_OUTCOME);
        }
        is_first
    }

    /// Says that others may write items for the span at `place`, and has the collector know that it goes on, however late it ends.
    pub(super) fn hand_on(&mut self, place: usize) {
        let Some((frame, end)) = self.section(offset(place) + 1) else {
            return;
        };
        match frame.role {
            Role::Begun => self.spill(place, frame, end),
            Role::Logged => {
                self.lane.writer.producer.publish();
                if let Some(frame) = self.frame_mut(place) {
                    frame.add_flags(flags::HANDED);
                }
            }
            Role::Opened | Role::Handed | Role::Foreign => {}
        }
    }

    /// The flags of the innermost span.
    pub(super) fn current_flags(&self) -> Option<u8> {
        let place = self.innermost()?;
        if let Some((head, _)) = self.head(place) {
            return Some(head.flags());
        }
        Some(self.frame(place)?.flags() & !OUTCOME)
    }

    fn ids_at(&self, place: usize) -> Option<Ids> {
        if let Some((head, role)) = self.head(place) {
            return Some(ids(head, role));
        }
        let frame = self.frame(place)?;
        Some(Ids::of(self.lineage(place)?.0, frame.span, frame.flags()))
    }

    /// The trace and the parent of the span at a place, if it is logged.
    fn lineage(&self, place: usize) -> Option<([u64; 2], u64)> {
        let frame = self
            .frame(place)
            .filter(|frame| frame.role == Role::Logged)?;
        let mut outward = self.frames.get(..=place)?.iter().rev();
        let trace = outward.find_map(|frame| match frame {
            Frame::Lane(frame) if frame.trace != [0; 2] => Some(frame.trace),
            _ => None,
        })?;
        if frame.trace != [0; 2] {
            return Some((trace, frame.parent));
        }
        Some((trace, self.frame(place.checked_sub(1)?)?.span))
    }

    /// The header of the span at a place, which is logged.
    fn logged_head(&self, place: usize) -> Option<Head> {
        let frame = self.frame(place)?;
        let (trace, parent) = self.lineage(place)?;
        let mut head = NOTHING;
        head.set_flags(frame.flags() & !OUTCOME);
        head.set_outcome(frame.flags() >> flags::BEFORE_OUTCOME);
        head.set_site(frame.site);
        head.set_trace_high(trace[0]);
        head.set_trace_low(trace[1]);
        head.set_span(frame.span);
        head.set_parent(parent);
        head.set_start(frame.start);
        Some(head)
    }

    pub(super) fn current_ids(&self) -> Option<Ids> {
        self.ids_at(self.innermost()?)
    }

    pub(super) fn current_handed(&self) -> Option<Handed> {
        let place = self.innermost()?;
        Some(Handed {
            ids: self.ids_at(place)?,
            carried: self.carried_at(place),
        })
    }

    /// What the span at a place carries, and others of its trace here with it.
    fn carried_at(&self, place: usize) -> Option<Arc<Carried>> {
        let mut newest_first = self.beside.iter().rev();
        newest_first.find_map(|(token, beside)| match beside {
            Beside::Carried(carried) if *token as usize == place + 1 => Some(Arc::clone(carried)),
            _ => None,
        })
    }

    /// What a span has that starts below a given one, or that starts a trace. Nothing where it takes the other route: a thread
    /// of which nothing is read needs no lane.
    fn below(&mut self, parent: &Parent) -> Option<(Lineage, Option<Arc<Carried>>)> {
        let mut current = self.current_handed();
        if is(ATTACHES) {
            current = crate::context::attached(current);
        }
        let current_capture = current.as_ref().map_or(0, |current| current.ids.capture);
        let parent = match parent {
            Parent::Current => current,
            Parent::Of(handed) => Some(handed.clone()),
            Parent::Root => None,
        };
        let (parent, carried) = match parent {
            Some(Handed { ids, carried }) => (ids, carried),
            None => (Ids::NONE, None),
        };
        // A capture holds the roots that start in it, and what other processes led to.
        let capture = if parent.capture == 0 {
            current_capture
        } else {
            parent.capture
        };
        if capture == 0 && mode() != Mode::Lane {
            return None;
        }
        let carrying = if carried.is_some() { flags::CARRIES } else { 0 };
        if parent.trace == [0; 2] {
            let lane = self.lane.made();
            let mut lineage = lane.begin_trace(capture);
            lineage.flags |= carrying;
            return Some((lineage, carried));
        }
        let inherited = parent.flags() & (flags::RANDOM | flags::REMOTE_PARENT);
        let sampled = sampling::of_child(parent.sampled, capture != 0, parent.trace);
        let lineage = Lineage {
            trace: parent.trace,
            parent: parent.span,
            capture,
            flags: sampled | inherited | carrying,
        };
        Some((lineage, carried))
    }

    /// Starts a span below the innermost or the first of a trace, in a process where nothing is unusual, and gives its token:
    /// most spans start so. 0 where something is unusual here.
    #[inline(always)]
    pub(super) fn start_usual(&mut self, callsite: &'static Callsite, values: &[Value<'_>]) -> u32 {
        match self.frames.last() {
            Some(Frame::Lane(around)) if around.role == Role::Logged => {
                let inherited = around.inherited();
                self.log_start(callsite, inherited, None, values)
            }
            _ => self.start_outermost(callsite, values),
        }
    }

    /// As [`start_usual`](Self::start_usual), of one that is not below one that is logged.
    #[inline(never)]
    fn start_outermost(&mut self, callsite: &'static Callsite, values: &[Value<'_>]) -> u32 {
        let lane = &mut self.lane;
        if !lane.writer.named {
            return unusual();
        }
        let lineage = match self.frames.last() {
            Some(Frame::Lane(around)) if around.last != 0 => Lineage {
                trace: around.trace,
                parent: around.span,
                capture: 0,
                flags: around.inherited(),
            },
            None => lane.begin_trace(0),
            _ => return unusual(),
        };
        self.log_start(callsite, lineage.flags, Some(&lineage), values)
    }

    /// Starts a span that is logged: below the innermost, which is too, unless its lineage is another.
    #[inline(always)]
    fn log_start(
        &mut self,
        callsite: &'static Callsite,
        inherited: u8,
        lineage: Option<&Lineage>,
        values: &[Value<'_>],
    ) -> u32 {
        let Some(site) = callsite.short_number() else {
            return unusual();
        };
        let depth = self.frames.len();
        let lane = &mut self.lane;
        if self.quiet > 0 || depth >= DEEPEST {
            return unusual();
        }
        let flags = inherited | callsite.flags();
        let lineage = lineage.map(|lineage| (lineage.trace, lineage.parent));
        let (place, span) = (offset(depth), lane.span_id());
        let values = is_wanted(flags).then_some(values);
        // One that is not like most, or finds no room, goes the other way.
        let producer = &mut lane.writer.producer;
        let Some(window) = producer.window() else {
            return unusual();
        };
        let Some(end) = log::put_start(window, place, flags, site, span, lineage, values) else {
            return unusual();
        };
        let (trace, parent) = lineage.unwrap_or_default();
        // The push behind it does not grow then, which would be a call.
        if depth == self.frames.capacity() {
            return unusual();
        }
        self.frames.push(Frame::Lane(LaneFrame {
            at: 0,
            role: Role::Logged,
            last: end_word(place, flags),
            trace,
            span,
            site: site.get().into(),
            parent,
            start: 0,
        }));
        // Always there; asked for again behind the clock, it would be looked for.
        let Some(Frame::Lane(frame)) = self.frames.last_mut() else {
            return unusual();
        };
        producer.advance(end);
        lane.writer.count_started();
        // Last of all: what starting takes is not part of the stage.
        frame.start = lane.clock.raw();
        log::put_start_tick(window, frame.start);
        place + 1
    }

    /// Makes a lane with the thread's name in it, a window, and a place on the stack. False where it cannot, and where all of it
    /// was there and the callsite is not new.
    pub(super) fn prepare(&mut self, is_new: bool) -> bool {
        if self.quiet > 0 {
            return false;
        }
        let writer = &mut self.lane.made().writer;
        let was_named = writer.named;
        if !was_named && !writer.name() {
            return false;
        }
        let producer = &mut writer.producer;
        let has_place = self.frames.len() < self.frames.capacity();
        let was_ready = was_named && has_place && producer.window().is_some();
        self.frames.reserve(1);
        (is_new || !was_ready) && producer.make_window()
    }

    /// Writes an event of the innermost span, where that is logged, and with it what is counted of an edge. False where it
    /// has to be written otherwise.
    #[inline(always)]
    pub(super) fn log_event(
        &mut self,
        site: Option<NonZeroU16>,
        edge: Option<u32>,
        values: &[Value<'_>],
    ) -> bool {
        let ([below @ .., Frame::Lane(frame)], Some(site)) = (&self.frames[..], site) else {
            return unusual();
        };
        if frame.role != Role::Logged {
            return unusual();
        }
        let is_wanted = frame.flags() & flags::SAMPLED != 0 || edge.is_some();
        !is_wanted || self.lane.log_event(offset(below.len()), site, edge, values)
    }

    /// Starts a span, whatever its parent and the process are like.
    pub(super) fn start(
        &mut self,
        site: u32,
        own: u8,
        parent: &Parent,
        values: &[Value<'_>],
        written: Option<&[u8]>,
    ) -> Start {
        let depth = self.frames.len();
        if depth >= DEEPEST {
            return self.refuse();
        }
        let Some((lineage, carried)) = self.below(parent) else {
            return Start::Tracing;
        };
        if self.quiet > 0 {
            return Start::Lost;
        }
        let lane = self.lane.made();
        let has_room = lane.scratch.len() < SCRATCH_LIMIT;
        let (at, token) = (offset(lane.scratch.len()), offset(depth) + 1);
        let span = lane.span_id();
        let flags = lineage.flags | own;
        lane.open(site, flags, lineage.trace, lineage.parent, span);
        if let Some(head) = lane.head_mut(at) {
            head.set_capture(lineage.capture);
        }
        if is_wanted(flags) && has_room {
            match written {
                Some(written) => lane.append_values(at, values.len(), written),
                None => {
                    if let Err(encode::RunsCode) = lane.write_values(at, values) {
                        return Start::RunsCode;
                    }
                }
            }
        } else if is_wanted(flags) {
            let items =
                wire::count_items(written.filter(|_| values.is_empty()).unwrap_or_default());
            count_many(Loss::ItemTooMany, values.len() as u64 + items);
        }
        if lineage.capture == 0 {
            lane.writer.count_started();
        }
        if let Some(head) = lane.head(at) {
            let frame = LaneFrame::new(at, Role::Begun, head);
            self.frames.push(Frame::Lane(frame));
        }
        if flags & flags::CARRIES != 0 {
            self.inherit(token, carried);
        }
        if is(ATTACHES) {
            self.attach(token);
        }
        self.lane.set_start(at);
        Start::At(token)
    }

    /// How many bytes are in the scratch.
    #[inline]
    pub(super) fn scratch_len(&self) -> usize {
        self.lane.scratch.len()
    }

    /// Writes what is counted of an edge, unless a test captures it. False where it does not fit. See
    /// [`LaneThread::write_edge`].
    pub(super) fn count_edge(
        &mut self,
        site: u32,
        values: &[Value<'_>],
        written: Option<usize>,
    ) -> bool {
        let ids = self.current_ids();
        if self.quiet > 0 || ids.is_some_and(|ids| ids.capture != 0) {
            return true;
        }
        let lane = self.lane.made();
        lane.write_edge(site, ids, values, written)
    }

    /// Writes a value of a histogram. False where it does not fit.
    pub(super) fn measure(&mut self, series: u32, value: f64) -> bool {
        let lane = self.lane.made();
        lane.write_measure(series, value)
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

    /// Gives the span of a token what its trace carries: `carried`, or else what its parent has, which is the
    /// innermost below it. Its record gets the trace state.
    #[cold]
    fn inherit(&mut self, token: u32, carried: Option<Arc<Carried>>) {
        let place = token as usize - 1;
        let of_parent = || {
            let is_lane = |frame: &Frame| matches!(frame, Frame::Lane(_));
            let parent = self.frames[..place].iter().rposition(is_lane)?;
            self.carried_at(parent)
        };
        let Some(carried) = carried.or_else(of_parent) else {
            return;
        };
        if !carried.state_header().is_empty() {
            // It fails where the record is full, which is counted.
            _ = self.append(place, flags::SAMPLED, |out, _| {
                out.put([item::STATE]);
                write_state(out, Some(&carried));
                Ok::<(), encode::RunsCode>(())
            });
        }
        self.beside.push((token, Beside::Carried(carried)));
    }

    /// Makes the span of a token OpenTelemetry's current one.
    #[cold]
    fn attach(&mut self, token: u32) {
        if let Some(handed) = self.current_handed() {
            let attached = crate::context::attach(crate::context::of_handed(&handed));
            self.beside
                .extend(attached.map(|attached| (token, Beside::Attached(attached))));
        }
    }

    /// Takes back what lies beside the place of a token.
    #[cold]
    fn clear_beside(&mut self, token: u32) {
        while let Some(place) = self.beside.iter().rposition(|(of, _)| *of == token) {
            self.beside.remove(place);
        }
    }

    /// Puts a span on the stack that began elsewhere. Gives it back where that takes none.
    pub(super) fn place(&mut self, span: Suspended) -> Result<u32, Suspended> {
        if self.frames.len() >= DEEPEST || self.quiet > 0 {
            return Err(span);
        }
        Ok(self.put(span))
    }

    /// Ends a span that began elsewhere, whatever the stack takes.
    pub(super) fn close(&mut self, span: Suspended) {
        let token = self.put(span);
        self.finish(token);
    }

    fn put(&mut self, span: Suspended) -> u32 {
        let lane = self.lane.made();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded by DEEPEST and SCRATCH_LIMIT"
        )]
        let (at, token) = (lane.scratch.len() as u32, self.frames.len() as u32 + 1);
        lane.scratch.put(span.head);
        self.frames
            .push(Frame::Lane(LaneFrame::new(at, span.role, &span.head)));
        if let Some(carried) = span.carried {
            self.beside.push((token, Beside::Carried(carried)));
        }
        if is(ATTACHES) {
            self.attach(token);
        }
        token
    }

    /// Where the record of the span at `place` ends in the scratch, if there are others above.
    fn section_end(&self, place: usize) -> Option<usize> {
        let mut above = self.frames[place + 1..].iter();
        above.find_map(|frame| match frame {
            Frame::Lane(frame) if frame.role != Role::Logged => Some(frame.at as usize),
            Frame::Ended(at) => Some(*at as usize),
            _ => None,
        })
    }

    /// The span of a token, and where its record ends in the scratch.
    fn section(&self, token: u32) -> Option<(LaneFrame, usize)> {
        let place = (token as usize).checked_sub(1)?;
        let scratch = self.lane.scratch.len();
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return None;
        };
        Some((*frame, self.section_end(place).unwrap_or(scratch)))
    }

    /// Removes a span from its place.
    fn remove(&mut self, token: u32, span: LaneFrame) {
        if !self.beside.is_empty() {
            self.clear_beside(token);
        }
        let place = token as usize - 1;
        // What one that is logged above has from it would be lost.
        let lineage = self.lineage(place + 1);
        if let (Some((trace, parent)), Some(above)) = (lineage, self.frame_mut(place + 1)) {
            (above.trace, above.parent) = (trace, parent);
        }
        let ended = match span.role {
            Role::Logged => Frame::Gone,
            _ => Frame::Ended(span.at),
        };
        self.replace(place, ended);
    }

    /// Ends the span of a token and takes it from the stack, where it is logged and nothing is unusual: most are. False where
    /// something is.
    #[inline(always)]
    pub(super) fn finish_usual(&mut self, token: u32) -> bool {
        let lane = &mut self.lane;
        // First of all: what ending takes is not part of the stage.
        let tick = lane.clock.raw();
        let producer = &mut lane.writer.producer;
        let Some(window) = producer.window() else {
            return false;
        };
        let [.., Frame::Lane(frame)] = &self.frames[..] else {
            return false;
        };
        if frame.role != Role::Logged || self.frames.len() != token as usize || self.ended > 0 {
            return false;
        }
        let last = frame.last;
        self.frames.pop();
        producer.advance(log::END_WORDS);
        log::put_end(window, last, tick);
        producer.publish();
        lane.writer.count_ended();
        true
    }

    /// Ends the span of a token and takes it from the stack, whatever there is to be asked. False where the token is not one
    /// of this route.
    pub(super) fn finish(&mut self, token: u32) -> bool {
        let Some((frame, end)) = self.section(token) else {
            return false;
        };
        let lane = &mut self.lane;
        let tick = lane.clock.raw();
        match frame.role {
            Role::Logged => lane.end_logged(frame.last, tick),
            Role::Begun => lane.write_last(frame.at, end, Kind::Span, tick),
            Role::Opened => lane.write_last(frame.at, end, Kind::Close, tick),
            Role::Handed | Role::Foreign => {
                if end - frame.at as usize > wire::HEADER {
                    lane.write_part(frame.at, end, Kind::More);
                }
            }
        }
        self.remove(token, frame);
        true
    }

    /// Takes a span from the stack that goes on later.
    pub(super) fn suspend(&mut self, token: u32) -> Option<Suspended> {
        let (frame, end) = self.section(token)?;
        let place = token as usize - 1;
        let suspended = if frame.role == Role::Logged {
            self.lane.suspend_logged(token - 1);
            Suspended {
                head: self.logged_head(place)?,
                role: Role::Opened,
                carried: None,
            }
        } else {
            self.spill(place, frame, end);
            let (head, role) = self.head(place)?;
            Suspended {
                head: *head,
                role,
                carried: self.carried_at(place),
            }
        };
        self.remove(token, frame);
        Some(suspended)
    }

    /// Writes what there is of a span that goes on, and takes it from the scratch.
    fn spill(&mut self, place: usize, frame: LaneFrame, end: usize) {
        let lane = &mut self.lane;
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
        let items = frame.at as usize + wire::HEADER..end;
        let len = offset(items.len());
        self.lane.scratch.remove(items);
        self.move_above(place, |at| at - len);
    }

    /// Moves what the places above `place` say of the scratch.
    fn move_above(&mut self, place: usize, to: impl Fn(u32) -> u32) {
        for frame in &mut self.frames[place + 1..] {
            match frame {
                Frame::Lane(frame) if frame.role != Role::Logged => frame.at = to(frame.at),
                Frame::Ended(at) => *at = to(*at),
                _ => {}
            }
        }
    }

    /// Appends an item to the span at `place`, if that has one of the flags `of`; `write` leaves it at the end of what
    /// it is given.
    pub(super) fn append<E>(
        &mut self,
        place: usize,
        of: u8,
        write: impl FnOnce(&mut Bytes, &LaneClock) -> Result<(), E>,
    ) -> Result<(), E> {
        let lane = &mut self.lane;
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return Ok(());
        };
        let frame = *frame;
        if frame.role == Role::Logged {
            return lane.append_logged(offset(place), frame.flags() & of != 0, write);
        }
        // One of another process is not to be written to from here.
        let is_remote = |flags| frame.role == Role::Handed && flags & flags::REMOTE_PARENT != 0;
        if lane
            .head(frame.at)
            .is_none_or(|head| head.flags() & of == 0 || is_remote(head.flags()))
        {
            return Ok(());
        }
        let before = lane.scratch.len();
        if let Err(error) = write(&mut lane.scratch, &lane.clock) {
            lane.scratch.truncate(before);
            return Err(error);
        }
        let after = lane.scratch.len();
        let above = self.section_end(place);
        let end = above.unwrap_or(before);
        let len = end - frame.at as usize + (after - before);
        if len > RECORD_LIMIT || after > SCRATCH_LIMIT {
            let items = wire::count_items(&self.lane.scratch[before..]);
            count_many(Loss::ItemTooMany, items);
            self.lane.scratch.truncate(before);
        } else if above.is_some() {
            self.move_down(place, end, after - before);
        } else if len > SPILL || frame.role == Role::Handed {
            // A span that goes on elsewhere may end there while it is current here.
            self.spill(place, frame, after);
        }
        Ok(())
    }

    /// Moves the last `len` bytes of the scratch to `end`, where the section of the span at `place` ends.
    #[cold]
    fn move_down(&mut self, place: usize, end: usize, len: usize) {
        self.lane.scratch[end..].rotate_right(len);
        self.move_above(place, |at| at + offset(len));
    }
}
