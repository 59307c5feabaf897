//! What a stage costs that can be counted: allocations, and the size of a future.

use std::mem::size_of_val;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::executor::block_on;
use tickspan::{Context, event, record, stage, traced_stage};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[traced_stage(err, fields(symbol = symbol, doubled = quantity * 2))]
fn submit(symbol: &str, quantity: u64, price: f64, levels: &[f64]) -> Result<u64, &'static str> {
    record!(depth = levels.len());
    event!("priced", price = price);
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

fn all_of_it() {
    assert_eq!(submit("AAPL", 5, 585.33, &[1.0]), Ok(5));
    assert_eq!(submit("AAPL", 50, 585.33, &[1.0]), Err("too large"));
    let mut future = std::pin::pin!(fill(7));
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
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
