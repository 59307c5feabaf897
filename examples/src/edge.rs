//! What a signal is worth: what the next trade should gain, less what it takes to be part of it.
//!
//! The edge of each signal is recorded, and does not decide: the limits of the [`risk`](crate::risk) desk do. The same feed
//! leads to the same orders on every machine, and how long a machine took is part of the edge: the hop that its marks measured.

use std::time::Duration;

use tickspan::EdgeBreakdown;

use crate::book::{Level, Quote};
use crate::market::{Price, Symbol};
use crate::signal::Signal;

/// The taker fee for a share: 30 cents for 100.
const FEE: Price = Price(30);

/// How far the price runs away from us in a second, for a share: what a late order pays.
const DRIFT_USD_PER_SECOND: f64 = 0.05;

/// What the edge of a signal is made of, for all of its shares.
#[derive(EdgeBreakdown, Clone, Copy, Debug)]
#[edge(name = "signal", unit = "USD")]
pub struct SignalEdge<'a> {
    /// How far the microprice lies from the mid price.
    #[edge(gross)]
    gross: f64,
    /// From the mid price to the best price on the other side.
    #[edge(cost)]
    half_spread: f64,
    /// What the exchange takes.
    #[edge(cost)]
    fees: f64,
    /// From the best price to the average of the levels that the order would trade against.
    #[edge(cost)]
    slippage: f64,
    /// What the price may have run away on the hop from the row to the signal.
    #[edge(cost)]
    latency_buffer: f64,
    /// What to trade.
    #[edge(context)]
    symbol: &'a Symbol,
    /// How many shares of the signal the book has.
    #[edge(context)]
    reachable: u64,
}

impl<'a> SignalEdge<'a> {
    /// The edge of `signal` in a book with this `quote` and these levels `within_reach`, after a hop of this length.
    #[expect(clippy::cast_precision_loss, reason = "a cent in 2⁵³ is no edge")]
    pub fn of(signal: &'a Signal, quote: Quote, within_reach: &[Level], hop: Duration) -> Self {
        let (reachable, slippage) = slippage(signal.quantity, within_reach);
        let shares = reachable as f64;
        let latency_buffer = DRIFT_USD_PER_SECOND * hop.as_secs_f64() * shares;
        Self {
            gross: quote.edge().usd().abs() * shares,
            half_spread: quote.spread().usd() / 2.0 * shares,
            fees: FEE.usd() * shares,
            slippage,
            latency_buffer,
            symbol: &signal.symbol,
            reachable,
        }
    }
}

/// How many of `quantity` shares `levels` have, and what these cost beyond the best price.
#[expect(clippy::cast_precision_loss, reason = "a cent in 2⁵³ is no edge")]
fn slippage(quantity: u32, levels: &[Level]) -> (u64, f64) {
    let Some(best) = levels.first() else {
        return (0, 0.0);
    };
    let mut left = u64::from(quantity);
    let mut cost = 0.0;
    for level in levels {
        let traded = level.quantity.min(left);
        left -= traded;
        cost += (level.price - best.price).usd().abs() * traded as f64;
    }
    (u64::from(quantity) - left, cost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Side;

    fn level(price: i64, quantity: u64) -> Level {
        Level {
            price: Price(price),
            quantity,
        }
    }

    #[test]
    fn depth_of_the_book_is_paid_for() {
        let levels = [level(10_000, 100), level(10_100, 100), level(10_200, 100)];
        let (reachable, cost) = slippage(250, &levels);
        // 100 shares a cent worse, 50 two cents.
        assert_eq!(reachable, 250);
        assert!((cost - 2.0).abs() < 1e-9, "{cost}");
        assert_eq!(slippage(500, &levels).0, 300);
        assert_eq!(slippage(5, &[]), (0, 0.0));
    }

    #[test]
    fn what_is_left_is_gross_less_every_cost() {
        let signal = Signal {
            symbol: Symbol::new("AAPL"),
            side: Side::Buy,
            limit: Price(10_600),
            quantity: 100,
            spread: Price(400),
        };
        let quote = Quote {
            bid: level(10_000, 300),
            ask: level(10_400, 100),
        };
        let levels = [level(10_400, 100)];
        let edge = SignalEdge::of(&signal, quote, &levels, Duration::from_millis(1));
        // A cent a share to gain; two cents of half a spread, 0.3 cents of fee, 0.005 cents of latency to pay.
        let net = edge.net_edge().unwrap();
        assert!((net - (1.0 - 2.0 - 0.3 - 0.005)).abs() < 1e-9, "{net}");
        assert!(!edge.decide().is_accepted());
    }
}
