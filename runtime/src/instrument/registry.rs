//! All instruments of the process, and the meters that read them.
//!
//! Instruments are made at any time, before `init` and after it; they are told to the meters as soon as both are there, by
//! [`maker`].

use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{BoundHistogram, Histogram, Meter, MeterProvider};

use super::family::Family;
use super::gauge::UNSET;
use super::{Description, maker};
use crate::collect::duration_bounds;
use crate::record::lane::health::{Loss, count, count_many};

/// So many values are kept for histograms that are not made yet.
const MOST_EARLY: usize = 65_536;

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
    /// Once its histogram is made.
    bound: Option<BoundHistogram<f64>>,
    /// What was recorded before.
    early: Vec<f64>,
}

#[derive(Debug, Default)]
struct Registry {
    meter: Option<Meter>,
    instruments: Vec<Instrument>,
    histograms: Option<HashMap<&'static str, Histogram<f64>>>,
    series: Vec<Series>,
    /// How many values are kept for series.
    early: usize,
}

// Locked where an instrument or a series is new, by `init`, and by the collector for each value of a histogram. Nobody asks a
// meter for an instrument meanwhile.
static REGISTRY: Mutex<Registry> = Mutex::new(Registry {
    meter: None,
    instruments: Vec::new(),
    histograms: None,
    series: Vec::new(),
    early: 0,
});

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has all instruments read by the meters of `provider`.
pub(crate) fn attach(provider: &dyn MeterProvider) {
    let meter = provider.meter("tickspan.instruments");
    let mut registry = registry();
    for instrument in &registry.instruments {
        observe(instrument.clone(), meter.clone());
    }
    for place in 0..registry.series.len() {
        bind(place, meter.clone());
    }
    registry.meter = Some(meter);
}

/// Tells the meters of no further instrument: telemetry has ended.
pub(crate) fn detach() {
    maker::stop();
    let mut registry = registry();
    registry.meter = None;
    registry
        .series
        .iter_mut()
        .for_each(|series| series.early.clear());
    count_many(Loss::ValueLost, core::mem::take(&mut registry.early) as u64);
}

/// Adds an instrument.
pub(super) fn add(instrument: Instrument) {
    let mut registry = registry();
    if let Some(meter) = &registry.meter {
        observe(instrument.clone(), meter.clone());
    }
    registry.instruments.push(instrument);
}

/// Adds a series of a histogram, and gives its number.
pub(super) fn add_histogram(
    description: Description,
    bounds: Option<&'static [f64]>,
    attributes: &[KeyValue],
) -> u32 {
    let mut registry = registry();
    let place = registry.series.len();
    let known = registry.histogram(description.name);
    registry.series.push(Series {
        description,
        bounds,
        attributes: attributes.to_vec(),
        bound: None,
        early: Vec::new(),
    });
    match (known, &registry.meter) {
        (Some(histogram), _) => registry.bind(place, &histogram),
        (None, Some(meter)) => bind(place, meter.clone()),
        (None, None) => {}
    }
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Records a value of a series.
pub(crate) fn record(series: u32, value: f64) {
    let mut registry = registry();
    let Registry {
        meter,
        series: all,
        early,
        ..
    } = &mut *registry;
    let Some(series) = all.get_mut(series as usize) else {
        return;
    };
    if let Some(bound) = series.bound.clone() {
        drop(registry);
        bound.record(value);
    } else if meter.is_some() {
        if *early < MOST_EARLY {
            series.early.push(value);
            *early += 1;
        } else {
            count(Loss::ValueLost);
        }
    }
}

impl Registry {
    fn histogram(&self, name: &str) -> Option<Histogram<f64>> {
        self.histograms.as_ref()?.get(name).cloned()
    }

    /// Has a series told to a histogram, with what was recorded before.
    fn bind(&mut self, place: usize, histogram: &Histogram<f64>) {
        let Some(series) = self.series.get_mut(place) else {
            return;
        };
        let bound = histogram.bind(&series.attributes);
        let early = core::mem::take(&mut series.early);
        self.early -= early.len();
        for value in early {
            bound.record(value);
        }
        series.bound = Some(bound);
    }
}

/// Has a series told to its histogram, which is made if it is the first.
fn bind(place: usize, meter: Meter) {
    maker::ask(move || {
        let registry = registry();
        let Some(series) = registry.series.get(place) else {
            return;
        };
        let (description, bounds) = (series.description, series.bounds);
        let known = registry.histogram(description.name);
        drop(registry);
        let histogram = known.unwrap_or_else(|| histogram(description, bounds, &meter));
        let mut registry = self::registry();
        registry
            .histograms
            .get_or_insert_default()
            .insert(description.name, histogram.clone());
        registry.bind(place, &histogram);
    });
}

fn histogram(
    description: Description,
    bounds: Option<&'static [f64]>,
    meter: &Meter,
) -> Histogram<f64> {
    let builder = meter
        .f64_histogram(description.name)
        .with_unit(description.unit)
        .with_description(description.text);
    match (bounds, description.unit) {
        (Some(bounds), _) => builder.with_boundaries(bounds.to_vec()),
        (None, "s") => builder.with_boundaries(duration_bounds()),
        (None, _) => builder,
    }
    .build()
}

/// Has an instrument read by `meter`.
fn observe(instrument: Instrument, meter: Meter) {
    maker::ask(move || match instrument {
        Instrument::Counter(family) => {
            let read = Arc::clone(&family);
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
            let read = Arc::clone(&family);
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
    });
}
