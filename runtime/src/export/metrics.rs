//! The health of telemetry as OpenTelemetry metrics.
//!
//! Observed by whoever reads the meters, on their thread: nothing is counted twice, and nothing on the thread of a
//! stage.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider};

use super::Queue;
use super::ledger::Ledger;
use crate::collect::{health, unsampled};
use crate::policy::withheld;

/// Registers the instruments.
pub(super) fn register(provider: &dyn MeterProvider, exporters: Vec<(Arc<Ledger>, Arc<Queue>)>) {
    let meter = provider.meter("tickspan");
    count(
        &meter,
        "tickspan.span.started",
        "Spans that started.",
        || health().started,
    );
    count(&meter, "tickspan.span.ended", "Spans that ended.", || {
        health().ended
    });
    count(
        &meter,
        "tickspan.span.unsampled",
        "Ended spans whose trace is not sampled.",
        unsampled,
    );
    meter
        .u64_observable_counter("tickspan.loss")
        .with_description("What was lost before an exporter was asked, by kind.")
        .with_callback(|observer| {
            for (kind, number) in health().losses() {
                observer.observe(number, &[KeyValue::new("tickspan.loss.kind", kind)]);
            }
        })
        .build();
    meter
        .u64_observable_counter("tickspan.withheld")
        .with_description("Values of other crates that the policy keeps in the process, by key.")
        .with_callback(|observer| {
            for withheld in withheld() {
                observer.observe(
                    withheld.count,
                    &[
                        KeyValue::new("tickspan.withheld.key", withheld.key),
                        KeyValue::new("tickspan.withheld.why", withheld.why.name()),
                    ],
                );
            }
        })
        .build();
    meter
        .u64_observable_gauge("tickspan.lane.memory")
        .with_unit("By")
        .with_description("The memory of all lanes.")
        .with_callback(|observer| observer.observe(health().lane_bytes, &[]))
        .build();
    let exporters = Arc::new(exporters);
    let waiting = Arc::clone(&exporters);
    meter
        .u64_observable_counter("tickspan.export.span")
        .with_unit("{span}")
        .with_description("Spans that were given to an exporter, by what became of them.")
        .with_callback(move |observer| {
            for (ledger, queue) in exporters.iter() {
                let tally = ledger.tally();
                for (outcome, number) in [
                    ("exported", tally.exported),
                    ("failed", tally.failed),
                    ("dropped", queue.fill().1),
                ] {
                    observer.observe(
                        number,
                        &[
                            KeyValue::new("tickspan.exporter", tally.exporter.clone()),
                            KeyValue::new("tickspan.outcome", outcome),
                        ],
                    );
                }
            }
        })
        .build();
    meter
        .u64_observable_gauge("tickspan.export.queue")
        .with_unit("{span}")
        .with_description("Spans that wait for an exporter.")
        .with_callback(move |observer| {
            for (ledger, queue) in waiting.iter() {
                let exporter = KeyValue::new("tickspan.exporter", ledger.exporter().to_owned());
                observer.observe(queue.fill().0, &[exporter]);
            }
        })
        .build();
}

fn count(
    meter: &Meter,
    name: &'static str,
    description: &'static str,
    read: impl Fn() -> u64 + Send + Sync + 'static,
) {
    meter
        .u64_observable_counter(name)
        .with_unit("{span}")
        .with_description(description)
        .with_callback(move |observer| observer.observe(read(), &[]))
        .build();
}
