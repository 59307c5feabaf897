//! The last word before an order leaves: limits on size, position, spread, and the state of
//! trading.

use std::error::Error;
use std::fmt;

use tickspan::{AttributeValue, traced_stage};

use crate::latency::Path;
use crate::market::{OrderId, Price, Side, Symbol};
use crate::message::TradingStatus;
use crate::signal::Signal;

/// Turns signals into orders, or refuses them, and keeps the position.
#[derive(Debug)]
pub struct RiskDesk {
    limits: RiskLimits,
    position: i64,
    accepted: u64,
}

/// How much may be risked.
#[derive(Clone, Copy, Debug)]
pub struct RiskLimits {
    /// The largest position, long or short, in shares.
    pub position: i64,
    /// The largest order, in shares.
    pub order: u32,
    /// The widest spread to trade through.
    pub spread: Price,
}

impl Default for RiskLimits {
    /// 1,000 shares, 500 shares, 20 cents.
    fn default() -> Self {
        Self {
            position: 1_000,
            order: 500,
            spread: Price(2_000),
        }
    }
}

/// An order that may be sent: to be filled at once as far as possible, the rest to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Our number for it.
    pub id: OrderId,
    /// What to trade.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// The worst price to accept.
    pub limit: Price,
    /// Shares.
    pub quantity: u32,
}

/// Why a signal was refused.
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejected {
    /// The exchange does not trade.
    Halted,
    /// Trading through the spread would cost too much.
    SpreadTooWide,
    /// The order is larger than one order may be.
    OrderTooLarge,
    /// The position could become larger than it may be.
    PositionLimit,
}

impl Rejected {
    /// All reasons, in the order in which they are checked.
    pub const ALL: [Self; 4] = [
        Self::Halted,
        Self::SpreadTooWide,
        Self::OrderTooLarge,
        Self::PositionLimit,
    ];
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Halted => "trading is halted",
            Self::SpreadTooWide => "spread is too wide",
            Self::OrderTooLarge => "order is too large",
            Self::PositionLimit => "position limit",
        })
    }
}

impl Error for Rejected {}

impl RiskDesk {
    /// A desk without a position.
    pub fn new(limits: RiskLimits) -> Self {
        Self {
            limits,
            position: 0,
            accepted: 0,
        }
    }

    /// The order that `signal` may become.
    ///
    /// # Errors
    ///
    /// The first reason that speaks against it.
    #[traced_stage(
        name = "check_risk",
        err,
        mark = Path::RiskPassed,
        fields(side = signal.side, quantity = signal.quantity, spread_usd = signal.spread.usd())
    )]
    pub fn check(&mut self, signal: Signal, status: TradingStatus) -> Result<Order, Rejected> {
        let Signal {
            symbol,
            side,
            limit,
            quantity,
            spread,
        } = signal;
        if status != TradingStatus::Trading {
            return Err(Rejected::Halted);
        }
        if spread > self.limits.spread {
            return Err(Rejected::SpreadTooWide);
        }
        if quantity > self.limits.order {
            return Err(Rejected::OrderTooLarge);
        }
        if (self.position + side.signed(quantity)).abs() > self.limits.position {
            return Err(Rejected::PositionLimit);
        }
        self.accepted += 1;
        Ok(Order {
            id: OrderId(self.accepted),
            symbol,
            side,
            limit,
            quantity,
        })
    }

    /// Counts a trade of ours into the position.
    pub fn settle(&mut self, side: Side, quantity: u32) {
        self.position += side.signed(quantity);
    }

    /// Shares held; negative when sold short.
    pub fn position(&self) -> i64 {
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(side: Side, quantity: u32) -> Signal {
        Signal {
            symbol: Symbol::new("AAPL"),
            side,
            limit: Price(5_850_000),
            quantity,
            spread: Price(2_000),
        }
    }

    fn desk() -> RiskDesk {
        RiskDesk::new(RiskLimits {
            position: 1_000,
            order: 500,
            spread: Price(2_000),
        })
    }

    #[test]
    fn order_within_all_limits_is_accepted_and_numbered() {
        let mut desk = desk();
        for id in 1..=2 {
            let order = desk.check(signal(Side::Buy, 500), TradingStatus::Trading);
            assert_eq!(order.map(|order| order.id), Ok(OrderId(id)));
        }
    }

    #[test]
    fn nothing_is_sent_until_trading_resumes() {
        for status in [TradingStatus::Halted, TradingStatus::QuotesOnly] {
            assert_eq!(
                desk().check(signal(Side::Buy, 1), status),
                Err(Rejected::Halted)
            );
        }
    }

    #[test]
    fn spread_above_the_limit_is_refused() {
        let wide = Signal {
            spread: Price(2_001),
            ..signal(Side::Buy, 1)
        };
        assert_eq!(
            desk().check(wide, TradingStatus::Trading),
            Err(Rejected::SpreadTooWide)
        );
    }

    #[test]
    fn order_above_the_limit_is_refused() {
        let refused = desk().check(signal(Side::Sell, 501), TradingStatus::Trading);
        assert_eq!(refused, Err(Rejected::OrderTooLarge));
    }

    #[test]
    fn position_may_reach_its_limit_but_not_pass_it() {
        let mut desk = desk();
        desk.settle(Side::Sell, 600);
        assert!(
            desk.check(signal(Side::Sell, 400), TradingStatus::Trading)
                .is_ok()
        );
        let refused = desk.check(signal(Side::Sell, 401), TradingStatus::Trading);
        assert_eq!(refused, Err(Rejected::PositionLimit));
        assert!(
            desk.check(signal(Side::Buy, 500), TradingStatus::Trading)
                .is_ok()
        );
    }

    #[test]
    fn only_what_was_filled_counts() {
        let mut desk = desk();
        let order = desk
            .check(signal(Side::Buy, 500), TradingStatus::Trading)
            .unwrap();
        desk.settle(order.side, 18);
        assert_eq!(desk.position(), 18);
    }
}
