#![deny(unused)]

use tickspan::traced_stage;

#[traced_stage]
fn unused_argument(quantity: u64) -> u64 {
    5
}

#[traced_stage(skip(price))]
fn unused_arguments_of_a_result(price: f64, quantity: u64) -> Result<u64, u64> {
    Ok(5)
}

#[traced_stage]
fn unused_mut(mut quantity: u64) -> u64 {
    quantity
}

#[traced_stage]
fn unused_in_the_body(quantity: u64) -> Option<u64> {
    let doubled = quantity * 2;
    Some(quantity)
}

#[traced_stage]
async fn unused_result(quantity: u64) {
    checked(quantity);
}

#[traced_stage]
fn checked(quantity: u64) -> Result<u64, u64> {
    return Ok(quantity);
    Ok(5)
}

#[traced_stage]
fn never_called() {}

fn main() {
    unused_argument(5);
    _ = unused_arguments_of_a_result(5.0, 5);
    unused_mut(5);
    unused_in_the_body(5);
    drop(unused_result(5));
}
