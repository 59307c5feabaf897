//! The strategy: it trades when one side of the book begins to outweigh the other.

use tickspan::traced_stage;

use crate::book::Quote;
use crate::latency::Path;
use crate::market::{Price, Side, Symbol};

/// Finds the moments at which the next trade is likely to move the price.
///
/// A signal is the *beginning* of such a moment: while the book leans the same way, there is no
/// second one.
#[derive(Debug)]
pub struct SignalFinder {
    settings: SignalSettings,
    leaning: Option<Side>,
}

/// When the book leans enough to act.
#[derive(Clone, Copy, Debug)]
pub struct SignalSettings {
    /// The least imbalance, between 0 and 1.
    pub min_imbalance: f64,
    /// The least distance of the microprice from the mid price: it should pay the fee.
    pub min_edge: Price,
    /// How far beyond the best price on the other side an order may trade.
    pub slippage: Price,
}

impl Default for SignalSettings {
    /// Three quarters of the shares on one side, the exchange's taker fee of 30 cents per 100
    /// shares, two cents.
    fn default() -> Self {
        Self {
            min_imbalance: 0.5,
            min_edge: Price(30),
            slippage: Price(200),
        }
    }
}

/// What the strategy would like to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// What to trade.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// The worst price to accept.
    pub limit: Price,
    /// Shares: as many as wait on our side of the book.
    pub quantity: u32,
    /// The spread at that moment.
    pub spread: Price,
}

impl SignalFinder {
    /// A finder that has seen nothing.
    pub fn new(settings: SignalSettings) -> Self {
        Self {
            settings,
            leaning: None,
        }
    }

    /// The signal that `quote` begins, if any.
    #[traced_stage(
        name = "find_signal",
        mark = Path::SignalFound,
        fields(bid_usd = quote.bid.price.usd(), ask_usd = quote.ask.price.usd())
    )]
    pub fn find(&mut self, symbol: &Symbol, quote: Quote) -> Option<Signal> {
        let leaning = self.leaning(quote);
        let began = leaning != self.leaning;
        self.leaning = leaning;
        let side = leaning.filter(|_| began)?;
        Some(self.signal(symbol.clone(), side, quote))
    }

    fn leaning(&self, quote: Quote) -> Option<Side> {
        let (imbalance, edge) = (quote.imbalance(), quote.edge());
        if quote.spread() <= Price(0) || imbalance.abs() < self.settings.min_imbalance {
            None
        } else if edge >= self.settings.min_edge {
            Some(Side::Buy)
        } else if Price(0) - edge >= self.settings.min_edge {
            Some(Side::Sell)
        } else {
            None
        }
    }

    fn signal(&self, symbol: Symbol, side: Side, quote: Quote) -> Signal {
        let (near, limit) = match side {
            Side::Buy => (quote.bid, quote.ask.price + self.settings.slippage),
            Side::Sell => (quote.ask, quote.bid.price - self.settings.slippage),
        };
        let quantity = u32::try_from(near.quantity).unwrap_or(u32::MAX);
        Signal {
            symbol,
            side,
            limit,
            quantity,
            spread: quote.spread(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Level;

    fn quote(bid_quantity: u64, ask_quantity: u64) -> Quote {
        Quote {
            bid: Level {
                price: Price(10_000),
                quantity: bid_quantity,
            },
            ask: Level {
                price: Price(11_000),
                quantity: ask_quantity,
            },
        }
    }

    fn sides(quotes: &[Quote]) -> Vec<Option<Side>> {
        let mut finder = SignalFinder::new(SignalSettings::default());
        let symbol = Symbol::new("AAPL");
        quotes
            .iter()
            .map(|&quote| finder.find(&symbol, quote).map(|signal| signal.side))
            .collect()
    }

    #[test]
    fn the_heavier_side_says_which_way_to_trade() {
        assert_eq!(sides(&[quote(300, 100)]), [Some(Side::Buy)]);
        assert_eq!(sides(&[quote(100, 300)]), [Some(Side::Sell)]);
        assert_eq!(sides(&[quote(299, 100)]), [None]);
    }

    #[test]
    fn only_the_beginning_is_a_signal() {
        let (balanced, heavy_bid, heavy_ask) = (quote(100, 100), quote(400, 100), quote(100, 400));
        let found = sides(&[heavy_bid, heavy_bid, heavy_ask, balanced, heavy_ask]);
        assert_eq!(
            found,
            [
                Some(Side::Buy),
                None,
                Some(Side::Sell),
                None,
                Some(Side::Sell)
            ]
        );
    }

    #[test]
    fn edge_below_the_fee_is_no_signal() {
        let mut narrow = quote(300, 100);
        narrow.ask.price = Price(10_100);
        assert_eq!(sides(&[narrow]), [None]);
    }

    #[test]
    fn crossed_book_is_no_signal() {
        let mut crossed = quote(100, 300);
        crossed.ask.price = Price(9_000);
        assert_eq!(sides(&[crossed]), [None]);
    }

    #[test]
    fn signal_takes_the_other_side_with_the_size_of_its_own() {
        let mut finder = SignalFinder::new(SignalSettings::default());
        let symbol = Symbol::new("AAPL");
        let signal = finder.find(&symbol, quote(300, 100)).unwrap();
        let expected = Signal {
            symbol,
            side: Side::Buy,
            limit: Price(11_200),
            quantity: 300,
            spread: Price(1_000),
        };
        assert_eq!(signal, expected);
    }
}
