//! What the market says, and what is made of it.

use crate::{AttributeValue, TradeEvent};

use super::Side;

/// The order book of an instrument at one instant: `order_book_snapshot`.
///
/// FIX: Market Data Snapshot Full Refresh (35=W). `N` is the number of prices and sizes.
///
/// ```
/// use tickspan::{TradeEvent, trade::OrderBookSnapshot};
///
/// OrderBookSnapshot {
///     symbol: "AAPL",
///     venue: Some("XNAS"),
///     sequence: Some(5_812),
///     bid_prices: &[585.33, 585.32],
///     bid_sizes: &[200.0, 900.0],
///     ask_prices: &[585.40],
///     ask_sizes: &[100.0],
/// }
/// .record();
/// ```
#[derive(TradeEvent, Clone, Copy, Debug, PartialEq)]
#[tickspan(crate = crate)]
pub struct OrderBookSnapshot<'a, N>
where
    &'a [N]: AttributeValue,
{
    /// Symbol (55).
    pub symbol: &'a str,
    /// `SecurityExchange` (207).
    pub venue: Option<&'a str>,
    /// `RptSeq` (83): the sequence number of the market data.
    pub sequence: Option<u64>,
    /// `MDEntryPx` (270) of the bids, the best first; 64 are recorded.
    pub bid_prices: &'a [N],
    /// `MDEntrySize` (271) of the bids.
    pub bid_sizes: &'a [N],
    /// `MDEntryPx` (270) of the offers, the best first; 64 are recorded.
    pub ask_prices: &'a [N],
    /// `MDEntrySize` (271) of the offers.
    pub ask_sizes: &'a [N],
}

/// Something came in, from a venue or another source: `event_received`.
///
/// FIX: the standard header of any message.
#[derive(TradeEvent, Clone, Copy, Debug, PartialEq)]
#[tickspan(crate = crate)]
pub struct EventReceived<'a> {
    /// `SenderCompID` (49): who sent it, a feed or a venue.
    pub source: &'a str,
    /// `MsgType` (35), or what the source calls it.
    pub event_type: &'a str,
    /// Symbol (55), if it is about one instrument.
    pub symbol: Option<&'a str>,
    /// `MsgSeqNum` (34).
    pub sequence: Option<u64>,
    /// `SendingTime` (52), in nanoseconds since 1970 UTC.
    pub sending_time_unix_ns: Option<u64>,
    /// `TransactTime` (60): when it happened, in nanoseconds since 1970 UTC.
    pub transact_time_unix_ns: Option<u64>,
}

/// A reason to trade: `signal`.
///
/// FIX knows no signals; the nearest is an Indication of Interest (35=6), whose words are used.
#[derive(TradeEvent, Clone, Copy, Debug, PartialEq)]
#[tickspan(crate = crate)]
pub struct Signal<'a, N: AttributeValue> {
    /// Who found it.
    pub strategy: &'a str,
    /// Symbol (55).
    pub symbol: &'a str,
    /// Side (54).
    pub side: Side,
    /// Price (44): at which it would be worth it.
    pub price: Option<N>,
    /// `IOIQty` (27): how much.
    pub quantity: Option<N>,
    /// How strong it is, on the strategy's own scale.
    pub strength: Option<f64>,
}

/// A trade that would pay, before its costs are known: `opportunity_detected`. What is left of it is an
/// [edge](crate::EdgeBreakdown).
#[derive(TradeEvent, Clone, Copy, Debug, PartialEq)]
#[tickspan(crate = crate)]
pub struct OpportunityDetected<'a, N: AttributeValue> {
    /// Who found it.
    pub strategy: &'a str,
    /// Symbol (55).
    pub symbol: &'a str,
    /// `SecurityExchange` (207) of where it would begin.
    pub venue: Option<&'a str>,
    /// Side (54) of what would be done there.
    pub side: Side,
    /// `OrderQty` (38): how much there is of it.
    pub quantity: N,
    /// What there is to gain before costs, in the money of the instrument.
    pub gross_edge: N,
}
