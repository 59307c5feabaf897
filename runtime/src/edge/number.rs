//! The arithmetic of edges: sums that are exact, or told to have no result.
//!
//! Integers and decimals are summed in 128 bits and fit their type at the end, or the sum is an overflow. Floating-point
//! sums are those of IEEE 754, in the order of the fields; one that is not finite is no sum.

use super::amount::EdgeNumber;
use crate::privacy::{Repr, Value};

/// Why an amount is nothing to count with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    NotANumber,
    Infinite,
}

/// A sum on its way to a number.
pub trait Sum<N>: Copy {
    const ZERO: Self;

    fn add(&mut self, amount: &Value<'_>);

    fn less(self, other: Self) -> Self;

    /// The number, if it is one.
    fn total(self) -> Option<N>;
}

impl EdgeNumber for f64 {
    type Sum = Self;

    fn is_positive(self) -> bool {
        self > 0.0
    }

    fn value(self) -> Value<'static> {
        Value::f64(self)
    }

    fn fault(amount: &Value<'_>) -> Option<Fault> {
        let amount = float(amount);
        if amount.is_nan() {
            Some(Fault::NotANumber)
        } else if amount.is_infinite() {
            Some(Fault::Infinite)
        } else {
            None
        }
    }
}

/// The amount in a value that a form has proven to be one.
fn float(amount: &Value<'_>) -> f64 {
    match amount.repr() {
        Repr::F64(amount) => *amount,
        _ => f64::NAN,
    }
}

impl Sum<Self> for f64 {
    const ZERO: Self = 0.0;

    fn add(&mut self, amount: &Value<'_>) {
        *self += float(amount);
    }

    fn less(self, other: Self) -> Self {
        self - other
    }

    fn total(self) -> Option<Self> {
        self.is_finite().then_some(self)
    }
}

impl EdgeNumber for i64 {
    /// More than any number of fields can overflow, plus whether something was no integer.
    type Sum = Option<i128>;

    fn is_positive(self) -> bool {
        self > 0
    }

    fn value(self) -> Value<'static> {
        Value::i64(self)
    }

    fn fault(_amount: &Value<'_>) -> Option<Fault> {
        None
    }
}

impl Sum<i64> for Option<i128> {
    const ZERO: Self = Some(0);

    fn add(&mut self, amount: &Value<'_>) {
        let amount = match amount.repr() {
            Repr::I64(amount) => Some(i128::from(*amount)),
            Repr::U64(amount) => Some(i128::from(*amount)),
            _ => None,
        };
        *self = self
            .zip(amount)
            .and_then(|(sum, amount)| sum.checked_add(amount));
    }

    fn less(self, other: Self) -> Self {
        self.zip(other)
            .and_then(|(sum, other)| sum.checked_sub(other))
    }

    fn total(self) -> Option<i64> {
        self.and_then(|sum| i64::try_from(sum).ok())
    }
}

#[cfg(feature = "rust_decimal")]
mod decimal {
    use rust_decimal::Decimal;

    use super::{EdgeNumber, Fault, Repr, Sum, Value};

    impl EdgeNumber for Decimal {
        type Sum = Exact;

        fn is_positive(self) -> bool {
            self > Self::ZERO
        }

        fn value(self) -> Value<'static> {
            Value::decimal(self)
        }

        fn fault(_amount: &Value<'_>) -> Option<Fault> {
            None
        }
    }

    /// A decimal of 38 digits. `Decimal::checked_add` rounds where a sum has more digits than it holds; here that is an
    /// overflow.
    #[derive(Clone, Copy, Debug)]
    pub struct Exact {
        mantissa: i128,
        /// Digits after the point.
        scale: u32,
        overflown: bool,
    }

    /// The most digits after the point that a `Decimal` has.
    const MOST_SCALE: u32 = 28;

    /// The largest mantissa of a `Decimal`, of 96 bits.
    const MOST_MANTISSA: u128 = (1 << 96) - 1;

    impl Exact {
        const OVERFLOWN: Self = Self {
            mantissa: 0,
            scale: 0,
            overflown: true,
        };

        fn plus(self, other: Self) -> Self {
            if self.overflown || other.overflown {
                return Self::OVERFLOWN;
            }
            if other.mantissa == 0 {
                return self;
            }
            if self.mantissa == 0 {
                return other;
            }
            // Most have one scale.
            let scale = self.scale.max(other.scale);
            let sum = if self.scale == other.scale {
                self.mantissa.checked_add(other.mantissa)
            } else {
                let sum = self.at(scale).zip(other.at(scale));
                sum.and_then(|(a, b)| a.checked_add(b))
            };
            match sum {
                Some(mantissa) => Self {
                    mantissa,
                    scale,
                    overflown: false,
                },
                None => Self::OVERFLOWN,
            }
        }

        /// The mantissa at a scale that is no smaller.
        fn at(self, scale: u32) -> Option<i128> {
            let digits = scale - self.scale;
            self.mantissa.checked_mul(10_i128.checked_pow(digits)?)
        }
    }

    impl Sum<Decimal> for Exact {
        const ZERO: Self = Self {
            mantissa: 0,
            scale: 0,
            overflown: false,
        };

        fn add(&mut self, amount: &Value<'_>) {
            *self = match amount.repr() {
                Repr::Decimal(amount) => self.plus(Self {
                    mantissa: amount.mantissa(),
                    scale: amount.scale(),
                    overflown: false,
                }),
                _ => Self::OVERFLOWN,
            };
        }

        fn less(self, other: Self) -> Self {
            // Sums are of at most 38 digits: a negative one has its positive.
            self.plus(Self {
                mantissa: -other.mantissa.max(-i128::MAX),
                ..other
            })
        }

        fn total(mut self) -> Option<Decimal> {
            if self.overflown {
                return None;
            }
            // Zeros at the end need no room.
            while self.scale > 0
                && (self.mantissa.unsigned_abs() > MOST_MANTISSA || self.scale > MOST_SCALE)
                && self.mantissa % 10 == 0
            {
                self.mantissa /= 10;
                self.scale -= 1;
            }
            Decimal::try_from_i128_with_scale(self.mantissa, self.scale).ok()
        }
    }
}
