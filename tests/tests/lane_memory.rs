//! The memory of a lane under a model checker: every order of the operations of both threads, and every value that their atomics may read.

#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../../runtime/src/record/lane/ring.rs"]
mod ring;

mod sync {
    pub(super) use loom::sync::atomic::{AtomicU64, Ordering};

    #[expect(clippy::unnecessary_wraps, reason = "as that which it stands for")]
    pub(super) fn zeroed(words: usize) -> Option<Box<[AtomicU64]>> {
        Some((0..words).map(|_| AtomicU64::new(0)).collect())
    }
}

/// A record of so many bytes, all but its length of the number `of`.
fn record(of: u8, bytes: usize) -> Vec<u8> {
    let length = u16::try_from(bytes).expect("it is short").to_le_bytes();
    let mut record = vec![of; bytes];
    record[..2].copy_from_slice(&length);
    record
}

fn read_all(consumer: &mut ring::Consumer, read: &mut Vec<u8>) {
    let mut copy = Vec::new();
    while consumer.len() > 0 {
        let taken = consumer.read(&mut copy, |bytes| {
            assert!(bytes[4..].iter().all(|byte| *byte == bytes[4]));
            read.push(bytes[4]);
        });
        taken.expect("whole records");
    }
}

#[test]
fn records_arrive_whole_in_order_and_once() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        // Each chunk holds one record and its link.
        let (mut producer, mut consumer) = ring::new(2, 24, |_| {}).expect("memory");
        let writer = loom::thread::spawn(move || {
            let mut written = Vec::new();
            for of in 1..=4 {
                if producer.write(&record(of, 16)) {
                    written.push(of);
                }
            }
            written
        });
        let mut read = Vec::new();
        read_all(&mut consumer, &mut read);
        read_all(&mut consumer, &mut read);
        let written = writer.join().expect("it writes");
        read_all(&mut consumer, &mut read);
        assert_eq!(read, written);
        assert!(written.len() >= 2, "there is room for two");
    });
}

#[test]
fn entries_are_read_when_they_are_published() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let (mut producer, mut consumer) =
            ring::new(2, 8 * (ring::WINDOW + 8), |_| {}).expect("memory");
        let writer = loom::thread::spawn(move || {
            let entry = |producer: &mut ring::Producer, of: u64| {
                let window = producer.window().expect("room");
                let word = u64::from_le_bytes([0, 0, 0, 0, 1, 1, 1, 1]) * of;
                window[0].store(16 | word, loom::sync::atomic::Ordering::Relaxed);
                window[1].store(word | word >> 32, loom::sync::atomic::Ordering::Relaxed);
                producer.advance(2);
            };
            entry(&mut producer, 1);
            entry(&mut producer, 2);
            producer.publish();
            entry(&mut producer, 3);
            producer.publish();
        });
        let mut read = Vec::new();
        read_all(&mut consumer, &mut read);
        writer.join().expect("it writes");
        read_all(&mut consumer, &mut read);
        assert_eq!(read, [1, 2, 3]);
    });
}
