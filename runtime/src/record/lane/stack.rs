//! The stack of stages on the lane route: where a header and items are made, before they go into the lane.

#![expect(
    clippy::inline_always,
    reason = "a span is some 40 ns, and each call that is left in it one"
)]

use std::sync::Arc;

use super::health::{Loss, count};
use super::wire::{self, Head, Kind, Parts as _, flags, item};
use super::writer::{LaneThread, RECORD_LIMIT};
use super::{
    ATTACHES, Bytes, Handed, Ids, Mode, Parent, Start, Suspended, encode, ids, is, mode, own_flags,
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
pub(in crate::record) struct LaneFrame {
    /// Where its record begins.
    pub(super) at: u32,
    pub(super) role: Role,
    /// Whether nothing else need be asked to start a child of it.
    is_usual: bool,
    /// What a child has from it, where it is usual: beside the header, so that none has to be looked for.
    flags: u8,
    trace: [u64; 2],
    span: u64,
}

impl LaneFrame {
    #[inline]
    fn new(at: u32, role: Role, head: &Head) -> Self {
        let is_own = matches!(role, Role::Begun | Role::Opened);
        let flags = head.flags() & (flags::SAMPLED | flags::INHERITED);
        Self {
            at,
            role,
            is_usual: is_own
                && head.capture() == 0
                && head.trace_low() != 0
                && flags & flags::CARRIES == 0,
            flags,
            trace: [head.trace_high(), head.trace_low()],
            span: head.span(),
        }
    }
}

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

/// Whether anybody wants the values of a span with these flags: labels of metrics are wanted of all, the others of those that
/// are sampled.
fn is_wanted(flags: u8) -> bool {
    flags & (flags::SAMPLED | flags::LABELLED) != 0
}

/// What lies beside a place on the stack, where one in a thousand stages has something.
pub(in crate::record) enum Beside {
    /// It is OpenTelemetry's current span.
    #[expect(dead_code, reason = "it is kept to be dropped")]
    Attached(opentelemetry::ContextGuard),
    /// What its trace carries.
    Carried(Arc<Carried>),
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

    /// The header of the span at `place`.
    #[inline]
    pub(super) fn head(&self, place: usize) -> Option<(&Head, Role)> {
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return None;
        };
        Some((self.lane.as_ref()?.head(frame.at)?, frame.role))
    }

    #[inline]
    pub(super) fn head_mut(&mut self, place: usize) -> Option<&mut Head> {
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return None;
        };
        self.lane.as_mut()?.head_mut(frame.at)
    }

    pub(super) fn current_ids(&self) -> Option<Ids> {
        let (head, role) = self.head(self.innermost()?)?;
        Some(ids(head, role))
    }

    pub(super) fn current_handed(&self) -> Option<Handed> {
        let place = self.innermost()?;
        let (head, role) = self.head(place)?;
        Some(Handed {
            ids: ids(head, role),
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

    /// What a span has that starts below a given one, or that starts a trace.
    fn below(&mut self, parent: &Parent) -> (Lineage, Option<Arc<Carried>>) {
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
        let carrying = if carried.is_some() { flags::CARRIES } else { 0 };
        if parent.trace == [0; 2] {
            let lane = self.lane.get_or_insert_with(LaneThread::new);
            let trace = [lane.id(), lane.id()];
            let sampled = capture != 0 || sampling::of_root(trace);
            let lineage = Lineage {
                trace,
                parent: 0,
                capture,
                flags: flags::RANDOM | carrying | if sampled { flags::SAMPLED } else { 0 },
            };
            return (lineage, carried);
        }
        let inherited = parent.flags() & (flags::RANDOM | flags::REMOTE_PARENT);
        let sampled = sampling::of_child(parent.sampled, capture != 0, parent.trace);
        let lineage = Lineage {
            trace: parent.trace,
            parent: parent.span,
            capture,
            flags: sampled | inherited | carrying,
        };
        (lineage, carried)
    }

    /// Starts a span below the innermost, in a process where nothing is unusual, and gives its token: most spans start so.
    /// 0 where something is unusual here.
    // Not inlined, so that it has the registers for itself.
    #[inline(never)]
    pub(super) fn start_usual(&mut self, callsite: &'static Callsite, values: &[Value<'_>]) -> u32 {
        let depth = self.frames.len();
        let (Some(Frame::Lane(around)), Some(lane)) = (self.frames.last(), &mut self.lane) else {
            return 0;
        };
        let at = lane.scratch.len();
        let has_room = depth < DEEPEST && at < SCRATCH_LIMIT;
        if !(around.is_usual && has_room && self.quiet == 0) {
            return 0;
        }
        let frame = LaneFrame {
            at: offset(at),
            role: Role::Begun,
            span: lane.id(),
            ..*around
        };
        let flags = around.flags | own_flags(callsite);
        let site = callsite.number();
        lane.open(site, flags, around.trace, around.span, frame.span);
        // A value that runs code is found again by who starts it then.
        if is_wanted(flags) && lane.write_values(frame.at, values).is_err() {
            return 0;
        }
        lane.writer.count_started();
        self.frames.push(Frame::Lane(frame));
        // Last of all: what starting takes is not part of the stage.
        lane.set_start(frame.at);
        offset(depth) + 1
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
        let (lineage, carried) = self.below(parent);
        if lineage.capture == 0 && mode() != Mode::Lane {
            return Start::Tracing;
        }
        if self.quiet > 0 {
            return Start::Lost;
        }
        let lane = self.lane.get_or_insert_with(LaneThread::new);
        let has_room = lane.scratch.len() < SCRATCH_LIMIT;
        let (at, token) = (offset(lane.scratch.len()), offset(depth) + 1);
        let span = lane.id();
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
        } else if is_wanted(flags) && !(values.is_empty() && written.is_none()) {
            count(Loss::ItemTooMany);
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
        if let Some(lane) = &mut self.lane {
            lane.set_start(at);
        }
        Start::At(token)
    }

    /// How many bytes are in the scratch.
    #[inline]
    pub(super) fn scratch_len(&self) -> usize {
        self.lane.as_ref().map_or(0, |lane| lane.scratch.len())
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
        let lane = self.lane.get_or_insert_with(LaneThread::new);
        lane.write_edge(site, ids, values, written)
    }

    /// Writes a value of a histogram. False where it does not fit.
    pub(super) fn measure(&mut self, series: u32, value: f64) -> bool {
        let lane = self.lane.get_or_insert_with(LaneThread::new);
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
            let context = crate::context::of_handed(&handed);
            let guard = context.attach();
            self.beside.push((token, Beside::Attached(guard)));
        }
    }

    /// Takes back what lies beside the place of a token.
    #[cold]
    fn clear_beside(&mut self, token: u32) {
        while let Some(place) = self.beside.iter().rposition(|(of, _)| *of == token) {
            self.beside.remove(place);
        }
    }

    /// Puts a span on the stack that began elsewhere.
    pub(super) fn place(&mut self, span: Suspended) -> Option<u32> {
        if self.frames.len() >= DEEPEST || self.quiet > 0 {
            return None;
        }
        let lane = self.lane.get_or_insert_with(LaneThread::new);
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
    fn remove(&mut self, token: u32, at: u32) {
        if !self.beside.is_empty() {
            self.clear_beside(token);
        }
        let place = token as usize - 1;
        if let Some(frame) = self.frames.get_mut(place) {
            *frame = Frame::Ended(at);
        }
        self.trim();
    }

    /// Ends a span and takes it from the stack. False where the token is not one of this route.
    #[inline(always)]
    pub(super) fn finish(&mut self, token: u32) -> bool {
        let Some(lane) = &mut self.lane else {
            return false;
        };
        // First of all: what ending takes is not part of the stage.
        let tick = lane.clock.raw();
        let depth = self.frames.len();
        match self.frames.last() {
            Some(Frame::Lane(frame))
                if frame.role == Role::Begun
                    && depth == token as usize
                    && self.beside.is_empty() =>
            {
                let at = frame.at;
                lane.write_last(at, lane.scratch.len(), Kind::Span, tick);
                lane.scratch.truncate(at as usize);
                self.frames.truncate(depth - 1);
                if let Some(Frame::Ended(_) | Frame::Gone) = self.frames.last() {
                    self.trim();
                }
                true
            }
            _ => self.finish_elsewhere(token, tick),
        }
    }

    /// Ends a span that did not begin here, is not the innermost, or has something beside it.
    #[inline(never)]
    fn finish_elsewhere(&mut self, token: u32, tick: u64) -> bool {
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
    pub(super) fn suspend(&mut self, token: u32) -> Option<Suspended> {
        let (frame, end) = self.section(token)?;
        self.spill(token as usize - 1, frame, end);
        let (head, role) = self.head(token as usize - 1)?;
        let suspended = Suspended {
            head: *head,
            role,
            carried: self.carried_at(token as usize - 1),
        };
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

    /// Appends an item to the span at `place`, if that has one of the flags `of`; `write` leaves it at the end of what
    /// it is given.
    pub(super) fn append<E>(
        &mut self,
        place: usize,
        of: u8,
        write: impl FnOnce(&mut Bytes, &quanta::Clock) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(lane) = &mut self.lane else {
            return Ok(());
        };
        let Some(Frame::Lane(frame)) = self.frames.get(place) else {
            return Ok(());
        };
        let frame = *frame;
        if lane
            .head(frame.at)
            .is_none_or(|head| head.flags() & of == 0)
        {
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
