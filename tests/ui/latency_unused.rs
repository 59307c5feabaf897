#![deny(warnings)]

use tickspan::{LatencyStages, StageClock};

#[derive(LatencyStages)]
enum Path {
    Received,
    Sent,
}

fn dropped_at_once(clock: StageClock<Path>) {
    clock.enter();
}

fn thrown_away(clock: StageClock<Path>) {
    let scope = clock.enter();
    scope.into_clock();
}

fn main() {
    dropped_at_once(StageClock::new());
    thrown_away(StageClock::new());
    let mut clock = StageClock::new();
    clock.mark(Path::Received);
}
