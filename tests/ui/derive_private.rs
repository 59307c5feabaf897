//! Types of fields that are more private than the type that derives.

use tickspan::{AttributeValue, EdgeBreakdown};

#[derive(AttributeValue)]
struct Ticks(i64);

#[derive(AttributeValue)]
pub struct Price(Ticks);

#[derive(EdgeBreakdown)]
pub struct Edge {
    #[edge(gross)]
    gross: Ticks,
    #[edge(cost)]
    fees: Ticks,
}

fn main() {}
