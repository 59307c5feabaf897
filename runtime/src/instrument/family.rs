//! The series of an instrument, by the values of its labels.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use opentelemetry::KeyValue;

use super::{Description, Labels};
use crate::collect;
use crate::record::lane;
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
        let key = key(labels);
        if let Some(series) = self.known(&key) {
            return series;
        }
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        let (key, attributes) = if all.len() < MOST || all.contains_key(&key[..]) {
            (&key[..], attributes(labels))
        } else {
            count(Loss::LabelSets);
            (OTHERS, overflow())
        };
        let made = all.entry(key.into()).or_insert_with(|| {
            Arc::new(Series {
                cell: cell(&self.description, &attributes),
                attributes,
            })
        });
        Arc::clone(made)
    }

    /// The series that stands for a key already: its own, or that of all others.
    fn known(&self, key: &[u8]) -> Option<Arc<Series<C>>> {
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(series) = all.get(key) {
            return Some(Arc::clone(series));
        }
        let others = all.get(OTHERS).filter(|_| all.len() > MOST)?;
        count(Loss::LabelSets);
        Some(Arc::clone(others))
    }

    /// Gives each series to `take`.
    pub(super) fn each(&self, mut take: impl FnMut(&Series<C>)) {
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        for series in all.values() {
            take(series);
        }
    }
}

/// The key of the series beyond the cap. No key of labels is empty, but that of no labels, of which there is one.
const OTHERS: &[u8] = &[];

/// The bytes by which a series is known: its values as they would stand in a record, each of which tells where it ends.
fn key<L: Labels>(labels: &L) -> lane::Bytes {
    // Enough for a few labels, so that it does not grow.
    let mut key = lane::Bytes::with_room(64);
    labels.values(&mut |value| lane::write_value(&mut key, value));
    key
}

fn attributes<L: Labels>(labels: &L) -> Vec<KeyValue> {
    let mut attributes = Vec::new();
    let mut names = L::KEYS.iter();
    labels.values(&mut |value| {
        if let (Some(name), Some(value)) = (names.next(), collect::as_attribute(value)) {
            attributes.push(KeyValue::new(*name, value));
        }
    });
    attributes
}

/// What stands for the series beyond the cap.
fn overflow() -> Vec<KeyValue> {
    vec![KeyValue::new("otel.metric.overflow", true)]
}
