use tickspan::{ClockScope, LatencyStages, StageClock, traced_stage};

#[derive(LatencyStages)]
enum Path {
    Received,
    Sent,
}

#[derive(LatencyStages)]
enum Other {
    Received,
    Sent,
}

enum Side {
    Buy,
}

#[traced_stage(mark = Side::Buy)]
fn no_path() {}

#[traced_stage(mark = Side::Buy)]
fn no_path_of_an_option() -> Option<u64> {
    None
}

#[traced_stage(mark(Side::Buy, always))]
async fn no_path_later() {}

#[traced_stage(mark = i64::MAX)]
fn a_number() -> Result<u64, ()> {
    Err(())
}

struct Message {
    clock: StageClock<Side>,
}

fn another_path(mut clock: StageClock<Path>, mut scope: ClockScope<Path>) {
    clock.mark(Other::Sent);
    scope.mark(Other::Received);
}

fn is_sent(_: impl Send) {}

fn held_across_an_await(clock: StageClock<Path>) {
    is_sent(async {
        let scope = clock.enter();
        std::future::ready(()).await;
        scope.finish();
    });
}

fn main() {}
