//! What runs on the caller's thread: callsites, stages, instrumented futures, events, late attributes.
//!
//! Everything here goes the tracing route: a stage is a span of the `tracing` crate, seen by whichever
//! subscriber is installed. Nothing here fails, blocks or panics; what cannot be recorded is told.
//! Expanded code calls it through [`support`](crate::support).

mod callsite;
mod context;
mod event;
mod future;
mod late;
pub(crate) mod outcome;
mod parent;
mod stage;

#[cfg(feature = "init")]
pub(crate) use callsite::observe_new_spans;
pub use callsite::{Callsite, Kind, Site};
pub use context::Context;
pub use event::{emit, emit_value};
pub use future::{StageFuture, StageStream};
pub use late::{LateCallsite, record_late};
pub use parent::{IntoParent, Parent};
pub use stage::{Stage, StageGuard};
