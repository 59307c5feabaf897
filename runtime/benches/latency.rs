//! What a mark costs, and what a clock costs: nanoseconds of the calling thread, the median of many rounds.
//!
//! `cargo bench -p tickspan --bench latency`, with `-- --quick` for a look whether it works.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use tickspan::{Context, LatencyStages, StageClock, mark, traced_stage};

#[derive(LatencyStages, Clone, Copy)]
enum Path {
    WsReceived,
    BookUpdated,
    SignalFound,
    RiskPassed,
    OrderSent,
}

const MARKS: [Path; 5] = [
    Path::WsReceived,
    Path::BookUpdated,
    Path::SignalFound,
    Path::RiskPassed,
    Path::OrderSent,
];

#[traced_stage]
fn stage(quantity: u64) -> Option<u64> {
    Some(quantity)
}

#[traced_stage(mark = Path::SignalFound)]
fn marking_stage(quantity: u64) -> Option<u64> {
    Some(quantity)
}

/// Iterations of one batch: few enough for a lane.
const BATCH: u32 = 2_000;

/// The median over rounds, in nanoseconds an iteration; between rounds the collector empties the lane.
fn measure(rounds: usize, mut f: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..rounds)
        .map(|_| {
            thread::sleep(Duration::from_millis(6));
            (0..BATCH / 10).for_each(|_| f());
            let start = Instant::now();
            (0..BATCH).for_each(|_| f());
            start.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[rounds / 2]
}

fn tell(what: &str, nanoseconds: f64) {
    println!("{what:<52}{nanoseconds:>8.1} ns");
}

/// What one mark costs, of five.
fn marks(rounds: usize) {
    let by_hand = measure(rounds, || {
        let mut clock = StageClock::new();
        for mark in MARKS {
            clock.mark(black_box(mark));
        }
        black_box(&clock);
    });
    tell("a mark on a clock", by_hand / 5.0);
    let scope = measure(rounds, || {
        black_box(StageClock::<Path>::new().enter().into_clock());
    });
    tell("a scope, entered and left", scope);
    let in_scope = measure(rounds, || {
        let mut scope = StageClock::new().enter();
        for mark in MARKS {
            scope.mark(black_box(mark));
        }
        black_box(scope.into_clock());
    });
    tell("a mark in a scope", (in_scope - scope) / 5.0);
    let current = measure(rounds, || {
        let scope = StageClock::<Path>::new().enter();
        for passed in MARKS {
            mark(black_box(passed));
        }
        black_box(scope.into_clock());
    });
    tell("a mark on the current clock", (current - scope) / 5.0);
    let context = measure(rounds, || {
        let scope = StageClock::<Path>::new().enter();
        Context::current().run(|| ());
        black_box(scope.into_clock());
    });
    let in_context = measure(rounds, || {
        let scope = StageClock::<Path>::new().enter();
        Context::current().run(|| {
            for passed in MARKS {
                mark(black_box(passed));
            }
        });
        black_box(scope.into_clock());
    });
    tell(
        "a mark on the clock of a context",
        (in_context - context) / 5.0,
    );
}

/// What a mark adds to a stage.
fn stages(rounds: usize) {
    let in_scope = |f: fn(u64) -> Option<u64>| {
        measure(rounds, || {
            let scope = StageClock::<Path>::new().enter();
            black_box(f(black_box(1)));
            black_box(scope.into_clock());
        })
    };
    tell(
        "`mark = ..` on a stage, more than the stage",
        in_scope(marking_stage) - in_scope(stage),
    );
}

/// What a clock costs that ends.
fn ends(rounds: usize) {
    let mut marked = StageClock::new();
    for mark in MARKS {
        marked.mark(mark);
    }
    tell(
        "finishing a clock of five marks",
        measure(rounds, || black_box(marked).finish()),
    );
    let written = measure(rounds, || {
        black_box(black_box(marked).to_bytes());
    });
    tell("a clock as bytes", written);
    let bytes = marked.to_bytes();
    let read = measure(rounds, || {
        _ = black_box(StageClock::<Path>::from_bytes(black_box(&bytes)));
    });
    tell("a clock from bytes", read);
    let whole = measure(rounds, || {
        let mut scope = StageClock::new().enter();
        for mark in MARKS {
            scope.mark(black_box(mark));
        }
        scope.finish();
    });
    tell("a whole path: scope, five marks, finished", whole);
}

fn main() -> Result<(), tickspan::Error> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if is_quick { 5 } else { 201 };
    let telemetry = tickspan::builder()
        .with_lane_capacity(16 << 20)
        .with_console(false)
        .init()?;
    let clock = quanta::Clock::new();
    let tick = measure(rounds, || {
        black_box(clock.raw());
    });
    tell("a tick read", tick);
    marks(rounds);
    stages(rounds);
    ends(rounds);
    telemetry.shutdown(Duration::from_secs(5));
    println!("clocks lost: {}", tickspan::health().latency_lost);
    Ok(())
}
