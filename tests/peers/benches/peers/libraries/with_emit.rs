//! `emit` with an emitter that does nothing: what its spans cost before they go anywhere.

use std::hint::black_box;
use std::time::Duration;

use emit::event::ToEvent;

use crate::library::{Delivered, Library, work, work_on_fill};
use crate::message::Edge;

/// Looks at nothing of an event but that it is there.
struct Discard;

impl emit::Emitter for Discard {
    fn emit<E: ToEvent>(&self, event: E) {
        black_box(event.to_event().extent());
    }

    fn blocking_flush(&self, _: Duration) -> bool {
        true
    }
}

/// `emit`, set up with an emitter that discards.
pub(crate) struct Emit;

impl Library for Emit {
    type Running = ();
    type OnThread = ();

    fn start() -> Self::Running {
        let _ = emit::setup().emit_to(Discard).init();
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

    fn finish((): Self::Running) -> Option<Delivered> {
        None
    }
}

#[emit::span("quote", symbol, price, qty)]
#[inline(never)]
fn quote(symbol: &str, price: f64, qty: u64) -> u64 {
    decode(symbol, price, qty)
        ^ update_book(symbol, price, qty)
        ^ find_signal(symbol, price, qty)
        ^ check_risk(symbol, price, qty)
}

#[emit::span("decode", symbol, price, qty)]
#[inline(never)]
fn decode(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[emit::span("update_book", symbol, price, qty)]
#[inline(never)]
fn update_book(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[emit::span("find_signal", symbol, price, qty)]
#[inline(never)]
fn find_signal(symbol: &str, price: f64, qty: u64) -> u64 {
    let edge = Edge::of(price, qty);
    emit::info!(
        "edge",
        fair: edge.fair,
        bid: edge.bid,
        ask: edge.ask,
        net: edge.net,
        depth: edge.depth,
        age: edge.age,
    );
    work(symbol, price, qty)
}

#[emit::span("check_risk", symbol, price, qty)]
#[inline(never)]
fn check_risk(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[emit::span("trade", symbol, price, qty)]
#[inline(never)]
fn trade(symbol: &str, price: f64, qty: u64) -> u64 {
    decode_trade(symbol, price, qty)
}

#[emit::span("decode_trade", symbol, price, qty)]
#[inline(never)]
fn decode_trade(symbol: &str, price: f64, qty: u64) -> u64 {
    update_volume(symbol, price, qty)
}

#[emit::span("update_volume", symbol, price, qty)]
#[inline(never)]
fn update_volume(symbol: &str, price: f64, qty: u64) -> u64 {
    find_impact(symbol, price, qty)
}

#[emit::span("find_impact", symbol, price, qty)]
#[inline(never)]
fn find_impact(symbol: &str, price: f64, qty: u64) -> u64 {
    let edge = Edge::of(price, qty);
    emit::info!(
        "edge",
        fair: edge.fair,
        bid: edge.bid,
        ask: edge.ask,
        net: edge.net,
        depth: edge.depth,
        age: edge.age,
    );
    adjust_quotes(symbol, price, qty)
}

#[emit::span("adjust_quotes", symbol, price, qty)]
#[inline(never)]
fn adjust_quotes(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[emit::span("fill", venue, offset, aggressive)]
#[inline(never)]
fn fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
    match_order(venue, offset, aggressive) ^ find_hedge(venue, offset, aggressive)
}

#[emit::span("match_order", venue, offset, aggressive)]
#[inline(never)]
fn match_order(venue: &str, offset: i64, aggressive: bool) -> u64 {
    update_position(venue, offset, aggressive)
}

#[emit::span("update_position", venue, offset, aggressive)]
#[inline(never)]
fn update_position(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[emit::span("find_hedge", venue, offset, aggressive)]
#[inline(never)]
fn find_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    let edge = Edge::of(100.25, offset.unsigned_abs());
    emit::info!(
        "edge",
        fair: edge.fair,
        bid: edge.bid,
        ask: edge.ask,
        net: edge.net,
        depth: edge.depth,
        age: edge.age,
    );
    submit_hedge(venue, offset, aggressive)
}

#[emit::span("submit_hedge", venue, offset, aggressive)]
#[inline(never)]
fn submit_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[emit::span("bare")]
#[inline(never)]
fn bare() {
    black_box(());
}

#[emit::span("in_root")]
fn in_root(work: impl FnOnce()) {
    work();
}
