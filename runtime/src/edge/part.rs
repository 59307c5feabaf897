//! What an edge is made of: its parts, their keys, and those of its legs, which are put together when the program is
//! compiled.

use crate::privacy::names::{self, Exemption};
use crate::record::Callsite;
#[cfg(feature = "init")]
use crate::record::lane::sites::{Number, Site};

/// What a part is to its edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What there is to gain, before costs.
    Gross,
    /// What has to be paid for it.
    Cost,
    /// What the net edge has to reach.
    Threshold,
    /// What is told of it besides.
    Context,
}

/// A part of an edge.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// Under which it is recorded: `edge.fees`, and for context the bare name.
    pub key: &'static str,
    /// See [`Role`].
    pub role: Role,
}

/// What the keys of amounts begin with.
const PREFIX: &str = "edge.";

/// The keys that each edge has besides those of its parts, in their order.
pub(crate) const KEYS: [&str; COMPUTED] = [
    "edge.name",
    "edge.unit",
    "edge.total_cost",
    "edge.net",
    "edge.decision",
    "edge.reason",
];

/// How many keys each edge has besides those of its parts.
pub(crate) const COMPUTED: usize = 6;

/// The most parts of an edge: with `message` and the keys that each has, they are as many as one event may have.
pub(crate) const MOST_PARTS: usize = crate::support::MAX_KEYS - COMPUTED - 1;

impl Part {
    /// The part's name: its key without `edge.`.
    pub(crate) fn name(&self) -> &'static str {
        self.key.strip_prefix(PREFIX).unwrap_or(self.key)
    }

    /// Whether it is summed.
    #[cfg(feature = "init")]
    pub(crate) const fn is_summed(&self) -> bool {
        matches!(self.role, Role::Gross | Role::Cost)
    }
}

/// How many bytes the keys of a leg have.
pub const fn leg_len(leg: &str, parts: &[Part]) -> usize {
    let mut len = 0;
    let mut index = 0;
    while index < parts.len() {
        len += leg.len() + 1 + parts[index].key.len();
        index += 1;
    }
    len
}

/// The keys of a leg, one after the other: `edge.buy.fees`, `buy.symbol`.
pub const fn leg_bytes<const LEN: usize>(leg: &str, parts: &[Part]) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let mut at = 0;
    let mut index = 0;
    while index < parts.len() {
        let key = parts[index].key.as_bytes();
        let prefix = prefix_len(&parts[index]);
        at = put(&mut bytes, at, key, 0, prefix);
        at = put(&mut bytes, at, leg.as_bytes(), 0, leg.len());
        at = put(&mut bytes, at, b".", 0, 1);
        at = put(&mut bytes, at, key, prefix, key.len());
        index += 1;
    }
    bytes
}

/// The bytes of a key before the name: context has none.
const fn prefix_len(part: &Part) -> usize {
    let (key, prefix) = (part.key.as_bytes(), PREFIX.as_bytes());
    let mut index = 0;
    while index < prefix.len() {
        if index >= key.len() || key[index] != prefix[index] {
            return 0;
        }
        index += 1;
    }
    prefix.len()
}

const fn put(to: &mut [u8], mut at: usize, from: &[u8], start: usize, end: usize) -> usize {
    let mut index = start;
    while index < end {
        to[at] = from[index];
        at += 1;
        index += 1;
    }
    at
}

/// The parts of a leg, with the keys that are theirs in the edge around it. Its threshold decides nothing there.
///
/// # Panics
///
/// When `bytes` are not those of [`leg_bytes`]. It runs in the compiler.
pub const fn leg_parts<const COUNT: usize>(
    leg: &str,
    parts: &[Part],
    bytes: &'static [u8],
) -> [Part; COUNT] {
    let mut all = [Part {
        key: "",
        role: Role::Context,
    }; COUNT];
    let mut left = bytes;
    let mut index = 0;
    while index < COUNT {
        let part = &parts[index];
        let (key, rest) = left.split_at(leg.len() + 1 + part.key.len());
        left = rest;
        all[index] = Part {
            key: match core::str::from_utf8(key) {
                Ok(key) => key,
                Err(_) => panic!("keys are cut where they were put together"),
            },
            role: match part.role {
                Role::Threshold => Role::Context,
                role => role,
            },
        };
        index += 1;
    }
    all
}

/// Asks whether the name of a leg makes a sensitive key of a clean one. What a key is alone, its own type has been
/// asked.
///
/// # Panics
///
/// When it does. It runs in the compiler.
pub const fn check_leg(alone: &[Part], in_edge: &[Part]) {
    let mut index = 0;
    while index < alone.len() {
        let is_sensitive = matches!(
            names::sensitive(in_edge[index].key),
            Some(finding) if !matches!(finding.exemption, Exemption::Measures)
        );
        assert!(
            !is_sensitive || names::sensitive(alone[index].key).is_some(),
            "the names of this leg and of a field in it are a sensitive name together, as `account` and `number` are: \
             give the leg another name with `rename = \"..\"`"
        );
        index += 1;
    }
}

/// Several lists of parts as one.
pub const fn join_parts<const COUNT: usize>(lists: &[&[Part]]) -> [Part; COUNT] {
    let mut all = [Part {
        key: "",
        role: Role::Context,
    }; COUNT];
    let (mut at, mut list) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            all[at] = lists[list][index];
            at += 1;
            index += 1;
        }
        list += 1;
    }
    all
}

/// The keys of the event of an edge with these parts; `COUNT` is [`event_keys_len`].
///
/// # Panics
///
/// When there are too many parts, or two of one key. It runs in the compiler.
pub const fn event_keys<const COUNT: usize>(parts: &[Part]) -> [&'static str; COUNT] {
    assert!(
        parts.len() <= MOST_PARTS,
        "an edge and its legs have more parts than one event holds; leave some out with `#[edge(skip)]`"
    );
    let mut keys = ["message"; COUNT];
    let mut at = 1;
    while at <= COMPUTED {
        keys[at] = KEYS[at - 1];
        at += 1;
    }
    while at < COUNT {
        let key = parts[at - 1 - COMPUTED].key;
        let mut before = 0;
        while before < at {
            assert!(
                !is_same(keys[before], key),
                "a field and a field of a leg, or of two legs, are recorded under one key: give one of them another name \
                 with `rename = \"..\"`"
            );
            before += 1;
        }
        keys[at] = key;
        at += 1;
    }
    keys
}

/// How many keys the event of an edge has.
pub const fn event_keys_len(parts: &[Part]) -> usize {
    1 + COMPUTED + parts.len()
}

/// The unit of an edge with a leg: that of either, for what is added has one.
///
/// # Panics
///
/// When they have two. It runs in the compiler.
pub const fn one_unit(
    edge: Option<&'static str>,
    leg: Option<&'static str>,
) -> Option<&'static str> {
    let (Some(of_edge), Some(of_leg)) = (edge, leg) else {
        return match edge {
            Some(_) => edge,
            None => leg,
        };
    };
    assert!(
        is_same(of_edge, of_leg),
        "the amounts of this leg are in another unit than those of the edge or of a leg before it: convert them first"
    );
    edge
}

/// Whether two texts are the same, for the compiler to ask.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut is_same = one.len() == other.len();
    let mut index = 0;
    while is_same && index < one.len() {
        is_same = one[index] == other[index];
        index += 1;
    }
    is_same
}

/// What is known of an edge before the program runs.
pub struct EdgeSite {
    pub(crate) event: &'static Callsite,
    pub(crate) name: &'static str,
    pub(crate) unit: Option<&'static str>,
    #[cfg(feature = "init")]
    pub(crate) parts: &'static [Part],
    #[cfg(feature = "init")]
    number: Number,
}

impl EdgeSite {
    /// The value of a static.
    #[cfg_attr(
        not(feature = "init"),
        expect(unused_variables, reason = "without `init` nothing counts the parts")
    )]
    pub const fn new(
        event: &'static Callsite,
        name: &'static str,
        unit: Option<&'static str>,
        parts: &'static [Part],
    ) -> Self {
        Self {
            event,
            name,
            unit,
            #[cfg(feature = "init")]
            parts,
            #[cfg(feature = "init")]
            number: Number::new(),
        }
    }

    /// What a record names the edge by.
    #[cfg(feature = "init")]
    pub(crate) fn number(&'static self) -> u32 {
        self.number.get(|| Site::Edge(self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEG: &[Part] = &[
        Part {
            key: "edge.gross",
            role: Role::Gross,
        },
        Part {
            key: "edge.fees",
            role: Role::Cost,
        },
        Part {
            key: "edge.threshold",
            role: Role::Threshold,
        },
        Part {
            key: "symbol",
            role: Role::Context,
        },
    ];
    const BYTES: [u8; leg_len("buy", LEG)] = leg_bytes("buy", LEG);
    const PARTS: [Part; LEG.len()] = leg_parts("buy", LEG, &BYTES);

    #[test]
    fn an_edge_has_the_unit_of_its_legs() {
        for (edge, leg, unit) in [
            (None, None, None),
            (None, Some("USD"), Some("USD")),
            (Some("USD"), None, Some("USD")),
            (Some("USD"), Some("USD"), Some("USD")),
        ] {
            assert_eq!(one_unit(edge, leg), unit);
        }
        for other in ["EUR", "USDT", "US"] {
            std::panic::catch_unwind(|| one_unit(Some("USD"), Some(other)))
                .expect_err("two units are not one");
        }
    }

    #[test]
    fn keys_of_a_leg_hold_its_name() {
        let keys: Vec<_> = PARTS.iter().map(|part| (part.key, part.role)).collect();
        assert_eq!(
            keys,
            [
                ("edge.buy.gross", Role::Gross),
                ("edge.buy.fees", Role::Cost),
                ("edge.buy.threshold", Role::Context),
                ("buy.symbol", Role::Context),
            ]
        );
        assert_eq!(PARTS[1].name(), "buy.fees");
    }

    #[test]
    fn legs_may_have_legs() {
        const OUTER: [u8; leg_len("east", &PARTS)] = leg_bytes("east", &PARTS);
        const ALL: [Part; 4] = leg_parts("east", &PARTS, &OUTER);
        assert_eq!(
            ALL.map(|part| part.key),
            [
                "edge.east.buy.gross",
                "edge.east.buy.fees",
                "edge.east.buy.threshold",
                "east.buy.symbol"
            ]
        );
    }
}
