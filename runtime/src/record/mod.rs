//! What runs on the caller's thread: callsites, stages, instrumented futures, events, late attributes.
//!
//! A stage takes one of two routes: it is a span of the `tracing` crate ([`tracing_route`]), or, after `init`, a
//! record in its thread's lane ([`lane`]). Nothing here fails, blocks or panics; what cannot be recorded is
//! counted.
//! Expanded code calls it through [`support`](crate::support).

mod acknowledgement;
mod callsite;
mod context;
mod edge;
mod event;
#[cfg(feature = "init")]
mod filters;
mod future;
#[cfg(feature = "init")]
pub(crate) mod lane;
mod late;
pub(crate) mod latency;
pub(crate) mod outcome;
mod parent;
mod stage;
mod thread;
mod tracing_route;
mod trade;

pub use acknowledgement::{Acknowledgement, left_out};
pub use callsite::{Callsite, Kind, Site};
#[cfg(feature = "init")]
pub(crate) use callsite::{observe_new_spans, tail};
pub use context::Context;
pub(crate) use edge::record_edge;
pub use event::{emit, emit_value};
#[cfg(feature = "tower")]
pub(crate) use future::{Polling, State, cancel};
pub use future::{StageFuture, StageStream};
pub use late::{LateCallsite, record_late};
pub use latency::{
    ClockBytes, ClockBytesError, ClockScope, LatencyMark, LatencyPath, LatencyStages, MarkFuture,
    MarkGuard, MarkStream, Passed, StageClock, mark,
};
pub use parent::{IntoParent, Parent};
pub use stage::{Stage, StageGuard};
#[cfg(feature = "init")]
pub(crate) use trade::name_in_span;
pub use trade::record_trade;
