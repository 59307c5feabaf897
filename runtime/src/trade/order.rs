//! What is asked of the market, and what it answers.

use crate::{AttributeValue, TradeEvent};

/// Side (54).
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[tickspan(crate = crate)]
#[non_exhaustive]
pub enum Side {
    /// 1.
    Buy,
    /// 2.
    Sell,
    /// 5.
    SellShort,
    /// 6: without owning or having borrowed.
    SellShortExempt,
}

/// `OrdType` (40).
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[tickspan(crate = crate)]
#[non_exhaustive]
pub enum OrdType {
    /// 1.
    Market,
    /// 2.
    Limit,
    /// 3.
    Stop,
    /// 4.
    StopLimit,
    /// P.
    Pegged,
}

/// `TimeInForce` (59).
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[tickspan(crate = crate)]
#[non_exhaustive]
pub enum TimeInForce {
    /// 0.
    Day,
    /// 1.
    GoodTillCancel,
    /// 2.
    AtTheOpening,
    /// 3.
    ImmediateOrCancel,
    /// 4.
    FillOrKill,
    /// 6.
    GoodTillDate,
    /// 7.
    AtTheClose,
}

/// `ExecType` (150): what an execution report tells.
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[tickspan(crate = crate)]
#[non_exhaustive]
pub enum ExecType {
    /// 0.
    New,
    /// 3.
    DoneForDay,
    /// 4.
    Canceled,
    /// 5.
    Replaced,
    /// 6.
    PendingCancel,
    /// 8.
    Rejected,
    /// 9.
    Suspended,
    /// A.
    PendingNew,
    /// C.
    Expired,
    /// F: a fill, or a part of one.
    Trade,
}

/// `OrdStatus` (39): how an order stands.
#[derive(AttributeValue, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[tickspan(crate = crate)]
#[non_exhaustive]
pub enum OrdStatus {
    /// 0.
    New,
    /// 1.
    PartiallyFilled,
    /// 2.
    Filled,
    /// 3.
    DoneForDay,
    /// 4.
    Canceled,
    /// 6.
    PendingCancel,
    /// 8.
    Rejected,
    /// 9.
    Suspended,
    /// A.
    PendingNew,
    /// C.
    Expired,
}

/// Nothing speaks against an order: `risk_passed`.
#[derive(TradeEvent, Clone, Copy, Debug, PartialEq)]
#[tickspan(crate = crate)]
pub struct RiskPassed<'a, N: AttributeValue> {
    /// `ClOrdID` (11).
    pub client_order_id: &'a str,
    /// Symbol (55).
    pub symbol: &'a str,
    /// Side (54).
    pub side: Side,
    /// `OrderQty` (38).
    pub quantity: N,
    /// What the order comes to, in the money of the limits.
    pub notional: Option<N>,
}

/// An order that is to be sent: `order_request`.
///
/// FIX: New Order Single (35=D).
///
/// ```
/// use tickspan::TradeEvent;
/// use tickspan::trade::{OrdType, OrderRequest, Side, TimeInForce};
///
/// OrderRequest {
///     client_order_id: "o-17",
///     symbol: "AAPL",
///     venue: Some("XNAS"),
///     side: Side::Buy,
///     order_type: OrdType::Limit,
///     quantity: 200_u64,
///     price: Some(58_533),
///     time_in_force: TimeInForce::ImmediateOrCancel,
/// }
/// .record();
/// ```
#[derive(TradeEvent, Clone, Copy, Debug, PartialEq)]
#[tickspan(crate = crate)]
pub struct OrderRequest<'a, N: AttributeValue> {
    /// `ClOrdID` (11).
    pub client_order_id: &'a str,
    /// Symbol (55).
    pub symbol: &'a str,
    /// `ExDestination` (100).
    pub venue: Option<&'a str>,
    /// Side (54).
    pub side: Side,
    /// `OrdType` (40).
    pub order_type: OrdType,
    /// `OrderQty` (38).
    pub quantity: N,
    /// Price (44); none for a market order.
    pub price: Option<N>,
    /// `TimeInForce` (59).
    pub time_in_force: TimeInForce,
}

/// An order that has left the process: `order_submitted`.
#[derive(TradeEvent, Clone, Copy, Debug, PartialEq)]
#[tickspan(crate = crate)]
pub struct OrderSubmitted<'a> {
    /// `ClOrdID` (11).
    pub client_order_id: &'a str,
    /// Symbol (55).
    pub symbol: &'a str,
    /// `ExDestination` (100).
    pub venue: &'a str,
    /// `MsgSeqNum` (34) of the message that carried it.
    pub sequence: Option<u64>,
    /// `SendingTime` (52), in nanoseconds since 1970 UTC.
    pub sending_time_unix_ns: Option<u64>,
}

/// What became of an order: `order_result`.
///
/// FIX: Execution Report (35=8).
#[derive(TradeEvent, Clone, Copy, Debug, PartialEq)]
#[tickspan(crate = crate)]
pub struct OrderResult<'a, N: AttributeValue> {
    /// `ClOrdID` (11).
    pub client_order_id: &'a str,
    /// `OrderID` (37), which the venue gave.
    pub order_id: Option<&'a str>,
    /// `ExecID` (17).
    pub exec_id: Option<&'a str>,
    /// Symbol (55).
    pub symbol: &'a str,
    /// Side (54).
    pub side: Side,
    /// `ExecType` (150).
    pub exec_type: ExecType,
    /// `OrdStatus` (39).
    pub status: OrdStatus,
    /// `LastQty` (32): of this fill.
    pub last_quantity: Option<N>,
    /// `LastPx` (31): of this fill.
    pub last_price: Option<N>,
    /// `CumQty` (14): filled in all.
    pub cumulative_quantity: N,
    /// `LeavesQty` (151): still open.
    pub leaves_quantity: N,
    /// `AvgPx` (6).
    pub average_price: Option<N>,
    /// `OrdRejReason` (103), the number.
    pub reject_reason: Option<u32>,
    /// `TransactTime` (60), in nanoseconds since 1970 UTC.
    pub transact_time_unix_ns: Option<u64>,
}
