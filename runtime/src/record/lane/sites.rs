//! Numbers for what a record names: callsites of stages, events and late attributes, those of other libraries, and
//! latency paths.

use core::num::NonZeroU16;
use core::sync::atomic::{AtomicU32, Ordering};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tracing_core::Metadata;
use tracing_core::callsite::Identifier;

use crate::edge::EdgeSite;
use crate::record::latency::LatencyPath;
use crate::record::{Callsite, LateCallsite};

/// What a number stands for.
#[derive(Clone, Copy)]
pub(crate) enum Site {
    Callsite(&'static Callsite),
    Late(&'static LateCallsite),
    /// What is counted of an edge.
    Edge(&'static EdgeSite),
    /// A span or event of another library.
    Foreign(&'static Metadata<'static>),
    Path(&'static LatencyPath),
}

// Locked once for each site that is used, and by the collector when it meets a number that it does not know.
static SITES: Mutex<Vec<Site>> = Mutex::new(Vec::new());
/// How many of them are ours.
static OWN: AtomicU32 = AtomicU32::new(0);
static FOREIGN: Mutex<Option<HashMap<Identifier, u32>>> = Mutex::new(None);

/// The number of a site, given on first use.
pub(crate) struct Number(AtomicU32);

impl Number {
    pub(crate) const fn new() -> Self {
        Self(AtomicU32::new(0))
    }

    #[inline]
    pub(crate) fn get(&self, site: impl FnOnce() -> Site) -> u32 {
        // Relaxed: the collector learns what the number stands for under the lock.
        match self.0.load(Ordering::Relaxed) {
            0 => self.register(site()),
            number => number,
        }
    }

    /// The number. Nothing where it has none yet or one that entries have no room for.
    #[inline]
    pub(crate) fn short(&self) -> Option<NonZeroU16> {
        let number = self.0.load(Ordering::Relaxed);
        // One comparison for both: 0 goes around.
        let is_short = number.wrapping_sub(1) < u32::from(u16::MAX);
        #[expect(clippy::cast_possible_truncation, reason = "compared")]
        is_short.then(|| NonZeroU16::new(number as u16)).flatten()
    }

    #[cold]
    fn register(&self, site: Site) -> u32 {
        let mut sites = SITES.lock().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been first.
        let number = match self.0.load(Ordering::Relaxed) {
            0 => {
                let number = push(&mut sites, site);
                OWN.fetch_add(1, Ordering::Release);
                number
            }
            number => number,
        };
        self.0.store(number, Ordering::Relaxed);
        number
    }
}

fn push(sites: &mut Vec<Site>, site: Site) -> u32 {
    sites.push(site);
    u32::try_from(sites.len()).unwrap_or(u32::MAX)
}

/// The number of another library's callsite.
pub(crate) fn foreign(metadata: &'static Metadata<'static>) -> u32 {
    let mut numbers = FOREIGN.lock().unwrap_or_else(PoisonError::into_inner);
    *numbers
        .get_or_insert_default()
        .entry(metadata.callsite())
        .or_insert_with(|| {
            push(
                &mut SITES.lock().unwrap_or_else(PoisonError::into_inner),
                Site::Foreign(metadata),
            )
        })
}

/// How many sites of ours were used.
pub(crate) fn own_count() -> u32 {
    // Acquire: who sees the number finds the sites.
    OWN.load(Ordering::Acquire)
}

/// Appends to `known` the sites that it lacks; a number is its place there and one.
pub(crate) fn learn(known: &mut Vec<Site>) {
    let sites = SITES.lock().unwrap_or_else(PoisonError::into_inner);
    known.extend_from_slice(sites.get(known.len()..).unwrap_or_default());
}
