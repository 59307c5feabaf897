//! The bytes of a record: what a thread writes into its lane, and the collector reads.
//!
//! ```text
//! header (64 bytes, little-endian)
//!   0  u16  bytes of the whole record       16  u64  first half of the trace id
//!   4  u8   kind                            24  u64  parent's span id, or 0
//!   5  u8   flags                           32  u64  second half of the trace id
//!   6  u8   outcome                         40  u64  start, in ticks
//!   7  u8   values given at the start       48  u64  span id
//!   8  u32  site                            56  u64  end, in ticks
//!  12  u32  capture
//! the values given at the start, in the order of the site's keys
//! items: late attributes, events, links, the error's type
//! ```
//!
//! Most stages are not one record. What is told of them lies in the lane in the order in which it happened, in entries that
//! the collector makes a record of. An entry is whole words of eight bytes:
//!
//! ```text
//! word 0   u16 bytes of the entry, u16 place of the stage in its thread's stack, u8 kind, u8 flags, u8 values
//! word 1   u16 site, and the tags of the values, three bits each, the last lowest
//! START    words 0 and 1, span id, start, the halves of the trace id, parent's span id or 0, values
//! CHILD    words 0 and 1, span id, start, values: of a child of the stage at the place before
//! EVENT    words 0 and 1, ticks, values
//! EDGE     words 0 and 1, ticks, the edge's site, values: an event, and what is counted of an edge
//! ITEMS    word 0, how many bytes, items as they are in a record
//! SUSPEND  word 0: the stage goes on elsewhere
//! END      word 0, end: its flags have the outcome in their two highest bits
//! values   one word of each, and then what more there is of some: of a decimal its other half; of a text of more than seven
//!          bytes, whose word is its length, the bytes in whole words, of which the last is its last eight bytes. The word of a
//!          shorter text has its length in the highest byte. The word of one that is absent is anything.
//! ```
//!
//! What a child copies from its parent, the halves of the trace id and the span id, does not lie side by side: two
//! of them would be copied with one load of sixteen bytes, which has to wait while the parent's two stores of eight
//! are on their way.
//!
//! Records never leave the process, so the form may change with any release. Nothing here is `unsafe`:
//! a record that cannot be read is counted and skipped.

/// The bytes of a header.
pub(crate) const HEADER: usize = 64;

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A span, from its start to its end.
    Span = 1,
    /// The start of a span that goes on elsewhere.
    Open = 2,
    /// Items of a span that goes on elsewhere.
    More = 3,
    /// The end of a span that was open.
    Close = 4,
    /// The thread that writes into this lane from now on: its number and name.
    Thread = 5,
    /// What is counted of an edge, and the span in which it was recorded: the values of its event, those absent that have to
    /// be formatted.
    Edge = 6,
    /// A latency clock that ended. Its site is its path, `parent` the span in which it ended, `span` an id for the spans of
    /// its hops, `outcome` one of [`clock_end`].
    ///
    /// Behind the header: the marks that were made more than once (`u16`), those whose tick is nanoseconds since
    /// 1970 (`u16`), and for each mark of the path its tick, or 0 (`u64`).
    Clock = 7,
    /// A value of a histogram: its series as `site`, the value's bits as `start`.
    Measure = 8,
}

/// Kinds of entries. None is that of a record.
pub(crate) mod entry {
    pub(crate) const START: u8 = 0x20;
    pub(crate) const CHILD: u8 = 0x21;
    pub(crate) const EVENT: u8 = 0x22;
    pub(crate) const EDGE: u8 = 0x23;
    pub(crate) const ITEMS: u8 = 0x24;
    pub(crate) const SUSPEND: u8 = 0x25;
    pub(crate) const END: u8 = 0x26;
}

/// Flags of a span.
pub(crate) mod flags {
    /// Its trace is sampled.
    pub(crate) const SAMPLED: u8 = 1;
    /// Its parent is in another process.
    pub(crate) const REMOTE_PARENT: u8 = 2;
    /// Of a stage that is logged: its ids were handed on, so that others may have written items for it.
    pub(crate) const HANDED: u8 = 4;
    /// Its metrics have labels, whose values are in it whether it is sampled or not.
    pub(crate) const LABELLED: u8 = 8;
    /// Its trace came with a trace state or baggage, which its children get.
    pub(crate) const CARRIES: u8 = 16;
    /// Its trace id is random, in the sense of W3C.
    pub(crate) const RANDOM: u8 = 32;
    /// What a child has from its parent.
    pub(crate) const INHERITED: u8 = CARRIES | RANDOM;
    /// Above this many bits the flags of an entry have an outcome.
    pub(crate) const BEFORE_OUTCOME: u32 = 6;
}

/// How a span ended.
pub(crate) mod outcome {
    pub(crate) const OK: u8 = 0;
    pub(crate) const ERROR: u8 = 1;
    pub(crate) const PANICKED: u8 = 2;
    pub(crate) const CANCELLED: u8 = 3;
    /// The bits of all.
    pub(crate) const ALL: u8 = 3;
}

/// How a latency clock ended.
pub(crate) mod clock_end {
    pub(crate) const FINISHED: u8 = 0;
    pub(crate) const DROPPED: u8 = 1;
}

/// Tags of the values of an entry.
pub(crate) mod entry_tag {
    /// The bits of each.
    pub(crate) const BITS: u32 = 3;
    pub(crate) const TEXT: u8 = 0;
    pub(crate) const I64: u8 = 1;
    pub(crate) const U64: u8 = 2;
    pub(crate) const F64: u8 = 3;
    pub(crate) const ABSENT: u8 = 4;
    pub(crate) const BOOL: u8 = 5;
    pub(crate) const SHORT_TEXT: u8 = 6;
    #[cfg(feature = "rust_decimal")]
    pub(crate) const DECIMAL: u8 = 7;
}

/// The first byte of a value.
pub(crate) mod tag {
    pub(crate) const ABSENT: u8 = 0;
    pub(crate) const FALSE: u8 = 1;
    pub(crate) const TRUE: u8 = 2;
    pub(crate) const I64: u8 = 3;
    pub(crate) const U64: u8 = 4;
    pub(crate) const F64: u8 = 5;
    /// `u16` bytes, and the text.
    pub(crate) const TEXT: u8 = 6;
    /// `u32` elements in all, `u8` of them recorded, and these.
    pub(crate) const LIST: u8 = 7;
    /// The sixteen bytes of a `rust_decimal::Decimal`.
    #[cfg(feature = "rust_decimal")]
    pub(crate) const DECIMAL: u8 = 8;
}

/// The first byte of an item.
pub(crate) mod item {
    /// `u32` site, `u8` values, and the values in the order of the site's keys.
    pub(crate) const LATE: u8 = 0x10;
    /// `u32` site, `u64` ticks, `u8` values, and the values in the order of the site's keys.
    pub(crate) const EVENT: u8 = 0x11;
    /// `[u64; 2]` trace id, `u64` span id, `u8` flags, `u16` bytes of the trace state, and these.
    pub(crate) const LINK: u8 = 0x12;
    /// One value.
    pub(crate) const ERROR_TYPE: u8 = 0x13;
    /// `u8` place of the key among the record's site's, and one value.
    pub(crate) const FIELD: u8 = 0x14;
    /// `u32` site, `u64` ticks, `u8` fields, and for each the place of its key and one value.
    pub(crate) const FOREIGN_EVENT: u8 = 0x15;
    /// `u16` bytes, and the trace state of the span.
    pub(crate) const STATE: u8 = 0x16;
}

/// The head of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) flags: u8,
    pub(crate) outcome: u8,
    pub(crate) values: u8,
    pub(crate) site: u32,
    pub(crate) capture: u32,
    pub(crate) trace: [u64; 2],
    pub(crate) span: u64,
    pub(crate) parent: u64,
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// A header as it stands in a record.
pub(crate) type Head = [u8; HEADER];

macro_rules! parts {
    ($($(#[$attribute:meta])* $get:ident, $set:ident: $ty:ty = $at:literal;)+) => {
        /// The parts of a header, read and written where they stand.
        pub(crate) trait Parts {
            $($(#[$attribute])* fn $get(&self) -> $ty; fn $set(&mut self, value: $ty);)+
        }

        impl Parts for Head {
            $(
                #[inline]
                fn $get(&self) -> $ty {
                    let mut bytes = [0; size_of::<$ty>()];
                    bytes.copy_from_slice(&self[$at..$at + size_of::<$ty>()]);
                    <$ty>::from_le_bytes(bytes)
                }

                #[inline]
                fn $set(&mut self, value: $ty) {
                    self[$at..$at + size_of::<$ty>()].copy_from_slice(&value.to_le_bytes());
                }
            )+
        }
    };
}

parts! {
    /// The bytes of the whole record.
    len, set_len: u16 = 0;
    /// See [`Kind`].
    kind, set_kind: u8 = 4;
    /// See [`flags`].
    flags, set_flags: u8 = 5;
    /// See [`outcome`].
    outcome, set_outcome: u8 = 6;
    /// How many values were given at the start.
    values, set_values: u8 = 7;
    /// Its number.
    site, set_site: u32 = 8;
    /// Its number, or 0.
    capture, set_capture: u32 = 12;
    /// The first half of the trace id.
    trace_high, set_trace_high: u64 = 16;
    /// The second half of the trace id.
    trace_low, set_trace_low: u64 = 32;
    /// The span id.
    span, set_span: u64 = 48;
    /// The parent's span id, or 0.
    parent, set_parent: u64 = 24;
    /// In ticks.
    start, set_start: u64 = 40;
    /// In ticks.
    end, set_end: u64 = 56;
}

/// Says in a header what is known when its record is written: the bytes of the whole record, its kind, and its end.
#[inline]
pub(crate) fn complete(head: &mut Head, len: usize, kind: Kind, end: u64) {
    #[expect(clippy::cast_possible_truncation, reason = "at most RECORD_LIMIT")]
    head.set_len(len as u16);
    head.set_kind(kind as u8);
    head.set_end(end);
}

impl Header {
    /// Reads the header of a record, and gives what is behind. Nothing if it is none.
    pub(crate) fn split(record: &[u8]) -> Option<(Self, &[u8])> {
        let (head, behind) = record.split_first_chunk()?;
        let head: &Head = head;
        let len = usize::from(Parts::len(head));
        let kind = match head.kind() {
            1 => Kind::Span,
            2 => Kind::Open,
            3 => Kind::More,
            4 => Kind::Close,
            5 => Kind::Thread,
            6 => Kind::Edge,
            7 => Kind::Clock,
            8 => Kind::Measure,
            _ => return None,
        };
        let header = Self {
            kind,
            flags: head.flags(),
            outcome: head.outcome(),
            values: head.values(),
            site: head.site(),
            capture: head.capture(),
            trace: [head.trace_high(), head.trace_low()],
            span: head.span(),
            parent: head.parent(),
            start: head.start(),
            end: head.end(),
        };
        (len >= HEADER).then_some((header, behind))
    }
}

/// A text shorter than a word as one, with its length. Nothing of another.
// As few branches as can be: a length that is not foreseen costs more than all of this.
#[inline]
pub(crate) fn short_text(text: &[u8]) -> Option<u64> {
    let len = text.len();
    if len >= size_of::<u64>() {
        return None;
    }
    let at = |place: usize, byte: u8| u64::from(byte) << (8 * place);
    let bytes = if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        // Where the two overlap they are the same.
        u64::from(u32::from_le_bytes(*first))
            | u64::from(u32::from_le_bytes(*last)) << (8 * (len - 4))
    } else if let [first, .., last] = text {
        at(0, *first) | at(len / 2, text[len / 2]) | at(len - 1, *last)
    } else {
        text.first().map_or(0, |byte| at(0, *byte))
    };
    Some(bytes | (len as u64) << 56)
}

/// What is left to read of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, left) = self.0.split_at_checked(count)?;
        self.0 = left;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, left) = self.0.split_first_chunk()?;
        self.0 = left;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn f64(&mut self) -> Option<f64> {
        self.array().map(f64::from_le_bytes)
    }

    #[cfg(feature = "rust_decimal")]
    pub(crate) fn sixteen(&mut self) -> Option<[u8; 16]> {
        self.array()
    }
}

/// How many attributes, events and links there are among items, up to the first that cannot be read.
pub(crate) fn count_items(items: &[u8]) -> u64 {
    let mut reader = Reader(items);
    let mut count = 0;
    while let Some(more) = skip_item(&mut reader) {
        count += more;
    }
    count
}

/// Passes an item, and tells for how many it counts.
fn skip_item(reader: &mut Reader<'_>) -> Option<u64> {
    match reader.u8()? {
        item::LATE => {
            reader.u32()?;
            let values = reader.u8()?;
            (0..values).try_for_each(|_| skip_value(reader))?;
            return Some(values.into());
        }
        item::EVENT => {
            reader.bytes(12)?;
            (0..reader.u8()?).try_for_each(|_| skip_value(reader))?;
        }
        item::FOREIGN_EVENT => {
            reader.bytes(12)?;
            (0..reader.u8()?).try_for_each(|_| {
                reader.u8()?;
                skip_value(reader)
            })?;
        }
        item::LINK => {
            reader.bytes(25)?;
            skip_text(reader)?;
        }
        item::ERROR_TYPE => skip_value(reader)?,
        item::FIELD => {
            reader.u8()?;
            skip_value(reader)?;
        }
        item::STATE => skip_text(reader)?,
        _ => return None,
    }
    Some(1)
}

fn skip_value(reader: &mut Reader<'_>) -> Option<()> {
    match reader.u8()? {
        tag::ABSENT | tag::FALSE | tag::TRUE => {}
        tag::I64 | tag::U64 | tag::F64 => _ = reader.u64()?,
        tag::TEXT => skip_text(reader)?,
        tag::LIST => {
            reader.u32()?;
            (0..reader.u8()?).try_for_each(|_| skip_value(reader))?;
        }
        #[cfg(feature = "rust_decimal")]
        tag::DECIMAL => _ = reader.sixteen()?,
        _ => return None,
    }
    Some(())
}

/// A text or a trace state: its length, and so many bytes.
fn skip_text(reader: &mut Reader<'_>) -> Option<()> {
    let len = reader.u16()?;
    reader.bytes(len.into())?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_counted_whatever_is_in_them() {
        let text = [&[tag::TEXT, 2, 0][..], b"ab"].concat();
        let number = [&[tag::U64][..], &[7; 8]].concat();
        let list = [&[tag::LIST, 9, 0, 0, 0, 2][..], &number, &text].concat();
        let items = [
            &[item::LATE, 1, 0, 0, 0, 3][..],
            &number,
            &list,
            &[tag::ABSENT],
            &[item::EVENT],
            &[0; 12],
            &[1],
            &text,
            &[item::FOREIGN_EVENT],
            &[0; 12],
            &[1, 5],
            &number,
            &[item::LINK],
            &[1; 25],
            &[3, 0],
            b"a=b",
            &[item::ERROR_TYPE],
            &text,
            &[item::FIELD, 4, tag::TRUE],
            &[item::STATE, 3, 0],
            b"a=b",
        ]
        .concat();
        assert_eq!(count_items(&items), 9);
        assert_eq!(count_items(&items[..items.len() - 1]), 8);
        assert_eq!(count_items(&[]), 0);
    }

    fn head() -> Head {
        let mut head = [0; HEADER];
        head.set_len(80);
        head.set_kind(Kind::Close as u8);
        head.set_flags(flags::SAMPLED | flags::HANDED);
        head.set_outcome(outcome::CANCELLED);
        head.set_values(3);
        head.set_site(70_000);
        head.set_capture(9);
        head.set_trace_high(1 << 63);
        head.set_trace_low(2);
        head.set_span(3);
        head.set_parent(u64::MAX);
        head.set_start(5);
        head.set_end(6);
        head
    }

    #[test]
    fn header_is_read_as_it_was_written() {
        let header = Header {
            kind: Kind::Close,
            flags: flags::SAMPLED | flags::HANDED,
            outcome: outcome::CANCELLED,
            values: 3,
            site: 70_000,
            capture: 9,
            trace: [1 << 63, 2],
            span: 3,
            parent: u64::MAX,
            start: 5,
            end: 6,
        };
        let record = [&head()[..], &[7; 16]].concat();
        assert_eq!(Header::split(&record), Some((header, &[7; 16][..])));
    }

    #[test]
    fn what_is_no_header_is_refused() {
        assert_eq!(Header::split(&head()[..63]), None);
        let mut short = head();
        short.set_len(63);
        assert_eq!(Header::split(&short), None);
        let mut kind = head();
        kind.set_kind(0);
        assert_eq!(Header::split(&kind), None);
    }
}
