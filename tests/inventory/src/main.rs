//! A program whose inventory is known: `.ci/inventory` looks at it.

#![forbid(unsafe_code)]

use tickspan::{AttributeValue, EdgeBreakdown, TradeEvent, event, public, record, traced_stage};

#[derive(AttributeValue)]
#[cfg_attr(
    not(feature = "reworded"),
    public(reason = "exchange ticker, public listing")
)]
#[cfg_attr(feature = "reworded", public(reason = "ticker of a listed company"))]
struct Symbol(String);

#[derive(TradeEvent)]
struct Booked<'a> {
    venue: &'a str,
    size: u64,
}

#[derive(EdgeBreakdown)]
struct Edge {
    #[edge(gross)]
    spread: f64,
    #[edge(cost)]
    fee: f64,
}

struct Desk<T> {
    limit: T,
}

impl<T: Copy> Desk<T> {
    #[traced_stage(ret)]
    #[expect(
        clippy::too_many_arguments,
        reason = "one for each decision that there is"
    )]
    fn submit<'a>(
        &self,
        symbol: &'a Symbol,
        venue: &'a str,
        note: &str,
        desk: &str,
        size: u64,
        trader_id: u64,
        has_pin: bool,
        limit: T,
        #[sensitive] pin: u32,
        #[pii(Email, export = domain)] email: &str,
        levels: &[f64],
        _depth: u64,
        by: impl Copy,
    ) -> u64 {
        let _ = (
            symbol, desk, trader_id, has_pin, limit, self.limit, pin, email, levels, by,
        );
        record!(filled = size / 2);
        #[cfg(feature = "more")]
        record!(remaining = size - size / 2);
        event!(
            "printed",
            memo = public!(note, reason = "text of the public trade tape")
        );
        size + venue.len() as u64
    }
}

fn main() {
    let symbol = Symbol("AAPL".to_owned());
    let desk = Desk { limit: 5_i32 };
    let edge = Edge {
        spread: 1.5,
        fee: 0.5,
    };
    edge.record(&edge.decide());
    Booked {
        venue: "nasdaq",
        size: 7,
    }
    .record();
    let sum = desk.submit(
        &symbol,
        "nasdaq",
        "-",
        "makers",
        7,
        8,
        true,
        1,
        4_711,
        "a@example.com",
        &[1.0],
        1,
        (),
    );
    println!("{sum}");
}
