//! Recordings of real programs: written by processes of their own, read back by the replay.

mod decisions;
#[cfg(target_os = "linux")]
mod disks;
mod faults;
mod latency;
mod otlp;
mod questions;
mod records;

use std::path::Path;
use std::time::Duration;

use tickspan::Telemetry;
use tickspan::recorded::Data;
use tickspan::replay::{Damage, Event, Replay};

/// Waits until a disk has refused to take something, in these words.
fn await_refusal(telemetry: &Telemetry, words: &str) {
    let briefly = Duration::from_millis(100);
    while !(telemetry.flush(briefly).unwrap_err().to_string()).contains(words) {}
}

/// Everything in a recording.
fn read(dir: &Path) -> (Vec<Event>, Vec<Damage>) {
    let (mut events, mut damages) = (Vec::new(), Vec::new());
    for next in Replay::open(dir).expect("the recording is there") {
        match next {
            Ok(event) => events.push(event),
            Err(damage) => damages.push(damage),
        }
    }
    (events, damages)
}

/// Everything in a recording without damage.
fn read_whole(dir: &Path) -> Vec<Event> {
    let (events, damages) = read(dir);
    assert!(damages.is_empty(), "{damages:?}");
    events
}

/// The number under a key of each span of that name.
fn numbers(events: &[Event], name: &str, key: &str) -> Vec<i64> {
    events
        .iter()
        .filter_map(|event| match &event.line.data {
            Data::Span(span) if span.name == name => span.attributes.get(key)?.as_i64(),
            _ => None,
        })
        .collect()
}
