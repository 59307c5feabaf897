//! Edges, on the caller's thread: the event on the current span, and what the collector counts.

#[cfg(feature = "init")]
use super::lane;
use super::{Acknowledgement, event};
use crate::edge::EdgeSite;
use crate::privacy::Value;

/// Records an edge that somebody wants: `values` are those of the event's keys but the first, `message`.
pub(crate) fn record_edge(site: &'static EdgeSite, values: &[Value<'_>]) -> Acknowledgement {
    #[cfg(feature = "init")]
    if lane::mode() == lane::Mode::Lane {
        if !lane::edge(site, values) {
            event::dispatch(site.event, values);
        }
    } else {
        event::emit_if_wanted(site.event, values);
        crate::collect::observe_edge(site, values);
    }
    #[cfg(not(feature = "init"))]
    event::emit_if_wanted(site.event, values);
    #[cfg(feature = "recorder")]
    return crate::recorder::keep_edge(site.event, values);
    #[cfg(not(feature = "recorder"))]
    Acknowledgement::NotAudited
}
