//! What the filters of single layers of a subscriber note for the span or event that is to come.
//!
//! Asked whether it wants a callsite, a subscriber of `tracing_subscriber` answers for all its layers together, and notes on
//! the thread for which of them that is not so. A layer that does not want it skips the next span or event that it is
//! shown: it takes that for the one that was asked about. A stage on the lane route is never shown to them, and so the next
//! that is shown would be skipped, whatever it is: a line of the program's.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber as _};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::{Layered, SubscriberExt as _};

/// Has the filters of this thread forget what they answered last: no span or event comes of it.
pub(super) fn forget(metadata: &Metadata<'_>) {
    static REFUSING: OnceLock<Layered<LevelFilter, Registry>> = OnceLock::new();
    // A subscriber that wants nothing at all has them do so, and there is no other way to ask it of them.
    let refusing = REFUSING.get_or_init(|| tracing_subscriber::registry().with(LevelFilter::OFF));
    _ = refusing.enabled(metadata);
}
