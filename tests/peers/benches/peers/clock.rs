//! Times that are not those of the wall.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What all threads of this process have used of the processors so far, in user and system mode.
pub(crate) fn process_cpu() -> Duration {
    read(ClockId::ProcessCPUTime)
}

/// What this thread has used of the processors so far.
pub(crate) fn thread_cpu() -> Duration {
    read(ClockId::ThreadCPUTime)
}

fn read(clock: ClockId) -> Duration {
    Duration::try_from(clock_gettime(clock)).expect("these clocks start at zero")
}
