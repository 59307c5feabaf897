//! The health of telemetry as OpenTelemetry metrics.
//!
//! Observed by whoever reads the meters, on their thread: nothing is counted twice, and nothing on the thread of a
//! stage.

use std::collections::BTreeMap;
use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Meter, MeterProvider};

use super::ledger::{Items, Ledger};
use crate::collect::{health, unsampled};
use crate::policy::withheld;

/// What metrics tell of one exporter.
pub(super) struct Account {
    pub(super) ledger: Arc<Ledger>,
    /// How many wait for it, and how many its full queue has dropped.
    pub(super) fill: Box<dyn Fn() -> (u64, u64) + Send + Sync>,
}

/// Registers the instruments.
pub(super) fn register(provider: &dyn MeterProvider, exporters: Vec<Account>) {
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
        .with_unit("{item}")
        .with_description("What was lost before an exporter was asked, by kind.")
        .with_callback(|observer| {
            for (kind, number) in health().losses() {
                observer.observe(number, &[KeyValue::new("tickspan.loss.kind", kind)]);
            }
        })
        .build();
    meter
        .u64_observable_counter("tickspan.withheld")
        .with_unit("{value}")
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
    count_exported(
        &meter,
        ("tickspan.export.span", "{span}", Items::Spans),
        "Spans that were given to an exporter, by what became of them.",
        &exporters,
    );
    #[cfg(feature = "logs")]
    count_exported(
        &meter,
        ("tickspan.export.log", "{log_record}", Items::LogRecords),
        "Log records that were given to an exporter, by what became of them.",
        &exporters,
    );
    #[cfg(feature = "recorder")]
    count_exported(
        &meter,
        ("tickspan.export.clock", "{clock}", Items::Clocks),
        "Finished latency clocks that were given to an exporter, by what became of them.",
        &exporters,
    );
    count_exported(
        &meter,
        (
            "tickspan.export.metric_data_point",
            "{data_point}",
            Items::DataPoints,
        ),
        "Data points of metrics that were given to an exporter, by what became of them.",
        &exporters,
    );
    meter
        .u64_observable_gauge("tickspan.export.queue")
        .with_unit("{span}")
        .with_description("Spans that wait for an exporter.")
        .with_callback(move |observer| {
            let waiting = |account: &Account| [(account.fill)().0];
            for (exporter, [number]) in by_name(&exporters, Items::Spans, waiting) {
                let exporter = KeyValue::new("tickspan.exporter", exporter.to_owned());
                observer.observe(number, &[exporter]);
            }
        })
        .build();
}

/// Counts what was given to the exporters of these items.
fn count_exported(
    meter: &Meter,
    (name, unit, items): (&'static str, &'static str, Items),
    description: &'static str,
    exporters: &Arc<Vec<Account>>,
) {
    let exporters = Arc::clone(exporters);
    meter
        .u64_observable_counter(name)
        .with_unit(unit)
        .with_description(description)
        .with_callback(move |observer| {
            let outcomes = |Account { ledger, fill }: &Account| {
                let tally = ledger.tally();
                [tally.exported, tally.failed, fill().1]
            };
            for (exporter, numbers) in by_name(&exporters, items, outcomes) {
                for (outcome, number) in ["exported", "failed", "dropped"].iter().zip(numbers) {
                    observer.observe(
                        number,
                        &[
                            KeyValue::new("tickspan.exporter", exporter.to_owned()),
                            KeyValue::new("tickspan.outcome", *outcome),
                        ],
                    );
                }
            }
        })
        .build();
}

/// Numbers of the exporters of these items. Of those that have one name, such as two of one type, together: of two values of
/// one series the last would stand.
fn by_name<const N: usize>(
    exporters: &[Account],
    items: Items,
    numbers: impl Fn(&Account) -> [u64; N],
) -> BTreeMap<&str, [u64; N]> {
    let mut by_name = BTreeMap::new();
    for account in exporters {
        if account.ledger.items() == items {
            let sums = by_name.entry(account.ledger.exporter()).or_insert([0; N]);
            for (sum, number) in sums.iter_mut().zip(numbers(account)) {
                *sum += number;
            }
        }
    }
    by_name
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
