use std::future::Future;

use tickspan::traced_stage;

#[traced_stage(ret)]
fn returns_nothing() {}

#[traced_stage(ret)]
async fn returns_nothing_later() {}

#[traced_stage(ret)]
fn never_returns() -> ! {
    loop {}
}

#[traced_stage(ret)]
fn returns_something_opaque() -> impl Iterator<Item = u64> {
    0..3
}

#[traced_stage(ret(Debug))]
fn formatted() -> u64 {
    5
}

#[traced_stage(ret(level = "loud"))]
fn unknown_level() -> u64 {
    5
}

#[traced_stage(ret(lvl = "debug"))]
fn unknown_option() -> u64 {
    5
}

#[traced_stage(ret("debug"))]
fn without_the_option() -> u64 {
    5
}

#[traced_stage(ret(level = "debug", level = "info"))]
fn level_twice() -> u64 {
    5
}

#[traced_stage(ret = true)]
fn with_a_value() -> u64 {
    5
}

#[traced_stage(ret, ret)]
fn twice() -> u64 {
    5
}

#[traced_stage(ret)]
#[track_caller]
fn tracks_its_caller() -> u64 {
    5
}

fn main() {
    let _: &dyn Fn() -> Box<dyn Future<Output = ()>> = &|| Box::new(returns_nothing_later());
}
