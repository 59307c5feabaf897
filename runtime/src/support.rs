//! What expanded code names, and nobody else: no part of it is stable.
//!
//! The only path, besides `::core`, that may stand in an expansion.

pub use tickspan_macros::{__event, __public, __record, __stage};
pub use tracing::Level;

pub use crate::__inventory as inventory;

pub use crate::edge::{
    Computed, EdgeAmount, EdgeBreakdown, EdgeSite, Part, Role, check_leg, computed,
    computed_of_leg, event_keys, event_keys_len, join_parts, join_values, leg_bytes, leg_len,
    leg_parts, masked, one_unit, same_amount,
};
pub use crate::privacy::form::{
    AddsSeconds, Allowed, Counts, Exempt, Fits, Measures, Plain, SaysSeconds, Scalar, Truths, Words,
};
pub use crate::privacy::inventory::{BySensitive, ByText, ByType, Otherwise, or_text};
/// The rules of names, for constants that expanded code asks about.
pub use crate::privacy::names;
pub use crate::privacy::probe::{
    Approaching, Explicit, ExplicitText, Held, Implicit, ImplicitSensitive, ImplicitText, Public,
    TextOrSkipped, displayed,
};
pub use crate::privacy::strict::{Strict, StrictSensitive, StrictText};
pub use crate::privacy::{AttributeValue, Confidential, Secret, Value, financial, pii};
pub use crate::record::outcome::{ErrorKind, Outcome, Returned};
pub use crate::record::{
    Callsite, IntoParent, Kind, LateCallsite, LatencyMark, LatencyPath, MarkFuture, MarkGuard,
    MarkStream, Parent, Passed, Site, Stage, StageFuture, StageGuard, StageStream, emit,
    emit_value, left_out, mark, record_late, record_trade,
};

/// What leaves of marked values.
pub mod mark {
    pub use crate::privacy::mark::{
        Masked, Readable, bucket, domain, hmac, last4, network, prefix, redacted, withheld,
    };
}

/// The most keys that one stage, event or `record!` may have.
pub const MAX_KEYS: usize = 32;

/// A value of any type, for code that never runs and only tells the compiler a type.
#[cold]
#[expect(clippy::empty_loop, reason = "nothing calls it")]
pub fn any<T>() -> T {
    loop {}
}

/// A future, whose output is told to the compiler before it looks at the body.
#[inline]
pub fn of_output<T, F: Future<Output = T>>(future: F) -> F {
    future
}

/// Calls `f`. A closure that is given here is an `FnOnce`, and may return what it has captured.
#[inline]
pub fn call<R>(f: impl FnOnce() -> R) -> R {
    f()
}
