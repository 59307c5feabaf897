//! Texts that come again and again, as symbols and venues do: each is in memory once.

use std::sync::Arc;

use opentelemetry::StringValue;

use crate::record::lane::wire::short_text;

/// How many are known.
const KNOWN: usize = 1 << 10;

/// The most bytes of one that is known.
const LONGEST: usize = 64;

/// The texts that came last.
#[derive(Debug)]
pub(super) struct Texts(Vec<Arc<str>>);

impl Texts {
    pub(super) fn new() -> Self {
        Self(vec![Arc::from(""); KNOWN])
    }

    /// None is known, nor will be.
    pub(super) const fn unknown() -> Self {
        Self(Vec::new())
    }

    /// The text as a value: one that is known, if it is.
    #[inline]
    pub(super) fn value(&mut self, text: &str) -> StringValue {
        match self.known(text) {
            Some(known) => StringValue::from(known),
            None => StringValue::from(text.to_owned()),
        }
    }

    /// The text in memory that is known. Nothing where it is too long to be.
    fn known(&mut self, text: &str) -> Option<Arc<str>> {
        let known = self.0.get_mut(place(text.as_bytes()))?;
        if text.len() > LONGEST {
            return None;
        }
        if **known != *text {
            *known = Arc::from(text);
        }
        Some(Arc::clone(known))
    }
}

/// Where a text is, if it is known: from its length, its first eight bytes and its last eight, which tell those apart that a
/// program has many of.
fn place(text: &[u8]) -> usize {
    let [first, last] = match short_text(text) {
        Some(word) => [word, 0],
        None => [text.first_chunk(), text.last_chunk()]
            .map(|bytes| bytes.map_or(0, |bytes| u64::from_le_bytes(*bytes))),
    };
    // The golden ratio, as Knuth multiplies by it: The Art of Computer Programming, 6.4.
    let mixed =
        (first ^ last.rotate_left(29) ^ text.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    #[expect(clippy::cast_possible_truncation, reason = "ten bits are left")]
    let place = (mixed >> (u64::BITS - KNOWN.ilog2())) as usize;
    place
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn the_value_is_the_text(texts in vec(".{0,80}", 0..200)) {
            let mut known = Texts::new();
            for text in texts.iter().chain(&texts) {
                let value = known.value(text);
                prop_assert_eq!(value.as_str(), text);
            }
        }
    }

    #[test]
    fn text_that_comes_again_is_in_memory_once() {
        let mut known = Texts::new();
        let values = ["XNAS", "BTC-USD-PERPETUAL", "XNAS", "BTC-USD-PERPETUAL"]
            .map(|text| known.value(text).as_str().as_ptr() as usize);
        // What keeps the places is the table.
        assert_eq!(values[..2], values[2..]);
        assert_ne!(values[0], values[1]);
    }
}
