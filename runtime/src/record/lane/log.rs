//! Most stages as entries in their lane: one where it starts, one for each event, one where it ends.
//!
//! They are written where they stay, word by word. A stage that is not like most is a record that is made in the scratch
//! and goes into the lane when it ends; so is one whose values do not fit here.

#![expect(
    clippy::inline_always,
    reason = "a bare span is some 20 ns, and each call that is left in it one"
)]

use core::num::NonZeroU16;

use super::health::{Loss, count};
use super::ring::{WINDOW, WORD, Window};
use super::stack::unusual;
use super::sync::{AtomicU64, Ordering};
use super::wire::{entry, entry_tag as tag, short_text};
use super::writer::LaneThread;
use super::{Bytes, encode};
use crate::privacy::{Repr, Value};

/// The most values of an entry: their tags are in one word, with a site.
const MOST_VALUES: usize = ((u64::BITS - u16::BITS) / tag::BITS) as usize;

/// The byte of word 0 with the flags.
pub(super) const FLAGS: usize = 5;

/// Word 0 of an entry.
#[inline]
fn first(words: usize, place: u32, kind: u8, flags: u8, values: usize) -> u64 {
    (words * WORD) as u64
        | u64::from(place) << 16
        | u64::from(kind) << 32
        | u64::from(flags) << (8 * FLAGS)
        | (values as u64) << 48
}

/// Relaxed: what publishes it is not.
#[inline]
fn set(word: &AtomicU64, value: u64) {
    word.store(value, Ordering::Relaxed);
}

/// The values of an entry, as far as they are written.
struct Written {
    /// Their tags. The last comes to lie lowest.
    tags: u64,
    /// Where they end.
    end: usize,
}

impl Written {
    /// Writes a value, whose word stands at a place.
    #[inline(always)]
    fn put(&mut self, window: &Window, place: usize, value: &Value<'_>) -> Option<()> {
        // Not looked at with each word: what does not fit goes around.
        let put = |at: usize, word: u64| set(&window[at % WINDOW], word);
        // Not one look that leads to each kind: where that leads is seldom foreseen.
        let (tag, word) = if let Some(number) = number(value.repr()) {
            number
        } else if let Repr::Text(text) = value.repr() {
            let text = text.as_bytes();
            if let Some(word) = short_text(text) {
                (tag::SHORT_TEXT, word)
            } else if text.len() <= encode::TEXT_LIMIT {
                self.end += long(text, |at, word| put(self.end + at, word))?;
                (tag::TEXT, text.len() as u64)
            } else {
                return None;
            }
        } else {
            match value.repr() {
                Repr::Absent => (tag::ABSENT, 0),
                Repr::Bool(value) => (tag::BOOL, u64::from(*value)),
                #[cfg(feature = "rust_decimal")]
                Repr::Decimal(value) => {
                    let [low, high] = halves(value.serialize());
                    put(self.end, high);
                    self.end += 1;
                    (tag::DECIMAL, low)
                }
                _ => return None,
            }
        };
        put(place, word);
        self.tags = self.tags << tag::BITS | u64::from(tag);
        Some(())
    }

    /// Writes the first of some values, if there is one, and gives those that are left.
    #[inline(always)]
    fn put_first<'a>(
        &mut self,
        window: &Window,
        place: usize,
        values: &'a [Value<'a>],
    ) -> Option<&'a [Value<'a>]> {
        let Some((first, left)) = values.split_first() else {
            return Some(values);
        };
        self.put(window, place, first)?;
        Some(left)
    }
}

/// Writes word 1 of an entry, and from `at` on its values: a word of each, and behind these what is longer. Tells where
/// they end. Nothing where they do not fit, or one runs code of the user's; what is in the window then is nothing.
#[inline(always)]
fn put_values(window: &Window, site: NonZeroU16, at: usize, values: &[Value<'_>]) -> Option<usize> {
    if values.len() > MOST_VALUES {
        return None;
    }
    let mut written = Written {
        tags: 0,
        end: at + values.len(),
    };
    // Most have no more than these, whose places are known.
    let left = written.put_first(window, at, values)?;
    let left = written.put_first(window, at + 1, left)?;
    let left = written.put_first(window, at + 2, left)?;
    let left = written.put_first(window, at + 3, left)?;
    let left = written.put_first(window, at + 4, left)?;
    let left = written.put_first(window, at + 5, left)?;
    for (place, value) in (at + 6..).zip(left) {
        written.put(window, place, value)?;
    }
    set(
        &window[1],
        u64::from(site.get()) | written.tags << u16::BITS,
    );
    (written.end <= WINDOW).then_some(written.end)
}

#[cfg(feature = "rust_decimal")]
fn halves(bytes: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(bytes);
    #[expect(clippy::cast_possible_truncation, reason = "its halves")]
    [both as u64, (both >> 64) as u64]
}

/// The tag and the word of a number.
#[inline(always)]
fn number(value: &Repr<'_>) -> Option<(u8, u64)> {
    match value {
        Repr::I64(value) => Some((tag::I64, u64::from_le_bytes(value.to_le_bytes()))),
        Repr::U64(value) => Some((tag::U64, *value)),
        Repr::F64(value) => Some((tag::F64, value.to_bits())),
        _ => None,
    }
}

/// The words of a text that is not shorter than one, and their places; how many they are. The last is the end of the text.
// As few branches as can be, here too: most have one or two.
#[inline(always)]
fn long(text: &[u8], put: impl Fn(usize, u64)) -> Option<usize> {
    let ((first, mut rest), last) = (text.split_first_chunk()?, text.last_chunk()?);
    let words = text.len().div_ceil(WORD);
    put(0, u64::from_le_bytes(*first));
    put(words - 1, u64::from_le_bytes(*last));
    for at in 1..words.saturating_sub(1) {
        let Some((word, behind)) = rest.split_first_chunk() else {
            break;
        };
        put(at, u64::from_le_bytes(*word));
        rest = behind;
    }
    Some(words)
}

/// Word 0 of the end of the stage at a place.
#[inline]
pub(super) fn end_word(place: u32, flags: u8) -> u64 {
    first(END_WORDS, place, entry::END, flags, 0)
}

/// Writes the entry of a stage that starts at a place, but for its start: with its trace and parent, unless it is below the one
/// at the place before, which is logged. Tells where it ends. Nothing where its values are not written.
#[inline(always)]
pub(super) fn put_start(
    window: &Window,
    place: u32,
    flags: u8,
    site: NonZeroU16,
    span: u64,
    lineage: Option<([u64; 2], u64)>,
    values: Option<&[Value<'_>]>,
) -> Option<usize> {
    let [head, typed, second, _, high, low, parent, ..] = window;
    set(second, span);
    let (kind, at) = match lineage {
        None => (entry::CHILD, 4),
        Some((trace, of)) => {
            set(high, trace[0]);
            set(low, trace[1]);
            set(parent, of);
            (entry::START, 7)
        }
    };
    let (end, values) = if let Some(values) = values {
        (put_values(window, site, at, values)?, values.len())
    } else {
        set(typed, site.get().into());
        (at, 0)
    };
    set(head, first(end, place, kind, flags, values));
    Some(end)
}

/// Says in the entry of a stage when it starts.
#[inline(always)]
pub(super) fn put_start_tick(window: &Window, tick: u64) {
    set(&window[3], tick);
}

/// The words of the entry of an end.
pub(super) const END_WORDS: usize = 2;

/// Writes the entry of the end of a stage, of which it is given word 0.
#[inline(always)]
pub(super) fn put_end(window: &Window, last: u64, tick: u64) {
    let [head, end, ..] = window;
    set(head, last);
    set(end, tick);
}

impl LaneThread {
    /// Writes the entry of an event of the stage at a place, or of an edge. False where it is not written.
    #[inline(always)]
    pub(super) fn log_event(
        &mut self,
        place: u32,
        site: NonZeroU16,
        edge: Option<u32>,
        values: &[Value<'_>],
    ) -> bool {
        let producer = &mut self.writer.producer;
        let Some(window) = producer.window() else {
            return unusual();
        };
        let [head, _, tick, of, ..] = window;
        let (kind, at) = match edge {
            None => (entry::EVENT, 3),
            Some(edge) => {
                set(of, edge.into());
                (entry::EDGE, 4)
            }
        };
        let Some(end) = put_values(window, site, at, values) else {
            return unusual();
        };
        set(head, first(end, place, kind, 0, values.len()));
        set(tick, self.clock.raw());
        producer.advance(end);
        // What an edge counts is wanted before its stage ends.
        producer.publish();
        true
    }

    /// Writes the entry of the end of a stage, of which it is given word 0, wherever it fits. False where it does not.
    pub(super) fn write_end(&mut self, last: u64, tick: u64) -> bool {
        self.writer.producer.write_words([last, tick].into_iter())
    }

    /// Writes the entry of a stage at a place that goes on elsewhere. False where it does not fit.
    pub(super) fn log_suspend(&mut self, place: u32) -> bool {
        let entry = [first(1, place, entry::SUSPEND, 0, 0)];
        self.writer.producer.write_words(entry.into_iter())
    }

    /// Writes the entry of items of the stage at a place: those in the scratch from `from` on, of which the first
    /// [`ITEM_HEAD`] bytes are left for what it begins with.
    pub(super) fn log_items(&mut self, place: u32, from: usize) {
        let end = self.scratch.len();
        let bytes = end - from;
        let head = first(bytes.div_ceil(WORD), place, entry::ITEMS, 0, 0);
        if let Some(room) = self.scratch.get_mut(from..from + ITEM_HEAD) {
            room[..WORD].copy_from_slice(&head.to_le_bytes());
            room[WORD..].copy_from_slice(&((bytes - ITEM_HEAD) as u64).to_le_bytes());
        }
        let record = self.scratch.words(from, end);
        if !record.is_some_and(|record| self.writer.producer.write(record)) {
            count(Loss::PartLost);
        }
    }

    /// Leaves room in the scratch for what an entry of items begins with.
    pub(super) fn begin_items(scratch: &mut Bytes) {
        scratch.put([0; ITEM_HEAD]);
    }
}

/// The bytes that an entry of items begins with.
pub(super) const ITEM_HEAD: usize = 2 * WORD;
