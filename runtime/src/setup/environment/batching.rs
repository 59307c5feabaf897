//! How spans and log records are queued and sent: the `OTEL_BSP_*` and `OTEL_BLRP_*` variables.

use std::time::Duration;

use super::{Error, Variables};
use crate::setup::builder::BatchChoices;

/// The names of the variables of one signal, and its delay.
pub(in super::super) struct Names {
    queue: &'static str,
    pub(in super::super) batch: &'static str,
    delay: &'static str,
    timeout: &'static str,
    pub(in super::super) default_delay: Duration,
}

/// Those of spans.
pub(in super::super) const SPANS: Names = Names {
    queue: "OTEL_BSP_MAX_QUEUE_SIZE",
    batch: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    delay: "OTEL_BSP_SCHEDULE_DELAY",
    timeout: "OTEL_BSP_EXPORT_TIMEOUT",
    default_delay: Duration::from_secs(5),
};

/// Those of log records.
pub(in super::super) const LOG_RECORDS: Names = Names {
    queue: "OTEL_BLRP_MAX_QUEUE_SIZE",
    batch: "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
    delay: "OTEL_BLRP_SCHEDULE_DELAY",
    timeout: "OTEL_BLRP_EXPORT_TIMEOUT",
    default_delay: Duration::from_secs(1),
};

/// A queue is allocated at once, so a mistyped size must not take the memory.
pub(in super::super) const QUEUE_LIMIT: u64 = 1 << 20;

/// What is said of queues and batches. Whether they fit each other is asked where the builder's are known, too.
pub(super) fn read(variables: &Variables<'_>, names: &Names) -> Result<BatchChoices, Error> {
    let spans = |name| {
        let number = variables.number(name, 1..=QUEUE_LIMIT)?;
        Ok(number.map(|number| usize::try_from(number).unwrap_or(usize::MAX)))
    };
    Ok(BatchChoices {
        queue: spans(names.queue)?,
        size: spans(names.batch)?,
        delay: variables.milliseconds(names.delay)?,
        timeout: variables.milliseconds(names.timeout)?,
    })
}
