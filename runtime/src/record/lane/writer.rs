//! What a thread needs to write records: its scratch, its clock, its ids, and its end of a lane.

#![expect(
    clippy::inline_always,
    reason = "a span is some 40 ns, and each call that is left in it one"
)]

use core::hash::BuildHasher as _;
use std::hash::RandomState;

use super::ends::Writer;
use super::health::{Loss, count};
use super::wire::{self, Head, Kind, Parts as _, flags, tag};
use super::{Ids, Mode, NOTHING, capture, clock, encode, mode};
use crate::privacy::Value;

/// What a thread needs to write records.
pub(in crate::record) struct LaneThread {
    pub(super) scratch: Vec<u8>,
    pub(super) clock: quanta::Clock,
    pub(super) ids: fastrand::Rng,
    pub(super) writer: Writer,
}

impl LaneThread {
    #[cold]
    pub(super) fn new() -> Self {
        Self {
            scratch: Vec::with_capacity(4 << 10),
            clock: clock(),
            // Keys of the operating system, and never the same twice.
            ids: fastrand::Rng::with_seed(RandomState::new().hash_one(std::thread::current().id())),
            writer: Writer::acquire(),
        }
    }

    pub(in crate::record) fn truncate(&mut self, len: usize) {
        self.scratch.truncate(len);
    }

    #[inline]
    pub(super) fn id(&mut self) -> u64 {
        loop {
            let id = self.ids.u64(..);
            if id != 0 {
                return id;
            }
        }
    }

    /// The header at `at` in the scratch.
    #[inline]
    pub(super) fn head(&self, at: u32) -> Option<&Head> {
        self.scratch.get(at as usize..)?.first_chunk()
    }

    #[inline]
    pub(super) fn head_mut(&mut self, at: u32) -> Option<&mut Head> {
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

    /// Writes a value of a histogram, which is nobody's.
    pub(super) fn write_measure(&mut self, series: u32, value: f64) -> bool {
        let mut head = NOTHING;
        #[expect(clippy::cast_possible_truncation, reason = "64")]
        head.set_len(wire::HEADER as u32);
        head.set_kind(Kind::Measure as u8);
        head.set_site(series);
        head.set_start(value.to_bits());
        self.writer.write(&head)
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
    pub(super) fn drop_values(&mut self, at: u32) {
        count(Loss::ItemTooMany);
        self.scratch.truncate(at as usize + wire::HEADER);
        if let Some(head) = self.head_mut(at) {
            head.set_values(0);
        }
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
        self.scratch.extend_from_slice(&NOTHING);
        match written.filter(|written| *written < at) {
            Some(written) => self.scratch.extend_from_within(written..at),
            None => {
                for value in values {
                    // One that has to be formatted is counted as none.
                    if encode::plain(&mut self.scratch, core::slice::from_ref(value)).is_err() {
                        self.scratch.push(tag::ABSENT);
                    }
                }
            }
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
