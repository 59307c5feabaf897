//! What an annotated function costs while the library is off.

use std::hint::black_box;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::{Effort, Repeated, median, nanoseconds_each};
use crate::library::Library;
use crate::message::{Feed, Message};

/// Calls in a round.
const CALLS: u64 = 200_000;

/// The cost of a call, each the median of the rounds.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Disabled {
    /// Nanoseconds a call of a function with three attributes.
    pub(crate) stage_ns: f64,
    /// Nanoseconds a call of a function without attributes.
    pub(crate) bare_ns: f64,
}

impl Repeated for Disabled {
    fn least(self, other: Self) -> Self {
        Self {
            stage_ns: self.stage_ns.min(other.stage_ns),
            bare_ns: self.bare_ns.min(other.bare_ns),
        }
    }
}

/// Calls both functions without having started the library.
pub(crate) fn measure<L: Library>(effort: Effort) -> Disabled {
    let rounds = effort.of(5, 51);
    let mut feed = Feed::new();
    let (symbol, price, qty) = loop {
        if let Message::Quote { symbol, price, qty } = *feed.next() {
            break (symbol, price, qty);
        }
    };
    Disabled {
        stage_ns: median_of(rounds, || {
            black_box(L::stage(
                black_box(symbol),
                black_box(price),
                black_box(qty),
            ));
        }),
        bare_ns: median_of(rounds, L::bare),
    }
}

fn median_of(rounds: usize, call: impl Fn()) -> f64 {
    let round = |_| {
        let start = Instant::now();
        for _ in 0..CALLS {
            call();
        }
        nanoseconds_each(start.elapsed(), CALLS)
    };
    median((0..rounds).map(round).collect())
}
