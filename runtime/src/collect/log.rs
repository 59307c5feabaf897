//! From the entries of a lane to records: the stages that go on in its thread.

use crate::record::lane::health::{Loss, count_many};
use crate::record::lane::wire::{
    Header, Kind, Reader, count_items, entry, entry_tag, flags, item, outcome, tag,
};

/// What has come of a stage is handed on before its end, where it is more than this.
const SPILL: usize = 16 << 10;

/// The most bytes that the stages of a thread may hold together.
const LIMIT: usize = 1 << 20;

/// How many stages that have ended leave their memory to others.
const MOST_SPARE: usize = 64;

/// The stages of a thread that have started and not ended, innermost last.
#[derive(Debug, Default)]
pub(super) struct Log {
    going_on: Vec<Stage>,
    /// The bytes that they hold.
    held: usize,
    /// Memory of those that have ended.
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
struct Stage {
    /// Its place in the stack of its thread.
    place: u32,
    /// Of its last record, as far as it is known: once a part has been handed on, that closes an open span.
    header: Header,
    /// The values of its start, unless they have been handed on, and its items since.
    bytes: Vec<u8>,
}

/// An entry whose word 0 has been read.
struct Entry<'a> {
    place: u32,
    kind: u8,
    flags: u8,
    values: u8,
    rest: Reader<'a>,
}

/// Word 1 of an entry that has values.
#[derive(Clone, Copy)]
struct Typed {
    site: u32,
    tags: u64,
}

/// Whether that is an entry, and not a record.
pub(super) fn is_entry(bytes: &[u8]) -> bool {
    bytes.get(4).is_some_and(|kind| *kind >= entry::START)
}

impl<'a> Entry<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = Reader(bytes);
        rest.u16()?;
        let place = rest.u16()?.into();
        let [kind, flags, values, _] = *rest.bytes(4)?.first_chunk()?;
        Some(Self {
            place,
            kind,
            flags,
            values,
            rest,
        })
    }

    fn typed(&mut self) -> Option<Typed> {
        let word = self.rest.u64()?;
        let [low, high, ..] = word.to_le_bytes();
        Some(Typed {
            site: u16::from_le_bytes([low, high]).into(),
            tags: word >> u16::BITS,
        })
    }

    /// Reads the values, and writes them as they stand in records.
    fn values(&mut self, tags: u64, to: &mut Vec<u8>) -> Option<()> {
        let mut words = Reader(self.rest.bytes(8 * usize::from(self.values))?);
        for left in (0..u32::from(self.values)).rev() {
            let tag = tags.checked_shr(left * entry_tag::BITS)?;
            let word = words.u64()?;
            match (tag & ((1 << entry_tag::BITS) - 1)) as u8 {
                entry_tag::ABSENT => to.push(tag::ABSENT),
                entry_tag::BOOL => to.push(if word == 0 { tag::FALSE } else { tag::TRUE }),
                entry_tag::I64 => put_number(tag::I64, word, to),
                entry_tag::U64 => put_number(tag::U64, word, to),
                entry_tag::F64 => put_number(tag::F64, word, to),
                entry_tag::TEXT => {
                    let len = usize::try_from(word).ok()?;
                    let words = self.rest.bytes(len.next_multiple_of(8))?;
                    let (before, last) = words.split_last_chunk::<8>()?;
                    // The bytes of it that are not in the one before.
                    let rest = &last[words.len() - len..];
                    put_text(&[before, rest], to)?;
                }
                entry_tag::SHORT_TEXT => {
                    let [text @ .., len] = word.to_le_bytes();
                    put_text(&[text.get(..usize::from(len))?], to)?;
                }
                #[cfg(feature = "rust_decimal")]
                entry_tag::DECIMAL => {
                    to.push(tag::DECIMAL);
                    to.extend_from_slice(&word.to_le_bytes());
                    to.extend_from_slice(self.rest.bytes(8)?);
                }
                _ => return None,
            }
        }
        Some(())
    }
}

fn put_number(tag: u8, word: u64, to: &mut Vec<u8>) {
    let mut tagged = [tag; 9];
    tagged[1..].copy_from_slice(&word.to_le_bytes());
    to.extend_from_slice(&tagged);
}

/// Writes a text that lies in parts.
fn put_text(parts: &[&[u8]], to: &mut Vec<u8>) -> Option<()> {
    let len: usize = parts.iter().map(|part| part.len()).sum();
    let [low, high] = u16::try_from(len).ok()?.to_le_bytes();
    to.extend_from_slice(&[tag::TEXT, low, high]);
    for part in parts {
        to.extend_from_slice(part);
    }
    Some(())
}

impl Log {
    /// Forgets what goes on: the lane is another thread's now.
    pub(super) fn clear(&mut self) {
        self.forget_from(0);
    }

    /// The spans of the stages that go on.
    pub(super) fn going_on(&self) -> impl Iterator<Item = u64> {
        self.going_on.iter().map(|stage| stage.header.span)
    }

    fn forget_from(&mut self, place: u32) {
        while let Some(stage) = self.going_on.pop() {
            if stage.place < place {
                self.going_on.push(stage);
                return;
            }
            self.keep(stage.bytes);
        }
    }

    /// Keeps the memory of a stage for one to come.
    fn keep(&mut self, mut bytes: Vec<u8>) {
        self.held -= bytes.len();
        if bytes.capacity() <= SPILL && self.spare.len() < MOST_SPARE {
            bytes.clear();
            self.spare.push(bytes);
        }
    }

    /// Takes an entry, and gives the records that it makes to `give`. Nothing where it cannot be read.
    pub(super) fn take(
        &mut self,
        bytes: &[u8],
        mut give: impl FnMut(&Header, &[u8]),
    ) -> Option<()> {
        let mut entry = Entry::read(bytes)?;
        match entry.kind {
            entry::START | entry::CHILD => return self.start(&mut entry),
            entry::SUSPEND => {
                let mut stage = self.remove(entry.place)?;
                self.held -= stage.bytes.len();
                stage.spill(&mut give);
                self.keep(stage.bytes);
                return Some(());
            }
            entry::END => return self.end(&mut entry, give),
            _ => {}
        }
        let mut innermost_first = self.going_on.iter_mut().rev();
        let stage = innermost_first.find(|stage| stage.place == entry.place)?;
        let before = stage.bytes.len();
        match entry.kind {
            entry::EVENT => {
                let (typed, tick) = (entry.typed()?, entry.rest.u64()?);
                stage.event(&mut entry, typed, tick)?;
            }
            entry::EDGE => {
                let (typed, tick) = (entry.typed()?, entry.rest.u64()?);
                let edge = u32::try_from(entry.rest.u64()?).ok()?;
                stage.edge(&mut entry, typed, tick, edge, &mut give)?;
            }
            entry::ITEMS => {
                let len = usize::try_from(entry.rest.u64()?).ok()?;
                let items = entry.rest.bytes(len)?;
                stage.bytes.extend_from_slice(items);
            }
            _ => return None,
        }
        self.held += stage.bytes.len() - before;
        if self.held > LIMIT {
            count_many(Loss::ItemTooMany, count_items(&stage.bytes[before..]));
            self.held -= stage.bytes.len() - before;
            stage.bytes.truncate(before);
        } else if stage.bytes.len() > SPILL {
            self.held -= stage.bytes.len();
            stage.spill(&mut give);
        }
        Some(())
    }

    /// Takes the stage at a place away, most often the innermost.
    fn remove(&mut self, place: u32) -> Option<Stage> {
        let at = self
            .going_on
            .iter()
            .rposition(|stage| stage.place == place)?;
        Some(self.going_on.remove(at))
    }

    fn start(&mut self, entry: &mut Entry<'_>) -> Option<()> {
        // The ends of those that were there before did not fit into the lane.
        self.forget_from(entry.place);
        let typed = entry.typed()?;
        let (span, start) = (entry.rest.u64()?, entry.rest.u64()?);
        let (trace, parent) = if entry.kind == entry::START {
            ([entry.rest.u64()?, entry.rest.u64()?], entry.rest.u64()?)
        } else {
            let parent = &self.going_on.last()?.header;
            (parent.trace, parent.span)
        };
        let mut bytes = self.spare.pop().unwrap_or_default();
        entry.values(typed.tags, &mut bytes)?;
        let mut values = entry.values;
        if self.held + bytes.len() > LIMIT {
            count_many(Loss::ItemTooMany, values.into());
            bytes.clear();
            values = 0;
        }
        self.held += bytes.len();
        self.going_on.push(Stage {
            place: entry.place,
            header: Header {
                kind: Kind::Span,
                flags: entry.flags,
                outcome: outcome::OK,
                values,
                site: typed.site,
                capture: 0,
                trace,
                span,
                parent,
                start,
                end: start,
            },
            bytes,
        });
        Some(())
    }

    fn end(&mut self, entry: &mut Entry<'_>, mut give: impl FnMut(&Header, &[u8])) -> Option<()> {
        let end = entry.rest.u64()?;
        let stage = self.remove(entry.place)?;
        let header = Header {
            flags: stage.header.flags | entry.flags & flags::HANDED,
            outcome: entry.flags >> flags::BEFORE_OUTCOME,
            end,
            ..stage.header
        };
        give(&header, &stage.bytes);
        self.keep(stage.bytes);
        Some(())
    }
}

impl Stage {
    /// Appends an event, and tells where its values begin.
    fn event(&mut self, entry: &mut Entry<'_>, typed: Typed, tick: u64) -> Option<usize> {
        self.header.end = tick;
        self.bytes.push(item::EVENT);
        self.bytes.extend_from_slice(&typed.site.to_le_bytes());
        self.bytes.extend_from_slice(&tick.to_le_bytes());
        self.bytes.push(entry.values);
        let values = self.bytes.len();
        entry.values(typed.tags, &mut self.bytes)?;
        Some(values)
    }

    /// Appends the event of an edge, and gives what is counted of it: its values.
    fn edge(
        &mut self,
        entry: &mut Entry<'_>,
        typed: Typed,
        tick: u64,
        edge: u32,
        give: &mut impl FnMut(&Header, &[u8]),
    ) -> Option<()> {
        let before = self.bytes.len();
        let values = self.event(entry, typed, tick)?;
        let header = Header {
            kind: Kind::Edge,
            site: edge,
            ..self.header
        };
        give(&header, &self.bytes[values..]);
        if self.header.flags & flags::SAMPLED == 0 {
            self.bytes.truncate(before);
        }
        Some(())
    }

    /// Hands on what there is of it.
    fn spill(&mut self, give: &mut impl FnMut(&Header, &[u8])) {
        let kind = match self.header.kind {
            Kind::Span => Kind::Open,
            _ => Kind::More,
        };
        let header = Header {
            kind,
            ..self.header
        };
        give(&header, &self.bytes);
        self.bytes.clear();
        self.header.kind = Kind::Close;
        self.header.values = 0;
    }
}
