//! The traces that are first by some order, of any number of them.

use std::collections::{BTreeSet, HashMap};

use opentelemetry::trace::TraceId;

/// A trace, as a number.
pub(crate) type Id = u128;

pub(crate) fn id(trace: TraceId) -> Id {
    u128::from_be_bytes(trace.to_bytes())
}

/// The `most` traces with the greatest keys; that of a trace is its greatest. What comes out does not depend on the order in which
/// they came.
#[derive(Clone, Debug)]
pub(crate) struct Top<K> {
    most: usize,
    order: BTreeSet<(K, Id)>,
    keys: HashMap<Id, K>,
}

impl<K: Copy + Ord> Top<K> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            order: BTreeSet::new(),
            keys: HashMap::new(),
        }
    }

    /// Adds a trace, unless there are enough with greater keys.
    pub(crate) fn offer(&mut self, key: K, trace: Id) {
        let is_full = self.order.len() >= self.most;
        if is_full && self.order.first().is_none_or(|least| (key, trace) < *least) {
            return;
        }
        match self.keys.get(&trace) {
            Some(known) if *known >= key => return,
            Some(known) => {
                self.order.remove(&(*known, trace));
            }
            None if is_full => {
                if let Some((_, least)) = self.order.pop_first() {
                    self.keys.remove(&least);
                }
            }
            None => {}
        }
        self.keys.insert(trace, key);
        self.order.insert((key, trace));
    }

    /// The first of both.
    pub(crate) fn add(&mut self, other: Self) {
        for (key, trace) in other.order {
            self.offer(key, trace);
        }
    }

    /// The greatest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, Id)> + '_ {
        self.order.iter().rev().copied()
    }
}

/// A number that is as good as chance, and the same for the same trace: of ids that were counted up, too.
pub(crate) fn chance(trace: Id) -> u64 {
    #[expect(clippy::cast_possible_truncation, reason = "both halves count")]
    let mut mixed = (trace >> 64) as u64 ^ (trace as u64);
    // The finalizer of SplitMix64 (Steele, Lea, Flood, 2014).
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn it_is_that_of_all_sorted(offers in vec((0..50_u64, 0..40_u128), 0..400), most in 1..20_usize, cut in any::<u16>()) {
            let mut sorted: HashMap<Id, u64> = HashMap::new();
            for (key, trace) in &offers {
                let known = sorted.entry(*trace).or_default();
                *known = (*known).max(*key);
            }
            let mut sorted: Vec<(u64, Id)> = sorted.into_iter().map(|(trace, key)| (key, trace)).collect();
            sorted.sort_unstable();
            sorted.reverse();
            sorted.truncate(most);
            let of = |offers: &[(u64, Id)]| {
                let mut top = Top::new(most);
                for (key, trace) in offers {
                    top.offer(*key, *trace);
                }
                top
            };
            let (one, other) = offers.split_at(usize::from(cut) % (offers.len() + 1));
            let mut both = of(one);
            both.add(of(other));
            prop_assert_eq!(of(&offers).iter().collect::<Vec<_>>(), sorted.clone());
            prop_assert_eq!(both.iter().collect::<Vec<_>>(), sorted);
        }
    }
}
