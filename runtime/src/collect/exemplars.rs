//! The last traces in each bucket of a histogram, by which a reader of metrics finds one.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, TraceId};

use super::write_key;

/// A sampled span that was counted in a bucket.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(feature = "prometheus"),
    expect(dead_code, reason = "only the page for Prometheus reads them")
)]
pub(crate) struct Exemplar {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) value: f64,
    pub(crate) time: SystemTime,
}

/// The last exemplar of each bucket of one series.
#[derive(Clone, Debug)]
pub(crate) struct Buckets {
    bounds: Arc<[f64]>,
    // Locked for as long as it takes to write one, and by whoever reads metrics.
    last: Arc<Mutex<Vec<Option<Exemplar>>>>,
}

/// The exemplars of all histograms that have any.
#[derive(Clone, Default)]
pub(crate) struct Exemplars(Arc<Mutex<HashMap<Vec<u8>, Buckets>>>);

impl fmt::Debug for Exemplars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exemplars").finish_non_exhaustive()
    }
}

impl Exemplars {
    /// Those of a series; stages of one name, which stand in several places, have them together.
    pub(crate) fn series(
        &self,
        instrument: &str,
        attributes: &[KeyValue],
        bounds: &[f64],
    ) -> Buckets {
        let key = key(instrument, &mut attributes.iter());
        let made = || Buckets {
            bounds: bounds.into(),
            last: Arc::new(Mutex::new(vec![None; bounds.len() + 1])),
        };
        lock(&self.0).entry(key).or_insert_with(made).clone()
    }

    /// The last of each bucket of a series; nothing where there are none.
    #[cfg(feature = "prometheus")]
    pub(crate) fn of(
        &self,
        instrument: &str,
        attributes: &mut dyn Iterator<Item = &KeyValue>,
    ) -> Vec<Option<Exemplar>> {
        let known = lock(&self.0).get(&key(instrument, attributes)).cloned();
        known.map_or_else(Vec::new, |buckets| lock(&buckets.last).clone())
    }
}

impl Buckets {
    /// Keeps the last of a bucket.
    pub(crate) fn keep(&self, exemplar: Exemplar) {
        let place = self.bounds.partition_point(|bound| *bound < exemplar.value);
        if let Some(last) = lock(&self.last).get_mut(place) {
            *last = Some(exemplar);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a series is known by. The order of its attributes makes no difference.
fn key(instrument: &str, attributes: &mut dyn Iterator<Item = &KeyValue>) -> Vec<u8> {
    let mut attributes: Vec<&KeyValue> = attributes.collect();
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    let mut key = instrument.as_bytes().to_vec();
    for attribute in attributes {
        write_key(&mut key, Some(&attribute.key.as_str().to_owned().into()));
        write_key(&mut key, Some(&attribute.value));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_of_several_places_has_the_exemplars_of_all() {
        let exemplars = Exemplars::default();
        let attributes = [KeyValue::new("tickspan.stage", "s")];
        let [first, second] = [(); 2].map(|()| exemplars.series("m", &attributes, &[1.0]));
        first.keep(Exemplar {
            trace: TraceId::from(1),
            span: SpanId::from(2),
            value: 0.5,
            time: SystemTime::UNIX_EPOCH,
        });
        let last = lock(&second.last);
        assert!(last[0].is_some() && last[1].is_none());
    }
}
