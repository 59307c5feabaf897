//! A small trading system, for programs that show tickspan at work.
//!
//! The modules stand in the order in which a message passes them: a [`feed`] gives rows,
//! [`lobster`] reads a row as a [`message`], which changes the [`book`]; [`signal`] may find a
//! reason to trade, whose [`edge`] is recorded, [`risk`] turns it into an order or refuses it, and
//! the [`venue`] executes it in another task. [`pipeline`] ties them together and keeps a
//! [`tally`]; how long they take together is measured by the marks of [`latency`]. [`generate`] makes up a
//! feed, with the random numbers of [`splitmix`].

pub mod book;
pub mod edge;
pub mod feed;
pub mod generate;
pub mod latency;
mod line_limit;
pub mod lobster;
pub mod market;
pub mod message;
pub mod one_trace;
pub mod pipeline;
pub mod readable;
pub mod risk;
pub mod signal;
pub mod splitmix;
pub mod tally;
pub mod trace;
pub mod venue;
pub mod waterfall;
