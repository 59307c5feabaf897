//! A program with every way to record. `.ci/off` builds it with recording and without, and looks for the names in it.

use std::hint::black_box;

use futures::executor::block_on;
use tickspan::{event, record, stage, traced_stage};

/// An error whose type is named in spans.
#[derive(Debug)]
struct ZzError;

#[traced_stage(name = "zz_stage", err, fields(zz_key = quantity))]
fn check(quantity: u64) -> Result<u64, ZzError> {
    event!("zz_event", quantity);
    record!(zz_late = quantity);
    let _block = stage!("zz_stage_of_a_block", quantity);
    if quantity > black_box(1_000) {
        Err(ZzError)
    } else {
        Ok(quantity)
    }
}

#[traced_stage(name = "zz_future", ret, err)]
async fn submit(quantity: u64) -> Result<u64, ZzError> {
    stage!("zz_future_of_a_block", async { check(quantity) }).await
}

#[traced_stage(name = "zz_error_event", err(map = |_error| 7_u64))]
fn fail() -> Result<(), ZzError> {
    Err(ZzError)
}

fn main() {
    assert_eq!(block_on(submit(black_box(5))).ok(), Some(5));
    assert!(fail().is_err());
}
