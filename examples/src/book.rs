//! The order book: who rests at which price, and what the best prices say.

use std::collections::{BTreeMap, HashMap};

use tickspan::traced_stage;

use crate::latency::Path;
use crate::market::{OrderId, Price, Side};
use crate::message::{Event, Message, OrderEvent, TradingStatus};

/// The visible orders of one instrument.
#[derive(Debug)]
pub struct OrderBook {
    orders: HashMap<OrderId, RestingOrder>,
    bids: BTreeMap<Price, u64>,
    asks: BTreeMap<Price, u64>,
    status: TradingStatus,
    unknown_orders: u64,
}

#[derive(Clone, Copy, Debug)]
struct RestingOrder {
    side: Side,
    price: Price,
    quantity: u32,
}

impl OrderBook {
    /// An empty book of an instrument that trades.
    pub fn new() -> Self {
        Self {
            orders: HashMap::new(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            status: TradingStatus::Trading,
            unknown_orders: 0,
        }
    }

    /// Brings the book up to date with `message`. One that names an order never added is counted
    /// and changes nothing.
    #[traced_stage(name = "update_book", mark = Path::BookUpdated, fields(message_kind = message.kind()))]
    pub fn apply(&mut self, message: &Message) {
        match message.event {
            Event::Add(order) => self.add(order),
            Event::Cancel(order) | Event::Execute(order) => self.reduce(order.id, order.quantity),
            Event::Delete(order) => self.reduce(order.id, u32::MAX),
            Event::Trade(_) => {}
            Event::Status(status) => self.status = status,
        }
    }

    /// A second order under a number in use takes the place of the first.
    fn add(
        &mut self,
        OrderEvent {
            id,
            side,
            price,
            quantity,
        }: OrderEvent,
    ) {
        *self.levels_mut(side).entry(price).or_default() += u64::from(quantity);
        if let Some(replaced) = self.orders.insert(
            id,
            RestingOrder {
                side,
                price,
                quantity,
            },
        ) {
            self.take_from_level(replaced, replaced.quantity);
        }
    }

    /// Takes `quantity` away from an order, or all that is left of it.
    fn reduce(&mut self, id: OrderId, quantity: u32) {
        let Some(order) = self.orders.get_mut(&id) else {
            self.unknown_orders += 1;
            tickspan::event!("unknown_order", order_id = id);
            return;
        };
        let before = *order;
        order.quantity = before.quantity.saturating_sub(quantity);
        if order.quantity == 0 {
            self.orders.remove(&id);
        }
        self.take_from_level(before, quantity.min(before.quantity));
    }

    fn take_from_level(&mut self, order: RestingOrder, quantity: u32) {
        let levels = self.levels_mut(order.side);
        if let Some(level) = levels.get_mut(&order.price) {
            *level -= u64::from(quantity);
            if *level == 0 {
                levels.remove(&order.price);
            }
        }
    }

    fn levels_mut(&mut self, side: Side) -> &mut BTreeMap<Price, u64> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// The best bid and ask, if there are both.
    pub fn quote(&self) -> Option<Quote> {
        let bid = self.bids.last_key_value().map(level)?;
        let ask = self.asks.first_key_value().map(level)?;
        Some(Quote { bid, ask })
    }

    /// The levels that an order on `side` with this `limit` would meet, best first.
    pub fn within_reach(&self, side: Side, limit: Price) -> Vec<Level> {
        match side {
            Side::Buy => self.asks.range(..=limit).map(level).collect(),
            Side::Sell => self.bids.range(limit..).rev().map(level).collect(),
        }
    }

    /// Whether the exchange trades.
    pub fn status(&self) -> TradingStatus {
        self.status
    }

    /// How many messages named an order that was never added, or was already gone.
    pub fn unknown_orders(&self) -> u64 {
        self.unknown_orders
    }
}

impl Default for OrderBook {
    fn default() -> Self {
        Self::new()
    }
}

/// All shares that rest at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// Shares.
    pub quantity: u64,
}

fn level((&price, &quantity): (&Price, &u64)) -> Level {
    Level { price, quantity }
}

/// The best bid and the best ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The highest price that somebody pays.
    pub bid: Level,
    /// The lowest price at which somebody sells.
    pub ask: Level,
}

impl Quote {
    /// What it costs to buy and sell again at once. Not positive when the book is locked or
    /// crossed.
    pub fn spread(&self) -> Price {
        self.ask.price - self.bid.price
    }

    /// Which side waits in greater size: 1 when all of it wants to buy, −1 when all of it wants to
    /// sell.
    #[expect(clippy::cast_precision_loss, reason = "a share in 2⁵³ is no signal")]
    pub fn imbalance(&self) -> f64 {
        let (bid, ask) = (self.bid.quantity as f64, self.ask.quantity as f64);
        (bid - ask) / (bid + ask)
    }

    /// How far the microprice lies above the mid price: where the next trade is more likely than a
    /// fair coin says.
    ///
    /// The microprice is the mean of bid and ask, each weighted by the size on the *other* side.
    /// Rounded towards zero.
    pub fn edge(&self) -> Price {
        let (bid, ask) = (i128::from(self.bid.quantity), i128::from(self.ask.quantity));
        let weighted = i128::from(self.spread().0) * (bid - ask);
        let edge = weighted
            .checked_div(2 * (bid + ask))
            .and_then(|edge| i64::try_from(edge).ok());
        Price(edge.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::TimeOfDay;

    fn book_of(events: impl IntoIterator<Item = Event>) -> OrderBook {
        let mut book = OrderBook::new();
        for event in events {
            book.apply(&Message {
                time: TimeOfDay(0),
                event,
            });
        }
        book
    }

    fn order(id: u64, side: Side, price: i64, quantity: u32) -> OrderEvent {
        OrderEvent {
            id: OrderId(id),
            side,
            price: Price(price),
            quantity,
        }
    }

    fn bid(id: u64, price: i64, quantity: u32) -> OrderEvent {
        order(id, Side::Buy, price, quantity)
    }

    fn ask(id: u64, price: i64, quantity: u32) -> OrderEvent {
        order(id, Side::Sell, price, quantity)
    }

    fn best_bid(book: &OrderBook) -> Option<(i64, u64)> {
        book.within_reach(Side::Sell, Price(0))
            .first()
            .map(|level| (level.price.0, level.quantity))
    }

    #[test]
    fn best_prices_are_the_highest_bid_and_the_lowest_ask() {
        let book = book_of(
            [
                bid(1, 100, 5),
                bid(2, 102, 7),
                ask(3, 110, 9),
                ask(4, 108, 11),
            ]
            .map(Event::Add),
        );
        let quote = book.quote().unwrap();
        assert_eq!(
            quote.bid,
            Level {
                price: Price(102),
                quantity: 7
            }
        );
        assert_eq!(
            quote.ask,
            Level {
                price: Price(108),
                quantity: 11
            }
        );
        assert_eq!(quote.spread(), Price(6));
    }

    #[test]
    fn orders_at_one_price_add_up() {
        assert_eq!(
            best_bid(&book_of([bid(1, 100, 5), bid(2, 100, 7)].map(Event::Add))),
            Some((100, 12))
        );
    }

    #[test]
    fn one_sided_book_has_no_quote() {
        assert_eq!(book_of([Event::Add(bid(1, 100, 5))]).quote(), None);
    }

    #[test]
    fn cancel_and_execution_take_a_part_and_delete_takes_the_rest() {
        let mut events = vec![Event::Add(bid(1, 100, 10)), Event::Cancel(bid(1, 100, 3))];
        assert_eq!(best_bid(&book_of(events.clone())), Some((100, 7)));
        events.push(Event::Execute(bid(1, 100, 4)));
        assert_eq!(best_bid(&book_of(events.clone())), Some((100, 3)));
        events.push(Event::Delete(bid(1, 100, 99)));
        assert_eq!(best_bid(&book_of(events)), None);
    }

    #[test]
    fn execution_of_more_than_rests_empties_the_order_only() {
        let book = book_of([
            Event::Add(bid(1, 100, 10)),
            Event::Add(bid(2, 100, 5)),
            Event::Execute(bid(1, 100, 1_000)),
        ]);
        assert_eq!(best_bid(&book), Some((100, 5)));
        assert_eq!(book.unknown_orders(), 0);
    }

    #[test]
    fn unknown_orders_are_counted_and_change_nothing() {
        let book = book_of([
            Event::Add(bid(1, 100, 10)),
            Event::Delete(bid(2, 100, 10)),
            Event::Execute(bid(3, 100, 10)),
            Event::Cancel(bid(4, 100, 10)),
        ]);
        assert_eq!(book.unknown_orders(), 3);
        assert_eq!(best_bid(&book), Some((100, 10)));
    }

    #[test]
    fn change_of_a_known_order_counts_at_the_price_it_was_added_with() {
        let book = book_of([Event::Add(bid(1, 100, 10)), Event::Cancel(ask(1, 200, 4))]);
        assert_eq!(best_bid(&book), Some((100, 6)));
    }

    #[test]
    fn number_in_use_takes_the_place_of_its_first_order() {
        let book = book_of([bid(1, 100, 10), bid(1, 90, 5)].map(Event::Add));
        assert_eq!(best_bid(&book), Some((90, 5)));
    }

    #[test]
    fn halt_lasts_until_trading_resumes() {
        let mut events = vec![Event::Status(TradingStatus::Halted)];
        assert_eq!(book_of(events.clone()).status(), TradingStatus::Halted);
        events.push(Event::Status(TradingStatus::QuotesOnly));
        assert_eq!(book_of(events.clone()).status(), TradingStatus::QuotesOnly);
        events.push(Event::Status(TradingStatus::Trading));
        assert_eq!(book_of(events).status(), TradingStatus::Trading);
    }

    #[test]
    fn order_reaches_the_levels_within_its_limit_best_first() {
        let book = book_of(
            [
                bid(1, 99, 1),
                bid(2, 98, 2),
                ask(3, 101, 3),
                ask(4, 102, 4),
                ask(5, 103, 5),
            ]
            .map(Event::Add),
        );
        let prices = |side, limit| -> Vec<i64> {
            book.within_reach(side, Price(limit))
                .iter()
                .map(|level| level.price.0)
                .collect()
        };
        assert_eq!(prices(Side::Buy, 102), [101, 102]);
        assert_eq!(prices(Side::Sell, 98), [99, 98]);
        assert!(prices(Side::Buy, 100).is_empty());
    }

    fn quote(bid_quantity: u64, ask_quantity: u64) -> Quote {
        Quote {
            bid: Level {
                price: Price(10_000),
                quantity: bid_quantity,
            },
            ask: Level {
                price: Price(10_400),
                quantity: ask_quantity,
            },
        }
    }

    #[test]
    fn imbalance_leans_to_the_greater_side() {
        assert!((quote(300, 100).imbalance() - 0.5).abs() < 1e-12);
        assert!((quote(100, 300).imbalance() + 0.5).abs() < 1e-12);
    }

    #[test]
    fn edge_is_the_microprice_less_the_mid_price() {
        // Microprice (10,000 × 100 + 10,400 × 300) / 400 = 10,300; mid price 10,200.
        assert_eq!(quote(300, 100).edge(), Price(100));
        assert_eq!(quote(100, 300).edge(), Price(-100));
        assert_eq!(quote(100, 100).edge(), Price(0));
        assert_eq!(quote(0, 0).edge(), Price(0));
    }
}
