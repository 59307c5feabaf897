//! What a library does here, whichever it is.

use std::hint::black_box;
use std::ops::Add;

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// A library to measure: the same functions, annotated in its own way.
///
/// Each library's global state lives for the whole process, so a process measures one library once.
pub(crate) trait Library {
    /// What is kept until the spans have been delivered.
    type Running;

    /// What a thread keeps while it makes spans.
    type OnThread;

    /// Turns the library on, with an exporter that encodes if there is one.
    fn start() -> Self::Running;

    /// Prepares the calling thread. The thread that called `start` is no exception.
    fn enter_thread() -> Self::OnThread;

    /// A root span and four stages, one after the other.
    fn quote(symbol: &str, price: f64, qty: u64) -> u64;

    /// A root span and four stages, each in the one before.
    fn trade(symbol: &str, price: f64, qty: u64) -> u64;

    /// A root span and two stages, each with a stage inside; other kinds of attributes.
    fn fill(venue: &str, offset: i64, aggressive: bool) -> u64;

    /// One stage with three attributes.
    fn stage(symbol: &str, price: f64, qty: u64) -> u64;

    /// One span without attributes.
    fn bare();

    /// Does `work` in a root span.
    fn in_root(work: impl FnOnce());

    /// Waits until all spans are delivered, and tells what became of them; nothing where there is no
    /// exporter.
    fn finish(running: Self::Running) -> Option<Delivered>;

    /// One tick: five spans with three attributes each, and one event of six numbers.
    #[inline]
    fn tick(message: &Message) -> u64 {
        match *message {
            Message::Quote { symbol, price, qty } => Self::quote(symbol, price, qty),
            Message::Trade { symbol, price, qty } => Self::trade(symbol, price, qty),
            Message::Fill {
                venue,
                offset,
                aggressive,
            } => Self::fill(venue, offset, aggressive),
        }
    }
}

/// A library whose spans can be sent over OTLP, with the exporter that its users have.
pub(crate) trait Sends: Library {
    /// What is kept until the spans have been sent.
    type Sending;

    /// Turns the library on, with an exporter that posts protobuf to the receiver with this base URL.
    fn start_sending(url: &str) -> Self::Sending;

    /// Waits until the receiver has answered for all spans.
    fn finish_sending(sending: Self::Sending);
}

/// How many spans a tick has.
pub(crate) const SPANS_PER_TICK: u64 = 5;

/// What reached the exporter, or the receiver.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Delivered {
    /// Spans.
    pub(crate) spans: u64,
    /// Their attributes, also those that the library adds.
    pub(crate) attributes: u64,
    /// Their events.
    pub(crate) events: u64,
    /// The size of all encoded batches.
    pub(crate) bytes: u64,
    /// Lost spans that the library itself told of, if it tells.
    pub(crate) told_lost: Option<u64>,
}

impl Add for Delivered {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            spans: self.spans + other.spans,
            attributes: self.attributes + other.attributes,
            events: self.events + other.events,
            bytes: self.bytes + other.bytes,
            told_lost: self.told_lost.zip(other.told_lost).map(|(a, b)| a + b),
        }
    }
}

/// What a stage does besides being traced: next to nothing, but not nothing.
#[inline]
pub(crate) fn work(text: &str, number: f64, other: u64) -> u64 {
    black_box(text.len() as u64 ^ number.to_bits() ^ other)
}

/// [`work`] for the attributes of a fill.
#[inline]
pub(crate) fn work_on_fill(venue: &str, offset: i64, aggressive: bool) -> u64 {
    black_box(venue.len() as u64 ^ offset.unsigned_abs() ^ u64::from(aggressive))
}
