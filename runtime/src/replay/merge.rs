//! The events of all files, in the order of their time.
//!
//! Of the files that were written at the same time, the one that is behind is read. What was read is held back until all of them
//! have come a window beyond it. The next file is opened when the others have come to its beginning.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::files::Files;
use super::source::Source;
use super::{Damage, Event, Wanted};

/// So many events are held back at most.
const MOST_EVENTS: usize = 65_536;

/// So many bytes of lines are held back at most.
const MOST_BYTES: usize = 64 << 20;

#[derive(Debug)]
pub(super) struct Merge {
    files: Files,
    wanted: Wanted,
    window: Duration,
    /// Files of the day that have not been begun, with the time at which they begin.
    waiting: VecDeque<(SystemTime, PathBuf)>,
    open: Vec<Source>,
    held: BinaryHeap<Reverse<Held>>,
    held_bytes: usize,
    /// How many events were read: of two at the same time, the first that was read comes first.
    read: u64,
    /// The latest time that was given.
    given: SystemTime,
    late: u64,
}

/// An event that is held back.
#[derive(Debug)]
struct Held {
    event: Event,
    bytes: usize,
    number: u64,
}

impl Merge {
    pub(super) fn new(
        mut files: Files,
        open: Vec<Source>,
        wanted: Wanted,
        window: Duration,
    ) -> Self {
        if let Some(from) = wanted.from {
            files.skip_before(from);
        }
        Self {
            files,
            wanted,
            window,
            waiting: VecDeque::new(),
            open,
            held: BinaryHeap::new(),
            held_bytes: 0,
            read: 0,
            given: SystemTime::UNIX_EPOCH,
            late: 0,
        }
    }

    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// Opens what has to be read now: at least one file, if there is one.
    fn open_due(&mut self) {
        loop {
            if self.waiting.is_empty() {
                self.wait_for_next_batch();
            }
            let Some((begins, _)) = self.waiting.front() else {
                return;
            };
            let is_due = self
                .open
                .iter()
                .map(Source::latest)
                .min()
                .is_none_or(|at| *begins <= at);
            if !is_due {
                return;
            }
            if let Some((_, path)) = self.waiting.pop_front() {
                self.open.push(Source::open(path));
            }
        }
    }

    fn wait_for_next_batch(&mut self) {
        let Some(files) = self.files.next_batch() else {
            return;
        };
        let mut waiting: Vec<_> = files
            .into_iter()
            .map(|path| {
                // One in which nothing can be read is opened at once, so that its damage is told.
                let begins = Source::first_time(path.clone());
                (begins.unwrap_or(SystemTime::UNIX_EPOCH), path)
            })
            .collect();
        // Those that begin at the same time stay in the order in which they were written.
        waiting.sort_by_key(|(begins, _)| *begins);
        self.waiting = waiting.into();
    }

    /// Whether the earliest that is held back can be given.
    fn is_due(&self) -> bool {
        if self.held.len() >= MOST_EVENTS || self.held_bytes >= MOST_BYTES {
            return true;
        }
        let Some(Reverse(first)) = self.held.peek() else {
            return false;
        };
        match self.open.iter().map(Source::latest).min() {
            None => true,
            Some(at) => first
                .time()
                .checked_add(self.window)
                .is_some_and(|due| due <= at),
        }
    }

    fn give(&mut self) -> Option<Event> {
        let Reverse(held) = self.held.pop()?;
        self.held_bytes -= held.bytes;
        let time = held.time();
        if time < self.given {
            self.late += 1;
        }
        self.given = self.given.max(time);
        Some(held.event)
    }

    /// Reads from the file that is behind, until something is wanted, or nobody wants anything any more.
    fn read(&mut self, is_wanted: &dyn Fn() -> bool) -> Option<Damage> {
        let (behind, source) = self
            .open
            .iter_mut()
            .enumerate()
            .min_by_key(|(_, source)| source.latest())?;
        match source.next_while(&self.wanted, is_wanted) {
            None => {
                self.open.remove(behind);
                None
            }
            Some(Err(damage)) => Some(damage),
            Some(Ok((event, bytes))) => {
                self.read += 1;
                self.held_bytes += bytes;
                self.held.push(Reverse(Held {
                    event,
                    bytes,
                    number: self.read,
                }));
                None
            }
        }
    }
}

impl Merge {
    /// The next, unless nobody wants it any more.
    pub(super) fn next_while(
        &mut self,
        is_wanted: &dyn Fn() -> bool,
    ) -> Option<Result<Event, Damage>> {
        loop {
            if !is_wanted() {
                return None;
            }
            self.open_due();
            if self.is_due() {
                return self.give().map(Ok);
            }
            if self.open.is_empty() {
                return None;
            }
            if let Some(damage) = self.read(is_wanted) {
                return Some(Err(damage));
            }
        }
    }
}

impl Held {
    fn time(&self) -> SystemTime {
        self.event.line.timestamp
    }

    fn order(&self) -> (SystemTime, u64) {
        (self.time(), self.number)
    }
}

impl Ord for Held {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

impl PartialOrd for Held {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Held {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl Eq for Held {}
