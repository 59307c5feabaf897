//! Trade events, on the caller's thread: the event on the current span, and its audit.

use super::{Acknowledgement, Callsite, event};
use crate::privacy::Value;

/// Records a trade event that somebody wants: `values` are those of the callsite's keys but a first `message`.
pub fn record_trade(site: &'static Callsite, values: &[Value<'_>]) -> Acknowledgement {
    event::emit_if_wanted(site, values);
    #[cfg(feature = "recorder")]
    return crate::recorder::keep_trade(site, values);
    #[cfg(not(feature = "recorder"))]
    Acknowledgement::NotAudited
}
