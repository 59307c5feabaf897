//! Two attributes on one function would make two spans of each call.

use tickspan::{traced_stage, traced_stage as traced};

#[traced_stage]
#[traced_stage(name = "submit order")]
fn submit(quantity: u64) -> u64 {
    quantity
}

struct Engine;

#[traced_stage(prefix = "engine")]
impl Engine {
    #[traced(err)]
    async fn check(&self, quantity: u64) -> Result<u64, std::fmt::Error> {
        Ok(quantity)
    }

    #[cfg_attr(all(), traced_stage(level = "debug"))]
    fn find(&self, quantity: u64) -> u64 {
        quantity
    }

    #[traced_stage(off)]
    #[traced(level = "debug")]
    fn mid(&self, quantity: u64) -> u64 {
        #[traced_stage]
        fn half(quantity: u64) -> u64 {
            quantity / 2
        }
        half(quantity)
    }
}

fn main() {
    let _ = (submit(1), Engine.check(1), Engine.find(1), Engine.mid(1));
}
