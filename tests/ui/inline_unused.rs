#![deny(warnings)]

use tickspan::stage;

fn ends_at_once() {
    stage!("match");
}

async fn never_runs() {
    stage!("send", async { 5 });
}

fn main() {
    ends_at_once();
    drop(never_runs());
}
