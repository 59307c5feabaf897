use std::future::Future;
use std::pin::Pin;

use tickspan::traced_stage;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

fn made_elsewhere(quantity: u64) -> BoxFuture<'static, u64> {
    Box::pin(async move { quantity })
}

#[traced_stage]
fn from_a_call(quantity: u64) -> BoxFuture<'static, u64> {
    made_elsewhere(quantity)
}

#[traced_stage]
fn from_a_variable(quantity: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    let future = made_elsewhere(quantity);
    if quantity == 0 {
        return Box::pin(async { 0 });
    }
    future
}

#[traced_stage]
fn in_one_branch(quantity: u64) -> BoxFuture<'static, u64> {
    match quantity {
        0 => Box::pin(async { 0 }),
        _ => return made_elsewhere(quantity),
    }
}

fn main() {}
