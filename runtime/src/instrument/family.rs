//! The series of an instrument, by the values of its labels.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use opentelemetry::KeyValue;

use super::{Description, Labels};
use crate::collect::{self, write_key};
use crate::record::lane::health::{Loss, count};

/// So many series may an instrument have; what is bound beyond shares one. The SDK's own limit is 2,000.
const MOST: usize = 1_900;

/// The series of one instrument; `C` is what is counted in one.
#[derive(Debug)]
pub(crate) struct Family<C> {
    pub(super) description: Description,
    // Locked to look a series up, for writing when it is new.
    series: RwLock<ByLabels<C>>,
}

type ByLabels<C> = HashMap<Box<[u8]>, Arc<Series<C>>>;

/// What is counted for one set of labels.
#[derive(Debug)]
pub(crate) struct Series<C> {
    pub(crate) attributes: Vec<KeyValue>,
    pub(crate) cell: C,
}

impl<C> Family<C> {
    pub(super) fn new(description: Description) -> Self {
        Self {
            description,
            series: RwLock::default(),
        }
    }

    /// The series of `labels`, made by `cell` where it is new. Beyond the cap, that of all others.
    pub(super) fn bind(
        &self,
        labels: &impl Labels,
        cell: impl FnOnce(&Description, &[KeyValue]) -> C,
    ) -> Arc<Series<C>> {
        let (key, attributes) = read(labels);
        if let Some(series) = self.known(&key) {
            return series;
        }
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let (key, attributes) = if all.len() < MOST {
            (key, attributes)
        } else {
            count(Loss::LabelSets);
            overflow()
        };
        let made = all.entry(key.into()).or_insert_with(|| {
            Arc::new(Series {
                cell: cell(&self.description, &attributes),
                attributes,
            })
        });
        Arc::clone(made)
    }

    fn known(&self, key: &[u8]) -> Option<Arc<Series<C>>> {
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        all.get(key).cloned()
    }

    /// Gives each series to `take`.
    pub(super) fn each(&self, mut take: impl FnMut(&Series<C>)) {
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        for series in all.values() {
            take(series);
        }
    }
}

/// The bytes by which a series is known, and its attributes.
fn read<L: Labels>(labels: &L) -> (Vec<u8>, Vec<KeyValue>) {
    let (mut key, mut attributes) = (Vec::new(), Vec::new());
    let mut names = L::KEYS.iter();
    labels.values(&mut |value| {
        let value = collect::as_attribute(value);
        write_key(&mut key, value.as_ref());
        if let (Some(name), Some(value)) = (names.next(), value) {
            attributes.push(KeyValue::new(*name, value));
        }
    });
    (key, attributes)
}

/// What stands for the series beyond the cap. No key of labels is empty, but that of no labels, of which there is one.
fn overflow() -> (Vec<u8>, Vec<KeyValue>) {
    let attribute = KeyValue::new("otel.metric.overflow", true);
    (Vec::new(), vec![attribute])
}
