//! How spans are queued and sent: the `OTEL_BSP_*` variables.

use std::time::Duration;

use super::{Error, Variables};
use crate::export::Batching;

const BSP_MAX_QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const BSP_MAX_EXPORT_BATCH_SIZE: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
const BSP_SCHEDULE_DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
const BSP_EXPORT_TIMEOUT: &str = "OTEL_BSP_EXPORT_TIMEOUT";

/// A queue is allocated at once, so a mistyped size must not take the memory.
pub(in super::super) const QUEUE_LIMIT: u64 = 1 << 20;

/// The variables, or their defaults.
pub(super) fn read(variables: &Variables<'_>) -> Result<Batching, Error> {
    const DEFAULT_BATCH_SPANS: u64 = 512;
    let queue = variables
        .number(BSP_MAX_QUEUE_SIZE, 1..=QUEUE_LIMIT)?
        .unwrap_or(2_048);
    // A larger batch than the queue would never be full; only the default gives way silently.
    let batch = variables
        .number(BSP_MAX_EXPORT_BATCH_SIZE, 1..=queue)?
        .unwrap_or(DEFAULT_BATCH_SPANS.min(queue));
    Ok(Batching {
        queue_spans: usize::try_from(queue).unwrap_or(usize::MAX),
        batch_spans: usize::try_from(batch).unwrap_or(usize::MAX),
        delay: read_delay(variables)?.unwrap_or(Duration::from_secs(5)),
        export_timeout: variables
            .milliseconds(BSP_EXPORT_TIMEOUT)?
            .unwrap_or(Duration::from_secs(30)),
    })
}

/// How long a span waits for its batch, if that is said.
pub(super) fn read_delay(variables: &Variables<'_>) -> Result<Option<Duration>, Error> {
    variables.milliseconds(BSP_SCHEDULE_DELAY)
}
