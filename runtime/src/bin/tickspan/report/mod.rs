//! `tickspan report`: one page that shows a recording.
//!
//! The recording is read twice: once to count, and to see how long it is and which traces are worth showing; then for how it went
//! over time, and for those traces. Memory and page are bounded, however long the recording is, and nothing depends on the order in
//! which threads take lines.

mod command;
mod edges;
mod first;
mod measured;
mod model;
mod page;
mod second;
mod series;
mod shown;
mod trace;

pub(crate) use command::Report;
