//! tickspan, with the attribute and `event!`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry_sdk::trace::SpanExporter;
use tickspan::{Builder, Protocol, Report, Telemetry, traced_stage};

use crate::library::{Delivered, Library, Sends, work, work_on_fill};
use crate::message::Edge;
use crate::sink::{Encode, Reached};

/// How long the end may take: far more than it needs.
const PATIENCE: Duration = Duration::from_mins(2);

/// Turns tickspan on, with lanes of this size or the default.
pub(crate) fn start_tickspan(
    exporter: impl SpanExporter + 'static,
    lane_bytes: Option<usize>,
) -> Telemetry {
    let builder = tickspan::builder().with_span_exporter(exporter);
    init(
        lane_bytes
            .into_iter()
            .fold(builder, Builder::with_lane_capacity),
    )
}

/// Sets nothing else but what makes the numbers comparable: no log line for each event. The size of the
/// queue comes from `OTEL_BSP_MAX_QUEUE_SIZE`.
fn init(builder: Builder) -> Telemetry {
    builder
        .with_console(false)
        .init()
        .expect("nothing else is installed in this process")
}

/// Ends tickspan and gives its account of the spans.
pub(crate) fn stop_tickspan(telemetry: Telemetry) -> Report {
    telemetry.shutdown(PATIENCE)
}

/// tickspan, with the settings that `init` has.
pub(crate) struct Tickspan;

impl Library for Tickspan {
    type Running = (Telemetry, Arc<Reached>);
    type OnThread = ();

    fn start() -> Self::Running {
        let (exporter, reached) = Encode::new();
        (start_tickspan(exporter, None), reached)
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

    fn finish((telemetry, reached): Self::Running) -> Option<Delivered> {
        let report = stop_tickspan(telemetry);
        Some(Delivered {
            told_lost: Some(report.lost()),
            ..reached.delivered()
        })
    }
}

impl Sends for Tickspan {
    type Sending = Telemetry;

    fn start_sending(url: &str) -> Self::Sending {
        let builder = tickspan::builder()
            .with_endpoint(url)
            .with_protocol(Protocol::HttpProtobuf);
        init(builder)
    }

    fn finish_sending(telemetry: Self::Sending) {
        stop_tickspan(telemetry);
    }
}

#[traced_stage]
#[inline(never)]
fn quote(symbol: &str, price: f64, qty: u64) -> u64 {
    decode(symbol, price, qty)
        ^ update_book(symbol, price, qty)
        ^ find_signal(symbol, price, qty)
        ^ check_risk(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn decode(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn update_book(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn find_signal(symbol: &str, price: f64, qty: u64) -> u64 {
    let edge = Edge::of(price, qty);
    tickspan::event!(
        "edge",
        fair = edge.fair,
        bid = edge.bid,
        ask = edge.ask,
        net = edge.net,
        depth = edge.depth,
        age = edge.age,
    );
    work(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn check_risk(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn trade(symbol: &str, price: f64, qty: u64) -> u64 {
    decode_trade(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn decode_trade(symbol: &str, price: f64, qty: u64) -> u64 {
    update_volume(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn update_volume(symbol: &str, price: f64, qty: u64) -> u64 {
    find_impact(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn find_impact(symbol: &str, price: f64, qty: u64) -> u64 {
    let edge = Edge::of(price, qty);
    tickspan::event!(
        "edge",
        fair = edge.fair,
        bid = edge.bid,
        ask = edge.ask,
        net = edge.net,
        depth = edge.depth,
        age = edge.age,
    );
    adjust_quotes(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn adjust_quotes(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[traced_stage]
#[inline(never)]
fn fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
    match_order(venue, offset, aggressive) ^ find_hedge(venue, offset, aggressive)
}

#[traced_stage]
#[inline(never)]
fn match_order(venue: &str, offset: i64, aggressive: bool) -> u64 {
    update_position(venue, offset, aggressive)
}

#[traced_stage]
#[inline(never)]
fn update_position(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[traced_stage]
#[inline(never)]
fn find_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let edge = Edge::of(100.25, offset.unsigned_abs());
    tickspan::event!(
        "edge",
        fair = edge.fair,
        bid = edge.bid,
        ask = edge.ask,
        net = edge.net,
        depth = edge.depth,
        age = edge.age,
    );
    submit_hedge(venue, offset, aggressive)
}

#[traced_stage]
#[inline(never)]
fn submit_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[traced_stage]
#[inline(never)]
fn bare() {
    black_box(());
}

#[traced_stage(skip_all)]
fn in_root(work: impl FnOnce()) {
    work();
}
