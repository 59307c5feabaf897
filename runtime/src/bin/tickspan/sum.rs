//! Sums that do not depend on their order: which thread takes which lines does not show.

/// 2⁻⁶⁴ is the smallest part that counts: wei of ether are 54 times as much.
const ONE: f64 = 18_446_744_073_709_551_616.0;

/// Amounts below this are summed exactly.
const LARGE: f64 = 4_611_686_018_427_387_904.0;

/// A sum of amounts.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sum {
    /// In parts of [`ONE`].
    exact: i128,
    /// What is too large for that.
    large: f64,
}

impl Sum {
    /// Adds an amount.
    pub(crate) fn add(&mut self, amount: f64) {
        #[expect(clippy::cast_possible_truncation, reason = "below 2¹²⁶")]
        let parts = (amount * ONE).round() as i128;
        match self.exact.checked_add(parts) {
            Some(exact) if amount.abs() < LARGE => self.exact = exact,
            _ => self.large += amount,
        }
    }

    /// Adds another sum.
    #[expect(clippy::cast_precision_loss, reason = "where it is too large")]
    pub(crate) fn merge(&mut self, other: Self) {
        self.large += other.large;
        match self.exact.checked_add(other.exact) {
            Some(exact) => self.exact = exact,
            None => self.large += other.exact as f64 / ONE,
        }
    }

    /// What it comes to.
    #[expect(clippy::cast_precision_loss, reason = "it is rounded once, here")]
    pub(crate) fn total(self) -> f64 {
        self.exact as f64 / ONE + self.large
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter() {
        let amounts: Vec<f64> = (1..5_000)
            .map(|it| 0.1 / f64::from(it) - 1e9 / f64::from(it))
            .collect();
        let sum = |amounts: &mut dyn Iterator<Item = &f64>| {
            let mut sum = Sum::default();
            amounts.for_each(|amount| sum.add(*amount));
            sum.total().to_bits()
        };
        assert_eq!(sum(&mut amounts.iter()), sum(&mut amounts.iter().rev()));
        let mut tenths = Sum::default();
        (0..10).for_each(|_| tenths.add(0.1));
        assert!((tenths.total() - 1.0).abs() < 1e-15, "{}", tenths.total());
    }

    #[test]
    fn huge_amounts_do_not_wrap() {
        let mut sum = Sum::default();
        for _ in 0..100 {
            sum.add(4e18);
            sum.add(1e300);
        }
        assert!(sum.total() > 9e301);
        sum.add(f64::NAN);
        assert!(sum.total().is_nan());
    }
}
