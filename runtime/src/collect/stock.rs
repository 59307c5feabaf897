//! Vectors for what spans hold, allocated by the threads that free them.
//!
//! The collector fills them, and an exporter's thread frees them. An allocator that keeps memory for each thread, as glibc's does, locks
//! that of the thread which allocated when another frees, and both sleep where they meet: at 500,000 spans a second they did so 50,000
//! times a second. So the threads of exporters lay back what they have emptied, or allocate what they will free, as many as the
//! collector has used, and it takes them from here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::trace::Event;
use opentelemetry_sdk::trace::SpanData;

use crate::record::lane::{self, Mode};

/// The attributes that a vector of the one shelf has room for, and of the other.
const FEW: usize = 4;
const MANY: usize = 8;

/// Spans that have an event have one, mostly.
const EVENTS: usize = 1;

/// The most vectors on a shelf: at a high rate the collector needs some thousand in a pass.
const MOST: usize = MOST_WANTED.unsigned_abs();

const MOST_WANTED: isize = 1 << 11;

/// Vectors of one size, and how many more are wanted: fewer than none where some were laid back that the collector has not told of.
#[derive(Debug)]
struct Shelf<T> {
    vectors: Vec<Vec<T>>,
    wanted: isize,
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
            stored.want(core::mem::take(&mut self.wanted));
            core::mem::swap(&mut self.vectors, &mut stored.vectors);
        }
        self.wanted += 1;
        self.vectors
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(room))
    }

    /// Says that more are wanted, or fewer.
    fn want(&mut self, more: isize) {
        self.wanted = (self.wanted + more).clamp(-MOST_WANTED, MOST_WANTED);
    }

    /// Empties a vector and lays it there, if it is of the size; else it is left.
    fn lay(&mut self, vector: &mut Vec<T>, room: usize) {
        if vector.capacity() == room {
            let mut vector = core::mem::take(vector);
            vector.clear();
            self.vectors.push(vector);
        }
    }

    /// Lays vectors there, as many as there may be; those beyond are left.
    fn lay_all(&mut self, vectors: &mut Vec<Vec<T>>) {
        let fits = MOST.saturating_sub(self.vectors.len()).min(vectors.len());
        self.vectors.extend(vectors.drain(..fits));
    }

    /// Lays back what another had.
    fn lay_back(&mut self, other: &mut Self) {
        self.want(-isize::try_from(other.vectors.len()).unwrap_or(MOST_WANTED));
        self.lay_all(&mut other.vectors);
    }
}

impl Shelves {
    const EMPTY: Self = Self {
        few: Shelf::EMPTY,
        many: Shelf::EMPTY,
        events: Shelf::EMPTY,
    };

    /// Lays a vector where those of its size are.
    fn lay_attributes(&mut self, attributes: &mut Vec<KeyValue>) {
        self.few.lay(attributes, FEW);
        self.many.lay(attributes, MANY);
    }
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
        let wanted = {
            let mut shelves = self.lock();
            let wanted = &mut of(&mut shelves).wanted;
            if *wanted <= 0 {
                return;
            }
            core::mem::take(wanted)
        };
        // Allocated, and what is too many freed, while nothing is locked.
        let mut vectors: Vec<Vec<T>> = (0..wanted).map(|_| Vec::with_capacity(room)).collect();
        of(&mut self.lock()).lay_all(&mut vectors);
    }

    fn give_back(&self, mut spans: Vec<SpanData>) {
        let mut emptied = Shelves::EMPTY;
        for span in &mut spans {
            emptied.lay_attributes(&mut span.attributes);
            for event in &mut span.events.events {
                emptied.lay_attributes(&mut event.attributes);
            }
            emptied.events.lay(&mut span.events.events, EVENTS);
        }
        let mut shelves = self.lock();
        shelves.few.lay_back(&mut emptied.few);
        shelves.many.lay_back(&mut emptied.many);
        shelves.events.lay_back(&mut emptied.events);
    }
}

/// Frees spans, but for what the collector can use again. For who has made something else of them.
#[cfg_attr(
    not(any(feature = "otlp-grpc", feature = "otlp-http")),
    expect(dead_code, reason = "exporters of the SDK free them themselves")
)]
pub(crate) fn give_back(spans: Vec<SpanData>) {
    // On the other route nobody takes them.
    if lane::mode() == Mode::Lane {
        STORE.give_back(spans);
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
    use std::time::UNIX_EPOCH;

    use opentelemetry::InstrumentationScope;
    use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status};
    use opentelemetry_sdk::trace::{SpanEvents, SpanLinks};

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
        store.lock().events.wanted = MOST_WANTED;
        store.refill();
        assert_eq!(store.lock().events.vectors.len(), MOST);
    }

    /// A span with an event, of what the stock has.
    fn span(stock: &mut Stock) -> SpanData {
        let mut events = SpanEvents::default();
        events.events = stock.events();
        let mut attributes = |room| {
            let mut attributes = stock.attributes(room);
            attributes.push(KeyValue::new("symbol", "AAPL"));
            attributes
        };
        let (of_event, attributes) = (attributes(MANY), attributes(FEW));
        events
            .events
            .push(Event::new("edge", UNIX_EPOCH, of_event, 0));
        SpanData {
            span_context: SpanContext::NONE,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: "quote".into(),
            start_time: UNIX_EPOCH,
            end_time: UNIX_EPOCH,
            attributes,
            dropped_attributes_count: 0,
            events,
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    #[test]
    fn what_is_given_back_is_used_again_and_nothing_is_allocated_for_it() {
        let (mut stock, store) = alone();
        for _ in 0..3 {
            let spans: Vec<SpanData> = (0..100).map(|_| span(&mut stock)).collect();
            let place_of = |span: &SpanData| {
                let event = &span.events.events;
                [
                    span.attributes.as_ptr().addr(),
                    event[0].attributes.as_ptr().addr(),
                    event.as_ptr().addr(),
                ]
            };
            let last = place_of(&spans[99]);
            store.give_back(spans);
            store.refill();
            {
                let shelves = store.lock();
                let held = [
                    shelves.few.vectors.len(),
                    shelves.many.vectors.len(),
                    shelves.events.vectors.len(),
                ];
                assert_eq!(held, [100; 3]);
                assert!(shelves.few.vectors.iter().all(Vec::is_empty));
            }
            let again = span(&mut stock);
            assert_eq!(place_of(&again), last);
            assert_eq!(again.attributes.len(), 1);
            store.give_back(vec![again]);
        }
    }

    #[test]
    fn what_is_of_another_size_or_too_much_is_not_kept() {
        let (mut stock, store) = alone();
        let mut other = span(&mut stock);
        other.attributes = Vec::with_capacity(FEW + 1);
        other.events = SpanEvents::default();
        store.give_back(vec![other]);
        assert!(store.lock().few.vectors.is_empty());
        assert!(store.lock().events.vectors.is_empty());
        let spans: Vec<SpanData> = (0..2 * MOST).map(|_| span(&mut stock)).collect();
        store.give_back(spans);
        assert_eq!(store.lock().few.vectors.len(), MOST);
    }
}
