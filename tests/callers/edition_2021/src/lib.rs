//! What compiles without the attribute compiles with it, and what is warned of without it is warned of
//! with it: this crate denies every warning, and each `expect` fails where its lint does not fire.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use tickspan::{traced_stage, AttributeValue, Sensitive};

/// The side of an order.
#[derive(AttributeValue, Clone, Copy, Debug)]
pub enum Side {
    /// To buy.
    Buy,
    /// To sell.
    Sell,
}

/// An id that the exchange publishes.
#[derive(AttributeValue)]
#[public(reason = "order id of the exchange's public feed")]
pub struct OrderId(pub String);

/// No warning of its own, whatever the function.
///
/// # Errors
///
/// The side, where there is nothing to do.
#[traced_stage(ret, err(level = "warn"), kind = "client", fields(depth = levels.len()))]
pub fn quiet(
    levels: &[f64],
    side: Side,
    id: &OrderId,
    key: &Sensitive<String>,
    timeout: Duration,
) -> Result<usize, Side> {
    if key.expose("length only").is_empty() || timeout.is_zero() || id.0.is_empty() {
        return Err(side);
    }
    Ok(levels.len())
}

/// An asynchronous one.
#[traced_stage]
pub async fn quiet_later(mut quantity: u64, symbol: &str) -> Option<u64> {
    std::future::ready(()).await;
    quantity = quantity.checked_add(u64::try_from(symbol.len()).ok()?)?;
    Some(quantity)
}

/// A boxed one.
#[must_use]
#[traced_stage]
pub fn quiet_boxed(quantity: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { quantity })
}

/// A method of each kind.
#[derive(Debug, Default)]
pub struct Engine {
    filled: u64,
}

#[traced_stage(prefix = "engine")]
impl Engine {
    /// Adds.
    pub fn add(&mut self, quantity: u64) {
        self.filled = self.filled.saturating_add(quantity);
    }

    /// Returns.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.filled
    }
}

/// In this edition, what the last expression borrows lives to the end of the body.
#[traced_stage]
#[must_use]
pub fn borrows_to_the_end(book: Mutex<Vec<u64>>) -> usize {
    book.lock().map_or(0, |levels| levels.len())
}

/// Nothing went wrong that could be told.
#[derive(Debug, PartialEq, Eq)]
pub struct Unknown;

/// As above, behind a result.
///
/// # Errors
///
/// None.
#[traced_stage]
pub fn borrows_to_the_end_of_a_result(book: &Mutex<Vec<u64>>) -> Result<usize, Unknown> {
    Ok(book.lock().map_err(|_| Unknown)?.len())
}

/// Bodies of one line, whose braces are needed.
#[rustfmt::skip]
pub mod on_one_line {
    use super::{Future, Pin, Unknown, traced_stage};

    /// Plain.
    #[must_use] #[traced_stage] pub fn plain(quantity: u64) -> u64 { quantity }

    /// Classified.
    ///
    /// # Errors
    ///
    /// Never.
    #[traced_stage] pub fn classified(quantity: u64) -> Result<u64, Unknown> { Ok(quantity) }

    /// Asynchronous.
    #[traced_stage] pub async fn asynchronous(quantity: u64) -> u64 { std::future::ready(quantity).await }

    /// A future.
    #[traced_stage] pub fn future(quantity: u64) -> impl Future<Output = u64> { std::future::ready(quantity) }

    /// A boxed future.
    #[must_use] #[traced_stage] pub fn boxed(quantity: u64) -> Pin<Box<dyn Future<Output = u64>>> { Box::pin(async move { quantity }) }

    /// Opaque.
    #[traced_stage] pub fn opaque(quantity: u64) -> impl Fn() -> u64 { move || quantity }

    /// Never.
    #[traced_stage] pub fn never(code: i32) -> ! { std::process::exit(code) }
}

/// Functions of which the compiler says what it would say without the attribute.
#[allow(
    missing_docs,
    clippy::missing_errors_doc,
    clippy::missing_panics_doc,
    clippy::must_use_candidate
)]
pub mod warned {
    use super::{traced_stage, Unknown};

    #[expect(unused_variables)]
    #[traced_stage]
    pub fn unused_argument(quantity: u64) {}

    #[expect(unused_variables)]
    #[traced_stage]
    pub fn unused_argument_with_a_result(quantity: u64) -> Result<(), Unknown> {
        Ok(())
    }

    #[traced_stage]
    pub fn unused_parameter_that_says_so(#[expect(unused_variables)] quantity: u64) {}

    #[traced_stage]
    pub fn unused_parameter_that_may_be(
        #[allow(unused_variables)] quantity: u64,
    ) -> Result<(), Unknown> {
        Ok(())
    }

    #[traced_stage]
    pub fn unused_part_of_a_parameter(
        #[expect(unused_variables, reason = "the price alone")] (price, quantity): (f64, u64),
    ) -> f64 {
        price
    }

    #[traced_stage]
    pub fn parameter_of_another_case(#[expect(non_snake_case)] baseQuantity: u64) -> u64 {
        baseQuantity
    }

    #[traced_stage]
    pub fn parameter_of_another_case_that_is_unused(
        #[expect(non_snake_case, unused_variables, reason = "as the exchange has it")] baseQuantity: u64,
    ) {
    }

    #[traced_stage]
    pub async fn unused_parameter_of_a_future(#[allow(unused_variables)] quantity: u64) {}

    #[expect(unused_variables)]
    #[traced_stage]
    pub fn unused_binding((price, quantity): (f64, u64)) -> f64 {
        price
    }

    #[expect(unused_variables)]
    #[traced_stage]
    pub async fn unused_local(quantity: u64) {
        let doubled = quantity.saturating_mul(2);
    }

    #[expect(unused_mut)]
    #[traced_stage]
    pub fn unused_mut(mut quantity: u64) -> u64 {
        quantity
    }

    #[expect(unused_assignments)]
    #[traced_stage]
    pub fn unused_assignment(mut quantity: u64) -> u64 {
        let given = quantity;
        quantity = 5;
        given
    }

    #[expect(unused_must_use)]
    #[traced_stage]
    pub fn unused_result(quantity: u64) {
        super::borrows_to_the_end_of_a_result(&std::sync::Mutex::new(vec![quantity]));
    }

    #[expect(unreachable_code)]
    #[traced_stage]
    pub fn unreachable(quantity: u64) -> Result<u64, Unknown> {
        return Ok(quantity);
        Err(Unknown)
    }

    #[expect(dead_code)]
    #[traced_stage]
    fn never_called(quantity: u64) -> u64 {
        quantity
    }

    #[expect(non_snake_case)]
    #[traced_stage]
    pub fn wronglyNamed(quantity: u64) -> u64 {
        quantity
    }

    #[expect(clippy::needless_return)]
    #[traced_stage]
    pub fn needless_return(quantity: u64) -> u64 {
        return quantity;
    }

    #[expect(clippy::let_and_return)]
    #[traced_stage]
    pub async fn let_and_return(quantity: u64) -> u64 {
        let doubled = quantity;
        doubled
    }

    #[expect(clippy::unwrap_used)]
    #[traced_stage]
    pub fn unwraps(quantity: Option<u64>) -> Result<u64, Unknown> {
        Ok(quantity.unwrap())
    }
}

/// Lints that a crate forbids: an `allow` of one of them would be an error.
#[forbid(
    unused,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::shadow_reuse,
    clippy::shadow_unrelated,
    clippy::unwrap_used
)]
pub mod forbidding {
    use super::{traced_stage, Future, Pin, Side, Unknown};

    /// Plain.
    #[must_use]
    #[traced_stage(fields(depth = levels.len()))]
    pub fn plain(levels: &[f64], side: Side) -> Side {
        side
    }

    /// Classified.
    ///
    /// # Errors
    ///
    /// Never.
    #[traced_stage(ret, err)]
    pub fn classified(mut quantity: u64, (side, price): (Side, f64)) -> Result<u64, Unknown> {
        quantity = quantity.saturating_add(u64::from(matches!(side, Side::Buy) && price > 1.0));
        Ok(quantity)
    }

    /// Asynchronous.
    #[traced_stage]
    pub async fn asynchronous(quantity: u64) -> u64 {
        std::future::ready(quantity).await
    }

    /// Boxed.
    #[must_use]
    #[traced_stage]
    pub fn boxed(quantity: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
        Box::pin(async move { quantity })
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;

    use super::*;

    #[test]
    fn functions_do_what_they_do_without_the_attribute() {
        let key = Sensitive::new("key".to_owned());
        let id = OrderId("1".to_owned());
        let quiet = quiet(&[1.0], Side::Buy, &id, &key, Duration::from_secs(1));
        assert_eq!(quiet.ok(), Some(1));
        assert_eq!(block_on(quiet_later(1, "AAPL")), Some(5));
        assert_eq!(block_on(quiet_boxed(2)), 2);
        let mut engine = Engine::default();
        engine.add(3);
        assert_eq!(engine.filled(), 3);
        assert_eq!(borrows_to_the_end(Mutex::new(vec![1])), 1);
        assert_eq!(borrows_to_the_end_of_a_result(&Mutex::new(vec![1])), Ok(1));
        warned::unused_argument(1);
        assert_eq!(warned::unused_argument_with_a_result(1), Ok(()));
        assert!(warned::unused_binding((1.5, 2)) > 1.0);
        block_on(warned::unused_local(1));
        assert_eq!(warned::unused_mut(1), 1);
        assert_eq!(warned::unused_assignment(1), 1);
        warned::unused_result(1);
        assert_eq!(warned::unreachable(1), Ok(1));
        assert_eq!(warned::wronglyNamed(1), 1);
        assert_eq!(warned::needless_return(1), 1);
        assert_eq!(block_on(warned::let_and_return(1)), 1);
        assert_eq!(warned::unwraps(Some(1)), Ok(1));
        let _: Side = Side::Sell;
    }
}
