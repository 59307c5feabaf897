//! All instruments of the process, and the meters that read them.
//!
//! Instruments are made at any time, before `init` and after it; they are told to the meters as soon as both are there.

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundHistogram, Histogram, Meter, MeterProvider};

use super::Description;
use super::family::Family;
use super::gauge::UNSET;
use crate::collect::duration_bounds;

/// An instrument whose values are read when metrics are.
#[derive(Clone, Debug)]
pub(crate) enum Instrument {
    Counter(Arc<Family<AtomicU64>>),
    Gauge(Arc<Family<AtomicU64>>),
}

/// One series of a histogram.
#[derive(Debug)]
struct Series {
    description: Description,
    bounds: Option<&'static [f64]>,
    attributes: Vec<KeyValue>,
    /// Where there are meters.
    bound: Option<BoundHistogram<f64>>,
}

#[derive(Debug, Default)]
struct Registry {
    meter: Option<Meter>,
    instruments: Vec<Instrument>,
    histograms: Option<HashMap<&'static str, Histogram<f64>>>,
    series: Vec<Series>,
}

// Locked where an instrument or a series is new, by `init`, and by the collector for each value of a histogram. Only
// `init` asks a meter for an instrument meanwhile.
static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    meter: None,
    instruments: Vec::new(),
    histograms: None,
    series: Vec::new(),
});

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has all instruments read by the meters of `provider`.
pub(crate) fn attach(provider: &dyn MeterProvider) {
    let meter = provider.meter("tickspan.instruments");
    let mut registry = registry();
    for instrument in &registry.instruments {
        observe(instrument, &meter);
    }
    registry.meter = Some(meter);
    let Registry {
        meter,
        histograms,
        series,
        ..
    } = &mut *registry;
    for series in series {
        series.bind(meter.as_ref(), histograms);
    }
}

/// Adds an instrument.
pub(super) fn add(instrument: Instrument) {
    let mut registry = registry();
    let meter = registry.meter.clone();
    let added = instrument.clone();
    registry.instruments.push(instrument);
    // Meters that are being read hold up who adds to them, for as long as a callback of the program's takes.
    drop(registry);
    if let Some(meter) = meter {
        observe(&added, &meter);
    }
}

/// Adds a series of a histogram, and gives its number.
pub(super) fn add_histogram(
    description: Description,
    bounds: Option<&'static [f64]>,
    attributes: &[KeyValue],
) -> u32 {
    let mut series = Series {
        description,
        bounds,
        attributes: attributes.to_vec(),
        bound: None,
    };
    let mut registry = registry();
    let histograms = registry.histograms.get_or_insert_default();
    let is_known = histograms.contains_key(description.name);
    if let Some(meter) = registry.meter.clone().filter(|_| !is_known) {
        // As above.
        drop(registry);
        let histogram = series.histogram(&meter);
        registry = self::registry();
        let histograms = registry.histograms.get_or_insert_default();
        histograms.entry(description.name).or_insert(histogram);
    }
    let Registry {
        meter,
        histograms,
        series: all,
        ..
    } = &mut *registry;
    series.bind(meter.as_ref(), histograms);
    all.push(series);
    u32::try_from(all.len() - 1).unwrap_or(u32::MAX)
}

/// Records a value of a series.
pub(crate) fn record(series: u32, value: f64) {
    let bound = registry()
        .series
        .get(series as usize)
        .and_then(|series| series.bound.clone());
    if let Some(bound) = bound {
        bound.record(value);
    }
}

impl Series {
    fn bind(
        &mut self,
        meter: Option<&Meter>,
        histograms: &mut Option<HashMap<&'static str, Histogram<f64>>>,
    ) {
        let Some(meter) = meter else { return };
        let histogram = histograms
            .get_or_insert_default()
            .entry(self.description.name)
            .or_insert_with(|| self.histogram(meter));
        self.bound = Some(histogram.bind(&self.attributes));
    }

    fn histogram(&self, meter: &Meter) -> Histogram<f64> {
        let builder = meter
            .f64_histogram(self.description.name)
            .with_unit(self.description.unit)
            .with_description(self.description.text);
        match (self.bounds, self.description.unit) {
            (Some(bounds), _) => builder.with_boundaries(bounds.to_vec()),
            (None, "s") => builder.with_boundaries(duration_bounds()),
            (None, _) => builder,
        }
        .build()
    }
}

/// Has an instrument read by `meter`.
fn observe(instrument: &Instrument, meter: &Meter) {
    match instrument {
        Instrument::Counter(family) => {
            let read = Arc::clone(family);
            meter
                .u64_observable_counter(family.description.name)
                .with_unit(family.description.unit)
                .with_description(family.description.text)
                .with_callback(move |observer| {
                    read.each(|series| {
                        observer.observe(series.cell.load(Ordering::Relaxed), &series.attributes);
                    });
                })
                .build();
        }
        Instrument::Gauge(family) => {
            let read = Arc::clone(family);
            meter
                .f64_observable_gauge(family.description.name)
                .with_unit(family.description.unit)
                .with_description(family.description.text)
                .with_callback(move |observer| {
                    read.each(|series| {
                        let bits = series.cell.load(Ordering::Relaxed);
                        if bits != UNSET {
                            observer.observe(f64::from_bits(bits), &series.attributes);
                        }
                    });
                })
                .build();
        }
    }
}
