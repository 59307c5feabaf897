//! The ordered marks of a path, as `#[derive(LatencyStages)]` writes them down.

use core::fmt;

#[cfg(feature = "init")]
use crate::record::lane::sites::{Number, Site};

/// The ordered marks of one latency path. Derive it: [`LatencyStages`](derive@crate::LatencyStages) says how.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no latency path",
    label = "expected a mark: a variant of an enum that derives `LatencyStages`",
    note = "put `#[derive(tickspan::LatencyStages)]` on the enum whose variants are the marks, in their order"
)]
pub trait LatencyStages: Sized {
    /// `[u64; N]` for `N` marks.
    #[doc(hidden)]
    type Ticks: Ticks;

    /// What the macro knows of the path.
    #[doc(hidden)]
    fn __tickspan_path() -> &'static LatencyPath;

    /// The place of the mark in its path, from 0.
    #[doc(hidden)]
    fn __tickspan_place(self) -> usize;
}

/// The ticks of a clock.
pub trait Ticks: Copy + Send + Sync + 'static {
    /// No mark has been made.
    const NONE: Self;

    /// In the order of the path.
    fn all(&self) -> &[u64];

    /// In the order of the path.
    fn all_mut(&mut self) -> &mut [u64];
}

impl<const N: usize> Ticks for [u64; N] {
    const NONE: Self = [0; N];

    #[inline]
    fn all(&self) -> &[u64] {
        self
    }

    #[inline]
    fn all_mut(&mut self) -> &mut [u64] {
        self
    }
}

/// A mark, as it stands in the source.
#[derive(Debug)]
pub struct LatencyMark {
    pub(crate) name: &'static str,
    /// What the hop that ends here may take, or 0.
    #[cfg_attr(
        not(feature = "init"),
        expect(dead_code, reason = "without `init` nobody measures")
    )]
    pub(crate) budget_nanoseconds: u64,
}

impl LatencyMark {
    /// A mark, and what the hop from the mark before may take; 0 where nothing is said.
    pub const fn new(name: &'static str, budget_nanoseconds: u64) -> Self {
        Self {
            name,
            budget_nanoseconds,
        }
    }
}

/// A path, as it stands in the source: a static that the macro leaves behind.
pub struct LatencyPath {
    pub(crate) name: &'static str,
    /// What the whole of it may take, or 0.
    #[cfg_attr(
        not(feature = "init"),
        expect(dead_code, reason = "without `init` nobody measures")
    )]
    pub(crate) budget_nanoseconds: u64,
    pub(crate) marks: &'static [LatencyMark],
    /// Tells paths apart in the byte form of a clock.
    pub(super) fingerprint: u32,
    #[cfg(feature = "init")]
    number: Number,
}

impl LatencyPath {
    /// The value of a static.
    pub const fn new(
        name: &'static str,
        budget_nanoseconds: u64,
        marks: &'static [LatencyMark],
    ) -> Self {
        Self {
            name,
            budget_nanoseconds,
            marks,
            fingerprint: fingerprint(name, marks),
            #[cfg(feature = "init")]
            number: Number::new(),
        }
    }

    /// What stands for it in a record.
    #[cfg(feature = "init")]
    pub(crate) fn number(&'static self) -> u32 {
        self.number.get(|| Site::Path(self))
    }

    /// What tells it from every other path.
    #[inline]
    pub(super) fn address(&'static self) -> usize {
        core::ptr::from_ref(self).addr()
    }
}

impl fmt::Debug for LatencyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LatencyPath")
            .field("name", &self.name)
            .field("marks", &self.marks)
            .finish_non_exhaustive()
    }
}

/// FNV-1a, 32 bits (the IETF's draft-eastlake-fnv), of the name of the path and of its marks, each with a zero byte
/// after it.
const fn fingerprint(name: &str, marks: &[LatencyMark]) -> u32 {
    let mut hash = hashed(0x811c_9dc5, name);
    let mut place = 0;
    while place < marks.len() {
        hash = hashed(hash, marks[place].name);
        place += 1;
    }
    hash
}

const fn hashed(mut hash: u32, text: &str) -> u32 {
    const PRIME: u32 = 0x0100_0193;
    let bytes = text.as_bytes();
    let mut place = 0;
    while place < bytes.len() {
        hash = (hash ^ bytes[place] as u32).wrapping_mul(PRIME);
        place += 1;
    }
    hash.wrapping_mul(PRIME) // of the zero byte
}

#[cfg(test)]
mod tests {
    use super::*;

    static MARKS: [LatencyMark; 2] = [LatencyMark::new("in", 0), LatencyMark::new("out", 5)];

    #[test]
    fn fingerprint_is_fnv_1a_of_the_names() {
        // "a" and "" as published with the algorithm.
        let plain = |text: &str| {
            text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            })
        };
        assert_eq!(plain("a"), 0xe40c_292c);
        assert_eq!(fingerprint("path", &MARKS), plain("path\0in\0out\0"));
    }
}
