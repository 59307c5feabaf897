//! Counts by name, in bounded memory: a name made from data must not eat it.
//!
//! Beyond the limit, names share a place. Which names have one of their own is told by a hash, so that it depends neither on
//! the order in which they came nor on the thread that met them.

use std::collections::{BTreeSet, HashMap};

use crate::sum::Sum;

/// The place of the names beyond the limit.
pub(crate) const OTHERS: &str = "(others)";

/// What can be counted on two threads.
pub(crate) trait Merge: Default {
    /// Adds what another has counted.
    fn merge(&mut self, other: Self);
}

impl Merge for u64 {
    fn merge(&mut self, other: Self) {
        *self += other;
    }
}

impl Merge for Sum {
    fn merge(&mut self, other: Self) {
        Self::merge(self, other);
    }
}

/// A value for each of at most so many names.
#[derive(Debug)]
pub(crate) struct Named<V, const MOST: usize> {
    values: HashMap<String, V>,
    /// The names by their hash: the last goes first.
    order: BTreeSet<(u64, String)>,
    others: Option<Box<V>>,
}

impl<V, const MOST: usize> Default for Named<V, MOST> {
    fn default() -> Self {
        Self {
            values: HashMap::new(),
            order: BTreeSet::new(),
            others: None,
        }
    }
}

impl<V: Merge, const MOST: usize> Named<V, MOST> {
    /// The value of a name.
    pub(crate) fn of(&mut self, name: &str) -> &mut V {
        if !self.values.contains_key(name) && !self.insert(name) {
            return self.others.get_or_insert_default();
        }
        self.values.entry(name.to_owned()).or_default()
    }

    /// Whether there is a place for a name that has none: that of another, maybe.
    fn insert(&mut self, name: &str) -> bool {
        let hash = hash(name);
        if self.order.len() >= MOST {
            let last = self.order.last();
            if last.is_none_or(|(known, last)| (*known, last.as_str()) <= (hash, name)) {
                return false;
            }
            if let Some((_, last)) = self.order.pop_last() {
                if let Some(value) = self.values.remove(&last) {
                    self.others.get_or_insert_default().merge(value);
                }
            }
        }
        self.order.insert((hash, name.to_owned()))
    }

    /// Each name with its value, sorted, those that share a place last.
    pub(crate) fn into_sorted(self) -> Vec<(String, V)> {
        let mut all: Vec<(String, V)> = self.values.into_iter().collect();
        all.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        all.extend(self.others.map(|others| (OTHERS.to_owned(), *others)));
        all
    }
}

impl<V: Merge, const MOST: usize> Merge for Named<V, MOST> {
    fn merge(&mut self, other: Self) {
        for (name, value) in other.values {
            self.of(&name).merge(value);
        }
        if let Some(others) = other.others {
            self.others.get_or_insert_default().merge(*others);
        }
    }
}

/// FNV-1a, 64 bits: the same in every process.
pub(crate) fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(names: impl Iterator<Item = u32>) -> Named<u64, 8> {
        let mut counted = Named::default();
        for name in names {
            *counted.of(&name.to_string()) += 1;
        }
        counted
    }

    #[test]
    fn neither_order_nor_threads_matter() {
        let names = || (0..1_000_u32).map(|number| number * number % 97);
        let all = count(names()).into_sorted();
        assert_eq!(all.len(), 9);
        assert_eq!(all[8].0, OTHERS);
        assert_eq!(all.iter().map(|(_, count)| count).sum::<u64>(), 1_000);
        assert_eq!(count(names().rev()).into_sorted(), all);
        let mut halves = count(names().step_by(2));
        halves.merge(count(names().skip(1).step_by(2)));
        assert_eq!(halves.into_sorted(), all);
    }

    #[test]
    fn few_names_have_each_its_own() {
        let names: Vec<(String, u64)> = count((0..8).chain(0..8)).into_sorted();
        assert_eq!(names.len(), 8);
        assert!(names.iter().all(|(_, count)| *count == 2));
    }
}
