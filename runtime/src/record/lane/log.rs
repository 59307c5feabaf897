//! Most stages as entries in their lane: one where it starts, one for each event, one where it ends.
//!
//! They are written where they stay, word by word. A stage that is not like most is a record that is made in the scratch
//! and goes into the lane when it ends; so is one whose values do not fit here.

use core::slice::Iter;

use super::health::{Loss, count};
use super::ring::WORD;
use super::sync::{AtomicU64, Ordering};
use super::wire::{entry, tag};
use super::writer::LaneThread;
use super::{Bytes, LaneFrame, encode};
use crate::privacy::{Repr, Value};

/// The bits of a tag.
const TAG: u32 = 4;

/// The most values of an entry: their tags are in one word.
const MOST_VALUES: usize = (u64::BITS / TAG) as usize;

/// There are at least as many words for an entry whose length is not known.
const ROOM: usize = 64;

/// The first word of an entry: its bytes, its kind, and three that each kind has its own meaning for.
#[inline]
fn first(words: usize, kind: u8, flags: u8, outcome: u8, values: usize) -> u64 {
    (words * WORD) as u64
        | u64::from(kind) << 32
        | u64::from(flags) << 40
        | u64::from(outcome) << 48
        | (values as u64) << 56
}

/// Two numbers in a word.
#[inline]
fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// Relaxed: what publishes it is not.
#[inline]
fn set(word: &AtomicU64, value: u64) {
    word.store(value, Ordering::Relaxed);
}

/// Writes values from `at` on, and tells where they end: a word of tags, four bits each, and the words of each. Nothing where they
/// do not fit, or one runs code of the user's.
#[inline]
fn put_values(room: &[AtomicU64], at: usize, values: &[Value<'_>]) -> Option<usize> {
    if values.is_empty() {
        return Some(at);
    }
    let left = put_all(room.get(at..)?, values)?;
    Some(room.len() - left)
}

/// Tells how many words are left.
// Not inlined: it needs most of the registers.
#[inline(never)]
fn put_all(room: &[AtomicU64], values: &[Value<'_>]) -> Option<usize> {
    if values.len() > MOST_VALUES {
        return None;
    }
    let mut words = room.iter();
    let tags_word = words.next()?;
    let mut tags = 0_u64;
    for value in values {
        let tag = match value.repr() {
            Repr::Absent => tag::ABSENT,
            Repr::Bool(value) => {
                if *value {
                    tag::TRUE
                } else {
                    tag::FALSE
                }
            }
            Repr::I64(value) => {
                set(words.next()?, u64::from_le_bytes(value.to_le_bytes()));
                tag::I64
            }
            Repr::U64(value) => {
                set(words.next()?, *value);
                tag::U64
            }
            Repr::F64(value) => {
                set(words.next()?, value.to_bits());
                tag::F64
            }
            Repr::Text(value) if value.len() <= encode::TEXT_LIMIT => {
                put_text(&mut words, value.as_bytes())?;
                tag::TEXT
            }
            #[cfg(feature = "rust_decimal")]
            Repr::Decimal(_, value) => {
                let [low, high] = halves(value.serialize());
                set(words.next()?, low);
                set(words.next()?, high);
                tag::DECIMAL
            }
            Repr::Text(_) | Repr::Written(..) | Repr::Displayed(_) => return None,
        };
        // The first comes to lie lowest.
        tags = tags >> TAG | u64::from(tag) << (u64::BITS - TAG);
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most MOST_VALUES")]
    let tagged = TAG * values.len() as u32;
    set(tags_word, tags >> (u64::BITS - tagged));
    Some(words.len())
}

#[cfg(feature = "rust_decimal")]
fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(bytes);
    #[expect(clippy::cast_possible_truncation, reason = "its halves")]
    [both as u64, (both >> 64) as u64]
}

/// Writes a text: a word of its length, and its bytes. Nothing where it does not fit.
#[inline]
fn put_text(words: &mut Iter<'_, AtomicU64>, text: &[u8]) -> Option<()> {
    set(words.next()?, text.len() as u64);
    let mut rest = text;
    while let Some((bytes, behind)) = rest.split_first_chunk() {
        set(words.next()?, u64::from_le_bytes(*bytes));
        rest = behind;
    }
    if !rest.is_empty() {
        set(words.next()?, last_word(text, rest.len()));
    }
    Some(())
}

/// The last bytes of a text, which are fewer than a word, as one.
#[inline]
fn last_word(text: &[u8], rest: usize) -> u64 {
    // What lies before them is shifted out.
    if let Some(last) = text.last_chunk() {
        return u64::from_le_bytes(*last) >> (8 * (WORD - rest));
    }
    // The two halves may overlap.
    match (text.first_chunk(), text.last_chunk(), text) {
        (Some(first), Some(last), _) => {
            u64::from(u32::from_le_bytes(*first))
                | u64::from(u32::from_le_bytes(*last)) << (8 * (rest - 4))
        }
        (_, _, [one]) => u64::from(*one),
        (_, _, [one, two]) => u64::from(u16::from_le_bytes([*one, *two])),
        (_, _, [one, two, three]) => u64::from(u32::from_le_bytes([*one, *two, *three, 0])),
        _ => 0,
    }
}

impl LaneThread {
    /// Writes the entry of a stage that starts at a place, where its parent is logged at the place before or is not. Counts it,
    /// and tells when it starts: last of all, for what starting takes is not part of it. Nothing where it is not written.
    #[inline]
    pub(super) fn log_start(
        &mut self,
        place: u32,
        stage: &LaneFrame,
        is_below_logged: bool,
        values: &[Value<'_>],
    ) -> Option<u64> {
        let room = self.writer.room(ROOM)?;
        let [head, second, span, start, high, low, parent, ..] = room.first_chunk::<8>()?;
        set(second, pair(stage.site, place));
        set(span, stage.span);
        let (kind, at) = if is_below_logged {
            (entry::CHILD, 4)
        } else {
            set(high, stage.trace[0]);
            set(low, stage.trace[1]);
            set(parent, stage.parent);
            (entry::START, 7)
        };
        let end = put_values(room, at, values)?;
        set(head, first(end, kind, stage.flags, 0, values.len()));
        let tick = self.clock.raw();
        set(start, tick);
        self.writer.advance(end);
        self.writer.count_started();
        Some(tick)
    }

    /// Writes the entry of an event of the stage at a place, or of an edge. False where it is not written.
    #[inline]
    pub(super) fn log_event(
        &mut self,
        place: u32,
        site: u32,
        edge: Option<u32>,
        values: &[Value<'_>],
    ) -> bool {
        let Some(room) = self.writer.room(ROOM) else {
            return false;
        };
        let Some([head, second, tick, of, ..]) = room.first_chunk::<4>() else {
            return false;
        };
        let (kind, at) = match edge {
            None => (entry::EVENT, 3),
            Some(edge) => {
                set(of, edge.into());
                (entry::EDGE, 4)
            }
        };
        let Some(end) = put_values(room, at, values) else {
            return false;
        };
        set(head, first(end, kind, 0, 0, values.len()));
        set(second, pair(site, place));
        set(tick, self.clock.raw());
        self.writer.advance(end);
        // What an edge counts is wanted before its stage ends.
        self.writer.publish();
        true
    }

    /// Writes the entry of the end of the stage at a place. False where it does not fit.
    #[inline]
    pub(super) fn log_end(&mut self, place: u32, flags: u8, outcome: u8, tick: u64) -> bool {
        let Some([head, second, end]) = self
            .writer
            .room(ROOM)
            .and_then(|room| room.first_chunk::<3>())
        else {
            return false;
        };
        set(head, first(3, entry::END, flags, outcome, 0));
        set(second, pair(0, place));
        set(end, tick);
        self.writer.advance(3);
        self.writer.publish();
        true
    }

    /// Writes the entry of a stage at a place that goes on elsewhere. False where it does not fit.
    pub(super) fn log_suspend(&mut self, place: u32) -> bool {
        let Some([head, second]) = self
            .writer
            .room(ROOM)
            .and_then(|room| room.first_chunk::<2>())
        else {
            return false;
        };
        set(head, first(2, entry::SUSPEND, 0, 0, 0));
        set(second, pair(0, place));
        self.writer.advance(2);
        self.writer.publish();
        true
    }

    /// Writes the entry of items of the stage at a place: those in the scratch from `from` on, of which the first
    /// [`ITEM_HEAD`] bytes are left for what it begins with.
    pub(super) fn log_items(&mut self, place: u32, from: usize) {
        let end = self.scratch.len();
        let bytes = end - from;
        let words = bytes.div_ceil(WORD);
        #[expect(clippy::cast_possible_truncation, reason = "at most RECORD_LIMIT")]
        let second = pair((bytes - ITEM_HEAD) as u32, place);
        if let Some(head) = self.scratch.get_mut(from..from + ITEM_HEAD) {
            head[..WORD].copy_from_slice(&first(words, entry::ITEMS, 0, 0, 0).to_le_bytes());
            head[WORD..].copy_from_slice(&second.to_le_bytes());
        }
        let record = self.scratch.words(from, end);
        if !record.is_some_and(|record| self.writer.write(record)) {
            count(Loss::PartLost);
        }
    }

    /// Leaves room in the scratch for what an entry of items begins with.
    pub(super) fn begin_items(scratch: &mut Bytes) {
        scratch.put([0; ITEM_HEAD]);
    }
}

/// The bytes that an entry of items begins with.
const ITEM_HEAD: usize = 2 * WORD;
