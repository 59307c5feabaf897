//! The bytes that records are made of.

use core::fmt;
use core::ops::{Deref, DerefMut, Range};

use super::ring::WORD;

/// Bytes that grow at their end, as those of a vector.
///
/// To append is a comparison and a store, and always inlined: of a vector it is a call where the compiler thinks so, and a
/// stage appends a dozen times.
#[derive(Default)]
pub(crate) struct Bytes {
    /// Initialised beyond `len`, so that what is appended has but to be copied.
    room: Vec<u8>,
    // Of 32 bits: what comes behind it cannot overflow, and need not be looked at. None comes near that.
    len: u32,
}

#[expect(
    clippy::inline_always,
    reason = "that they are inlined is what they are for"
)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "values are cut long before"
)]
impl Bytes {
    pub(in crate::record) const fn new() -> Self {
        Self {
            room: Vec::new(),
            len: 0,
        }
    }

    /// None, and room for this many.
    pub(crate) fn with_room(room: usize) -> Self {
        Self {
            room: vec![0; room],
            len: 0,
        }
    }

    /// How many there are.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Appends as many bytes as are known when the program is compiled.
    #[inline(always)]
    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        let len = self.len as usize;
        match self.room.get_mut(len..len + N) {
            Some(room) => {
                room.copy_from_slice(&bytes);
                self.len += N as u32;
            }
            None => self.grow(&bytes),
        }
    }

    /// Appends a byte and some behind it, as [`put`](Self::put) would if they were one: which are first put side by side, and
    /// then loaded before they are there.
    #[inline(always)]
    pub(super) fn put_behind<const N: usize>(&mut self, first: u8, bytes: [u8; N]) {
        let len = self.len as usize;
        if let Some([room, behind @ ..]) = self.room.get_mut(len..len + 1 + N) {
            *room = first;
            behind.copy_from_slice(&bytes);
            self.len += 1 + N as u32;
        } else {
            self.grow(&[first]);
            self.grow(&bytes);
        }
    }

    /// Appends bytes.
    #[inline(always)]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let len = self.len as usize;
        match self
            .room
            .get_mut(len..)
            .and_then(|room| room.get_mut(..bytes.len()))
        {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.len += bytes.len() as u32;
            }
            None => self.grow(bytes),
        }
    }

    /// Appends some of them again.
    pub(super) fn repeat(&mut self, some: Range<usize>) {
        let (len, more) = (self.len as usize, some.len());
        self.reserve(more);
        self.room.copy_within(some, len);
        self.len += more as u32;
    }

    /// Takes some of them out.
    pub(super) fn remove(&mut self, some: Range<usize>) {
        let (end, fewer) = (self.len as usize, some.len());
        self.room.copy_within(some.end..end, some.start);
        self.len -= fewer as u32;
    }

    /// Those from `at` to `end`, and what lies behind them up to whole words.
    #[inline(always)]
    pub(super) fn words(&mut self, at: usize, end: usize) -> Option<&[u8]> {
        let end = at + (end - at).next_multiple_of(WORD);
        if end > self.room.len() {
            self.make_room(WORD);
        }
        self.room.get(at..end)
    }

    /// As many as are known when the program is compiled, from `at` on.
    #[inline(always)]
    pub(super) fn chunk<const N: usize>(&self, at: u32) -> Option<&[u8; N]> {
        self.room.get(at as usize..at as usize + N)?.first_chunk()
    }

    /// The same, to be written.
    #[inline(always)]
    pub(super) fn chunk_mut<const N: usize>(&mut self, at: u32) -> Option<&mut [u8; N]> {
        self.room
            .get_mut(at as usize..at as usize + N)?
            .first_chunk_mut()
    }

    /// Shortens them to `len`, where they are longer.
    #[inline(always)]
    pub(super) fn truncate(&mut self, len: usize) {
        if len < self.len as usize {
            self.len = len as u32;
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        let len = self.len as usize;
        self.room[len..len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u32;
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, more: usize) {
        self.reserve(more);
    }

    fn reserve(&mut self, more: usize) {
        let least = self.len as usize + more;
        if least > self.room.len() {
            self.room.resize(least.max(2 * self.room.len()).max(64), 0);
        }
    }
}

impl Deref for Bytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.room.get(..self.len as usize).unwrap_or_default()
    }
}

impl DerefMut for Bytes {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        self.room.get_mut(..self.len as usize).unwrap_or_default()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn they_are_what_a_vector_would_be(steps in vec((0..5, vec(any::<u8>(), 0..100), 0..200_usize), 0..50)) {
            let (mut bytes, mut vector) = (Bytes::new(), Vec::new());
            for (step, some, at) in steps {
                match step {
                    0 => {
                        bytes.put([7; 9]);
                        vector.extend_from_slice(&[7; 9]);
                    }
                    1 => {
                        bytes.extend(&some);
                        vector.extend_from_slice(&some);
                    }
                    2 => {
                        let some = at.min(vector.len())..vector.len();
                        bytes.repeat(some.clone());
                        vector.extend_from_within(some);
                    }
                    3 => {
                        let some = at.min(vector.len())..(at + some.len()).min(vector.len());
                        bytes.remove(some.clone());
                        vector.drain(some);
                    }
                    _ => {
                        bytes.truncate(at);
                        vector.truncate(at);
                    }
                }
                prop_assert_eq!(&bytes[..], &vector[..]);
            }
        }
    }
}
