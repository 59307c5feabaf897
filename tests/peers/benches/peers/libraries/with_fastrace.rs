//! `fastrace` with `fastrace-opentelemetry`. Its attributes are text, so numbers are formatted.

use std::borrow::Cow;
use std::hint::black_box;
use std::sync::Arc;

use fastrace::collector::Config;
use fastrace::prelude::{Event, LocalSpan, Span, SpanContext, trace};
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter;

use crate::library::{Delivered, Library, Sends, work, work_on_fill};
use crate::message::Edge;
use crate::sink::{Encode, Reached, published};

/// `fastrace` with its reporter for OpenTelemetry, as it is by default.
pub(crate) struct Fastrace;

impl Fastrace {
    fn start_with(exporter: impl SpanExporter + 'static) {
        let reporter = OpenTelemetryReporter::new(
            exporter,
            Cow::Owned(Resource::builder().build()),
            InstrumentationScope::builder("peers").build(),
        );
        fastrace::set_reporter(reporter, Config::default());
    }
}

impl Library for Fastrace {
    type Running = Arc<Reached>;
    type OnThread = ();

    fn start() -> Self::Running {
        let (exporter, reached) = Encode::new();
        Self::start_with(exporter);
        reached
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

    fn finish(reached: Self::Running) -> Option<Delivered> {
        fastrace::flush();
        Some(reached.delivered())
    }
}

impl Sends for Fastrace {
    type Sending = ();

    fn start_sending(url: &str) -> Self::Sending {
        Self::start_with(published(url));
    }

    fn finish_sending((): Self::Sending) {
        fastrace::flush();
    }
}

#[inline(never)]
fn quote(symbol: &str, price: f64, qty: u64) -> u64 {
    let root = Span::root("quote", SpanContext::random()).with_properties(|| {
        [
            ("symbol", symbol.to_owned()),
            ("price", price.to_string()),
            ("qty", qty.to_string()),
        ]
    });
    let _current = root.set_local_parent();
    decode(symbol, price, qty)
        ^ update_book(symbol, price, qty)
        ^ find_signal(symbol, price, qty)
        ^ check_risk(symbol, price, qty)
}

#[trace(
    short_name = true,
    properties = { "symbol": "{symbol}", "price": "{price}", "qty": "{qty}" }
)]
#[inline(never)]
fn decode(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[trace(
    short_name = true,
    properties = { "symbol": "{symbol}", "price": "{price}", "qty": "{qty}" }
)]
#[inline(never)]
fn update_book(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[trace(
    short_name = true,
    properties = { "symbol": "{symbol}", "price": "{price}", "qty": "{qty}" }
)]
#[inline(never)]
fn find_signal(symbol: &str, price: f64, qty: u64) -> u64 {
    record(Edge::of(price, qty));
    work(symbol, price, qty)
}

#[trace(
    short_name = true,
    properties = { "symbol": "{symbol}", "price": "{price}", "qty": "{qty}" }
)]
#[inline(never)]
fn check_risk(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[inline(never)]
fn trade(symbol: &str, price: f64, qty: u64) -> u64 {
    let root = Span::root("trade", SpanContext::random()).with_properties(|| {
        [
            ("symbol", symbol.to_owned()),
            ("price", price.to_string()),
            ("qty", qty.to_string()),
        ]
    });
    let _current = root.set_local_parent();
    decode_trade(symbol, price, qty)
}

#[trace(
    short_name = true,
    properties = { "symbol": "{symbol}", "price": "{price}", "qty": "{qty}" }
)]
#[inline(never)]
fn decode_trade(symbol: &str, price: f64, qty: u64) -> u64 {
    update_volume(symbol, price, qty)
}

#[trace(
    short_name = true,
    properties = { "symbol": "{symbol}", "price": "{price}", "qty": "{qty}" }
)]
#[inline(never)]
fn update_volume(symbol: &str, price: f64, qty: u64) -> u64 {
    find_impact(symbol, price, qty)
}

#[trace(
    short_name = true,
    properties = { "symbol": "{symbol}", "price": "{price}", "qty": "{qty}" }
)]
#[inline(never)]
fn find_impact(symbol: &str, price: f64, qty: u64) -> u64 {
    record(Edge::of(price, qty));
    adjust_quotes(symbol, price, qty)
}

#[trace(
    short_name = true,
    properties = { "symbol": "{symbol}", "price": "{price}", "qty": "{qty}" }
)]
#[inline(never)]
fn adjust_quotes(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[inline(never)]
fn fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let root = Span::root("fill", SpanContext::random()).with_properties(|| {
        [
            ("venue", venue.to_owned()),
            ("offset", offset.to_string()),
            ("aggressive", aggressive.to_string()),
        ]
    });
    let _current = root.set_local_parent();
    match_order(venue, offset, aggressive) ^ find_hedge(venue, offset, aggressive)
}

#[trace(
    short_name = true,
    properties = { "venue": "{venue}", "offset": "{offset}", "aggressive": "{aggressive}" }
)]
#[inline(never)]
fn match_order(venue: &str, offset: i64, aggressive: bool) -> u64 {
    update_position(venue, offset, aggressive)
}

#[trace(
    short_name = true,
    properties = { "venue": "{venue}", "offset": "{offset}", "aggressive": "{aggressive}" }
)]
#[inline(never)]
fn update_position(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[trace(
    short_name = true,
    properties = { "venue": "{venue}", "offset": "{offset}", "aggressive": "{aggressive}" }
)]
#[inline(never)]
fn find_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    record(Edge::of(100.25, offset.unsigned_abs()));
    submit_hedge(venue, offset, aggressive)
}

#[trace(
    short_name = true,
    properties = { "venue": "{venue}", "offset": "{offset}", "aggressive": "{aggressive}" }
)]
#[inline(never)]
fn submit_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[trace(short_name = true)]
#[inline(never)]
fn bare() {
    black_box(());
}

/// Adds the event of a tick.
fn record(edge: Edge) {
    LocalSpan::add_event(Event::new("edge").with_properties(|| {
        [
            ("fair", edge.fair.to_string()),
            ("bid", edge.bid.to_string()),
            ("ask", edge.ask.to_string()),
            ("net", edge.net.to_string()),
            ("depth", edge.depth.to_string()),
            ("age", edge.age.to_string()),
        ]
    }));
}

#[inline(never)]
fn in_root(work: impl FnOnce()) {
    let root = Span::root("in_root", SpanContext::random());
    let _current = root.set_local_parent();
    work();
}
