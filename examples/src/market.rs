//! The words of the market: symbols, sides, prices, order numbers, times.
//!
//! Money is a whole number of 1/10,000 US dollars and time a whole number of nanoseconds, so that
//! the same feed leads to the same decisions on every machine.

use std::fmt;
use std::ops::{Add, Sub};

use tickspan::AttributeValue;

/// An instrument's ticker, such as `AAPL`.
#[derive(AttributeValue, Clone, Debug, PartialEq, Eq)]
#[public(reason = "exchange ticker, public listing")]
pub struct Symbol(String);

impl Symbol {
    /// The symbol that a ticker names.
    pub fn new(ticker: impl Into<String>) -> Self {
        Self(ticker.into())
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The side of the book that an order rests on, or the direction in which we trade.
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Bids: wants to buy.
    Buy,
    /// Asks: wants to sell.
    Sell,
}

impl Side {
    /// The signed change of a position when this side trades `quantity`.
    pub fn signed(self, quantity: u32) -> i64 {
        match self {
            Self::Buy => i64::from(quantity),
            Self::Sell => -i64::from(quantity),
        }
    }
}

/// A price, or a difference of prices, in 1/10,000 US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub i64);

impl Price {
    /// The highest price a feed may name: ten million dollars. Prices up to it can be added and
    /// subtracted without a thought of overflow.
    pub const MAX: Self = Self(100_000_000_000);

    /// The price in US dollars, to be looked at: a sum of these would not be exact.
    #[expect(
        clippy::cast_precision_loss,
        reason = "prices are far below 2^53 ten-thousandths"
    )]
    pub fn usd(self) -> f64 {
        self.0 as f64 / 10_000.0
    }
}

impl Add for Price {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Price {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let amount = self.0.unsigned_abs();
        write!(f, "{sign}${}.{:02}", amount / 10_000, amount % 10_000 / 100)?;
        match amount % 100 {
            0 => Ok(()),
            rest => write!(f, "{rest:02}"),
        }
    }
}

/// The number under which an order is known.
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OrderId(pub u64);

/// Nanoseconds since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(pub u64);

impl TimeOfDay {
    const NANOS_PER_SECOND: u64 = 1_000_000_000;
    const SECONDS_PER_DAY: u64 = 86_400;

    /// A time of so many whole seconds after midnight.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds * Self::NANOS_PER_SECOND)
    }

    /// Reads seconds after midnight with a decimal fraction, such as `34200.004241176`, digit by
    /// digit: a float could not hold it. Digits beyond the nanosecond are cut. `None` if this is
    /// not such a number or not within a day.
    pub fn parse(text: &str) -> Option<Self> {
        let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if !is_digits(seconds) || !is_digits(fraction) {
            return None;
        }
        let seconds = seconds
            .parse()
            .ok()
            .filter(|&seconds| seconds < Self::SECONDS_PER_DAY)?;
        let padded = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
        let nanos = padded.fold(0, |nanos, digit| nanos * 10 + u64::from(digit - b'0'));
        Some(Self(Self::from_seconds(seconds).0 + nanos))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:09}",
            self.0 / Self::NANOS_PER_SECOND,
            self.0 % Self::NANOS_PER_SECOND
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_read_to_the_nanosecond() {
        assert_eq!(
            TimeOfDay::parse("34200.004241176"),
            Some(TimeOfDay(34_200_004_241_176))
        );
        assert_eq!(
            TimeOfDay::parse("34436.83925"),
            Some(TimeOfDay(34_436_839_250_000))
        );
        assert_eq!(
            TimeOfDay::parse("34200"),
            Some(TimeOfDay(34_200_000_000_000))
        );
    }

    #[test]
    fn digits_beyond_the_nanosecond_are_cut() {
        assert_eq!(
            TimeOfDay::parse("35821.088778456004"),
            Some(TimeOfDay(35_821_088_778_456))
        );
    }

    #[test]
    fn what_is_not_a_time_within_a_day_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1.5",
            "+1.5",
            "1.5e3",
            "1.2.3",
            "1,5",
            "٣.٤",
            "86400",
            "99999999999999999999",
        ] {
            assert_eq!(TimeOfDay::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_printed_time_is_read_back() {
        let time = TimeOfDay(34_200_004_241_176);
        assert_eq!(TimeOfDay::parse(&time.to_string()), Some(time));
    }

    #[test]
    fn prices_print_as_dollars() {
        assert_eq!(Price(5_853_300).to_string(), "$585.33");
        assert_eq!(Price(5_853_350).to_string(), "$585.3350");
        assert_eq!(Price(-1_700).to_string(), "-$0.17");
        assert_eq!(Price(0).to_string(), "$0.00");
    }

    #[test]
    fn a_sale_lowers_the_position() {
        assert_eq!((Side::Buy.signed(100), Side::Sell.signed(100)), (100, -100));
    }
}
