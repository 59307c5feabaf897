//! What only grows.

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

/// A number of your own that only grows, by the values of its labels `L`.
///
/// It is a static. A series is bound once, for instance where a component is made; to count is then one relaxed
/// atomic addition, from any thread.
///
/// ```
/// use tickspan::{AttributeValue, Counter, Labels};
///
/// #[derive(AttributeValue)]
/// enum Status { Ok, Failed }
///
/// #[derive(Labels)]
/// struct Execution<'a> {
///     status: Status,
///     pipeline: &'a str,
/// }
///
/// static EXECUTIONS: Counter<Execution> = Counter::new("pipeline.executions")
///     .with_unit("{execution}")
///     .with_description("Pipelines that ran to their end.");
///
/// let hedges = EXECUTIONS.bind(&Execution { status: Status::Ok, pipeline: "hedge" });
/// hedges.add(1);
/// // Where it is rare: looked up each time.
/// EXECUTIONS.add(1, &Execution { status: Status::Failed, pipeline: "hedge" });
/// # #[cfg(feature = "init")]
/// assert_eq!(hedges.value(), 1);
/// ```
///
/// What was counted before [`init`](crate::init) counts. It is exported where metrics are: over OTLP, on the page for
/// Prometheus, by [`with_meter_provider`](crate::Builder::with_meter_provider). An instrument has 1,900 series at most:
/// those beyond share one with the label `otel.metric.overflow`, and each `bind` of one is counted in
/// [`Health::labels_overflowed`](crate::Health::labels_overflowed).
///
/// Two statics of one name are two instruments, which the SDK complains about.
#[derive(Debug)]
pub struct Counter<L = ()> {
    description: Description,
    #[cfg(feature = "init")]
    family: OnceLock<Arc<Family<AtomicU64>>>,
    // Covariant: labels that borrow for longer will do.
    labels: PhantomData<fn() -> L>,
}

/// The series of one set of labels of a [`Counter`]. Clones count together.
#[derive(Clone, Debug)]
pub struct BoundCounter {
    #[cfg(feature = "init")]
    series: Arc<Series<AtomicU64>>,
}

impl<L> Counter<L> {
    /// A counter of this name, which is that of the OpenTelemetry specification: up to 255 letters, digits, `_`, `.`,
    /// `-` and `/`, a letter first. A Prometheus exporter adds `_total`.
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
    pub fn bind(&self, labels: &L) -> BoundCounter
    where
        L: Labels,
    {
        #[cfg(not(feature = "init"))]
        let _ = labels;
        BoundCounter {
            #[cfg(feature = "init")]
            series: self.family().bind(labels, |_, _| AtomicU64::new(0)),
        }
    }

    /// Counts `number` more of `labels`: as `bind(labels).add(number)`.
    pub fn add(&self, number: u64, labels: &L)
    where
        L: Labels,
    {
        self.bind(labels).add(number);
    }

    #[cfg(feature = "init")]
    fn family(&self) -> &Family<AtomicU64> {
        self.family.get_or_init(|| {
            let family = Arc::new(Family::new(self.description));
            registry::add(registry::Instrument::Counter(Arc::clone(&family)));
            family
        })
    }
}

impl BoundCounter {
    /// Counts `number` more.
    #[inline]
    pub fn add(&self, number: u64) {
        // Relaxed: a statistic.
        #[cfg(feature = "init")]
        self.series.cell.fetch_add(number, Ordering::Relaxed);
        #[cfg(not(feature = "init"))]
        let _ = number;
    }

    /// How many there were.
    #[cfg(feature = "init")]
    pub fn value(&self) -> u64 {
        self.series.cell.load(Ordering::Relaxed)
    }
}
