//! What an edge of six components costs the thread that records it: beside an `event!` of six numbers, alone and within
//! a tick of five stages, on the lane route.
//!
//! `cargo bench -p tickspan-tests --bench edge`. Each number is the median of rounds; between two batches the collector
//! gets the time to empty the lane, and every batch runs once before the clock does.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use rust_decimal::Decimal;
use tickspan::{EdgeAmount, EdgeBreakdown, LatencyStages, StageClock, event, health, stage};

const BATCH: u32 = 500;

/// Takes spans and does nothing with them.
#[derive(Debug)]
struct Discard;

impl SpanExporter for Discard {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

#[derive(EdgeBreakdown)]
#[edge(name = "cross_venue", unit = "USD")]
struct Edge<N: EdgeAmount> {
    #[edge(gross)]
    gross: N,
    #[edge(cost)]
    fees: N,
    #[edge(cost)]
    slippage: N,
    #[edge(cost)]
    gas: N,
    #[edge(cost)]
    latency_buffer: N,
    #[edge(threshold)]
    least: N,
}

#[derive(EdgeBreakdown)]
#[edge(unit = "USD")]
struct Leg {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(cost)]
    slippage: f64,
}

#[derive(EdgeBreakdown)]
#[edge(name = "two_legs")]
struct TwoLegs {
    #[edge(leg)]
    buy: Leg,
    #[edge(leg)]
    sell: Leg,
    #[edge(cost)]
    gas: f64,
    #[edge(threshold)]
    least: f64,
}

fn legs() -> TwoLegs {
    let leg = |gross| Leg {
        gross: black_box(gross),
        fees: black_box(3.0),
        slippage: black_box(2.5),
    };
    TwoLegs {
        buy: leg(-580.0),
        sell: leg(700.0),
        gas: black_box(0.25),
        least: black_box(90.0),
    }
}

fn floats() -> Edge<f64> {
    Edge {
        gross: black_box(100.0),
        fees: black_box(3.0),
        slippage: black_box(2.5),
        gas: black_box(0.25),
        latency_buffer: black_box(1.0),
        least: black_box(90.0),
    }
}

fn decimals() -> Edge<Decimal> {
    Edge {
        gross: black_box(Decimal::new(10_000, 2)),
        fees: black_box(Decimal::new(300, 2)),
        slippage: black_box(Decimal::new(250, 2)),
        gas: black_box(Decimal::new(25, 2)),
        latency_buffer: black_box(Decimal::new(100, 2)),
        least: black_box(Decimal::new(9_000, 2)),
    }
}

/// The marks of a tick.
#[derive(LatencyStages, Clone, Copy)]
enum Path {
    Received,
    BookUpdated,
    SignalFound,
    RiskPassed,
    OrderSent,
}

const MARKS: [Path; 5] = [
    Path::Received,
    Path::BookUpdated,
    Path::SignalFound,
    Path::RiskPassed,
    Path::OrderSent,
];

fn six_numbers() {
    let edge = floats();
    event!(
        "edge",
        gross = edge.gross,
        fees = edge.fees,
        slippage = edge.slippage,
        gas = edge.gas,
        latency_buffer = edge.latency_buffer,
        least = edge.least,
    );
}

fn edge_of_floats() {
    let edge = floats();
    edge.record(&edge.decide());
}

fn edge_of_legs() {
    let edge = legs();
    edge.record(&edge.decide());
}

fn edge_of_decimals() {
    let edge = decimals();
    edge.record(&edge.decide());
}

/// A root and four stages of three attributes each, with `in_third` in the third stage.
fn tick(in_third: impl Fn()) {
    let (symbol, price, qty) = (black_box("AAPL"), black_box(585.33), black_box(100_u64));
    let _root = stage!("on_quote", symbol, price, qty);
    drop(stage!("decode", symbol, price, qty));
    drop(stage!("update_book", symbol, price, qty));
    {
        let _signal = stage!("find_signal", symbol, price, qty);
        in_third();
    }
    drop(stage!("check_risk", symbol, price, qty));
}

/// Nanoseconds of one `work`, in an open stage: each batch in a stage of its own.
fn nanoseconds(rounds: usize, work: impl Fn()) -> f64 {
    let batch = || {
        let _stage = stage!("batch");
        let start = Instant::now();
        for _ in 0..BATCH {
            work();
        }
        start.elapsed()
    };
    let mut each: Vec<f64> = (0..rounds)
        .map(|_| {
            thread::sleep(Duration::from_millis(10));
            batch();
            thread::sleep(Duration::from_millis(10));
            batch().as_secs_f64() * 1e9 / f64::from(BATCH)
        })
        .collect();
    each.sort_by(f64::total_cmp);
    each[each.len() / 2]
}

fn main() {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_bench { 101 } else { 1 };
    let telemetry = tickspan::builder()
        .with_span_exporter(Discard)
        .with_lane_capacity(8 << 20)
        .with_console(false)
        .with_summary(true)
        .init()
        .expect("nothing else is installed");
    let (f, d, l) = (floats(), decimals(), legs());
    // The lane's memory is the process's from the first write on.
    nanoseconds(rounds, edge_of_floats);
    let marked = {
        let mut clock = StageClock::new();
        for mark in MARKS {
            clock.mark(mark);
        }
        clock
    };
    let finish = || black_box(marked).finish();
    let rows = [
        (
            "an `event!` of six numbers",
            nanoseconds(rounds, six_numbers),
        ),
        (
            "decide, f64",
            nanoseconds(rounds, || {
                _ = black_box(black_box(&f).decide());
            }),
        ),
        (
            "decide and record, f64",
            nanoseconds(rounds, edge_of_floats),
        ),
        (
            "decide, f64, two legs of three components",
            nanoseconds(rounds, || {
                _ = black_box(black_box(&l).decide());
            }),
        ),
        (
            "decide and record, f64, two legs of three components",
            nanoseconds(rounds, edge_of_legs),
        ),
        (
            "decide, Decimal",
            nanoseconds(rounds, || {
                _ = black_box(black_box(&d).decide());
            }),
        ),
        (
            "decide and record, Decimal",
            nanoseconds(rounds, edge_of_decimals),
        ),
        ("finish a clock of five marks", nanoseconds(rounds, finish)),
        ("a tick without event", nanoseconds(rounds, || tick(|| ()))),
        (
            "a tick with an `event!` of six numbers",
            nanoseconds(rounds, || tick(six_numbers)),
        ),
        (
            "a tick with an edge, f64",
            nanoseconds(rounds, || tick(edge_of_floats)),
        ),
        (
            "a tick with an edge, Decimal",
            nanoseconds(rounds, || tick(edge_of_decimals)),
        ),
        (
            "a tick with an edge, f64, and a clock that is finished",
            nanoseconds(rounds, || {
                tick(edge_of_floats);
                finish();
            }),
        ),
    ];
    for (what, nanoseconds) in rows {
        println!("{nanoseconds:>8.1} ns  {what}");
    }
    let health = health();
    println!("{} lost, {} edges lost", health.lost(), health.edges_lost);
    drop(telemetry.shutdown(Duration::from_secs(10)));
}
