use tickspan::traced_stage;

#[traced_stage]
struct Order {
    quantity: u64,
}

#[traced_stage]
pub(crate) enum Side {
    Buy,
}

#[traced_stage]
union Either {
    number: u64,
}

#[traced_stage]
mod engine {
    pub(crate) fn run() {}
}

#[traced_stage]
pub trait Venue {
    fn submit(&self);
}

#[traced_stage]
unsafe trait Marker {}

#[traced_stage]
const LIMIT: u64 = 5;

#[traced_stage]
static STARTED: u64 = 5;

#[traced_stage]
type Quantity = u64;

#[traced_stage]
use std::time::Duration;

#[traced_stage]
unsafe extern "C" {
    fn gettimeofday();
}

#[traced_stage]
macro_rules! stages {
    () => {};
}

fn main() {
    let _: Duration = Duration::ZERO;
    engine::run();
    stages!();
    let _: (Quantity, u64, u64) = (Order { quantity: 5 }.quantity, LIMIT, STARTED);
    let _ = Side::Buy;
}
