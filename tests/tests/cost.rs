//! What a stage costs that can be counted: allocations, and the size of a future.

use std::mem::size_of_val;
use std::num::NonZeroU64;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as Task, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use rust_decimal::Decimal;
use tickspan::{
    Context, EdgeAmount, EdgeBreakdown, LatencyStages, StageClock, event, health, public, record,
    stage, traced_stage,
};
use tickspan_tests::child::Child;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[traced_stage(err, fields(symbol = symbol, doubled = quantity * 2))]
fn submit(symbol: &str, quantity: u64, price: f64, levels: &[f64]) -> Result<u64, &'static str> {
    record!(depth = levels.len());
    event!("priced", price = price);
    for gross in [80.0, 100.0, f64::NAN] {
        decide(gross);
    }
    let _stage = stage!("route", quantity);
    if quantity > 10 {
        Err("too large")
    } else {
        Ok(quantity)
    }
}

#[traced_stage]
async fn fill(quantity: u64) -> u64 {
    confirm(quantity).await
}

#[traced_stage(parent = &Context::default())]
async fn confirm(quantity: u64) -> u64 {
    quantity
}

/// Six components, a unit, a name.
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

fn decide(gross: f64) {
    let edge = Edge {
        gross,
        fees: 3.0,
        slippage: 2.5,
        gas: 0.25,
        latency_buffer: 1.0,
        least: 90.0,
    };
    edge.record(&edge.decide());
    let exact = Edge {
        gross: Decimal::ONE_HUNDRED,
        fees: Decimal::ONE,
        slippage: Decimal::new(25, 1),
        gas: Decimal::new(-125, 3),
        latency_buffer: Decimal::ONE,
        least: Decimal::TEN,
    };
    exact.record(&exact.decide());
}

fn all_of_it() {
    assert_eq!(submit("AAPL", 5, 585.33, &[1.0]), Ok(5));
    assert_eq!(submit("AAPL", 50, 585.33, &[1.0]), Err("too large"));
    let mut future = pin!(fill(7));
    let mut cx = Task::from_waker(Waker::noop());
    assert!(future.as_mut().poll(&mut cx).is_ready());
}

/// A subscriber that wants everything, looks at each value, and allocates nothing.
struct Frugal;

static SPANS: AtomicU64 = AtomicU64::new(0);
static VALUES: AtomicU64 = AtomicU64::new(0);

struct Count;

impl tracing::field::Visit for Count {
    fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {
        VALUES.fetch_add(1, Ordering::Relaxed);
    }
}

impl Subscriber for Frugal {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut Count);
        let id = SPANS.fetch_add(1, Ordering::Relaxed) + 1;
        Id::from_non_zero_u64(NonZeroU64::new(id).expect("more than zero"))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Count);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Count);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn stages_allocate_nothing() {
    // With nothing installed.
    let off = allocation_counter::measure(all_of_it);
    assert_eq!(off.count_total, 0);

    // With somebody who looks: the second time, when callsites and thread-locals are set up.
    tracing::subscriber::with_default(Frugal, || {
        all_of_it();
        let (spans, values) = (
            SPANS.load(Ordering::Relaxed),
            VALUES.load(Ordering::Relaxed),
        );
        let on = allocation_counter::measure(all_of_it);
        assert_eq!(on.count_total, 0);
        // Two submits with a block each, a fill and a confirm.
        assert_eq!(SPANS.load(Ordering::Relaxed) - spans, 6);
        assert!(VALUES.load(Ordering::Relaxed) - values > 20);
    });
}

/// Takes spans and does nothing with them.
#[derive(Debug)]
struct Discard;

impl SpanExporter for Discard {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

/// What a lane takes besides: a future that waits, a context, values that are formatted, a text that is cut.
fn all_of_it_in_lanes(long: &str) {
    all_of_it();
    let mut future = pin!(later(7));
    let mut cx = Task::from_waker(Waker::noop());
    while future.as_mut().poll(&mut cx).is_pending() {}
    let _stage = stage!(
        "formatted",
        memo = public!(
            format_args!("{long}"),
            reason = "text of the public trade tape"
        ),
        levels = [1.0, 2.0, 3.0],
    );
    Context::current().run(|| {
        event!("handed");
        drop(stage!("inner", venue = "XNAS"));
    });
}

#[traced_stage]
async fn later(quantity: u64) {
    for step in 0..3 {
        event!("step", step);
        record!(progress = step);
        Pending(true).await;
    }
}

/// Is pending once.
struct Pending(bool);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut Task<'_>) -> Poll<()> {
        if std::mem::take(&mut self.0) {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    }
}

/// The caller's thread alone is counted: what the collector makes is not the caller's.
#[test]
fn stages_in_lanes_allocate_nothing() {
    Child::of("stages_in_lanes_allocate_nothing", || {
        let telemetry = tickspan::builder()
            .with_lane_memory(1 << 20)
            .with_span_exporter(Discard)
            .init()
            .unwrap();
        let long = "x".repeat(3_000);
        // The first time callsites are set up, the lane, and the stacks of the thread.
        all_of_it_in_lanes(&long);
        let before = health().ended;
        let on = allocation_counter::measure(|| {
            for _ in 0..100 {
                all_of_it_in_lanes(&long);
            }
        });
        assert_eq!(on.count_total, 0);
        assert_eq!(health().ended - before, 900);
        // Nor where there is no lane.
        let without_lane = thread::spawn(move || {
            all_of_it_in_lanes(&long);
            allocation_counter::measure(|| all_of_it_in_lanes(&long)).count_total
        });
        assert_eq!(without_lane.join().unwrap(), 0);
        assert_eq!(health().no_lane, 18);
        // Nor where it is full.
        let bare = || drop(stage!("bare"));
        bare();
        let full = allocation_counter::measure(|| {
            while health().lane_full == 0 {
                (0..1_000).for_each(|_| bare());
            }
        });
        assert_eq!(full.count_total, 0);
        assert!(!telemetry.shutdown(Duration::from_mins(1)).deadline_passed);
    })
    .run();
}

#[derive(LatencyStages, Clone, Copy)]
enum Path {
    Received,
    Found,
    Sent,
}

#[traced_stage(mark = Path::Found)]
async fn find() -> Option<u64> {
    Pending(true).await;
    Some(1)
}

/// Every way of a clock: marked by hand, in a scope, by a stage, under a context, as bytes, in a future.
fn clocks() {
    let mut clock = StageClock::new();
    clock.mark(Path::Received);
    let mut scope = clock.enter();
    Context::current().run(|| tickspan::mark(Path::Found));
    scope.mark(Path::Sent);
    let clock = scope.into_clock();
    let clock = StageClock::<Path>::from_bytes(&clock.to_bytes()).unwrap();
    let mut future = pin!(clock.attach(find()));
    let mut cx = Task::from_waker(Waker::noop());
    let clock = loop {
        if let Poll::Ready((_, clock)) = future.as_mut().poll(&mut cx) {
            break clock;
        }
    };
    clock.finish();
    drop(clock.enter());
}

#[test]
fn clocks_allocate_nothing() {
    // Where nobody measures.
    clocks();
    assert_eq!(allocation_counter::measure(clocks).count_total, 0);
    Child::of("clocks_allocate_nothing", || {
        let telemetry = tickspan::builder()
            .with_span_exporter(Discard)
            .init()
            .unwrap();
        clocks();
        let on = allocation_counter::measure(|| (0..100).for_each(|_| clocks()));
        assert_eq!(on.count_total, 0);
        telemetry.flush(Duration::from_mins(1)).unwrap();
        let paths = telemetry.summary().paths;
        assert_eq!((paths[0].finished, paths[0].dropped), (101, 101));
    })
    .run();
}

/// How often the current thread gave up its processor to wait for something.
#[cfg(target_os = "linux")]
fn waits() -> u64 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("voluntary_ctxt_switches:"));
    line.unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

/// Where half of the lane is enough, the collector is not even woken.
#[cfg(target_os = "linux")]
#[test]
fn stages_in_lanes_wait_for_nothing() {
    Child::of("stages_in_lanes_wait_for_nothing", || {
        let telemetry = tickspan::builder()
            .with_lane_capacity(64 << 20)
            .with_span_exporter(Discard)
            .init()
            .unwrap();
        let long = "x".repeat(3_000);
        all_of_it_in_lanes(&long);
        // The least of a few: memory that is used for the first time waits where another thread asks for some just then.
        let waited = (0..5).map(|_| {
            let before = waits();
            for _ in 0..200 {
                all_of_it_in_lanes(&long);
            }
            waits() - before
        });
        assert_eq!(waited.min(), Some(0));
        assert_eq!(health().lost(), 0);
        assert_eq!(telemetry.shutdown(Duration::from_mins(1)).made, 9_009);
    })
    .run();
}

/// Each function twice, with the attribute and without.
macro_rules! pairs {
    ($($traced:ident, $plain:ident: async fn($($argument:tt)*) $(-> $ret:ty)? $body:block)*) => {$(
        #[traced_stage]
        async fn $traced($($argument)*) $(-> $ret)? $body

        async fn $plain($($argument)*) $(-> $ret)? $body
    )*};
}

pairs! {
    small, plain_small: async fn(quantity: u64) -> u64 {
        std::future::ready(()).await;
        quantity
    }
    large, plain_large: async fn(book: [u64; 128]) -> u64 {
        std::future::ready(()).await;
        book[0]
    }
    larger, plain_larger: async fn(book: [u64; 1024], quantity: u64) -> Result<u64, u8> {
        std::future::ready(()).await;
        Ok(book[0] + quantity)
    }
}

#[test]
fn a_future_grows_by_a_small_constant() {
    const ALLOWED: usize = 192;
    let growth = |traced: usize, plain: usize| traced.saturating_sub(plain);
    for (growth, what) in [
        (
            growth(size_of_val(&small(1)), size_of_val(&plain_small(1))),
            "one integer",
        ),
        (
            growth(
                size_of_val(&large([0; 128])),
                size_of_val(&plain_large([0; 128])),
            ),
            "1 KiB",
        ),
        (
            growth(
                size_of_val(&larger([0; 1024], 1)),
                size_of_val(&plain_larger([0; 1024], 1)),
            ),
            "8 KiB",
        ),
    ] {
        println!("a future that holds {what} grows by {growth} bytes");
        assert!(growth <= ALLOWED, "{what}: {growth} bytes");
    }
    assert_eq!(block_on(small(2)), block_on(plain_small(2)));
    assert_eq!(block_on(large([3; 128])), block_on(plain_large([3; 128])));
    assert_eq!(
        block_on(larger([4; 1024], 1)),
        block_on(plain_larger([4; 1024], 1))
    );
}
