//! The memory of a lane: chunks that one thread fills with records, and the collector empties.
//!
//! The thread fills one chunk after the other and publishes how many words it has written in all; the collector reads up
//! to there, and gives each chunk back that it has read. The thread goes on in the first that is free. So one whose records
//! are read in time writes to the same few chunks, however large its lane is, and they stay in its processor's cache.
//!
//! A record never lies across two chunks. Words are atomic, so that no record that is read while it is written is more
//! than wrong, and none is: the collector reads what has been published to it.

use super::sync::{AtomicU64, Ordering, zeroed};

/// The bytes of a word.
pub(super) const WORD: usize = size_of::<u64>();

/// The words of a window.
pub(super) const WINDOW: usize = 64;

/// Where entries are written.
pub(super) type Window = [AtomicU64; WINDOW];

/// The most chunks: each has a bit.
pub(super) const MOST_CHUNKS: usize = u64::BITS as usize;

/// Alone in its cache lines (two, for they are fetched in pairs).
#[derive(Debug)]
#[repr(align(128))]
struct Alone(AtomicU64);

/// Lives as long as the program: a thread that comes uses the lane of one that has gone.
#[derive(Debug)]
struct Ring {
    words: Box<[AtomicU64]>,
    /// The words of a chunk. The last that is used is the link to the chunk that comes next.
    chunk: usize,
    /// A bit for each chunk that is free. The producer takes them, the consumer gives them.
    free: Alone,
    /// The words that were written, links among them.
    written: Alone,
}

/// A link: where a record's length is 0, and its chunk in the upper half.
fn link(chunk: usize) -> u64 {
    (chunk as u64) << 32
}

/// The end that writes.
#[derive(Debug)]
pub(super) struct Producer {
    ring: Option<&'static Ring>,
    /// The words of the chunk that it writes to. The last is left for the link.
    chunk: &'static [AtomicU64],
    /// Those before the next record.
    at: u32,
    /// The words that were written before this chunk.
    before: u64,
    /// Called when a chunk is full: with whether no more than half of them are left.
    full: fn(bool),
}

/// The end that reads.
#[derive(Debug)]
pub(crate) struct Consumer {
    ring: &'static Ring,
    chunk: usize,
    /// The words before the next record.
    at: usize,
    read: u64,
}

/// A ring of `chunks` chunks, which are at least two, of so many bytes each. Who fills it calls `full` with each that is full:
/// with whether no more than half of them are left. Nothing where there is no memory for it.
pub(super) fn new(chunks: usize, bytes: usize, full: fn(bool)) -> Option<(Producer, Consumer)> {
    let chunk = bytes / WORD;
    let chunks = chunks.min(MOST_CHUNKS);
    // Places in it have 32 bits.
    let words = u32::try_from(chunks * chunk).ok()?;
    let all = u64::MAX >> (MOST_CHUNKS - chunks);
    let ring: &Ring = Box::leak(Box::new(Ring {
        words: zeroed(words as usize)?,
        chunk,
        free: Alone(AtomicU64::new(all & !1)),
        written: Alone(AtomicU64::new(0)),
    }));
    let producer = Producer {
        ring: Some(ring),
        chunk: ring.chunk(0),
        at: 0,
        before: 0,
        full,
    };
    let consumer = Consumer {
        ring,
        chunk: 0,
        at: 0,
        read: 0,
    };
    Some((producer, consumer))
}

impl Ring {
    fn chunk(&self, of: usize) -> &[AtomicU64] {
        let at = of * self.chunk;
        self.words.get(at..at + self.chunk).unwrap_or_default()
    }
}

impl Producer {
    /// One that writes to no ring: nothing fits.
    pub(super) const NONE: Self = Self {
        ring: None,
        chunk: &[],
        at: 0,
        before: 0,
        full: |_| {},
    };

    /// Whether there is a ring.
    pub(super) fn has_ring(&self) -> bool {
        self.ring.is_some()
    }

    /// So many words behind what is written. Nothing where there are not as many, and one for the link.
    #[inline]
    fn room(&self, words: usize) -> Option<&'static [AtomicU64]> {
        let at = self.at as usize;
        self.chunk.get(at..at + words + 1)
    }

    /// The words behind what is written. Nothing near the end of a chunk, which [`write`](Self::write) and
    /// [`make_window`](Self::make_window) go beyond.
    #[inline]
    pub(super) fn window(&self) -> Option<&'static Window> {
        self.room(WINDOW)?.first_chunk()
    }

    /// Goes on in another chunk where there is no window. False where none is free.
    pub(super) fn make_window(&mut self) -> bool {
        self.window().is_some() || self.go_on(WINDOW).is_some()
    }

    /// Says that so many of them are written. The consumer need not be told before it can do something with them.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "fewer than a chunk's")]
    pub(super) fn advance(&mut self, words: usize) {
        self.at += words as u32;
    }

    /// The words that were written, links among them.
    #[inline]
    fn written(&self) -> u64 {
        self.before.wrapping_add(self.at.into())
    }

    /// Lets the consumer read what is written.
    #[inline]
    pub(super) fn publish(&self) {
        if let Some(ring) = self.ring {
            ring.written.0.store(self.written(), Ordering::Release);
        }
    }

    /// Writes a record, which is whole words, shorter than a chunk and no longer than its length can tell, whole or not at all, and
    /// publishes it.
    #[inline]
    pub(super) fn write(&mut self, record: &[u8]) -> bool {
        if record.len() > usize::from(u16::MAX) {
            return false;
        }
        // Not `copy_from_slice`, which is a call for each word where the program is built without LTO.
        let words = record
            .chunks_exact(WORD)
            .map(|bytes| bytes.try_into().unwrap_or_default());
        self.write_words(words.map(u64::from_le_bytes))
    }

    /// The same, of its words.
    #[inline]
    pub(super) fn write_words(&mut self, record: impl ExactSizeIterator<Item = u64>) -> bool {
        let words = record.len();
        let Some(room) = self.room(words).or_else(|| self.go_on(words)) else {
            return false;
        };
        for (word, value) in room.iter().zip(record) {
            // Relaxed: what publishes them is not.
            word.store(value, Ordering::Relaxed);
        }
        self.advance(words);
        self.publish();
        true
    }

    /// Goes on in a chunk that is free, and gives so many words of it. Nothing where none is, or has not as many.
    #[cold]
    #[inline(never)]
    fn go_on(&mut self, words: usize) -> Option<&'static [AtomicU64]> {
        let ring = self.ring?;
        // Acquire: what the consumer read there, it has read.
        let free = ring.free.0.load(Ordering::Acquire);
        if free == 0 || words >= ring.chunk {
            return None;
        }
        let next = free.trailing_zeros() as usize;
        // Relaxed: nobody else takes one.
        ring.free.0.fetch_and(!(1 << next), Ordering::Relaxed);
        let is_half = 2 * (free.count_ones() as usize - 1) * ring.chunk <= ring.words.len();
        if let Some(word) = self.chunk.get(self.at as usize) {
            word.store(link(next), Ordering::Relaxed);
        }
        self.advance(1);
        self.publish();
        self.before = self.written();
        self.chunk = ring.chunk(next);
        self.at = 0;
        (self.full)(is_half);
        self.room(words)
    }
}

/// What is not a record, where one should be.
#[derive(Debug)]
pub(crate) struct Unreadable;

impl Consumer {
    /// How many bytes there are to read.
    pub(crate) fn len(&self) -> usize {
        // Acquire: with the words that it counts.
        let written = self.ring.written.0.load(Ordering::Acquire);
        usize::try_from(written - self.read).unwrap_or(usize::MAX) * WORD
    }

    /// Gives `take` the records that there are, up to the end of a chunk, and tells how many bytes they were. `copy` is what
    /// they are copied to.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] where something else lies there, which cannot happen: what follows cannot be told apart.
    pub(crate) fn read(
        &mut self,
        copy: &mut Vec<u8>,
        mut take: impl FnMut(&[u8]),
    ) -> Result<usize, Unreadable> {
        let end = (self.chunk + 1) * self.ring.chunk;
        let words = (self.len() / WORD).min(end - self.at);
        copy.resize(words * WORD, 0);
        let written = self.ring.words.get(self.at..self.at + words);
        // Relaxed: they were published. What lies behind a link may be written this moment, and is not looked at.
        for (bytes, word) in copy.chunks_exact_mut(WORD).zip(written.unwrap_or_default()) {
            bytes.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
        }
        let mut left = &copy[..];
        let mut next = None;
        while let Some(&[low, high, _, _, link @ ..]) = left.first_chunk::<WORD>() {
            let len = usize::from(u16::from_le_bytes([low, high]));
            if len == 0 {
                left = &left[WORD..];
                next = Some(u32::from_le_bytes(link) as usize);
                break;
            }
            let (record, behind) = left
                .split_at_checked(len.next_multiple_of(WORD))
                .ok_or(Unreadable)?;
            take(&record[..len]);
            left = behind;
        }
        let read = (copy.len() - left.len()) / WORD;
        self.read += read as u64;
        self.at += read;
        if let Some(next) = next {
            // Release: its words have been read.
            self.ring
                .free
                .0
                .fetch_or(1 << self.chunk, Ordering::Release);
            self.chunk = next;
            self.at = next * self.ring.chunk;
        }
        Ok(read * WORD)
    }
}
