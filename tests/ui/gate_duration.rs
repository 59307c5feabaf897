use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tickspan::{event, record, traced_stage};

struct Config {
    timeout: Duration,
}

#[traced_stage(skip_all, fields(timeout))]
fn under_a_key_without_unit(timeout: Duration) -> bool {
    timeout.is_zero()
}

#[traced_stage(skip_all, fields(timeout = config.timeout, delays))]
fn held_in_something(config: &Config, delays: &[Option<Duration>]) -> usize {
    let _ = config;
    delays.len()
}

#[traced_stage(fields(count = delays.len(), delays))]
fn list_under_a_key_without_unit(delays: &[Duration]) -> usize {
    delays.len()
}

#[traced_stage(skip_all, fields(orders, delays, both))]
fn as_keys_and_values_of_a_map(
    orders: HashMap<Duration, u64>,
    delays: BTreeMap<u64, Duration>,
    both: &BTreeMap<Duration, Duration>,
) -> usize {
    orders.len() + delays.len() + both.len()
}

fn main() {
    let timeout = Duration::ZERO;
    let delays = vec![timeout];
    event!("timed out", timeout_ms = timeout);
    event!("retried", a = 1, delays = delays.clone(), b = 2);
    list_under_a_key_without_unit(&delays);
    record!(timeout = Some(timeout));
    under_a_key_without_unit(timeout);
    held_in_something(&Config { timeout }, &[]);
}
