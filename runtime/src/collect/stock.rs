//! Vectors for what spans hold, allocated by the threads that free them.
//!
//! The collector fills them, and an exporter's thread frees them. An allocator that keeps memory for each thread, as glibc's does, locks
//! that of the thread which allocated when another frees, and both sleep where they meet: at 500,000 spans a second they did so 50,000
//! times a second. So the threads of exporters allocate what they will free, as many as the collector has used, and
//! it takes them from here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::trace::Event;

/// The attributes that a vector of the one shelf has room for, and of the other.
const FEW: usize = 4;
const MANY: usize = 8;

/// Spans that have an event have one, mostly.
const EVENTS: usize = 1;

/// The most vectors on a shelf: at a high rate the collector needs some thousand in a pass.
const MOST: usize = 1 << 11;

/// Vectors of one size, and how many more are wanted.
#[derive(Debug)]
struct Shelf<T> {
    vectors: Vec<Vec<T>>,
    wanted: usize,
}

/// A shelf for each size.
#[derive(Debug)]
struct Shelves {
    few: Shelf<KeyValue>,
    many: Shelf<KeyValue>,
    events: Shelf<Event>,
}

/// What lies between those who allocate and the one who uses.
// Locked for as long as it takes to swap two vectors, or to move pointers.
#[derive(Debug)]
struct Store(Mutex<Shelves>);

static STORE: Store = Store::new();

impl<T> Shelf<T> {
    const EMPTY: Self = Self {
        vectors: Vec::new(),
        wanted: 0,
    };

    /// A vector with this much room; where there is none at hand, more are taken from the store.
    fn take(&mut self, room: usize, store: &Store, of: fn(&mut Shelves) -> &mut Self) -> Vec<T> {
        if self.vectors.is_empty() {
            let mut shelves = store.lock();
            let stored = of(&mut shelves);
            stored.wanted = MOST.min(stored.wanted + self.wanted);
            self.wanted = 0;
            core::mem::swap(&mut self.vectors, &mut stored.vectors);
        }
        self.wanted += 1;
        self.vectors
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(room))
    }
}

impl Shelves {
    const EMPTY: Self = Self {
        few: Shelf::EMPTY,
        many: Shelf::EMPTY,
        events: Shelf::EMPTY,
    };
}

impl Store {
    const fn new() -> Self {
        Self(Mutex::new(Shelves::EMPTY))
    }

    /// Nothing that is locked here panics half-way.
    fn lock(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refill(&self) {
        self.put(FEW, |shelves| &mut shelves.few);
        self.put(MANY, |shelves| &mut shelves.many);
        self.put(EVENTS, |shelves| &mut shelves.events);
    }

    fn put<T>(&self, room: usize, of: fn(&mut Shelves) -> &mut Shelf<T>) {
        let wanted = core::mem::take(&mut of(&mut self.lock()).wanted);
        if wanted == 0 {
            return;
        }
        let mut vectors: Vec<Vec<T>> = (0..wanted).map(|_| Vec::with_capacity(room)).collect();
        let mut shelves = self.lock();
        let stored = of(&mut shelves);
        let fits = MOST.saturating_sub(stored.vectors.len());
        let beyond = vectors.split_off(vectors.len().min(fits));
        stored.vectors.append(&mut vectors);
        // After the lock.
        drop(shelves);
        drop(beyond);
    }
}

/// Allocates as many vectors as are wanted. For a thread that frees spans, when it has.
pub(crate) fn refill() {
    STORE.refill();
}

/// What the collector has at hand.
#[derive(Debug)]
pub(super) struct Stock {
    store: &'static Store,
    at_hand: Shelves,
}

impl Stock {
    pub(super) const fn new() -> Self {
        Self {
            store: &STORE,
            at_hand: Shelves::EMPTY,
        }
    }

    /// An empty vector with room for so many attributes or more.
    pub(super) fn attributes(&mut self, room: usize) -> Vec<KeyValue> {
        let Self { store, at_hand } = self;
        if room == 0 {
            Vec::new()
        } else if room <= FEW {
            at_hand.few.take(FEW, store, |shelves| &mut shelves.few)
        } else if room <= MANY {
            at_hand.many.take(MANY, store, |shelves| &mut shelves.many)
        } else {
            Vec::with_capacity(room)
        }
    }

    /// An empty vector for events.
    pub(super) fn events(&mut self) -> Vec<Event> {
        let Self { store, at_hand } = self;
        at_hand
            .events
            .take(EVENTS, store, |shelves| &mut shelves.events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stock of its own, and the store behind it.
    fn alone() -> (Stock, &'static Store) {
        let store = Box::leak(Box::new(Store::new()));
        let at_hand = Shelves::EMPTY;
        (Stock { store, at_hand }, store)
    }

    #[test]
    fn a_vector_has_the_room_that_was_asked_for_and_nothing_in_it() {
        let (mut stock, store) = alone();
        for _ in 0..3 {
            for room in [0, 1, FEW, FEW + 1, MANY, MANY + 1, 100] {
                let vector = stock.attributes(room);
                assert!(vector.capacity() >= room, "{room}");
                assert!(vector.is_empty());
            }
            assert!(stock.events().is_empty());
            store.refill();
        }
    }

    #[test]
    fn as_many_are_allocated_elsewhere_as_were_used() {
        let (mut stock, store) = alone();
        for _ in 0..100 {
            stock.attributes(3);
        }
        let refilled = |store: &'static Store| {
            std::thread::spawn(|| store.refill())
                .join()
                .expect("it does not panic");
            store.lock().few.vectors.len()
        };
        // The last was not told yet: it is told with the first of the next.
        assert_eq!(refilled(store), 99);
        for _ in 0..99 {
            stock.attributes(3);
        }
        assert_eq!(store.lock().few.vectors.len(), 0);
        stock.attributes(3);
        assert_eq!(refilled(store), 100);
    }

    #[test]
    fn a_shelf_holds_no_more_than_the_most() {
        let (mut stock, store) = alone();
        for _ in 0..2 {
            for _ in 0..3 * MOST {
                stock.events();
            }
            store.refill();
            assert_eq!(store.lock().events.vectors.len(), MOST);
        }
        // Two that refill at once may both have been told the same.
        store.lock().events.wanted = MOST;
        store.refill();
        assert_eq!(store.lock().events.vectors.len(), MOST);
    }
}
