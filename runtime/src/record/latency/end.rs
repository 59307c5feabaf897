//! What becomes of a clock that has ended.

use super::clock::Marks;
use super::path::LatencyPath;

/// How a clock ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its hops are wanted.
    Finished,
    /// Its scope was dropped.
    Dropped,
}

/// Tells whoever measures: the collector by a record in the lane of this thread, or on the tracing route directly.
#[cfg(feature = "init")]
pub(super) fn record(path: &'static LatencyPath, marks: &Marks, end: End) {
    if crate::record::lane::clock_ended(path, marks, end) {
        return;
    }
    if let Some(observer) = OBSERVER.get() {
        observer(path, marks, end);
    }
}

/// Nobody measures.
#[cfg(not(feature = "init"))]
pub(super) fn record(_path: &'static LatencyPath, _marks: &Marks, _end: End) {}

/// Counts a clock for which no slot was free.
#[cold]
pub(super) fn count_unseen() {
    #[cfg(feature = "init")]
    crate::record::lane::health::count(crate::record::lane::health::Loss::ClockUnseen);
}

#[cfg(feature = "init")]
type Observer = Box<dyn Fn(&'static LatencyPath, &Marks, End) + Send + Sync>;

#[cfg(feature = "init")]
static OBSERVER: std::sync::OnceLock<Observer> = std::sync::OnceLock::new();

/// Has `observer` called with each clock that ends while stages take the tracing route. Only the first call counts; `init`
/// makes it.
#[cfg(feature = "init")]
pub(crate) fn observe_ended_clocks(observer: Observer) {
    _ = OBSERVER.set(observer);
}
