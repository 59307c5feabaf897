//! A trace as the page shows it.

use std::time::SystemTime;

use tickspan::recorded::{Attributes, Edge, Latency, Span};

use super::model::{self, short};
use super::second::END_TO_END;
use crate::human;
use crate::summary::durations::nanoseconds;
use crate::trace::dropped;
use crate::tree::{Item, Node, Trace, What};

/// So many attributes of a span, and so many things that happened in it, are shown.
const ATTRIBUTES: usize = 48;
const ITEMS: usize = 64;

/// The trace, and why it is shown.
pub(super) fn trace(trace: &Trace, why: Vec<&'static str>) -> model::Trace {
    model::Trace {
        id: trace.id.to_string(),
        why,
        root: short(trace.root().unwrap_or_default()),
        start: model::time(trace.begin),
        took: nanoseconds(trace.took),
        failed: trace.failed > 0,
        left_out: trace.left_out,
        left_out_items: trace.left_out_items,
        spans: trace
            .nodes
            .iter()
            .map(|node| span(node, trace.begin))
            .collect(),
    }
}

fn span(node: &Node, begin: SystemTime) -> model::Span {
    let attributes = node.span.as_ref().map(|span| &span.attributes);
    let mut items: Vec<model::Item> = Vec::new();
    for it in &node.items {
        happened(it, begin, &mut items);
    }
    let over = items.len().saturating_sub(ITEMS) as u64;
    items.truncate(ITEMS);
    let over = over + attributes.map_or(0, |it| it.len().saturating_sub(ATTRIBUTES) as u64);
    model::Span {
        name: short(node.name()),
        depth: node.depth,
        at: nanoseconds(node.at),
        took: nanoseconds(node.took()),
        kind: node.span.as_ref().and_then(|span| kind(span)),
        outcome: node.failure().map(short),
        process: node.process().map(|process| short(&process)),
        attributes: attributes.map_or_else(Vec::new, pairs),
        items,
        dropped: over + node.span.as_ref().map_or(0, |span| dropped(span)),
    }
}

fn kind(span: &Span<'_>) -> Option<String> {
    Some(span.kind.as_str())
        .filter(|kind| *kind != "internal")
        .map(short)
}

fn pairs(attributes: &Attributes<'_>) -> Vec<(String, String)> {
    let pair = |(key, value): (&str, &tickspan::recorded::Value<'_>)| {
        (short(key), short(&value.to_string()))
    };
    attributes.iter().take(ATTRIBUTES).map(pair).collect()
}

fn happened(item: &Item, begin: SystemTime, items: &mut Vec<model::Item>) {
    let plain = |what, name: &str, attributes| model::Item {
        what,
        name: short(name),
        at: nanoseconds(item.at),
        accepted: false,
        failed: false,
        attributes,
    };
    match &item.what {
        What::Event(event) => items.push(model::Item {
            failed: matches!(event.name.as_ref(), "error" | "exception"),
            ..plain("event", &event.name, pairs(&event.attributes))
        }),
        What::Trade(trade) => items.push(plain("trade", &trade.name, pairs(&trade.attributes))),
        What::Edge(edge) => items.push(model::Item {
            accepted: edge.is_accepted(),
            ..plain("edge", &edge.name, facts(edge))
        }),
        What::Latency(latency) => {
            let ahead = latency.start.duration_since(begin).unwrap_or_default();
            let ahead = i128::from(nanoseconds(ahead));
            for mark in latency.marks.iter().take(ITEMS) {
                let at = (ahead + i128::from(mark.offset_ns)).max(0);
                items.push(model::Item {
                    at: u64::try_from(at).unwrap_or(u64::MAX),
                    ..plain(
                        "mark",
                        &mark.name,
                        vec![("path".to_owned(), short(&latency.name))],
                    )
                });
            }
            items.push(model::Item {
                failed: latency.is_over_budget(),
                ..plain("path", &latency.name, hops(latency))
            });
        }
    }
}

fn facts(edge: &Edge<'_>) -> Vec<(String, String)> {
    let mut facts = vec![("decision".to_owned(), short(&edge.decision))];
    let texts = [("reason", &edge.reason), ("unit", &edge.unit)];
    facts.extend(
        texts
            .into_iter()
            .filter_map(|(key, text)| Some((key.to_owned(), short(text.as_ref()?)))),
    );
    facts.extend(pairs(&edge.amounts));
    let sums = [("total_cost", &edge.total_cost), ("net", &edge.net)];
    facts.extend(
        sums.into_iter()
            .filter_map(|(key, sum)| Some((key.to_owned(), short(&sum.as_ref()?.to_string())))),
    );
    facts.extend(pairs(&edge.context));
    facts
}

fn hops(latency: &Latency<'_>) -> Vec<(String, String)> {
    let end_to_end = latency
        .end_to_end
        .map(|it| (END_TO_END, it, latency.budget));
    let hops = latency
        .hops
        .iter()
        .map(|hop| (hop.name.as_ref(), hop.duration, hop.budget));
    let mut all: Vec<(String, String)> = hops
        .take(ATTRIBUTES)
        .chain(end_to_end)
        .map(|(name, took, budget)| {
            let took = human::duration(took);
            let is_over = latency.over_budget.iter().any(|over| over == name);
            let told = match budget {
                Some(budget) if is_over => {
                    format!("{took}, over its budget of {}", human::duration(budget))
                }
                _ => took,
            };
            (short(name), told)
        })
        .collect();
    for (fault, marks) in [
        ("unmarked", &latency.unmarked),
        ("repeated", &latency.repeated),
        ("backwards", &latency.backwards),
    ] {
        if !marks.is_empty() {
            all.push((fault.to_owned(), short(&marks.join(", "))));
        }
    }
    all
}
