//! The same functions without any library: what is left is the loop, the calls and the work.

use std::hint::black_box;

use crate::library::{Delivered, Library, work, work_on_fill};
use crate::message::Edge;

/// No library: what the others are to be compared with.
pub(crate) struct Nothing;

impl Library for Nothing {
    type Running = ();
    type OnThread = ();

    fn start() -> Self::Running {}

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

#[inline(never)]
fn quote(symbol: &str, price: f64, qty: u64) -> u64 {
    decode(symbol, price, qty)
        ^ update_book(symbol, price, qty)
        ^ find_signal(symbol, price, qty)
        ^ check_risk(symbol, price, qty)
}

#[inline(never)]
fn decode(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[inline(never)]
fn update_book(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[inline(never)]
fn find_signal(symbol: &str, price: f64, qty: u64) -> u64 {
    black_box(Edge::of(price, qty));
    work(symbol, price, qty)
}

#[inline(never)]
fn check_risk(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[inline(never)]
fn trade(symbol: &str, price: f64, qty: u64) -> u64 {
    decode_trade(symbol, price, qty)
}

#[inline(never)]
fn decode_trade(symbol: &str, price: f64, qty: u64) -> u64 {
    update_volume(symbol, price, qty)
}

#[inline(never)]
fn update_volume(symbol: &str, price: f64, qty: u64) -> u64 {
    find_impact(symbol, price, qty)
}

#[inline(never)]
fn find_impact(symbol: &str, price: f64, qty: u64) -> u64 {
    black_box(Edge::of(price, qty));
    adjust_quotes(symbol, price, qty)
}

#[inline(never)]
fn adjust_quotes(symbol: &str, price: f64, qty: u64) -> u64 {
    work(symbol, price, qty)
}

#[inline(never)]
fn fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
    match_order(venue, offset, aggressive) ^ find_hedge(venue, offset, aggressive)
}

#[inline(never)]
fn match_order(venue: &str, offset: i64, aggressive: bool) -> u64 {
    update_position(venue, offset, aggressive)
}

#[inline(never)]
fn update_position(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[inline(never)]
fn find_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    black_box(Edge::of(100.25, offset.unsigned_abs()));
    submit_hedge(venue, offset, aggressive)
}

#[inline(never)]
fn submit_hedge(venue: &str, offset: i64, aggressive: bool) -> u64 {
    work_on_fill(venue, offset, aggressive)
}

#[inline(never)]
fn bare() {
    black_box(());
}

#[inline(never)]
fn in_root(work: impl FnOnce()) {
    work();
}
