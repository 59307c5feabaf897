//! `micromegas-tracing` with its span macro, which can record properties, and a log entry as the event.
//! Its properties are text, so numbers are formatted.

use std::collections::HashMap;
use std::fmt;
use std::hint::black_box;
use std::sync::{Arc, mpsc};
use std::thread;

use micromegas_tracing::event::EventSink;
use micromegas_tracing::guards::{TracingSystemGuard, TracingThreadGuard};
use micromegas_tracing::levels::{LevelFilter, set_max_level};
use micromegas_tracing::logs::{LogBlock, LogMetadata, LogStream};
use micromegas_tracing::metrics::{MetricsBlock, MetricsStream};
use micromegas_tracing::prelude::*;
use micromegas_tracing::property_set::DynProperty;
use micromegas_tracing::spans::{ThreadBlock, ThreadStream};

use crate::library::{Delivered, Library, work, work_on_fill};
use crate::message::Edge;

/// The size of a buffer of log entries, as in its documentation.
const LOG_BYTES: usize = 8 * 1024 * 1024;

/// The size of a buffer of metrics, as in its documentation.
const METRIC_BYTES: usize = 1024 * 1024;

/// The size of a thread's buffer of spans, as in its documentation.
const SPAN_BYTES: usize = 16 * 1024 * 1024;

/// Takes full buffers and frees them on a thread of its own, as a sink that sends them would: that
/// is not the caller's work.
struct Discard {
    to_free: mpsc::Sender<Box<dyn Send>>,
}

impl Discard {
    fn new() -> Self {
        let (to_free, full) = mpsc::channel::<Box<dyn Send>>();
        thread::spawn(move || full.into_iter().for_each(drop));
        Self { to_free }
    }

    fn free(&self, full: impl Send + 'static) {
        // The thread ends only with this sender.
        let _ = self.to_free.send(Box::new(full));
    }
}

impl EventSink for Discard {
    fn on_startup(&self, _: Arc<ProcessInfo>) {}

    fn on_shutdown(&self) {}

    fn on_log_enabled(&self, _: &LogMetadata) -> bool {
        true
    }

    fn on_log(&self, _: &LogMetadata, _: &[DynProperty<'_>], _: i64, _: fmt::Arguments<'_>) {}

    fn on_init_log_stream(&self, _: &LogStream) {}

    fn on_process_log_block(&self, block: Arc<LogBlock>) {
        self.free(block);
    }

    fn on_init_metrics_stream(&self, _: &MetricsStream) {}

    fn on_process_metrics_block(&self, block: Arc<MetricsBlock>) {
        self.free(block);
    }

    fn on_init_thread_stream(&self, _: &ThreadStream) {}

    fn on_process_thread_block(&self, block: Arc<ThreadBlock>) {
        self.free(block);
    }

    fn is_busy(&self) -> bool {
        false
    }
}

/// `micromegas-tracing`, recording what a tick has.
pub(crate) struct MicromegasProperties;

impl Library for MicromegasProperties {
    type Running = TracingSystemGuard;
    type OnThread = TracingThreadGuard;

    fn start() -> Self::Running {
        set_max_level(LevelFilter::Info);
        TracingSystemGuard::new(
            LOG_BYTES,
            METRIC_BYTES,
            SPAN_BYTES,
            Arc::new(Discard::new()),
            HashMap::new(),
            true,
        )
        .expect("nothing else is started in this process")
    }

    fn enter_thread() -> Self::OnThread {
        TracingThreadGuard::new()
    }

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

    fn finish(_: Self::Running) -> Option<Delivered> {
        None
    }
}

#[inline(never)]
fn quote(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "quote", symbol = symbol, price = %price, qty = %qty);
    decode(symbol, price, qty)
        ^ update_book(symbol, price, qty)
        ^ find_signal(symbol, price, qty)
        ^ check_risk(symbol, price, qty)
}

#[inline(never)]
fn decode(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "decode", symbol = symbol, price = %price, qty = %qty);
    work(symbol, price, qty)
}

#[inline(never)]
fn update_book(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "update_book", symbol = symbol, price = %price, qty = %qty);
    work(symbol, price, qty)
}

#[inline(never)]
fn find_signal(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "find_signal", symbol = symbol, price = %price, qty = %qty);
    let edge = Edge::of(price, qty);
    info!(
        fair = %edge.fair,
        bid = %edge.bid,
        ask = %edge.ask,
        net = %edge.net,
        depth = %edge.depth,
        age = %edge.age,
        "edge"
    );
    work(symbol, price, qty)
}

#[inline(never)]
fn check_risk(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "check_risk", symbol = symbol, price = %price, qty = %qty);
    work(symbol, price, qty)
}

#[inline(never)]
fn trade(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "trade", symbol = symbol, price = %price, qty = %qty);
    decode_trade(symbol, price, qty)
}

#[inline(never)]
fn decode_trade(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "decode_trade", symbol = symbol, price = %price, qty = %qty);
    update_volume(symbol, price, qty)
}

#[inline(never)]
fn update_volume(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "update_volume", symbol = symbol, price = %price, qty = %qty);
    find_impact(symbol, price, qty)
}

#[inline(never)]
fn find_impact(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "find_impact", symbol = symbol, price = %price, qty = %qty);
    let edge = Edge::of(price, qty);
    info!(
        fair = %edge.fair,
        bid = %edge.bid,
        ask = %edge.ask,
        net = %edge.net,
        depth = %edge.depth,
        age = %edge.age,
        "edge"
    );
    adjust_quotes(symbol, price, qty)
}

#[inline(never)]
fn adjust_quotes(symbol: &str, price: f64, qty: u64) -> u64 {
    let _span = span_scope!(name = "adjust_quotes", symbol = symbol, price = %price, qty = %qty);
    work(symbol, price, qty)
}

#[inline(never)]
fn fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let _span =
        span_scope!(name = "fill", venue = venue, offset = %offset, aggressive = %aggressive);
    match_order(venue, offset, aggressive) ^ find_hedge(venue, offset, aggressive)
}

#[inline(never)]
fn match_order(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let _span = span_scope!(name = "match_order", venue = venue, offset = %offset, aggressive = %aggressive);
    update_position(venue, offset, aggressive)
}

#[inline(never)]
fn update_position(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let _span = span_scope!(name = "update_position", venue = venue, offset = %offset, aggressive = %aggressive);
    work_on_fill(venue, offset, aggressive)
}

#[inline(never)]
fn find_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let _span =
        span_scope!(name = "find_hedge", venue = venue, offset = %offset, aggressive = %aggressive);
    let edge = Edge::of(100.25, offset.unsigned_abs());
    info!(
        fair = %edge.fair,
        bid = %edge.bid,
        ask = %edge.ask,
        net = %edge.net,
        depth = %edge.depth,
        age = %edge.age,
        "edge"
    );
    submit_hedge(venue, offset, aggressive)
}

#[inline(never)]
fn submit_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let _span = span_scope!(name = "submit_hedge", venue = venue, offset = %offset, aggressive = %aggressive);
    work_on_fill(venue, offset, aggressive)
}

#[inline(never)]
fn bare() {
    span_scope!("bare");
    black_box(());
}

#[inline(never)]
fn in_root(work: impl FnOnce()) {
    span_scope!("in_root");
    work();
}
