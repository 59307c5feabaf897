//! The memory of a lane by itself: what one thread writes there is what another reads, whichever of the two is faster. Every order of
//! their operations is tried by `lane_memory`, among the integration tests.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::ring;

const CHUNK: usize = 1 << 10;

/// In words.
const LONGEST: usize = 17;

/// A record of so many bytes, all but its length of the number `of`.
fn record(of: u8, bytes: usize) -> Vec<u8> {
    let length = u16::try_from(bytes).expect("it is short").to_le_bytes();
    let mut record = vec![of; bytes];
    record[..2].copy_from_slice(&length);
    record
}

/// Writes a record as an entry, where there is a window for it.
fn write_entry(producer: &mut ring::Producer, record: &[u8]) -> bool {
    let Some(window) = producer.window() else {
        return producer.write(record);
    };
    let words = record.chunks_exact(8);
    for (word, bytes) in window.iter().zip(words) {
        word.store(
            u64::from_le_bytes(bytes.try_into().expect("eight")),
            Relaxed,
        );
    }
    producer.advance(record.len() / 8);
    producer.publish();
    true
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written(
        chunks in 2..5_usize,
        // Of words; none reads.
        steps in vec((0..=LONGEST, any::<u8>(), any::<bool>()), 0..1_000),
    ) {
        let (mut producer, mut consumer) = ring::new(chunks, CHUNK, |_| {}).expect("memory");
        let mut expected = VecDeque::new();
        let (mut copy, mut held) = (Vec::new(), 0);
        for (words, of, is_entry) in steps {
            let record = record(of, 8 * words.max(1));
            if words > 0 {
                let written = if is_entry {
                    write_entry(&mut producer, &record)
                } else {
                    producer.write(&record)
                };
                if written {
                    held += record.len();
                    expected.push_back(record);
                } else {
                    // A chunk loses its link, and less than a record.
                    prop_assert!(held + chunks * (LONGEST + 1) * 8 >= (chunks - 1) * CHUNK);
                }
                continue;
            }
            while consumer.len() > 0 {
                let mut taken = Vec::new();
                consumer
                    .read(&mut copy, |record| taken.push(record.to_vec()))
                    .expect("whole records");
                for record in taken {
                    prop_assert_eq!(Some(record), expected.pop_front());
                }
            }
            held = 0;
            prop_assert!(expected.is_empty());
        }
    }
}

#[test]
fn who_is_read_in_time_writes_to_two_chunks_and_wakes_nobody() {
    static FULL: AtomicUsize = AtomicUsize::new(0);
    static WOKEN: AtomicUsize = AtomicUsize::new(0);
    let wake = |is_half| {
        FULL.fetch_add(1, Relaxed);
        WOKEN.fetch_add(usize::from(is_half), Relaxed);
    };
    // Behind half of a chunk there is a window.
    let chunk = 4 * CHUNK;
    let (mut producer, mut consumer) = ring::new(8, chunk, wake).expect("memory");
    let mut copy = Vec::new();
    let write = |producer: &mut ring::Producer| producer.write(&record(1, chunk / 2));
    let mut places = std::collections::BTreeSet::new();
    for _ in 0..100 {
        assert!(write(&mut producer));
        let window = producer.window().expect("it is behind half of a chunk");
        places.insert(window.as_ptr() as usize / (2 * chunk));
        while consumer.len() > 0 {
            consumer.read(&mut copy, |_| {}).expect("whole records");
        }
    }
    assert!(places.len() <= 2, "{places:?}");
    assert_eq!((FULL.load(Relaxed), WOKEN.load(Relaxed)), (99, 0));
    // Nobody reads: it is woken once half of it is full.
    while write(&mut producer) {}
    assert!((1..=8).contains(&WOKEN.load(Relaxed)));
    assert!(FULL.load(Relaxed) > 99 + WOKEN.load(Relaxed));
}

#[test]
fn a_record_longer_than_its_length_can_tell_is_refused() {
    let (mut producer, consumer) = ring::new(2, 1 << 18, |_| {}).expect("memory");
    assert!(!producer.write(&vec![1; 1 << 16]));
    assert_eq!(consumer.len(), 0);
    assert!(producer.write(&record(1, (1 << 16) - 8)));
    assert_eq!(consumer.len(), (1 << 16) - 8);
}

#[test]
fn two_threads_lose_nothing_that_was_written() {
    let (mut producer, mut consumer) = ring::new(3, 1 << 10, |_| {}).expect("memory");
    let writer = std::thread::spawn(move || {
        let mut written = Vec::new();
        for number in 0..200_000_u32 {
            let of = number.to_le_bytes()[0];
            let bytes = 8 + 8 * (number as usize % 30);
            if producer.write(&record(of, bytes)) {
                written.push((of, bytes));
            } else {
                std::thread::yield_now();
            }
        }
        written
    });
    let (mut read, mut copy) = (Vec::new(), Vec::new());
    let mut is_last = false;
    while !is_last {
        is_last = writer.is_finished();
        while consumer.len() > 0 {
            consumer
                .read(&mut copy, |bytes| {
                    assert!(bytes[4..].iter().all(|byte| *byte == bytes[4]));
                    read.push((bytes[4], bytes.len()));
                })
                .expect("whole records");
        }
    }
    let written = writer.join().expect("it writes");
    assert!(!written.is_empty());
    assert_eq!(read, written);
}
