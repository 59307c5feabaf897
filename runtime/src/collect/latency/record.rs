//! The record of a clock that has ended.

use crate::collect::anchor::Anchors;
use crate::record::lane::sites::Site;
use crate::record::lane::wire::{Header, Reader, clock_end};
use crate::record::latency::hops::{self, Times};
use crate::record::latency::{End, LatencyPath, MOST_MARKS, Marks};

/// A clock as its record tells it.
#[derive(Clone, Copy, Debug)]
pub(in crate::collect) struct EndedClock {
    pub(in crate::collect) path: &'static LatencyPath,
    pub(in crate::collect) end: End,
    marks: Marks,
}

impl EndedClock {
    /// Reads what follows the header. Nothing where it is no clock of a path.
    pub(in crate::collect) fn read(header: &Header, site: Site, bytes: &[u8]) -> Option<Self> {
        let Site::Path(path) = site else { return None };
        let end = match header.outcome {
            clock_end::FINISHED => End::Finished,
            clock_end::DROPPED => End::Dropped,
            _ => return None,
        };
        let mut reader = Reader(bytes);
        let mut marks = Marks {
            repeated: reader.u16()?,
            foreign: reader.u16()?,
            ..Marks::default()
        };
        for tick in marks.ticks.get_mut(..path.marks.len().min(MOST_MARKS))? {
            *tick = reader.u64()?;
        }
        reader.is_empty().then_some(Self { path, end, marks })
    }

    /// When its marks were made, in nanoseconds since 1970.
    pub(in crate::collect) fn times(&self, anchors: &Anchors) -> Times {
        hops::times(
            &self.marks,
            |tick| anchors.unix(tick),
            |from, to| anchors.nanoseconds(from, to),
        )
    }

    /// Marks that were made more than once.
    pub(in crate::collect) fn repeated(&self) -> u16 {
        self.marks.repeated
    }
}
