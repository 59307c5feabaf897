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

fn main() {
    let timeout = Duration::ZERO;
    event!("timed out", timeout_ms = timeout);
    record!(timeout = Some(timeout));
    under_a_key_without_unit(timeout);
    held_in_something(&Config { timeout }, &[]);
}
