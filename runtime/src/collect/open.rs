//! Spans of which a part has come: those that a future carries from poll to poll, and those to which other
//! threads add.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasherDefault;

use super::decode::Author;
use crate::record::lane::health::{Loss, count, count_many};
use crate::record::lane::wire::{Header, count_items};

/// How many parts of spans are kept.
const MOST: usize = 1 << 16;

/// The most bytes that are kept of one span.
const MOST_BYTES: usize = 1 << 20;

/// The most bytes that are kept of all.
const MOST_HELD: usize = 64 << 20;

/// After so many passes, parts are looked for whose span has ended.
const SWEEP: u64 = 1_000;

/// What has come of a span.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The first record, if it has come: the number of values in it, and the bytes behind its header.
    pub(super) first: Option<(u8, Vec<u8>, Author)>,
    /// The further records, in the order in which they were written: lanes are read one after the other.
    pub(super) more: Vec<Vec<u8>>,
    /// When each of these was written.
    ticks: Vec<u64>,
    /// How many bytes there are in all of these.
    bytes: usize,
    since: u64,
}

/// Span ids are random: they are their own hash.
#[derive(Debug, Default)]
pub(super) struct Identity(u64);

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// The parts of all spans that have not ended.
#[derive(Debug, Default)]
pub(super) struct Open {
    parts: HashMap<u64, Part, BuildHasherDefault<Identity>>,
    /// Spans in the order in which they were first heard of. Those that have ended are passed.
    order: VecDeque<u64>,
    /// The bytes of all parts.
    held: usize,
    pass: u64,
}

impl Open {
    /// Keeps the first record of a span.
    pub(super) fn open(&mut self, header: &Header, bytes: &[u8], author: &Author) {
        let part = self.part(header.span);
        part.first = Some((header.values, bytes.to_vec(), author.clone()));
        part.bytes += bytes.len();
        self.hold(bytes.len());
    }

    /// Keeps a further record of a span.
    pub(super) fn more(&mut self, header: &Header, bytes: &[u8]) {
        let part = self.part(header.span);
        if part.bytes + bytes.len() > MOST_BYTES {
            count_many(Loss::ItemTooMany, count_items(bytes));
            return;
        }
        part.bytes += bytes.len();
        let place = part.ticks.partition_point(|tick| *tick <= header.end);
        part.ticks.insert(place, header.end);
        part.more.insert(place, bytes.to_vec());
        self.hold(bytes.len());
    }

    /// Counts bytes that are kept from now on. Where there are too many, the oldest parts go.
    fn hold(&mut self, bytes: usize) {
        self.held += bytes;
        while self.held > MOST_HELD {
            self.forget_oldest();
        }
    }

    /// Where there are too many, the oldest goes: the end of its span may have been lost.
    fn part(&mut self, span: u64) -> &mut Part {
        if !self.parts.contains_key(&span) {
            if self.parts.len() >= MOST {
                self.forget_oldest();
            }
            if self.order.len() >= 2 * MOST {
                self.order.retain(|span| self.parts.contains_key(span));
            }
            self.order.push_back(span);
        }
        let since = self.pass;
        self.parts.entry(span).or_insert_with(|| Part {
            since,
            ..Part::default()
        })
    }

    fn forget_oldest(&mut self) {
        while let Some(span) = self.order.pop_front() {
            if self.take(span).is_some() {
                count(Loss::OpenForgotten);
                return;
            }
        }
    }

    /// What has come of a span that has ended.
    pub(super) fn take(&mut self, span: u64) -> Option<Part> {
        let part = self.parts.remove(&span)?;
        self.held -= part.bytes;
        Some(part)
    }

    /// Counts a pass. Whether it is one after which to [look](Self::forget_late) for what came too late.
    pub(super) fn next_pass(&mut self) -> bool {
        self.pass += 1;
        self.pass % SWEEP == 0
    }

    /// Forgets parts of spans that had ended: of which nothing else has come, and that are not among those that go on in their
    /// thread. Their start was written before the part, so that it has come by the next pass.
    pub(super) fn forget_late(&mut self, going_on: &HashSet<u64>) {
        let (mut items, mut bytes) = (0, 0);
        self.parts.retain(|span, part| {
            let is_late =
                part.first.is_none() && part.since + 1 < self.pass && !going_on.contains(span);
            if is_late {
                items += part.more.iter().map(|more| count_items(more)).sum::<u64>();
                bytes += part.bytes;
            }
            !is_late
        });
        self.held -= bytes;
        count_many(Loss::TooLate, items);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::lane::health::counted;
    use crate::record::lane::wire::{Kind, outcome};

    fn header(span: u64) -> Header {
        Header {
            kind: Kind::Open,
            flags: 0,
            outcome: outcome::OK,
            values: 0,
            site: 1,
            capture: 0,
            trace: [1, 1],
            span,
            parent: 0,
            start: 1,
            end: 1,
        }
    }

    #[test]
    fn parts_of_all_spans_together_are_bounded_and_the_oldest_go() {
        const SPANS: u64 = 4_000;
        let bytes = vec![0; 32 << 10];
        let mut open = Open::default();
        let before = counted(Loss::OpenForgotten);
        for span in 1..=SPANS {
            open.open(&header(span), &bytes, &Author::default());
            open.more(&header(span), &bytes);
        }
        let kept = MOST_HELD as u64 / (64 << 10);
        assert_eq!(open.held, MOST_HELD);
        assert_eq!(open.parts.len() as u64, kept);
        assert_eq!(counted(Loss::OpenForgotten) - before, SPANS - kept);
        assert!(open.take(SPANS - kept).is_none());
        for span in SPANS - kept + 1..=SPANS {
            assert_eq!(open.take(span).unwrap().bytes, 64 << 10);
        }
        assert_eq!(open.held, 0);
    }
}
