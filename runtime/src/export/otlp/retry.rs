//! When a batch is sent again, after which wait, and when it is given up.
//!
//! The rules are those of the OTLP specification: what a backend may still take is sent again with growing waits, or
//! after the wait that the backend asks for, where that is longer; what it will never take is not. All of it ends with
//! the export's own deadline. The wait that a backend asked for holds for the batches after it as well.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::collect::human;
use crate::export::deliver::{Delivered, Delivery, Job};

const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The longest wait that a backend is given: one that asks for more is asked again nevertheless.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Why an attempt did not deliver.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// In words, without secrets.
    pub(crate) reason: String,
    pub(crate) retry: Retry,
    /// The status over HTTP, or the code over gRPC, where the backend answered.
    pub(crate) status: Option<u16>,
}

/// Whether another attempt can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retry {
    Never,
    /// Nobody answered.
    Unreachable,
    Later,
    /// The backend says when.
    After(Duration),
}

impl Failure {
    pub(super) fn no_answer(timeout: Duration) -> Self {
        Self {
            reason: format!("no answer in {}", human::duration(timeout)),
            retry: Retry::Unreachable,
            status: None,
        }
    }
}

/// Until when a backend has asked to be left alone.
#[derive(Debug, Default)]
pub(super) struct Pause(Mutex<Option<Instant>>);

impl Pause {
    fn get(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins one, and tells when it ends.
    fn begin(&self, asked: Duration) -> Instant {
        let until = Instant::now() + asked.min(LONGEST_PAUSE);
        self.set(Some(until));
        until
    }

    fn end(&self) {
        self.set(None);
    }

    fn set(&self, until: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

/// Makes attempts until one delivers, none can, or the time of the job is over.
pub(super) async fn with_retries<F>(
    pause: &Pause,
    mut hurry: watch::Receiver<usize>,
    job: &Job<'_>,
    mut attempt: impl FnMut() -> F,
) -> Delivery
where
    F: Future<Output = Result<Delivered, Failure>>,
{
    let mut wait = FIRST_WAIT;
    if let Some(until) = pause.get() {
        sleep_until(until.min(job.until)).await;
        if until > job.until {
            return Err("the backend has asked to wait longer than an export may take".to_owned());
        }
    }
    loop {
        let failure = match attempt().await {
            Ok(delivered) => {
                pause.end();
                return Ok(delivered);
            }
            Err(failure) => failure,
        };
        match failure.status {
            None => job.ledger.record_unreachable(&failure.reason),
            Some(_) => job.ledger.record_trouble(&failure.reason),
        }
        let own = Instant::now() + jittered(wait);
        wait = (wait * 2).min(LONGEST_WAIT);
        let next = match failure.retry {
            Retry::Never => return Err(failure.reason),
            // It may ask for no wait at all.
            Retry::After(asked) => own.max(pause.begin(asked)),
            Retry::Unreachable | Retry::Later => own,
        };
        if next >= job.until {
            // The pause is kept for the batches to come.
            return Err(failure.reason);
        }
        if failure.retry == Retry::Unreachable {
            let hurried = timeout_at(next, hurry.wait_for(|waiting| *waiting > 0)).await;
            if let Ok(Ok(_)) = hurried {
                return Err(failure.reason);
            }
        }
        sleep_until(next).await;
    }
}

/// Somewhere in the second half of `wait`, so that many programs do not come back at the same moment.
fn jittered(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absurd_pause_ends_after_some_minutes() {
        let pause = Pause::default();
        for asked in [99_999_999, u64::MAX] {
            pause.begin(Duration::from_secs(asked));
            let until = pause.get().unwrap();
            assert!(until <= Instant::now() + LONGEST_PAUSE, "{asked}");
        }
        let asked = Duration::from_secs(120);
        assert!(pause.begin(asked) <= Instant::now() + asked);
    }
}
