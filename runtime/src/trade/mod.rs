//! Events of a trading system: one trait, and the types that most systems need.
//!
//! Plain data in the words of FIX; nothing is formatted, and nothing is serialised on the caller's thread.

mod market;
mod order;

pub use market::{EventReceived, OpportunityDetected, OrderBookSnapshot, Signal};
pub use order::{
    ExecType, OrdStatus, OrdType, OrderRequest, OrderResult, OrderSubmitted, RiskPassed, Side,
    TimeInForce,
};

use crate::Acknowledgement;

/// Something that happened in a trading system, at one instant of the current span.
///
/// [`Signal`], [`OrderRequest`] and others are there; derive it for events of your own:
///
/// ```
/// use tickspan::TradeEvent;
///
/// #[derive(TradeEvent)]
/// struct QuotePulled<'a> {
///     symbol: &'a str,
///     age_seconds: std::time::Duration,
///     levels: u32,
///     #[trade_event(skip)]
///     note: String,
/// }
///
/// let pulled = QuotePulled {
///     symbol: "AAPL",
///     age_seconds: std::time::Duration::from_millis(20),
///     levels: 3,
///     note: "never recorded".to_owned(),
/// };
/// assert_eq!(QuotePulled::NAME, "quote_pulled");
/// assert_eq!(QuotePulled::KEYS, ["symbol", "age_seconds", "levels"]);
/// pulled.record();
/// # let _ = pulled.note;
/// ```
///
/// The name is stable: it is the type's, or the one that is given, and stands in the source. So whoever reads what was
/// recorded, to replay it or to count it, finds events by name and fields by key. The same types serve both: recording looks
/// at no clock but the span's, and what has a time of its own has it in a field.
pub trait TradeEvent {
    /// The name of the event.
    const NAME: &'static str;

    /// The keys of its fields, in their order.
    const KEYS: &'static [&'static str];

    /// Records the event on the current span.
    ///
    /// Never fails and never blocks; after [`init`](crate::init) it allocates nothing. Where nobody wants the event, its
    /// fields are not looked at. The exception is a recorder with an audit, for which it waits, and of which it tells whether the event is
    /// kept.
    fn record(&self) -> Acknowledgement;
}
