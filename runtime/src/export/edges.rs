//! Edges as OpenTelemetry metrics.
//!
//! Observed by whoever reads the meters, on their thread, from the table that the summary reads too. An instrument has one
//! unit, so the edges of each unit have instruments of their own, in a scope that names the unit.

use std::sync::{Arc, Weak};

use opentelemetry::metrics::{AsyncInstrument, Meter, MeterProvider};
use opentelemetry::{InstrumentationScope, KeyValue};

use crate::collect::{EdgeSummary, EdgeTable};
use crate::instrument::{is_unit, maker};

/// Has the edges of a table observed by the meters of a provider.
pub(crate) fn register(provider: &Arc<dyn MeterProvider + Send + Sync>, table: &Arc<EdgeTable>) {
    count_decisions(&provider.meter("tickspan"), Arc::clone(table));
    let (provider, edges) = (Arc::clone(provider), Arc::downgrade(table));
    table.tell_units(Arc::new(move |unit| {
        let (provider, edges) = (Arc::clone(&provider), Weak::clone(&edges));
        maker::ask(move || {
            // The table holds what is called here, so here it is not held.
            if let Some(table) = edges.upgrade() {
                sum(provider.as_ref(), unit, &table);
            }
        });
    }));
}

fn count_decisions(meter: &Meter, table: Arc<EdgeTable>) {
    meter
        .u64_observable_counter("tickspan.edge.decisions")
        .with_unit("{decision}")
        .with_description("Edges that were recorded, by what was decided and why.")
        .with_callback(move |observer| {
            for edge in table.summary() {
                let decisions = std::iter::once(("accept", None, edge.accepted)).chain(
                    edge.rejections
                        .iter()
                        .map(|(reason, count)| ("reject", Some(reason), *count)),
                );
                for (decision, reason, count) in decisions {
                    let mut attributes = names(&edge);
                    attributes.push(KeyValue::new("edge.decision", decision));
                    attributes
                        .extend(reason.map(|reason| KeyValue::new("edge.reason", reason.clone())));
                    observer.observe(count, &attributes);
                }
            }
        })
        .build();
}

/// Makes the instruments of the edges of one unit.
fn sum(provider: &dyn MeterProvider, unit: Option<&'static str>, table: &Arc<EdgeTable>) {
    let mut scope = InstrumentationScope::builder("tickspan");
    if let Some(unit) = unit {
        scope = scope.with_attributes([KeyValue::new("edge.unit", unit)]);
    }
    let meter = provider.meter_with_scope(scope.build());
    observe(
        &meter,
        unit,
        "tickspan.edge.net",
        "Net edges together, by what was decided.",
        table,
        |edge, observer| {
            for (decision, net) in [
                ("accept", edge.accepted_net),
                ("reject", edge.net - edge.accepted_net),
            ] {
                let mut attributes = names(edge);
                attributes.push(KeyValue::new("edge.decision", decision));
                observer.observe(net, &attributes);
            }
        },
    );
    observe(
        &meter,
        unit,
        "tickspan.edge.gross",
        "Gross edges together.",
        table,
        |edge, observer| observer.observe(edge.gross, &names(edge)),
    );
    observe(
        &meter,
        unit,
        "tickspan.edge.cost",
        "Costs of edges together, by component. A rebate is negative.",
        table,
        |edge, observer| {
            for cost in &edge.costs {
                let mut attributes = names(edge);
                attributes.push(KeyValue::new("edge.component", cost.name.clone()));
                observer.observe(cost.total, &attributes);
            }
        },
    );
}

/// Makes an instrument whose sums may fall: amounts may be negative.
fn observe(
    meter: &Meter,
    unit: Option<&'static str>,
    name: &'static str,
    description: &'static str,
    table: &Arc<EdgeTable>,
    tell: impl Fn(&EdgeSummary, &dyn AsyncInstrument<f64>) + Send + Sync + 'static,
) {
    let table = Arc::clone(table);
    // The SDK makes nothing of another; the scope has the unit in any case.
    let of_instrument = unit.filter(|unit| is_unit(unit)).unwrap_or("1");
    meter
        .f64_observable_up_down_counter(name)
        .with_unit(of_instrument)
        .with_description(description)
        .with_callback(move |observer| {
            for edge in table.summary() {
                if edge.unit.as_deref() == unit {
                    tell(&edge, observer);
                }
            }
        })
        .build();
}

fn names(edge: &EdgeSummary) -> Vec<KeyValue> {
    vec![KeyValue::new("edge.name", edge.name.clone())]
}
