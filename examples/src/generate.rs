//! A made-up market: the same seed makes the same messages, on every machine.
//!
//! The mix is that of a busy morning in a large stock: of a thousand messages about 490 add an
//! order, 440 delete one, 40 execute one, 20 trade against hidden orders, a few cancel a part, and
//! a few name orders that the feed never showed. Three fifths of the way trading halts; then quotes
//! resume, then trading.

use crate::market::{OrderId, Price, Side, TimeOfDay};
use crate::message::{Event, Message, OrderEvent, Trade, TradingStatus};
use crate::splitmix::SplitMix64;

const OPEN: TimeOfDay = TimeOfDay::from_seconds(34_200);
/// From the opening to the close at 16:00: a long feed is a busy day, not a long one.
const SESSION_NANOS: u64 = 23_400_000_000_000;
const LONGEST_MEAN_GAP_NANOS: u64 = 40_000_000;

const TICK: Price = Price(100);
const OPENING_PRICE: Price = Price(5_850_000);
/// The price stays between half and one and a half of the opening price, however long the feed.
const LARGEST_MOVE: Price = Price(OPENING_PRICE.0 / 2);
const FIRST_ORDER: u64 = 16_000_000;
/// Between a quiet and a nervous market.
const CAUTION_TICKS: std::ops::Range<i64> = 4..16;
/// Few orders are left to delete below the one, few are added above the other.
const RESTING_ORDERS: std::ops::Range<usize> = 40..160;

/// Makes messages until it has made as many as were asked for.
#[derive(Debug)]
pub struct Generator {
    random: SplitMix64,
    schedule: Schedule,
    made: u64,
    mean_gap_nanos: u64,
    time: TimeOfDay,
    fair: Price,
    /// How far from the fair price nobody places an order, in ticks.
    caution: i64,
    next_order: u64,
    resting: Vec<OrderEvent>,
    status: TradingStatus,
}

impl Generator {
    /// A market of `messages` messages.
    pub fn new(seed: u64, messages: u64) -> Self {
        Self {
            random: SplitMix64::new(seed),
            schedule: Schedule::of(messages),
            made: 0,
            mean_gap_nanos: (SESSION_NANOS / messages.max(1)).min(LONGEST_MEAN_GAP_NANOS),
            time: OPEN,
            fair: OPENING_PRICE,
            caution: 8,
            next_order: FIRST_ORDER,
            resting: Vec::new(),
            status: TradingStatus::Trading,
        }
    }

    fn event(&mut self) -> Event {
        if let Some(status) = self.schedule.status_at(self.made) {
            self.status = status;
            return Event::Status(status);
        }
        self.wander();
        if self.resting.len() < RESTING_ORDERS.start {
            return self.add();
        }
        let trading = self.status == TradingStatus::Trading;
        // The mix, in thousandths.
        match self.below(1_000) {
            0..500 if self.resting.len() < RESTING_ORDERS.end => self.add(),
            930..970 if trading => self.execute(),
            970..990 if trading => self.hidden_trade(),
            990..995 => self.cancel(),
            995..1_000 => self.unknown(),
            _ => self.delete(),
        }
    }

    /// Moves the fair price, and now and then the caution of those who quote around it.
    fn wander(&mut self) {
        let step = Price(TICK.0 * (self.below(3) - 1));
        self.fair =
            (self.fair + step).clamp(OPENING_PRICE - LARGEST_MOVE, OPENING_PRICE + LARGEST_MOVE);
        if self.below(50) == 0 {
            let caution = self.caution + self.below(3) - 1;
            self.caution = caution.clamp(CAUTION_TICKS.start, CAUTION_TICKS.end);
        }
    }

    /// A new order near the fair price, never one that would trade at once.
    fn add(&mut self) -> Event {
        let side = self.side();
        let distance = Price(TICK.0 * (self.caution + self.below(40)));
        let price = match (side, self.best(opposite(side))) {
            (Side::Buy, None) => self.fair - distance,
            (Side::Buy, Some(ask)) => (self.fair - distance).min(ask.price - TICK),
            (Side::Sell, None) => self.fair + distance,
            (Side::Sell, Some(bid)) => (self.fair + distance).max(bid.price + TICK),
        };
        self.next_order += 1 + self.random.below(8);
        let order = OrderEvent {
            id: OrderId(self.next_order),
            side,
            price,
            quantity: self.quantity(),
        };
        self.resting.push(order);
        Event::Add(order)
    }

    fn delete(&mut self) -> Event {
        let index = self.any_resting();
        Event::Delete(self.resting.swap_remove(index))
    }

    fn cancel(&mut self) -> Event {
        let index = self.any_resting();
        Event::Cancel(self.take(index))
    }

    fn execute(&mut self) -> Event {
        let side = self.side();
        match self.best_index(side) {
            Some(index) => Event::Execute(self.take(index)),
            None => self.add(),
        }
    }

    fn hidden_trade(&mut self) -> Event {
        Event::Trade(Trade {
            side: self.side(),
            price: self.fair,
            quantity: self.quantity(),
        })
    }

    /// An order from before the feed began.
    fn unknown(&mut self) -> Event {
        let id = OrderId(1 + self.random.below(FIRST_ORDER - 1));
        Event::Delete(OrderEvent {
            id,
            side: self.side(),
            price: self.fair,
            quantity: self.quantity(),
        })
    }

    /// Takes some or all shares of a resting order; says how many.
    fn take(&mut self, index: usize) -> OrderEvent {
        let order = &mut self.resting[index];
        let whole = *order;
        let quantity =
            1 + u32::try_from(self.random.below(u64::from(whole.quantity))).unwrap_or_default();
        order.quantity -= quantity;
        if order.quantity == 0 {
            self.resting.swap_remove(index);
        }
        OrderEvent { quantity, ..whole }
    }

    fn best(&self, side: Side) -> Option<OrderEvent> {
        self.best_index(side).map(|index| self.resting[index])
    }

    fn best_index(&self, side: Side) -> Option<usize> {
        let orders = self
            .resting
            .iter()
            .enumerate()
            .filter(|(_, order)| order.side == side);
        let best = match side {
            Side::Buy => orders.max_by_key(|(_, order)| order.price),
            Side::Sell => orders.min_by_key(|(_, order)| order.price),
        };
        best.map(|(index, _)| index)
    }

    /// There is one: below the lower bound of [`RESTING_ORDERS`] nothing but adding happens.
    fn any_resting(&mut self) -> usize {
        usize::try_from(self.random.below(self.resting.len() as u64)).unwrap_or_default()
    }

    fn side(&mut self) -> Side {
        if self.below(2) == 0 {
            Side::Buy
        } else {
            Side::Sell
        }
    }

    /// Mostly round lots.
    fn quantity(&mut self) -> u32 {
        match self.below(100) {
            0..55 => 100,
            55..75 => 18,
            75..88 => 200,
            88..95 => 40,
            95..99 => 300,
            _ => 1_000,
        }
    }

    /// Many messages come in a burst, some after a long silence.
    fn gap_nanos(&mut self) -> u64 {
        let longest = self.random.below(4 * self.mean_gap_nanos);
        self.random.below(longest)
    }

    fn below(&mut self, bound: u32) -> i64 {
        i64::try_from(self.random.below(u64::from(bound))).unwrap_or_default()
    }
}

impl Iterator for Generator {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        if self.made == self.schedule.end {
            return None;
        }
        self.time = TimeOfDay(self.time.0 + self.gap_nanos());
        let event = self.event();
        self.made += 1;
        Some(Message {
            time: self.time,
            event,
        })
    }
}

fn opposite(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}

/// The numbers of the messages at which trading halts, quotes resume, trading resumes, and the feed
/// ends.
#[derive(Debug)]
struct Schedule {
    halt: u64,
    quotes: u64,
    resume: u64,
    end: u64,
}

impl Schedule {
    fn of(messages: u64) -> Self {
        let halt = messages - messages / 5 * 2;
        let step = messages / 50 + 1;
        Self {
            halt,
            quotes: halt.saturating_add(step),
            resume: halt.saturating_add(2 * step),
            end: messages,
        }
    }

    fn status_at(&self, message: u64) -> Option<TradingStatus> {
        let steps = [
            (self.halt, TradingStatus::Halted),
            (self.quotes, TradingStatus::QuotesOnly),
            (self.resume, TradingStatus::Trading),
        ];
        steps
            .into_iter()
            .find(|&(at, _)| at == message)
            .map(|(_, status)| status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::OrderBook;
    use crate::message::MessageKind;

    const MESSAGES: u64 = 20_000;

    fn market(seed: u64) -> Vec<Message> {
        Generator::new(seed, MESSAGES).collect()
    }

    fn count(messages: &[Message], kind: MessageKind) -> usize {
        messages
            .iter()
            .filter(|message| message.kind() == kind)
            .count()
    }

    #[test]
    fn one_seed_makes_one_market() {
        assert_eq!(market(1), market(1));
        assert_ne!(market(1), market(2));
    }

    #[test]
    fn as_many_messages_come_as_were_asked_for() {
        for messages in [0, 1, 2, 50, 1_000] {
            assert_eq!(Generator::new(1, messages).count() as u64, messages);
        }
    }

    #[test]
    fn longest_feed_can_begin() {
        assert_eq!(Generator::new(1, u64::MAX).take(1_000).count(), 1_000);
    }

    #[test]
    fn mix_is_that_of_a_busy_market() {
        let messages = market(1);
        let per_mille = |kind| count(&messages, kind) / 20;
        assert!((450..=550).contains(&per_mille(MessageKind::Add)));
        assert!((400..=500).contains(&per_mille(MessageKind::Delete)));
        assert!((25..=50).contains(&per_mille(MessageKind::Execute)));
        assert!((10..=30).contains(&per_mille(MessageKind::Trade)));
        assert!(per_mille(MessageKind::Cancel) >= 1);
        assert_eq!(count(&messages, MessageKind::Status), 3);
    }

    #[test]
    fn nothing_trades_during_the_halt() {
        let messages = market(1);
        let is = |status| move |message: &&Message| message.event == Event::Status(status);
        let halt: Vec<Message> = messages
            .iter()
            .skip_while(|message| !is(TradingStatus::Halted)(message))
            .take_while(|message| !is(TradingStatus::Trading)(message))
            .copied()
            .collect();
        assert!(halt.len() > 100);
        assert_eq!(
            count(&halt, MessageKind::Execute) + count(&halt, MessageKind::Trade),
            0
        );
    }

    #[test]
    fn book_of_the_market_never_crosses_and_time_never_runs_backwards() {
        let mut book = OrderBook::new();
        let mut last = OPEN;
        for message in market(1) {
            book.apply(&message);
            assert!(book.quote().is_none_or(|quote| quote.spread() > Price(0)));
            assert!(message.time >= last);
            last = message.time;
        }
        assert!(book.quote().is_some());
        assert!(book.unknown_orders() > 0);
    }
}
