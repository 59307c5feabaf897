//! What goes up and down.

use core::marker::PhantomData;
#[cfg(feature = "init")]
use core::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "init")]
use std::sync::{Arc, OnceLock};

#[cfg(feature = "init")]
use super::family::{Family, Series};
#[cfg(feature = "init")]
use super::registry;
use super::{Description, Labels};

/// A number of your own as it stands, by the values of its labels `L`: a position, a queue's length, a consumer's lag.
///
/// As a [`Counter`](super::Counter), it is a static whose series are bound once. To set it is one relaxed atomic
/// store.
///
/// ```
/// use tickspan::{Gauge, Labels};
///
/// #[derive(Labels)]
/// struct Consumer<'a> {
///     topic: &'a str,
/// }
///
/// static LAG: Gauge<Consumer> = Gauge::new("consumer.lag")
///     .with_unit("s")
///     .with_description("How far the consumer is behind.");
///
/// let lag = LAG.bind(&Consumer { topic: "fills" });
/// lag.set(0.25);
/// # #[cfg(feature = "init")]
/// assert_eq!(lag.value(), 0.25);
/// ```
///
/// A series that has never been set is not exported. What is no number is exported as it is; the SDK drops it.
#[derive(Debug)]
pub struct Gauge<L = ()> {
    description: Description,
    #[cfg(feature = "init")]
    family: OnceLock<Arc<Family<AtomicU64>>>,
    // Covariant: labels that borrow for longer will do.
    labels: PhantomData<fn() -> L>,
}

/// The series of one set of labels of a [`Gauge`]. Clones are the same.
#[derive(Clone, Debug)]
pub struct BoundGauge {
    #[cfg(feature = "init")]
    series: Arc<Series<AtomicU64>>,
}

/// The bits of a number that nobody has set: a NaN with bits of its own.
#[cfg(feature = "init")]
pub(super) const UNSET: u64 = 0x7ff8_7469_636b_7370;

impl<L> Gauge<L> {
    /// A gauge of this name; see [`Counter::new`](super::Counter::new).
    ///
    /// # Panics
    ///
    /// Where the name is none; in a static, that is a compile error.
    pub const fn new(name: &'static str) -> Self {
        Self {
            description: Description::new(name),
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

    /// The series of `labels`. It takes a lock, and allocates where the series is new.
    pub fn bind(&self, labels: &L) -> BoundGauge
    where
        L: Labels,
    {
        #[cfg(not(feature = "init"))]
        let _ = labels;
        BoundGauge {
            #[cfg(feature = "init")]
            series: self.family().bind(labels, |_, _| AtomicU64::new(UNSET)),
        }
    }

    /// Sets that of `labels`: as `bind(labels).set(value)`.
    pub fn set(&self, value: f64, labels: &L)
    where
        L: Labels,
    {
        self.bind(labels).set(value);
    }

    #[cfg(feature = "init")]
    fn family(&self) -> &Family<AtomicU64> {
        self.family.get_or_init(|| {
            let family = Arc::new(Family::new(self.description));
            registry::add(registry::Instrument::Gauge(Arc::clone(&family)));
            family
        })
    }
}

impl BoundGauge {
    /// Sets the value.
    #[inline]
    pub fn set(&self, value: f64) {
        // Relaxed: a statistic.
        #[cfg(feature = "init")]
        self.series.cell.store(value.to_bits(), Ordering::Relaxed);
        #[cfg(not(feature = "init"))]
        let _ = value;
    }

    /// The value; NaN before it is set.
    #[cfg(feature = "init")]
    pub fn value(&self) -> f64 {
        f64::from_bits(self.series.cell.load(Ordering::Relaxed))
    }
}
