//! The lanes themselves: who writes into which, who reads them, and how many there may be.
//!
//! A lane is bounded memory for one writing thread and the collector ([`ring`]). A thread takes one with its first record
//! and gives it back when it ends; the next thread that needs one goes on where that stands, after a record that tells
//! its name. So threads that come and go use the memory of as many as live at a time.

use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use super::ring::{self, Consumer, Producer};

/// The bytes of a lane, unless set.
pub(crate) const CAPACITY: usize = 1 << 20;

/// The fewest: two chunks.
pub(crate) const LEAST_CAPACITY: usize = 2 * LEAST_CHUNK;

/// The fewest bytes of a chunk: the longest record fits into each.
pub(super) const LEAST_CHUNK: usize = 64 << 10;

/// The bytes of all lanes together, unless set.
pub(crate) const TOTAL: usize = 256 << 20;

/// What the threads of a lane count, one after the other; each is written by one thread at a time.
// Alone in its cache lines (two, for they are fetched in pairs): beside what another thread writes, each count would wait
// for that thread.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Counters {
    started: AtomicU64,
    ended: AtomicU64,
    lost: AtomicU64,
}

impl Counters {
    fn add_one(counter: &AtomicU64) {
        // A load and a store: no other thread writes. Relaxed: statistics.
        counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }
}

/// The sums of what all threads counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    /// Spans that started.
    pub(crate) started: u64,
    /// Spans that ended.
    pub(crate) ended: u64,
    /// Spans that ended and did not fit into a lane.
    pub(crate) lost: u64,
}

/// The end that a thread writes to.
pub(super) struct Writer {
    pub(super) producer: Producer,
    /// Nothing of a thread that has not written.
    counters: Option<&'static Counters>,
    /// Whether the record that names the thread is in the lane.
    pub(super) named: bool,
}

/// The end that the collector reads.
pub(crate) struct Lane {
    pub(crate) records: Consumer,
}

struct Lanes {
    capacity: usize,
    total: usize,
    made: usize,
    free: VecDeque<Writer>,
    /// Of threads that had counters and no lane.
    without: Vec<Writer>,
    /// Made since the collector last asked.
    new: Vec<Lane>,
    counters: Vec<&'static Counters>,
    collector: Option<Thread>,
}

// Locked when a thread writes its first record, when it ends, and by the collector with each pass.
static LANES: Mutex<Lanes> = Mutex::new(Lanes {
    capacity: CAPACITY,
    total: TOTAL,
    made: 0,
    free: VecDeque::new(),
    without: Vec::new(),
    new: Vec::new(),
    counters: Vec::new(),
    collector: None,
});

/// How many lanes are free.
// Relaxed: who has none asks again with its next record.
static FREE: AtomicUsize = AtomicUsize::new(0);

fn lanes() -> MutexGuard<'static, Lanes> {
    LANES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the size of lanes made from now on, and the cap of all together.
pub(crate) fn configure(capacity: usize, total: usize, collector: Thread) {
    let mut lanes = lanes();
    lanes.capacity = capacity;
    lanes.total = total;
    lanes.collector = Some(collector);
}

/// The lanes that were made since the last call.
pub(crate) fn take_new() -> Vec<Lane> {
    core::mem::take(&mut lanes().new)
}

/// Gives lanes back whose reader ends, for the next one: `init` may fail after it has made one, and be tried again.
pub(crate) fn give_back(lanes_read: impl Iterator<Item = Lane>) {
    lanes().new.extend(lanes_read);
}

/// How many lanes there are, and the bytes that they hold.
pub(crate) fn size() -> (usize, usize) {
    let lanes = lanes();
    (lanes.made, lanes.made * lanes.capacity)
}

/// What all threads counted until now.
pub(crate) fn totals() -> Totals {
    lanes()
        .counters
        .iter()
        .fold(Totals::default(), |sum, counters| Totals {
            started: sum.started + counters.started.load(Ordering::Relaxed),
            ended: sum.ended + counters.ended.load(Ordering::Relaxed),
            lost: sum.lost + counters.lost.load(Ordering::Relaxed),
        })
}

impl Writer {
    /// That of a thread that has not written.
    pub(super) const NONE: Self = Self {
        producer: Producer::NONE,
        counters: None,
        named: false,
    };

    /// A lane of a thread that has ended, or a new one. Beyond the cap there is none: what is written is lost
    /// and counted.
    pub(super) fn acquire() -> Self {
        let mut lanes = lanes();
        if let Some(mut free) = lanes.free.pop_front() {
            FREE.store(lanes.free.len(), Ordering::Relaxed);
            free.named = false;
            return free;
        }
        let room = (lanes.made + 1) * lanes.capacity <= lanes.total;
        if !room {
            if let Some(without) = lanes.without.pop() {
                return without;
            }
        }
        // For as long as the program runs: for the next thread, as the lane is.
        let counters: &Counters = Box::leak(Box::default());
        lanes.counters.push(counters);
        let chunk = (lanes.capacity / ring::MOST_CHUNKS)
            .next_multiple_of(ring::WORD)
            .max(LEAST_CHUNK);
        let made = room.then(|| ring::new(lanes.capacity / chunk, chunk, wake_collector));
        let producer = made.flatten().map(|(producer, records)| {
            lanes.made += 1;
            lanes.new.push(Lane { records });
            producer
        });
        Self {
            producer: producer.unwrap_or(Producer::NONE),
            counters: Some(counters),
            named: false,
        }
    }

    /// Takes a lane that has become free, where there was none for the thread.
    pub(super) fn take_free(&mut self) {
        if !self.has_lane() && FREE.load(Ordering::Relaxed) > 0 {
            *self = Self::acquire();
        }
    }

    #[inline]
    fn count(&self, counter: impl FnOnce(&Counters) -> &AtomicU64) {
        if let Some(counters) = self.counters {
            Counters::add_one(counter(counters));
        }
    }

    #[inline]
    pub(super) fn count_started(&self) {
        self.count(|counters| &counters.started);
    }

    #[inline]
    pub(super) fn count_ended(&self) {
        self.count(|counters| &counters.ended);
    }

    #[inline]
    pub(super) fn count_lost(&self) {
        self.count(|counters| &counters.lost);
    }

    /// Whether the thread has a lane.
    pub(super) fn has_lane(&self) -> bool {
        self.producer.has_ring()
    }
}

/// Whether the collector looks into lanes less often than it does while there is something in them.
// Relaxed: who sees it a little later is read a little later.
static DOZES: AtomicBool = AtomicBool::new(false);

/// Sets whether the collector dozes.
pub(crate) fn set_dozes(on: bool) {
    DOZES.store(on, Ordering::Relaxed);
}

/// Wakes the collector where half of a lane is full, and where it dozes: exporters' queues are shorter than lanes. An atomic
/// swap, and a system call if it sleeps.
#[cold]
fn wake_collector(is_half: bool) {
    if !is_half && !DOZES.load(Ordering::Relaxed) {
        return;
    }
    // Not waiting for the lock: whoever holds it is at work on lanes, and the collector wakes by itself.
    let collector = LANES.try_lock().ok();
    let collector = collector.and_then(|lanes| lanes.collector.clone());
    // Without the lock, which is what the collector asks for first: it would wait, and have to be woken once more.
    if let Some(collector) = collector {
        collector.unpark();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.counters.is_none() {
            return;
        }
        let given_back = core::mem::replace(self, Self::NONE);
        let mut lanes = lanes();
        if given_back.has_lane() {
            lanes.free.push_back(given_back);
            FREE.store(lanes.free.len(), Ordering::Relaxed);
        } else {
            lanes.without.push(given_back);
        }
    }
}
