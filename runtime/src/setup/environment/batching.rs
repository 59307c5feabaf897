//! How spans and log records are queued and sent: the `OTEL_BSP_*` and `OTEL_BLRP_*` variables.

use std::time::Duration;

use super::{Error, Variables};
use crate::export::Batching;

/// The names of the variables of one signal, and its delay.
pub(super) struct Names {
    queue: &'static str,
    batch: &'static str,
    delay: &'static str,
    timeout: &'static str,
    default_delay: Duration,
}

/// Those of spans.
pub(super) const SPANS: Names = Names {
    queue: "OTEL_BSP_MAX_QUEUE_SIZE",
    batch: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    delay: "OTEL_BSP_SCHEDULE_DELAY",
    timeout: "OTEL_BSP_EXPORT_TIMEOUT",
    default_delay: Duration::from_secs(5),
};

/// Those of log records.
pub(super) const LOG_RECORDS: Names = Names {
    queue: "OTEL_BLRP_MAX_QUEUE_SIZE",
    batch: "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
    delay: "OTEL_BLRP_SCHEDULE_DELAY",
    timeout: "OTEL_BLRP_EXPORT_TIMEOUT",
    default_delay: Duration::from_secs(1),
};

/// A queue is allocated at once, so a mistyped size must not take the memory.
pub(in super::super) const QUEUE_LIMIT: u64 = 1 << 20;

/// The variables, or their defaults.
pub(super) fn read(variables: &Variables<'_>, names: &Names) -> Result<Batching, Error> {
    const DEFAULT_BATCH: u64 = 512;
    let queue = variables
        .number(names.queue, 1..=QUEUE_LIMIT)?
        .unwrap_or(2_048);
    // A larger batch than the queue would never be full; only the default gives way silently.
    let batch = variables
        .number(names.batch, 1..=queue)?
        .unwrap_or(DEFAULT_BATCH.min(queue));
    Ok(Batching {
        queue_spans: usize::try_from(queue).unwrap_or(usize::MAX),
        batch_spans: usize::try_from(batch).unwrap_or(usize::MAX),
        delay: read_delay(variables, names)?.unwrap_or(names.default_delay),
        export_timeout: variables
            .milliseconds(names.timeout)?
            .unwrap_or(Duration::from_secs(30)),
    })
}

/// How long a span waits for its batch, if that is said.
pub(super) fn read_delay(
    variables: &Variables<'_>,
    names: &Names,
) -> Result<Option<Duration>, Error> {
    variables.milliseconds(names.delay)
}
