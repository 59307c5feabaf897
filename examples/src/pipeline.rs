//! From a row of the feed to a fill: what one message makes the system do.

use tickspan::{EdgeBreakdown, StageClock, traced_stage};

use crate::book::{OrderBook, Quote};
use crate::edge::SignalEdge;
use crate::feed::Row;
use crate::latency::Path;
use crate::lobster::Decoder;
use crate::market::{Price, Symbol};
use crate::risk::{Order, Rejected, RiskDesk, RiskLimits};
use crate::signal::{Signal, SignalFinder, SignalSettings};
use crate::tally::Tally;
use crate::venue::{Fill, Gateway, VenueStopped};

/// The stages of a message that leads to a fill, by their names.
pub const PATH_TO_A_FILL: [&str; 9] = [
    "on_message",
    "decode_message",
    "update_book",
    "find_signal",
    "check_risk",
    "submit_order",
    "execute_order",
    "match_levels",
    "handle_fill",
];

/// A trading system for one instrument.
#[derive(Debug)]
pub struct Pipeline {
    symbol: Symbol,
    decoder: Decoder,
    book: OrderBook,
    signals: SignalFinder,
    risk: RiskDesk,
    gateway: Gateway,
    tally: Tally,
}

impl Pipeline {
    /// A system that trades `symbol` through `gateway`, with everyday settings and limits.
    pub fn new(symbol: Symbol, gateway: Gateway) -> Self {
        Self {
            symbol,
            decoder: Decoder::default(),
            book: OrderBook::new(),
            signals: SignalFinder::new(SignalSettings::default()),
            risk: RiskDesk::new(RiskLimits::default()),
            gateway,
            tally: Tally::default(),
        }
    }

    /// Follows one row to its end: the book changes, and perhaps we trade. A damaged row is
    /// counted.
    ///
    /// # Errors
    ///
    /// The venue has stopped.
    #[traced_stage(root, fields(symbol = self.symbol, line = row.line()))]
    pub async fn on_message(&mut self, row: &Row) -> Result<(), VenueStopped> {
        // The stages of `decide` mark it; the order takes it to the venue.
        let mut scope = StageClock::new().enter();
        scope.mark(Path::RowReceived);
        if let Some(order) = self.decide(row) {
            return self.trade(order, scope.into_clock()).await;
        }
        scope.finish();
        Ok(())
    }

    /// Brings the book up to date, and perhaps finds an order to send.
    fn decide(&mut self, row: &Row) -> Option<Order> {
        let message = match self.decoder.decode(row.columns()) {
            Ok(message) => message,
            Err(fault) => {
                self.tally.bad_rows.count(row.line(), fault);
                return None;
            }
        };
        self.tally.messages += 1;
        self.book.apply(&message);

        let quote = self.book.quote()?;
        let signal = self.signals.find(&self.symbol, quote)?;
        self.weigh(&signal, quote);
        match self.risk.check(signal, self.book.status()) {
            Ok(order) => Some(order),
            Err(rejected) => {
                self.refuse(rejected);
                None
            }
        }
    }

    /// Records what a signal is worth, with what the way to it has taken.
    fn weigh(&self, signal: &Signal, quote: Quote) {
        let within_reach = self.book.within_reach(signal.side, signal.limit);
        let hop = StageClock::<Path>::current()
            .and_then(|clock| clock.elapsed(Path::RowReceived, Path::SignalFound));
        let edge = SignalEdge::of(signal, quote, &within_reach, hop.unwrap_or_default());
        edge.record(&edge.decide());
    }

    async fn trade(&mut self, order: Order, clock: StageClock<Path>) -> Result<(), VenueStopped> {
        let within_reach = self.book.within_reach(order.side, order.limit);
        let pending = self.gateway.submit(order, within_reach, clock).await?;
        let fill = pending.wait().await?;
        self.handle_fill(&fill);
        Ok(())
    }

    fn refuse(&mut self, reason: Rejected) {
        tickspan::event!("signal_refused", reason = reason);
        self.tally.refused.count(reason);
    }

    #[traced_stage(fields(
        side = fill.side,
        filled_quantity = fill.quantity,
        average_price_usd = fill.average_price.map(Price::usd)
    ))]
    fn handle_fill(&mut self, fill: &Fill) {
        self.risk.settle(fill.side, fill.quantity);
        self.tally.count_order(fill);
    }

    /// Lets go of the venue and says what was done in all.
    pub fn finish(self) -> Tally {
        Tally {
            unknown_orders: self.book.unknown_orders(),
            position: self.risk.position(),
            ..self.tally
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Feed;
    use crate::lobster::{Column, RowFault};
    use crate::tally::{BadRows, OrderTally};
    use crate::venue;

    async fn tally_of(mut feed: Feed) -> Tally {
        let (gateway, venue) = venue::open();
        let venue = tokio::spawn(venue.run());
        let mut pipeline = Pipeline::new(Symbol::new("AAPL"), gateway);
        let mut row = Row::default();
        while feed.next_row(&mut row).unwrap() {
            pipeline.on_message(&row).await.unwrap();
        }
        let tally = pipeline.finish();
        venue.await.unwrap();
        tally
    }

    fn fixture(name: &str) -> Feed {
        Feed::open(
            &std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fixtures")
                .join(name),
        )
        .unwrap()
    }

    #[tokio::test]
    async fn same_feed_leads_to_the_same_decisions() {
        let first = tally_of(Feed::generated(42, 20_000)).await;
        let second = tally_of(Feed::generated(42, 20_000)).await;
        assert_eq!(first, second);
        assert_ne!(first, tally_of(Feed::generated(43, 20_000)).await);
    }

    #[tokio::test]
    async fn generated_feed_meets_every_kind_of_decision() {
        let tally = tally_of(Feed::generated(42, 20_000)).await;
        assert_eq!((tally.messages, tally.bad_rows.count), (20_000, 0));
        assert!(tally.orders.filled > 0 && tally.orders.partly_filled > 0);
        for rejected in Rejected::ALL {
            assert!(tally.refused.because(rejected) > 0, "{rejected}");
        }
    }

    #[tokio::test]
    async fn small_feed_is_followed_to_its_end() {
        let tally = tally_of(fixture("small.csv")).await;
        assert_eq!(
            (tally.messages, tally.bad_rows.count, tally.unknown_orders),
            (16, 0, 1)
        );
        // An execution leaves 60 bid against 180 asked: we sell 180 and get 110. In the halt 760
        // are bid. Their end leaves 60 against 280: we sell all 280. At last 1,060 are bid, more
        // than we may buy at once.
        let orders = OrderTally {
            filled: 1,
            partly_filled: 1,
            unfilled: 0,
            shares: 390,
        };
        assert_eq!((tally.orders, tally.position), (orders, -390));
        assert_eq!(
            Rejected::ALL.map(|reason| tally.refused.because(reason)),
            [1, 0, 1, 0]
        );
    }

    #[tokio::test]
    async fn damaged_rows_are_counted_by_line_and_the_rest_is_processed() {
        let tally = tally_of(fixture("damaged.csv")).await;
        assert_eq!((tally.messages, tally.unknown_orders), (5, 1));
        let faults = [
            (3, RowFault::ColumnCount(5)),
            (4, RowFault::NotANumber(Column::Seconds)),
            (7, RowFault::UnknownType(9)),
            (8, RowFault::OutOfRange(Column::Quantity)),
            (9, RowFault::TimeBackwards),
            (10, RowFault::NotText(Column::Price)),
            (11, RowFault::NotANumber(Column::Price)),
            (14, RowFault::NotANumber(Column::Price)),
        ];
        assert_eq!(
            tally.bad_rows,
            BadRows {
                count: 8,
                first: faults.to_vec()
            }
        );
    }
}
