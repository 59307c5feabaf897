//! What an exchange says: one message changes one order, or reports a trade, or the state of
//! trading.

use tickspan::AttributeValue;

use crate::market::{OrderId, Price, Side, TimeOfDay};

/// One message of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// When the exchange sent it.
    pub time: TimeOfDay,
    /// What it says.
    pub event: Event,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A new limit order rests on the book.
    Add(OrderEvent),
    /// A part of a resting order is withdrawn.
    Cancel(OrderEvent),
    /// The whole of a resting order is withdrawn.
    Delete(OrderEvent),
    /// A resting order trades, in part or in whole.
    Execute(OrderEvent),
    /// A trade that touches no visible order: a hidden order's or an auction's.
    Trade(Trade),
    /// Trading stops or goes on.
    Status(TradingStatus),
}

/// An event of one order. `quantity` is what is added or taken away, not what remains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// The order.
    pub id: OrderId,
    /// The side it rests on.
    pub side: Side,
    /// Its limit price.
    pub price: Price,
    /// Shares added or taken away.
    pub quantity: u32,
}

/// A trade against an order that the book does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The side of the order that was not shown.
    pub side: Side,
    /// The price paid.
    pub price: Price,
    /// Shares traded.
    pub quantity: u32,
}

/// Whether the exchange trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradingStatus {
    /// Orders trade.
    Trading,
    /// A halt.
    Halted,
    /// The halt goes on, but quotes are shown again.
    QuotesOnly,
}

/// The kind of a message, for counting and for telemetry.
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// [`Event::Add`].
    Add,
    /// [`Event::Cancel`].
    Cancel,
    /// [`Event::Delete`].
    Delete,
    /// [`Event::Execute`].
    Execute,
    /// [`Event::Trade`].
    Trade,
    /// [`Event::Status`].
    Status,
}

impl Message {
    /// The kind of this message.
    pub fn kind(&self) -> MessageKind {
        match self.event {
            Event::Add(_) => MessageKind::Add,
            Event::Cancel(_) => MessageKind::Cancel,
            Event::Delete(_) => MessageKind::Delete,
            Event::Execute(_) => MessageKind::Execute,
            Event::Trade(_) => MessageKind::Trade,
            Event::Status(_) => MessageKind::Status,
        }
    }
}
