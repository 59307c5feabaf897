//! What is worked on: the same messages in the same order for every library.

/// One message of a made-up feed; each is one tick.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Message {
    /// Worked on by four stages, one after the other.
    Quote {
        /// The instrument.
        symbol: &'static str,
        /// Its price.
        price: f64,
        /// How much.
        qty: u64,
    },
    /// Worked on by four stages, each inside the one before.
    Trade {
        /// The instrument.
        symbol: &'static str,
        /// Its price.
        price: f64,
        /// How much.
        qty: u64,
    },
    /// Worked on by two pairs of stages.
    Fill {
        /// Where it was filled.
        venue: &'static str,
        /// How far from the best price, in ticks of the venue.
        offset: i64,
        /// Whether the order took liquidity.
        aggressive: bool,
    },
}

/// The six numbers of the event in the third stage of a tick.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    /// What the instrument is held to be worth.
    pub(crate) fair: f64,
    /// The best bid.
    pub(crate) bid: f64,
    /// The best ask.
    pub(crate) ask: f64,
    /// What is left of the difference after costs.
    pub(crate) net: f64,
    /// The size at the best price.
    pub(crate) depth: u64,
    /// How old the quote is, in nanoseconds.
    pub(crate) age: i64,
}

impl Edge {
    /// An edge that depends on its input, so that no number is a constant.
    pub(crate) fn of(price: f64, depth: u64) -> Self {
        Self {
            fair: price,
            bid: price * 0.9998,
            ask: price * 1.0002,
            net: price * 0.000_17,
            depth,
            age: i64::from(price.to_bits().leading_zeros()) - 1_000,
        }
    }
}

/// Names of different lengths, as instruments have them.
const SYMBOLS: [&str; 8] = [
    "F",
    "AAPL",
    "BRK.B",
    "EURUSD",
    "BTC-PERPETUAL",
    "ESZ6 C5800.00 20261218",
    "US91282CJK72",
    "ETH-27DEC26-4500-P.INVERSE.COIN-M",
];

/// Names of different lengths, as venues have them.
const VENUES: [&str; 4] = ["X", "XNAS", "CBOE-EDGX", "binance-futures-usd-margined"];

/// Messages enough that none is met again soon.
const MESSAGES: u64 = 1_024;

/// Gives message after message, from the first again after the last.
#[derive(Debug)]
pub(crate) struct Feed {
    messages: Vec<Message>,
    next: usize,
}

impl Feed {
    /// The feed from its first message.
    pub(crate) fn new() -> Self {
        Self {
            messages: (0..MESSAGES).map(message).collect(),
            next: 0,
        }
    }

    /// The next message.
    #[inline]
    pub(crate) fn next(&mut self) -> &Message {
        self.next = (self.next + 1) % self.messages.len();
        &self.messages[self.next]
    }
}

/// The message with this number: a third of each kind, in no order.
fn message(number: u64) -> Message {
    let bits = scatter(number);
    let (kind, name, rest) = (bits % 3, bits >> 8, bits >> 20);
    let symbol = SYMBOLS[index(name, SYMBOLS.len())];
    let qty = rest % 10_000 + 1;
    let price = price(rest);
    match kind {
        0 => Message::Quote { symbol, price, qty },
        1 => Message::Trade { symbol, price, qty },
        _ => Message::Fill {
            venue: VENUES[index(name, VENUES.len())],
            offset: i64::from_ne_bytes(rest.to_ne_bytes()) % 41 - 20,
            aggressive: rest & 1 == 1,
        },
    }
}

/// A price between 0.0001 and 65,536, with few digits or many.
fn price(bits: u64) -> f64 {
    let digits = f64::from(u16::try_from(bits & 0xffff).unwrap_or(1)) + 1.0;
    match (bits >> 16) % 3 {
        0 => digits,
        1 => digits / 100.0,
        _ => digits / 10_000.0,
    }
}

/// An index below `length`.
fn index(bits: u64, length: usize) -> usize {
    usize::try_from(bits % length as u64).unwrap_or(0)
}

/// Spreads a number over all bits: `SplitMix64`.
fn scatter(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
