//! Where current clocks lie, so that stages find them: on this thread, and on others to which a context was handed.
//!
//! A fixed array of slots, taken and given back without a lock. A slot is known by its place and its generation, so what
//! is handed on is plain data, and finds nothing once the clock is no longer current. Nothing here is `unsafe`, and
//! nothing allocates.
//!
//! The thread or task that owns a clock writes `own`, with plain loads and stores: nobody else does. Others, who got
//! it with a context, write `handed`, with one compare-and-swap. They may come too late, when the slot has
//! another clock: so a cell in `handed` holds the generation beside the tick, and the swap fails.

use core::cell::Cell;
use core::sync::atomic::{AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

use super::clock::{MOST_MARKS, Marks, bit};
use super::path::LatencyPath;
use super::tick;

/// How many clocks may be current at a time, on all threads and in all tasks.
const SLOTS: usize = 8_192;

/// The bits of a handed cell that hold the tick: at 4 GHz it comes round after 19 hours.
const TICK: u64 = (1 << 48) - 1;

/// By how many ticks a handed cell may be newer than the moment at which cells are read: minutes, where the reader waits.
const NEWER: u64 = 1 << 40;

/// The place of one current clock.
// In cache lines of its own, two of which are fetched together: its neighbour is another thread's.
#[repr(align(128))]
struct Slot {
    generation: AtomicU32,
    /// In the list of those that are free, the next, or 0.
    next: AtomicU32,
    path: AtomicUsize,
    /// The clock around.
    outer: AtomicU64,
    foreign: AtomicU16,
    repeated: AtomicU16,
    /// Repeated marks of others: the generation and the marks.
    handed_repeated: AtomicU64,
    own: [AtomicU64; MOST_MARKS],
    /// Marks of others: the generation and the tick.
    handed: [AtomicU64; MOST_MARKS],
}

impl Slot {
    const fn new() -> Self {
        Self {
            generation: AtomicU32::new(0),
            next: AtomicU32::new(0),
            path: AtomicUsize::new(0),
            outer: AtomicU64::new(0),
            foreign: AtomicU16::new(0),
            repeated: AtomicU16::new(0),
            handed_repeated: AtomicU64::new(0),
            own: [const { AtomicU64::new(0) }; MOST_MARKS],
            handed: [const { AtomicU64::new(0) }; MOST_MARKS],
        }
    }
}

/// All of them: 4 MiB of zeros in the binary's memory, of which a page takes room when a slot in it is first used.
static ALL: [Slot; SLOTS] = [const { Slot::new() }; SLOTS];

/// The first of those that were given back, by its place and one, or 0. The upper half counts: so that a swap fails
/// where the same slot has been taken and given back meanwhile.
static FREE: AtomicU64 = AtomicU64::new(0);

/// How many have been taken for the first time.
static USED: AtomicU16 = AtomicU16::new(0);

thread_local! {
    static CURRENT: Cell<ClockRef> = const { Cell::new(ClockRef::NONE) };
}

/// A clock that is, or was, current.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::record) struct ClockRef {
    /// The place of its slot and one, or 0.
    slot: u16,
    /// Whether it came with a context, and the clock is another's.
    handed: bool,
    generation: u32,
}

impl ClockRef {
    pub(in crate::record) const NONE: Self = Self {
        slot: 0,
        handed: false,
        generation: 0,
    };

    /// The same, for somebody else.
    #[inline]
    pub(in crate::record) fn handed(self) -> Self {
        Self {
            handed: self.slot != 0,
            ..self
        }
    }

    fn to_bits(self) -> u64 {
        u64::from(self.generation) << 32 | u64::from(self.handed) << 16 | u64::from(self.slot)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the parts of the bits")]
    fn of_bits(bits: u64) -> Self {
        Self {
            slot: bits as u16,
            handed: bits & 1 << 16 != 0,
            generation: (bits >> 32) as u32,
        }
    }

    /// Its slot, if the clock is still current.
    #[inline]
    fn slot(self) -> Option<&'static Slot> {
        let slot = ALL.get(usize::from(self.slot).wrapping_sub(1))?;
        // Relaxed: whoever has this has it from the thread that took the slot, by a way that orders memory.
        (slot.generation.load(Ordering::Relaxed) == self.generation).then_some(slot)
    }

    /// Whether the clock is still current.
    #[inline]
    pub(in crate::record) fn is_current(self) -> bool {
        self.slot().is_some()
    }

    /// The clock around, if it is still current itself.
    fn outer(self) -> Option<Self> {
        let outer = self.slot()?.outer.load(Ordering::Relaxed);
        Some(Self::of_bits(outer))
    }

    /// What its cells hold above the tick.
    #[inline]
    fn tag(self) -> u64 {
        u64::from(self.generation) << 48
    }

    /// Marks this moment.
    #[inline]
    fn mark(self, slot: &Slot, place: usize) {
        if self.handed {
            return self.mark_for_another(slot, place);
        }
        let Some(cell) = slot.own.get(place) else {
            return;
        };
        // Relaxed: of the owner alone.
        if cell.load(Ordering::Relaxed) == 0 {
            cell.store(tick::now(), Ordering::Relaxed);
        } else {
            let repeated = slot.repeated.load(Ordering::Relaxed);
            slot.repeated
                .store(repeated | bit(place), Ordering::Relaxed);
        }
    }

    #[cold]
    fn mark_for_another(self, slot: &Slot, place: usize) {
        let Some(cell) = slot.handed.get(place) else {
            return;
        };
        let marked = self.tag() | (tick::now() & TICK).max(1);
        // Relaxed: the value is all that is told. The owner reads it after it has waited for this thread, if it has.
        let swapped =
            cell.compare_exchange(self.tag(), marked, Ordering::Relaxed, Ordering::Relaxed);
        if swapped.is_err_and(|found| found & !TICK == self.tag()) {
            let repeat =
                |found| (found & !TICK == self.tag()).then_some(found | u64::from(bit(place)));
            // It fails where the clock has ended meanwhile.
            _ = slot
                .handed_repeated
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, repeat);
        }
    }

    /// Marks this moment on a clock of which the place is known.
    #[inline]
    pub(super) fn mark_own(self, place: usize) {
        if let Some(slot) = self.slot() {
            self.mark(slot, place);
        }
    }

    /// The marks until now.
    pub(super) fn marks(self) -> Option<Marks> {
        let slot = self.slot()?;
        let marks = read(slot, self.tag());
        // Those that were read may be of the next clock, unless the generation is still the same.
        fence(Ordering::Acquire);
        self.slot().map(|_| marks)
    }

    /// Gives the slot back, with the marks that were made. None where that has been done.
    pub(super) fn release(self) -> Option<Marks> {
        let slot = self.slot()?;
        let marks = read(slot, self.tag());
        let next = self.generation.wrapping_add(1);
        slot.generation.store(next, Ordering::Relaxed);
        give_back(self.slot);
        Some(marks)
    }
}

/// What the owner and others marked, put together: of each mark the first.
fn read(slot: &Slot, tag: u64) -> Marks {
    let mut marks = Marks {
        foreign: slot.foreign.load(Ordering::Relaxed),
        repeated: slot.repeated.load(Ordering::Relaxed),
        ticks: core::array::from_fn(|place| slot.own[place].load(Ordering::Relaxed)),
    };
    let mut now = None;
    for (place, cell) in slot.handed.iter().enumerate() {
        let cell = cell.load(Ordering::Relaxed);
        if cell & !TICK != tag || cell & TICK == 0 {
            continue;
        }
        let now = *now.get_or_insert_with(tick::now);
        let newer = cell.wrapping_sub(now) & TICK;
        let handed = if newer < NEWER {
            now.wrapping_add(newer)
        } else {
            now.wrapping_sub(now.wrapping_sub(cell) & TICK)
        };
        let own = &mut marks.ticks[place];
        if *own == 0 {
            *own = handed;
            continue;
        }
        marks.repeated |= bit(place);
        // One from another process was there before.
        if marks.foreign & bit(place) == 0 {
            *own = handed.min(*own);
        }
    }
    let repeated = slot.handed_repeated.load(Ordering::Relaxed);
    if repeated & !TICK == tag {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the marks are the lowest bits"
        )]
        {
            marks.repeated |= repeated as u16;
        }
    }
    marks
}

/// Puts a clock into a slot. None where all are taken.
pub(super) fn take(path: &'static LatencyPath, marks: &Marks, outer: ClockRef) -> Option<ClockRef> {
    let place = take_free().or_else(take_new)?;
    let slot = &ALL[usize::from(place) - 1];
    let taken = ClockRef {
        slot: place,
        handed: false,
        generation: slot.generation.load(Ordering::Relaxed),
    };
    // Whoever reads what follows for a clock of the generation before sees that it has gone.
    fence(Ordering::Release);
    slot.path.store(path.address(), Ordering::Relaxed);
    slot.outer.store(outer.to_bits(), Ordering::Relaxed);
    slot.foreign.store(marks.foreign, Ordering::Relaxed);
    slot.repeated.store(marks.repeated, Ordering::Relaxed);
    slot.handed_repeated.store(taken.tag(), Ordering::Relaxed);
    for (cell, tick) in slot.own.iter().zip(&marks.ticks) {
        cell.store(*tick, Ordering::Relaxed);
    }
    for cell in &slot.handed {
        cell.store(taken.tag(), Ordering::Relaxed);
    }
    Some(taken)
}

fn take_free() -> Option<u16> {
    // Acquire: what the thread that gave the slot back did to it comes before.
    let mut first = FREE.load(Ordering::Acquire);
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is a place")]
        let place = first as u16;
        let slot = ALL.get(usize::from(place).checked_sub(1)?)?;
        let rest = u64::from(slot.next.load(Ordering::Relaxed));
        match FREE.compare_exchange_weak(
            first,
            counted(first) | rest,
            Ordering::Acquire,
            Ordering::Acquire,
        ) {
            Ok(_) => return Some(place),
            Err(found) => first = found,
        }
    }
}

fn take_new() -> Option<u16> {
    let more = |used: u16| (usize::from(used) < SLOTS).then_some(used + 1);
    let used = USED
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more)
        .ok()?;
    Some(used + 1)
}

fn give_back(place: u16) {
    let Some(slot) = ALL.get(usize::from(place).wrapping_sub(1)) else {
        return;
    };
    let mut first = FREE.load(Ordering::Relaxed);
    loop {
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is a place")]
        slot.next.store(first as u32, Ordering::Relaxed);
        // Release: pairs with the load of who takes it.
        match FREE.compare_exchange_weak(
            first,
            counted(first) | u64::from(place),
            Ordering::Release,
            Ordering::Relaxed,
        ) {
            Ok(_) => return,
            Err(found) => first = found,
        }
    }
}

/// The upper half, one more.
fn counted(first: u64) -> u64 {
    (first & !u64::from(u32::MAX)).wrapping_add(1 << 32)
}

/// The clock that is current on this thread.
#[inline]
pub(in crate::record) fn current() -> ClockRef {
    CURRENT.get()
}

/// Makes another clock the current one, and gives that which was.
#[inline]
pub(in crate::record) fn replace_current(clock: ClockRef) -> ClockRef {
    CURRENT.replace(clock)
}

/// Takes a clock, around which is `outer`, out of those of this thread: those in it may go on.
pub(super) fn leave(clock: ClockRef, outer: ClockRef) {
    let outer = clock.outer().unwrap_or(outer);
    let mut inner = current();
    if inner == clock {
        replace_current(outer);
        return;
    }
    while let (Some(slot), Some(around)) = (inner.slot(), inner.outer()) {
        if around == clock {
            slot.outer.store(outer.to_bits(), Ordering::Relaxed);
            return;
        }
        inner = around;
    }
}

/// The innermost current clock of a path.
#[inline]
fn find(path: &'static LatencyPath) -> Option<(ClockRef, &'static Slot)> {
    let mut clock = current();
    loop {
        let slot = clock.slot()?;
        if slot.path.load(Ordering::Relaxed) == path.address() {
            return Some((clock, slot));
        }
        let outer = ClockRef::of_bits(slot.outer.load(Ordering::Relaxed));
        // What is around somebody else's clock is somebody else's.
        clock = if clock.handed { outer.handed() } else { outer };
    }
}

/// Marks this moment on the innermost current clock of a path, if there is one.
#[inline]
pub(super) fn mark_current(path: &'static LatencyPath, place: usize) {
    if let Some((clock, slot)) = find(path) {
        clock.mark(slot, place);
    }
}

/// The marks of the innermost current clock of a path.
pub(super) fn copy_current(path: &'static LatencyPath) -> Option<Marks> {
    find(path)?.0.marks()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;
    use crate::record::latency::LatencyMark;

    static PATH: LatencyPath = LatencyPath::new(
        "p",
        0,
        &[LatencyMark::new("a", 0), LatencyMark::new("b", 0)],
    );

    fn taken() -> ClockRef {
        take(&PATH, &Marks::default(), ClockRef::NONE).unwrap()
    }

    #[test]
    fn bits_hold_all_of_a_reference() {
        let clock = ClockRef {
            slot: 8_192,
            handed: true,
            generation: u32::MAX,
        };
        assert_eq!(ClockRef::of_bits(clock.to_bits()), clock);
        assert_eq!(ClockRef::of_bits(0), ClockRef::NONE);
    }

    #[test]
    fn a_clock_that_has_ended_takes_no_marks() {
        let clock = taken();
        clock.mark_own(0);
        assert_ne!(clock.release().unwrap().ticks[0], 0);
        assert_eq!(clock.release(), None);
        clock.mark_own(1);
        clock.handed().mark_own(1);
        assert_eq!(clock.marks(), None);
    }

    #[test]
    fn the_mark_of_another_counts_once_and_its_tick_is_whole() {
        let clock = taken();
        let before = tick::now();
        clock.handed().mark_own(1);
        clock.handed().mark_own(1);
        let after = tick::now();
        let marks = clock.release().unwrap();
        assert!((before..=after).contains(&marks.ticks[1]));
        assert_eq!((marks.ticks[0], marks.repeated), (0, 0b10));
    }

    #[test]
    fn a_mark_that_is_made_while_marks_are_read_is_no_older() {
        let clock = taken();
        let soon = tick::now() + 1_000_000_000;
        let cell = &clock.slot().unwrap().handed[1];
        cell.store(clock.tag() | (soon & TICK), Ordering::Relaxed);
        assert_eq!(clock.release().unwrap().ticks[1], soon);
    }

    #[test]
    fn the_first_of_the_owner_and_another_counts() {
        let clock = taken();
        clock.handed().mark_own(0);
        let between = tick::now();
        clock.mark_own(0);
        let marks = clock.release().unwrap();
        assert!(marks.ticks[0] <= between);
        assert_eq!(marks.repeated, 0b1);
    }

    #[test]
    fn a_late_mark_does_not_reach_the_next_clock_in_the_slot() {
        let clock = taken();
        let slot = clock.slot().unwrap();
        let handed = clock.handed();
        clock.release();
        // The next clock, as another test may have taken the slot meanwhile.
        loop {
            let next = taken();
            if next.slot == clock.slot {
                // As where the generation was read before the clock ended.
                handed.mark_for_another(slot, 0);
                handed.mark_for_another(slot, 0);
                assert_eq!(next.release(), Some(Marks::default()));
                break;
            }
        }
    }

    #[test]
    fn slots_taken_at_once_are_never_the_same() {
        const THREADS: usize = 8;
        let barrier = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    barrier.wait();
                    for round in 0..2_000_u64 {
                        let clocks: Vec<ClockRef> = (0..5).map(|_| taken()).collect();
                        for (place, clock) in clocks.iter().enumerate() {
                            let cell = &clock.slot().unwrap().own[1];
                            let found = cell.swap(round + place as u64 + 1, Ordering::Relaxed);
                            assert_eq!(found, 0, "another has it");
                        }
                        for (place, clock) in clocks.iter().enumerate() {
                            let marks = clock.release().unwrap();
                            assert_eq!(marks.ticks[1], round + place as u64 + 1);
                        }
                    }
                });
            }
        });
    }
}
