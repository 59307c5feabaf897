//! A library of a trading team: it annotates its functions and leaves telemetry to the program.

use std::time::Duration;

use tickspan::{AttributeValue, traced_stage};

/// Which side of the book.
#[derive(AttributeValue, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// To buy.
    Buy,
    /// To sell.
    Sell,
}

/// Why an order was refused.
#[derive(Debug, PartialEq, Eq)]
pub struct TooLarge;

/// Checks an order and gives its id.
///
/// # Errors
///
/// [`TooLarge`] above 1,000 shares.
#[traced_stage(err(level = "warn"))]
pub fn place_order(
    symbol: &str,
    side: Side,
    quantity: u64,
    account: &str,
) -> Result<u64, TooLarge> {
    let _ = account;
    tickspan::event!("order_checked", quantity = quantity);
    if quantity > 1_000 {
        return Err(TooLarge);
    }
    tickspan::record!(order_id = 7_u64);
    let _stage = tickspan::stage!("route_order", symbol = symbol);
    let _ = side;
    Ok(7)
}

/// Waits for the fill of an order.
#[traced_stage(kind = "client")]
pub async fn await_fill(order_id: u64, timeout: Duration) -> f64 {
    std::future::ready(timeout).await;
    let _ = order_id;
    585.33
}
