//! Edges and trade events: what was decided, and what came of it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Attributes, Value};

/// What a trade would gain and cost, and whether it was taken: `event_type` is `edge`.
///
/// An amount is a number, or text where it was a decimal: every digit is kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Edge<'a> {
    /// The name of the edge: that of its type unless set.
    pub name: Cow<'a, str>,
    /// In what its amounts are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Cow<'a, str>>,
    /// All costs together; absent where there is no sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_cost: Option<Value<'a>>,
    /// Gross less all costs; absent where there is no sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<Value<'a>>,
    /// `accept` or `reject`.
    pub decision: Cow<'a, str>,
    /// The code of the reason, of a rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// Each amount by its name: what there is to gain, each cost, the threshold.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub amounts: Attributes<'a>,
    /// What was told of it besides.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub context: Attributes<'a>,
}

impl Edge<'_> {
    /// Whether it was taken.
    pub fn is_accepted(&self) -> bool {
        self.decision == "accept"
    }
}

/// Something that happened to an order or a trade: `event_type` is `trade`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trade<'a> {
    /// The name of the event.
    pub name: Cow<'a, str>,
    /// What was told of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes<'a>,
}
