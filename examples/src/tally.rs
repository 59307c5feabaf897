//! What was processed, decided and traded, in numbers.

use std::collections::BTreeMap;

use crate::lobster::RowFault;
use crate::risk::Rejected;
use crate::venue::Fill;

/// The numbers of one run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that were messages.
    pub messages: u64,
    /// Rows that were not.
    pub bad_rows: BadRows,
    /// Messages that named an order never added.
    pub unknown_orders: u64,
    /// Orders sent, by what became of them.
    pub orders: OrderTally,
    /// Signals that became no order, by the reason.
    pub refused: Refusals,
    /// Shares held at the end; negative when sold short.
    pub position: i64,
}

impl Tally {
    pub(crate) fn count_order(&mut self, fill: &Fill) {
        self.orders.shares += u64::from(fill.quantity);
        let outcome = match (fill.quantity, fill.unfilled) {
            (0, _) => &mut self.orders.unfilled,
            (_, 0) => &mut self.orders.filled,
            _ => &mut self.orders.partly_filled,
        };
        *outcome += 1;
    }
}

/// Orders by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OrderTally {
    /// All shares traded.
    pub filled: u64,
    /// Some shares traded.
    pub partly_filled: u64,
    /// No share traded.
    pub unfilled: u64,
    /// Shares traded, bought or sold.
    pub shares: u64,
}

impl OrderTally {
    /// All orders sent.
    pub fn sent(&self) -> u64 {
        self.filled + self.partly_filled + self.unfilled
    }
}

/// Signals that became no order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals(BTreeMap<Rejected, u64>);

impl Refusals {
    /// How many were refused for this reason.
    pub fn because(&self, reason: Rejected) -> u64 {
        self.0.get(&reason).copied().unwrap_or_default()
    }

    /// How many were refused in all.
    pub fn all(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn count(&mut self, reason: Rejected) {
        *self.0.entry(reason).or_default() += 1;
    }
}

/// The rows that were no messages. All are counted, the first few are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRows {
    /// How many there were.
    pub count: u64,
    /// The line and the fault of the first few.
    pub first: Vec<(u64, RowFault)>,
}

impl BadRows {
    const KEPT: usize = 10;

    pub(crate) fn count(&mut self, line: u64, fault: RowFault) {
        self.count += 1;
        if self.first.len() < Self::KEPT {
            self.first.push((line, fault));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_rows_are_all_counted_but_only_the_first_are_kept() {
        let mut bad_rows = BadRows::default();
        for line in 1..=1_000 {
            bad_rows.count(line, RowFault::TimeBackwards);
        }
        assert_eq!(bad_rows.count, 1_000);
        assert_eq!(bad_rows.first.last(), Some(&(10, RowFault::TimeBackwards)));
    }
}
