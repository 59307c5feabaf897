//! Latency as OpenTelemetry metrics.

use std::sync::{Arc, Weak};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter, MeterProvider};

use super::LatencyTable;
use super::table::Count;
use super::told::Told;
use crate::collect::{Exemplars, duration_bounds};
use crate::record::latency::LatencyPath;

pub(super) const DURATION: &str = "tickspan.latency.duration";

/// The name of the path.
pub(super) const PATH_KEY: &str = "tickspan.latency.path";

/// The attributes of a hop.
pub(super) fn hop_attributes(path: &LatencyPath, hop: &str) -> [KeyValue; 2] {
    [
        KeyValue::new(PATH_KEY, path.name),
        KeyValue::new("tickspan.latency.hop", hop.to_owned()),
    ]
}

/// Registers the instruments of `table`: a histogram, to which it tells each duration, and counters, which are read from
/// it. `exemplars` are there where somebody reads them.
pub(crate) fn register(
    provider: &dyn MeterProvider,
    table: &Arc<LatencyTable>,
    exemplars: Option<Exemplars>,
) {
    let meter = provider.meter("tickspan");
    table.tell(Told {
        histogram: meter
            .f64_histogram(DURATION)
            .with_unit("s")
            .with_description("How long the hops of latency paths took, and the whole paths.")
            .with_boundaries(duration_bounds())
            .build(),
        exemplars,
    });
    counter(
        &meter,
        (
            "tickspan.latency.clocks",
            "{clock}",
            "Latency clocks that ended, by how.",
        ),
        table,
        |path, count, observer| {
            if let Count::Ended(end, number) = count {
                let end = KeyValue::new("tickspan.latency.end", end);
                observer.observe(number, &[KeyValue::new(PATH_KEY, path.name), end]);
            }
        },
    );
    counter(
        &meter,
        (
            "tickspan.latency.faults",
            "{mark}",
            "Marks of finished clocks that were not made, made more than once, or lie before the mark before them.",
        ),
        table,
        |path, count, observer| {
            if let Count::Fault(fault, mark, number) = count {
                let attributes = [
                    KeyValue::new(PATH_KEY, path.name),
                    KeyValue::new("tickspan.latency.mark", mark),
                    KeyValue::new("tickspan.latency.fault", fault),
                ];
                observer.observe(number, &attributes);
            }
        },
    );
    counter(
        &meter,
        (
            "tickspan.latency.over_budget",
            "{hop}",
            "Hops, and whole paths, that took longer than their budget.",
        ),
        table,
        |path, count, observer| {
            if let Count::OverBudget(hop, number) = count {
                observer.observe(number, &hop_attributes(path, hop));
            }
        },
    );
}

/// A counter that is read from the table.
fn counter(
    meter: &Meter,
    (name, unit, description): (&'static str, &'static str, &'static str),
    table: &Arc<LatencyTable>,
    observe: impl Fn(&'static LatencyPath, Count<'_>, &dyn AsyncInstrument<u64>) + Send + Sync + 'static,
) {
    // The table holds an instrument of the same provider, which holds this.
    let table: Weak<LatencyTable> = Arc::downgrade(table);
    meter
        .u64_observable_counter(name)
        .with_unit(unit)
        .with_description(description)
        .with_callback(move |observer| {
            if let Some(table) = table.upgrade() {
                table.counts(|path, count| observe(path, count, observer));
            }
        })
        .build();
}
