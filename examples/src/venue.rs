//! The simulated venue: a task of its own that takes orders from a bounded channel and answers each
//! with a fill.

use std::error::Error;
use std::fmt;

use tickspan::{Context, StageClock, traced_stage};
use tokio::sync::{mpsc, oneshot};

use crate::book::Level;
use crate::latency::Path;
use crate::market::{Price, Side};
use crate::risk::Order;

/// Orders that may wait for the venue; the next sender waits until there is room.
const WAITING_ORDERS: usize = 64;

/// The way to the venue.
#[derive(Clone, Debug)]
pub struct Gateway {
    submissions: mpsc::Sender<Submission>,
}

/// The venue's end of the channel.
#[derive(Debug)]
pub struct Venue {
    submissions: mpsc::Receiver<Submission>,
}

/// An order on its way.
#[derive(Debug)]
struct Submission {
    order: Order,
    /// What the order will meet. A simulated venue has no book of its own.
    within_reach: Vec<Level>,
    /// Where it comes from: what the venue does belongs to the same trace.
    context: Context,
    /// The marks that it has passed.
    clock: StageClock<Path>,
    answer: oneshot::Sender<Fill>,
}

/// What the venue did with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// Whether we bought or sold.
    pub side: Side,
    /// Shares traded.
    pub quantity: u32,
    /// Shares of the order that did not trade.
    pub unfilled: u32,
    /// What they cost on average, if any traded.
    pub average_price: Option<Price>,
}

/// A channel to a venue that has yet to be run.
pub fn open() -> (Gateway, Venue) {
    let (sender, receiver) = mpsc::channel(WAITING_ORDERS);
    (
        Gateway {
            submissions: sender,
        },
        Venue {
            submissions: receiver,
        },
    )
}

impl Gateway {
    /// Sends `order`, to trade against the levels `within_reach`. Waits while the channel is full,
    /// not for the fill.
    ///
    /// # Errors
    ///
    /// The venue has stopped.
    #[traced_stage(
        name = "submit_order",
        kind = "producer",
        fields(
            order_id = order.id,
            symbol = order.symbol,
            side = order.side,
            quantity = order.quantity,
            limit_usd = order.limit.usd()
        )
    )]
    pub async fn submit(
        &self,
        order: Order,
        within_reach: Vec<Level>,
        clock: StageClock<Path>,
    ) -> Result<PendingFill, VenueStopped> {
        let (answer, fill) = oneshot::channel();
        let submission = Submission {
            order,
            within_reach,
            context: Context::current(),
            clock,
            answer,
        };
        self.submissions
            .send(submission)
            .await
            .map_err(|_| VenueStopped)?;
        Ok(PendingFill(fill))
    }
}

/// The answer to an order, once it comes.
#[derive(Debug)]
pub struct PendingFill(oneshot::Receiver<Fill>);

impl PendingFill {
    /// Waits for the venue.
    ///
    /// # Errors
    ///
    /// The venue has stopped.
    pub async fn wait(self) -> Result<Fill, VenueStopped> {
        self.0.await.map_err(|_| VenueStopped)
    }
}

impl Venue {
    /// Executes orders as they come, until the last [`Gateway`] is gone.
    pub async fn run(mut self) {
        while let Some(submission) = self.submissions.recv().await {
            let fill = execute(&submission);
            // Nobody waits for the fill of an order that was given up.
            let _ = submission.answer.send(fill);
        }
    }
}

#[traced_stage(name = "execute_order", kind = "consumer", parent = &submission.context)]
fn execute(submission: &Submission) -> Fill {
    let mut clock = submission.clock;
    clock.mark(Path::OrderReceived);
    clock.finish();
    let Submission {
        order,
        within_reach,
        ..
    } = submission;
    let fill = {
        let _matching = tickspan::stage!("match_levels", levels = within_reach.len());
        match_levels(order, within_reach)
    };
    tickspan::record!(filled_quantity = fill.quantity);
    fill
}

/// Trades against one level after the other, until the order is filled or nothing is left within
/// its limit.
fn match_levels(order: &Order, levels: &[Level]) -> Fill {
    let mut unfilled = order.quantity;
    let mut cost = 0_i128;
    for level in levels {
        let traded = u32::try_from(level.quantity)
            .unwrap_or(u32::MAX)
            .min(unfilled);
        unfilled -= traded;
        cost += i128::from(level.price.0) * i128::from(traded);
    }
    let quantity = order.quantity - unfilled;
    let average = cost
        .checked_div(i128::from(quantity))
        .and_then(|price| i64::try_from(price).ok());
    Fill {
        side: order.side,
        quantity,
        unfilled,
        average_price: average.map(Price),
    }
}

/// The venue's task has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VenueStopped;

impl fmt::Display for VenueStopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the venue has stopped")
    }
}

impl Error for VenueStopped {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::{OrderId, Symbol};

    fn order(quantity: u32) -> Order {
        Order {
            id: OrderId(1),
            symbol: Symbol::new("AAPL"),
            side: Side::Buy,
            limit: Price(10_200),
            quantity,
        }
    }

    fn levels(levels: &[(i64, u64)]) -> Vec<Level> {
        levels
            .iter()
            .map(|&(price, quantity)| Level {
                price: Price(price),
                quantity,
            })
            .collect()
    }

    fn fill(quantity: u32, unfilled: u32, average_price: Option<i64>) -> Fill {
        Fill {
            side: Side::Buy,
            quantity,
            unfilled,
            average_price: average_price.map(Price),
        }
    }

    #[test]
    fn order_trades_level_by_level_until_it_is_filled() {
        let levels = levels(&[(10_000, 100), (10_100, 100), (10_200, 100)]);
        assert_eq!(
            match_levels(&order(200), &levels),
            fill(200, 0, Some(10_050))
        );
    }

    #[test]
    fn what_is_not_there_is_not_filled() {
        assert_eq!(
            match_levels(&order(200), &levels(&[(10_000, 18)])),
            fill(18, 182, Some(10_000))
        );
        assert_eq!(match_levels(&order(200), &[]), fill(0, 200, None));
    }

    #[tokio::test]
    async fn venue_in_another_task_answers_each_order() {
        let (gateway, venue) = open();
        let task = tokio::spawn(venue.run());
        let pending = gateway
            .submit(order(10), levels(&[(10_000, 100)]), StageClock::new())
            .await
            .unwrap();
        assert_eq!(pending.wait().await, Ok(fill(10, 0, Some(10_000))));
        drop(gateway);
        task.await.unwrap();
    }

    #[tokio::test]
    async fn stopped_venue_is_an_error_and_no_hang() {
        let (gateway, venue) = open();
        drop(venue);
        assert_eq!(
            gateway
                .submit(order(10), Vec::new(), StageClock::new())
                .await
                .unwrap_err(),
            VenueStopped
        );
    }

    #[tokio::test]
    async fn order_lost_by_the_venue_is_an_error_and_no_hang() {
        let (gateway, venue) = open();
        let pending = gateway
            .submit(order(10), Vec::new(), StageClock::new())
            .await
            .unwrap();
        drop(venue);
        assert_eq!(pending.wait().await, Err(VenueStopped));
    }
}
