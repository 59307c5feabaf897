//! Whether threads that make ticks at the same time hinder each other.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Effort, median, nanoseconds_each};
use crate::clock::thread_cpu;
use crate::library::{Library, SPANS_PER_TICK};
use crate::message::Feed;
use crate::pace::{at_once, let_drain};

/// How many threads at once.
pub(crate) const THREADS: [usize; 4] = [1, 2, 4, 8];

/// Ticks of a thread in a round: as many as every library's buffers hold.
const BATCH: u64 = 1_000;

/// All numbers of threads.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Threads {
    /// One for each of [`THREADS`].
    pub(crate) crowds: Vec<Crowd>,
    /// Spans that were made and did not arrive.
    pub(crate) lost: Option<u64>,
}

/// Some threads at once, each the median of the rounds.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Crowd {
    /// Nanoseconds of its processor that a tick costs its thread.
    pub(crate) tick_ns: f64,
    /// Ticks in each second, of all threads together.
    pub(crate) ticks_per_second: f64,
}

/// What one thread did in a round.
struct Stint {
    start: Instant,
    end: Instant,
    cpu: Duration,
}

/// Makes ticks with one thread, then with more.
pub(crate) fn measure<L: Library>(effort: Effort) -> Threads {
    let rounds = effort.of(1, 11);
    let running = L::start();
    let crowds: Vec<Crowd> = THREADS
        .iter()
        .map(|&threads| crowd::<L>(threads, rounds))
        .collect();
    let stints = THREADS.iter().sum::<usize>() * (rounds + 1);
    let made = stints as u64 * BATCH * SPANS_PER_TICK;
    Threads {
        crowds,
        lost: L::finish(running).map(|delivered| made.abs_diff(delivered.spans)),
    }
}

/// Lets so many threads make ticks at once, once to warm up and then in rounds.
fn crowd<L: Library>(threads: usize, rounds: usize) -> Crowd {
    let barrier = Barrier::new(threads);
    let stints: Vec<Vec<Stint>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| stints_of_one::<L>(&barrier, threads, rounds)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("a worker does not panic"))
            .collect()
    });
    let round =
        |number: usize| -> Vec<&Stint> { stints.iter().map(|of_one| &of_one[number]).collect() };
    let all = threads as u64 * BATCH;
    Crowd {
        tick_ns: median(
            (1..=rounds)
                .map(|number| cpu_each(&round(number), all))
                .collect(),
        ),
        ticks_per_second: median(
            (1..=rounds)
                .map(|number| rate(&round(number), all))
                .collect(),
        ),
    }
}

/// The rounds of one thread; the first is the warm-up.
fn stints_of_one<L: Library>(barrier: &Barrier, threads: usize, rounds: usize) -> Vec<Stint> {
    let on_thread = L::enter_thread();
    let mut feed = Feed::new();
    let stints = (0..=rounds)
        .map(|_| {
            barrier.wait();
            let (cpu, start) = (thread_cpu(), Instant::now());
            at_once::<L>(&mut feed, BATCH);
            let (end, cpu) = (Instant::now(), thread_cpu().saturating_sub(cpu));
            let_drain(BATCH * threads as u64);
            Stint { start, end, cpu }
        })
        .collect();
    drop(on_thread);
    stints
}

fn cpu_each(round: &[&Stint], ticks: u64) -> f64 {
    nanoseconds_each(round.iter().map(|stint| stint.cpu).sum(), ticks)
}

/// From the first thread's start to the last one's end.
fn rate(round: &[&Stint], ticks: u64) -> f64 {
    let start = round.iter().map(|stint| stint.start).min();
    let end = round.iter().map(|stint| stint.end).max();
    let elapsed = end
        .zip(start)
        .map_or(Duration::ZERO, |(end, start)| end.duration_since(start));
    1e9 / nanoseconds_each(elapsed, ticks)
}
