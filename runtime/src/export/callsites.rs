//! What is met first where nobody wants it, and is wanted elsewhere.
//!
//! `tracing` asks once for each callsite whether anybody wants what comes from there, and remembers the answer for all
//! threads. It asks every subscriber that there is. But where there is only one, it asks that of the thread that has met the
//! callsite, and a [silent](super::quiet) thread has none; nor has any other while a subscriber is at work on it, as long
//! as there are silent threads; nor has, while a test captures, the thread of another. So a callsite that an exporter or a
//! callback met first, or that is in the `Debug` of what is logged, would be off for good and everywhere.

use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::{Interest, NoSubscriber};
use tracing::{Dispatch, Metadata, Subscriber, dispatcher};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};

/// Has `tracing` ask every subscriber from now on, and about all that was met before: for there are two.
pub(crate) fn ask_all() {
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| tracing_subscriber::registry().with(Alike).into());
}

/// A subscriber that no thread has. It answers as that of the thread does, so that the answer of both is the same.
struct Alike;

impl<S: Subscriber> Layer<S> for Alike {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let mut answer = None;
        dispatcher::get_default(|other| {
            answer = (!other.is::<NoSubscriber>()).then(|| other.register_callsite(metadata));
        });
        // Where the thread has none, the other is asked each time.
        answer.unwrap_or_else(Interest::sometimes)
    }

    fn enabled(&self, _: &Metadata<'_>, _: Context<'_, S>) -> bool {
        false
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::OFF)
    }
}
