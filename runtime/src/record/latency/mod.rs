//! Latency on the caller's thread: paths, clocks, and the clock that is current.
//!
//! A [`StageClock`] is an array of ticks. While a [`ClockScope`] lives, or a future of
//! [`StageClock::attach`] is polled, it lies in a slot ([`slots`]), where the stages of this thread find it, and those
//! of other threads to which the context was handed. A finished clock becomes one record of the lane; what hops it
//! has is computed by [`crate::collect`], with [`hops`].

mod bytes;
mod clock;
mod end;
#[cfg(feature = "init")]
pub(crate) mod hops;
mod marking;
mod path;
mod scope;
pub(super) mod slots;
mod tick;

pub use bytes::{ClockBytes, ClockBytesError};
pub use clock::StageClock;
#[cfg(feature = "init")]
pub(crate) use clock::{MOST_MARKS, Marks};
#[cfg(feature = "init")]
pub(crate) use end::{End, observe_ended_clocks};
pub use marking::{MarkFuture, MarkGuard, MarkStream, Passed};
pub use path::{LatencyMark, LatencyPath, LatencyStages};
pub(super) use scope::Entered;
pub use scope::{ClockScope, mark};
