//! `tracing` with `tracing-opentelemetry` and the batch processor of the OpenTelemetry SDK.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};
use tracing::instrument;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::library::{Delivered, Library, Sends, work, work_on_fill};
use crate::message::Edge;
use crate::sink::{Encode, Reached, published};

/// How long the end may take: far more than it needs.
const PATIENCE: Duration = Duration::from_mins(2);

/// `tracing`, and nothing in the subscriber but the OpenTelemetry layer: as it is by default, or without
/// what it adds of its own, which are attributes for the place in the source, the thread, the target and
/// the busy time, and the context of OpenTelemetry.
pub(crate) struct Tracing<const WITH_ADDITIONS: bool>;

impl<const WITH_ADDITIONS: bool> Tracing<WITH_ADDITIONS> {
    fn start_with(exporter: impl SpanExporter + 'static) -> SdkTracerProvider {
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .build();
        let layer = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("peers"))
            .with_location(WITH_ADDITIONS)
            .with_threads(WITH_ADDITIONS)
            .with_target(WITH_ADDITIONS)
            .with_tracked_inactivity(WITH_ADDITIONS)
            .with_context_activation(WITH_ADDITIONS);
        tracing_subscriber::registry().with(layer).init();
        provider
    }
}

impl<const WITH_ADDITIONS: bool> Library for Tracing<WITH_ADDITIONS> {
    type Running = (SdkTracerProvider, Arc<Reached>);
    type OnThread = ();

    fn start() -> Self::Running {
        let (exporter, reached) = Encode::new();
        (Self::start_with(exporter), reached)
    }

    fn enter_thread() -> Self::OnThread {}

    fn quote(symbol: &str, price: f64, qty: u64) -> u64 {
        quote(symbol, price, qty)
    }

    fn trade(symbol: &str, price: f64, qty: u64) -> u64 {
        trade(symbol, price, qty)
    }

    fn fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
        fill(venue, offset, aggressive)
    }

    fn stage(symbol: &str, price: f64, qty: u64) -> u64 {
        decode(symbol, price, qty)
    }

    fn bare() {
        bare();
    }

    fn in_root(work: impl FnOnce()) {
        in_root(work);
    }

    fn finish((provider, reached): Self::Running) -> Option<Delivered> {
        Self::finish_sending(provider);
        Some(reached.delivered())
    }
}

impl<const WITH_ADDITIONS: bool> Sends for Tracing<WITH_ADDITIONS> {
    type Sending = SdkTracerProvider;

    fn start_sending(url: &str) -> Self::Sending {
        Self::start_with(published(url))
    }

    fn finish_sending(provider: Self::Sending) {
        provider
            .shutdown_with_timeout(PATIENCE)
            .expect("the exporter does not fail");
    }
}

#[instrument]
#[inline(never)]
fn quote(symbol: &str, price: f64, qty: u64) -> u64 {
    decode(symbol, price, qty)
        ^ update_book(symbol, price, qty)
        ^ find_signal(symbol, price, qty)
        ^ check_risk(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn decode(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn update_book(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn find_signal(symbol: &str, price: f64, qty: u64) -> u64 {
    let edge = Edge::of(price, qty);
    tracing::info!(
        fair = edge.fair,
        bid = edge.bid,
        ask = edge.ask,
        net = edge.net,
        depth = edge.depth,
        age = edge.age,
        "edge"
    );
    work(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn check_risk(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn trade(symbol: &str, price: f64, qty: u64) -> u64 {
    decode_trade(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn decode_trade(symbol: &str, price: f64, qty: u64) -> u64 {
    update_volume(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn update_volume(symbol: &str, price: f64, qty: u64) -> u64 {
    find_impact(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn find_impact(symbol: &str, price: f64, qty: u64) -> u64 {
    let edge = Edge::of(price, qty);
    tracing::info!(
        fair = edge.fair,
        bid = edge.bid,
        ask = edge.ask,
        net = edge.net,
        depth = edge.depth,
        age = edge.age,
        "edge"
    );
    adjust_quotes(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn adjust_quotes(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[instrument]
#[inline(never)]
fn fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
    match_order(venue, offset, aggressive) ^ find_hedge(venue, offset, aggressive)
}

#[instrument]
#[inline(never)]
fn match_order(venue: &str, offset: i64, aggressive: bool) -> u64 {
    update_position(venue, offset, aggressive)
}

#[instrument]
#[inline(never)]
fn update_position(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[instrument]
#[inline(never)]
fn find_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let edge = Edge::of(100.25, offset.unsigned_abs());
    tracing::info!(
        fair = edge.fair,
        bid = edge.bid,
        ask = edge.ask,
        net = edge.net,
        depth = edge.depth,
        age = edge.age,
        "edge"
    );
    submit_hedge(venue, offset, aggressive)
}

#[instrument]
#[inline(never)]
fn submit_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[instrument]
#[inline(never)]
fn bare() {
    black_box(());
}

#[instrument(skip_all)]
fn in_root(work: impl FnOnce()) {
    work();
}
