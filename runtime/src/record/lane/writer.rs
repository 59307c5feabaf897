//! What a thread needs to write records: its scratch, its clock, its ids, and its end of a lane.

#![expect(
    clippy::inline_always,
    reason = "a bare span is some 20 ns, and each call that is left in it one"
)]

use core::hash::BuildHasher as _;
use std::hash::RandomState;

use super::ends::{LEAST_CHUNK, Writer};
use super::health::{Loss, count, count_many};
use super::ring::WORD;
use super::wire::{self, Head, Kind, Parts as _, flags};
use super::{Bytes, Ids, Mode, NOTHING, capture, clock, encode, mode};
use crate::privacy::Value;

/// The longest record, within which a stage's items have to fit: what a chunk holds beside its link.
pub(super) const RECORD_LIMIT: usize = LEAST_CHUNK - WORD;

/// What a thread needs to write records.
pub(in crate::record) struct LaneThread {
    pub(super) scratch: Bytes,
    pub(super) clock: LaneClock,
    trace_ids: fastrand::Rng,
    span_id: u64,
    pub(super) writer: Writer,
}

/// The clock of a thread, once it writes records.
pub(super) struct LaneClock(Option<quanta::Clock>);

impl LaneClock {
    /// What it reads; 0 before there is one.
    #[inline(always)]
    pub(super) fn raw(&self) -> u64 {
        self.0.as_ref().map_or(0, quanta::Clock::raw)
    }
}

/// From one span id to the next: even, and half of it odd, so that all odd numbers come before one comes again.
const ID_STEP: u64 = 0x9e37_79b9_7f4a_7c16;

impl LaneThread {
    /// What a thread has before it writes its first record.
    pub(in crate::record) const NEW: Self = Self {
        scratch: Bytes::new(),
        clock: LaneClock(None),
        trace_ids: fastrand::Rng::with_seed(0),
        span_id: 1,
        writer: Writer::NONE,
    };

    /// It, ready to write.
    pub(super) fn made(&mut self) -> &mut Self {
        if self.clock.0.is_none() {
            *self = Self::make();
        }
        self
    }

    #[cold]
    fn make() -> Self {
        // Keys of the operating system, and never the same twice. Not of the thread: where a program ends, that cannot
        // be asked for any more.
        let seed = || RandomState::new().hash_one(());
        Self {
            scratch: Bytes::with_room(4 << 10),
            clock: LaneClock(Some(clock())),
            trace_ids: fastrand::Rng::with_seed(seed()),
            span_id: seed() | 1,
            writer: Writer::acquire(),
        }
    }

    pub(in crate::record) fn truncate(&mut self, len: usize) {
        self.scratch.truncate(len);
    }

    /// A trace id, all of which is random.
    pub(super) fn trace_id(&mut self) -> [u64; 2] {
        loop {
            let id = [self.trace_ids.u64(..), self.trace_ids.u64(..)];
            // A trace is known by the second half.
            if id[1] != 0 {
                return id;
            }
        }
    }

    /// A span id, which no other of this thread has: odd, so that it is never zero.
    #[inline(always)]
    pub(super) fn span_id(&mut self) -> u64 {
        self.span_id = self.span_id.wrapping_add(ID_STEP);
        self.span_id
    }

    /// The header at `at` in the scratch.
    #[inline]
    pub(super) fn head(&self, at: u32) -> Option<&Head> {
        self.scratch.chunk(at)
    }

    #[inline]
    pub(super) fn head_mut(&mut self, at: u32) -> Option<&mut Head> {
        self.scratch.chunk_mut(at)
    }

    /// Writes a header at the end of the scratch, without a start.
    ///
    /// Each part goes where it will stay. A header that is built elsewhere and copied would be loaded while its stores are on
    /// their way, which takes longer than all of this.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "bounded by SCRATCH_LIMIT")]
    pub(super) fn open(&mut self, site: u32, flags: u8, trace: [u64; 2], parent: u64, span: u64) {
        let at = self.scratch.len();
        self.scratch.put(NOTHING);
        if let Some(head) = self.head_mut(at as u32) {
            head.set_flags(flags);
            head.set_site(site);
            head.set_trace_high(trace[0]);
            head.set_trace_low(trace[1]);
            head.set_parent(parent);
            head.set_span(span);
        }
    }

    /// Writes the values that the span at `at`, of which there is no more than the header, has at its start. Takes the header
    /// back where one of them runs code.
    #[inline(always)]
    pub(super) fn write_values(
        &mut self,
        at: u32,
        values: &[Value<'_>],
    ) -> Result<(), encode::RunsCode> {
        let written = encode::plain(&mut self.scratch, values);
        if written.is_err() {
            self.scratch.truncate(at as usize);
        } else {
            self.limit_values(at, values.len());
        }
        written
    }

    /// As [`write_values`](Self::write_values), of values that are written already.
    pub(super) fn append_values(&mut self, at: u32, values: usize, written: &[u8]) {
        self.scratch.extend(written);
        self.limit_values(at, values);
    }

    /// Says how many values there are, unless no record could hold them.
    #[inline(always)]
    fn limit_values(&mut self, at: u32, values: usize) {
        let too_many = self.scratch.len() - at as usize > RECORD_LIMIT;
        if too_many {
            self.refuse_values(at as usize + wire::HEADER, values);
        } else if let Some(head) = self.head_mut(at) {
            #[expect(clippy::cast_possible_truncation, reason = "at most MAX_KEYS")]
            head.set_values(values as u8);
        }
    }

    /// Counts the values that are behind `from`, or else the items, and takes them back.
    #[cold]
    fn refuse_values(&mut self, from: usize, values: usize) {
        let items = wire::count_items(self.scratch.get(from..).unwrap_or_default());
        count_many(
            Loss::ItemTooMany,
            if values > 0 { values as u64 } else { items },
        );
        self.scratch.truncate(from);
    }

    /// Says that the span at `at` starts now. Last of all: what starting takes is not part of the stage.
    #[inline(always)]
    pub(super) fn set_start(&mut self, at: u32) {
        let tick = self.clock.raw();
        if let Some(head) = self.head_mut(at) {
            head.set_start(tick);
        }
    }

    /// Writes the record from `at` to `end` in the scratch, as one of `kind`, at this tick.
    #[inline(always)]
    fn write(&mut self, at: u32, end: usize, kind: Kind, tick: u64) -> bool {
        let Some(head) = self.head_mut(at) else {
            return false;
        };
        wire::complete(head, end - at as usize, kind, tick);
        let capture = head.capture();
        if capture != 0 {
            let record = self.scratch.get(at as usize..end);
            return record.is_some_and(|record| capture::write(capture, record));
        }
        let Some(record) = self.scratch.words(at as usize, end) else {
            return false;
        };
        // It would be another thread's.
        if !self.writer.named && !self.writer.name() {
            return false;
        }
        self.writer.producer.write(record)
    }

    /// Writes a value of a histogram, which is nobody's.
    pub(super) fn write_measure(&mut self, series: u32, value: f64) -> bool {
        let mut head = NOTHING;
        head.set_site(series);
        head.set_start(value.to_bits());
        wire::complete(&mut head, wire::HEADER, Kind::Measure, 0);
        self.writer.take_free();
        self.writer.producer.write(&head)
    }

    /// Writes a span's last record, and counts it.
    #[inline(always)]
    pub(super) fn write_last(&mut self, at: u32, end: usize, kind: Kind, tick: u64) {
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
    pub(super) fn count_lost(&mut self) {
        self.writer.count_lost();
        count(if self.writer.has_lane() {
            Loss::LaneFull
        } else {
            Loss::NoLane
        });
    }

    /// Writes what is counted of an edge: the values of its event, which stand in the scratch from `written` to its end
    /// if they do.
    pub(super) fn write_edge(
        &mut self,
        site: u32,
        span: Option<Ids>,
        values: &[Value<'_>],
        written: Option<usize>,
    ) -> bool {
        let at = self.scratch.len();
        self.scratch.put(NOTHING);
        match written.filter(|written| *written < at) {
            Some(written) => self.scratch.repeat(written..at),
            // One that has to be formatted is counted as none.
            None => encode::again(&mut self.scratch, values),
        }
        let end = self.scratch.len();
        #[expect(clippy::cast_possible_truncation, reason = "bounded by SCRATCH_LIMIT")]
        let start = at as u32;
        if let Some(head) = self.head_mut(start) {
            head.set_site(site);
            if let Some(ids) = span {
                head.set_trace_high(ids.trace[0]);
                head.set_trace_low(ids.trace[1]);
                head.set_span(ids.span);
                head.set_flags(if ids.sampled { flags::SAMPLED } else { 0 });
            }
        }
        let written = self.write(start, end, Kind::Edge, 0);
        self.scratch.truncate(at);
        written
    }

    /// Writes the record of a latency clock, which is the end of the scratch from `at`.
    pub(super) fn write_clock(&mut self, at: usize) -> bool {
        let (tick, end) = (self.clock.raw(), self.scratch.len());
        // Bounded by SCRATCH_LIMIT.
        u32::try_from(at).is_ok_and(|at| self.write(at, end, Kind::Clock, tick))
    }

    /// Writes a record that is not a span's last.
    pub(super) fn write_part(&mut self, at: u32, end: usize, kind: Kind) {
        let tick = self.clock.raw();
        let captured = self.head(at).is_some_and(|head| head.capture() != 0);
        if (captured || mode() == Mode::Lane) && !self.write(at, end, kind, tick) {
            count(Loss::PartLost);
        }
    }
}

impl Writer {
    /// Writes the record that names the current thread.
    #[cold]
    pub(super) fn name(&mut self) -> bool {
        self.take_free();
        self.named = self.has_lane() && self.producer.write(&thread_record());
        self.named
    }
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
    let mut name = Bytes::new();
    encode::text(&mut name, thread.name().unwrap_or_default());
    let mut head = NOTHING;
    head.set_span(number);
    wire::complete(&mut head, wire::HEADER + name.len(), Kind::Thread, 0);
    let mut record = head.to_vec();
    record.extend_from_slice(&name);
    record.resize(record.len().next_multiple_of(WORD), 0);
    record
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn span_ids_of_threads_differ_and_are_never_zero() {
        let mut threads = [LaneThread::make(), LaneThread::make()];
        let ids: HashSet<u64> = (0..20_000)
            .map(|number| threads[number % 2].span_id())
            .collect();
        assert_eq!(ids.len(), 20_000);
        assert!(!ids.contains(&0));
        let both = ids.iter().fold(0, |all, id| all | id);
        assert_eq!(both, u64::MAX, "all bits are used");
    }
}
