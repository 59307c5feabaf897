//! `micromegas-tracing` with a sink that discards, and its attribute, which records no arguments.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use micromegas_tracing::event::NullEventSink;
use micromegas_tracing::guards::{TracingSystemGuard, TracingThreadGuard};
use micromegas_tracing::prelude::*;

use crate::library::{Delivered, Library, work, work_on_fill};
use crate::message::Edge;

/// The size of a buffer of log entries, as in its documentation.
const LOG_BYTES: usize = 8 * 1024 * 1024;

/// The size of a buffer of metrics, as in its documentation.
const METRIC_BYTES: usize = 1024 * 1024;

/// The size of a thread's buffer of spans, as in its documentation.
const SPAN_BYTES: usize = 16 * 1024 * 1024;

/// `micromegas-tracing`: names and times, no attributes, no event.
pub(crate) struct Micromegas;

impl Library for Micromegas {
    type Running = TracingSystemGuard;
    type OnThread = TracingThreadGuard;

    fn start() -> Self::Running {
        TracingSystemGuard::new(
            LOG_BYTES,
            METRIC_BYTES,
            SPAN_BYTES,
            Arc::new(NullEventSink {}),
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

#[span_fn]
#[inline(never)]
fn quote(symbol: &str, price: f64, qty: u64) -> u64 {
    decode(symbol, price, qty)
        ^ update_book(symbol, price, qty)
        ^ find_signal(symbol, price, qty)
        ^ check_risk(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn decode(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn update_book(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn find_signal(symbol: &str, price: f64, qty: u64) -> u64 {
    black_box(Edge::of(price, qty));
    work(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn check_risk(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn trade(symbol: &str, price: f64, qty: u64) -> u64 {
    decode_trade(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn decode_trade(symbol: &str, price: f64, qty: u64) -> u64 {
    update_volume(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn update_volume(symbol: &str, price: f64, qty: u64) -> u64 {
    find_impact(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn find_impact(symbol: &str, price: f64, qty: u64) -> u64 {
    black_box(Edge::of(price, qty));
    adjust_quotes(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn adjust_quotes(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[span_fn]
#[inline(never)]
fn fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
    match_order(venue, offset, aggressive) ^ find_hedge(venue, offset, aggressive)
}

#[span_fn]
#[inline(never)]
fn match_order(venue: &str, offset: i64, aggressive: bool) -> u64 {
    update_position(venue, offset, aggressive)
}

#[span_fn]
#[inline(never)]
fn update_position(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[span_fn]
#[inline(never)]
fn find_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    black_box(Edge::of(100.25, offset.unsigned_abs()));
    submit_hedge(venue, offset, aggressive)
}

#[span_fn]
#[inline(never)]
fn submit_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[span_fn]
#[inline(never)]
fn bare() {
    black_box(());
}

#[span_fn]
fn in_root(work: impl FnOnce()) {
    work();
}
