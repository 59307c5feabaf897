use tickspan::{Context, traced_stage};

#[traced_stage(follows_from = [batch])]
fn a_number(batch: u64) {
    let _ = batch;
}

#[traced_stage(follows_from = batch)]
fn one_and_no_list(batch: &Context) {
    let _ = batch;
}

fn main() {}
