//! How numbers are spread.

use core::marker::PhantomData;
#[cfg(feature = "init")]
use std::sync::{Arc, OnceLock};

#[cfg(feature = "init")]
use super::family::Family;
#[cfg(feature = "init")]
use super::registry;
use super::{Description, Labels};
#[cfg(feature = "init")]
use crate::record::lane;

/// The spread of numbers of your own, by the values of its labels `L`: sizes of fills, seconds of a hand-over.
///
/// As a [`Counter`](super::Counter), it is a static whose series are bound once. To record is one record in the thread's
/// lane, which the collector reads: no lock, whatever reads the metrics.
///
/// ```
/// use tickspan::{AttributeValue, Histogram, Labels};
///
/// #[derive(AttributeValue)]
/// enum Side { Buy, Sell }
///
/// #[derive(Labels)]
/// struct Fill {
///     side: Side,
/// }
///
/// static FILLS: Histogram<Fill> = Histogram::new("fill.size")
///     .with_unit("{share}")
///     .with_description("Shares of a fill.")
///     .with_bounds(&[1.0, 10.0, 100.0, 1_000.0, 10_000.0]);
///
/// let buys = FILLS.bind(&Fill { side: Side::Buy });
/// buys.record(300.0);
/// ```
///
/// Values that are not finite are dropped by the SDK. Nothing is recorded before [`init`](crate::init), nor where no
/// metrics are exported. On the tracing route the value goes to the meter at once,
/// which takes a lock. Values whose lane is full are counted in
/// [`Health::values_lost`](crate::Health::values_lost).
#[derive(Debug)]
pub struct Histogram<L = ()> {
    description: Description,
    bounds: Option<&'static [f64]>,
    #[cfg(feature = "init")]
    family: OnceLock<Arc<Family<u32>>>,
    // Covariant: labels that borrow for longer will do.
    labels: PhantomData<fn() -> L>,
}

/// The series of one set of labels of a [`Histogram`].
#[derive(Clone, Copy, Debug)]
pub struct BoundHistogram {
    /// Its number.
    #[cfg(feature = "init")]
    series: u32,
}

impl<L> Histogram<L> {
    /// A histogram of this name; see [`Counter::new`](super::Counter::new).
    ///
    /// # Panics
    ///
    /// Where the name is none; in a static, that is a compile error.
    pub const fn new(name: &'static str) -> Self {
        Self {
            description: Description::new(name),
            bounds: None,
            #[cfg(feature = "init")]
            family: OnceLock::new(),
            labels: PhantomData,
        }
    }

    /// Sets the unit, in the notation of UCUM: `s`, `us`, `By`, `{order}`.
    ///
    /// # Panics
    ///
    /// Where it is longer than 63 characters, or one of them is not of ASCII; in a static, that is a compile error. The SDK
    /// would drop every value.
    #[must_use]
    pub const fn with_unit(mut self, unit: &'static str) -> Self {
        self.description = self.description.with_unit(unit);
        self
    }

    /// Sets what dashboards say of it.
    #[must_use]
    pub const fn with_description(mut self, text: &'static str) -> Self {
        self.description.text = text;
        self
    }

    /// Sets the upper bounds of the buckets: finite, each above the one before. Unless set, in the unit `s` they are 1, 2, 5, 10, .. from 100 ns to
    /// 60 s, as those of stages, and in others those of the SDK.
    ///
    /// # Panics
    ///
    /// Where they are not; in a static, that is a compile error. The SDK would drop every value.
    #[must_use]
    pub const fn with_bounds(mut self, bounds: &'static [f64]) -> Self {
        assert!(
            are_bounds(bounds),
            "the bounds of buckets are finite, and each is above the one before"
        );
        self.bounds = Some(bounds);
        self
    }

    /// The series of `labels`. It takes a lock, and allocates where the series is new.
    pub fn bind(&self, labels: &L) -> BoundHistogram
    where
        L: Labels,
    {
        #[cfg(not(feature = "init"))]
        let _ = labels;
        BoundHistogram {
            #[cfg(feature = "init")]
            series: self.series(labels),
        }
    }

    /// Records a value of `labels`: as `bind(labels).record(value)`.
    pub fn record(&self, value: f64, labels: &L)
    where
        L: Labels,
    {
        self.bind(labels).record(value);
    }

    #[cfg(feature = "init")]
    fn series(&self, labels: &L) -> u32
    where
        L: Labels,
    {
        let family = self
            .family
            .get_or_init(|| Arc::new(Family::new(self.description)));
        let series = family.bind(labels, |description, attributes| {
            registry::add_histogram(*description, self.bounds, attributes)
        });
        series.cell
    }
}

/// What the SDK takes for bounds.
const fn are_bounds(bounds: &[f64]) -> bool {
    let mut at = 0;
    while at < bounds.len() {
        if !bounds[at].is_finite() || at > 0 && bounds[at] <= bounds[at - 1] {
            return false;
        }
        at += 1;
    }
    true
}

impl BoundHistogram {
    /// Records a value.
    #[inline]
    pub fn record(&self, value: f64) {
        #[cfg(feature = "init")]
        if !lane::measure(self.series, value) {
            registry::record(self.series, value);
        }
        #[cfg(not(feature = "init"))]
        let _ = value;
    }
}

#[cfg(test)]
mod tests {
    use super::are_bounds;

    #[test]
    fn bounds_are_finite_and_rise() {
        for bounds in [&[][..], &[0.0], &[-1.0, 0.0, 2.5]] {
            assert!(are_bounds(bounds), "{bounds:?}");
        }
        for bounds in [
            &[f64::NAN][..],
            &[1.0, f64::INFINITY],
            &[1.0, 1.0],
            &[5.0, 1.0],
        ] {
            assert!(!are_bounds(bounds), "{bounds:?}");
        }
    }
}
