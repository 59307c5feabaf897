//! Any exporter of any signal, made safe to run.
//!
//! The thread of an exporter calls [`Supervised`] and waits for it there. Each
//! poll of the exporter happens inside the export thread's runtime *context* but not inside the
//! runtime itself (`Handle::enter` and a plain `block_on`). So an async exporter
//! finds a reactor and timers, a blocking one may block, or run a runtime of its own, which panics
//! inside a tokio task, and neither holds up another exporter. Polls are silent ([`super::quiet`]),
//! and a panic, an endless export and the end of the process's patience become a counted failure.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::deliver::{Deliver, Delivery, Job};
use super::ledger::Ledger;
use super::quiet;

/// How much longer than its job an export may take: one that knows of the deadline says what went wrong.
const SLACK: Duration = Duration::from_millis(50);

/// An exporter whose failures of any sort are counted in a [`Ledger`].
#[derive(Debug)]
pub(super) struct Supervised<E> {
    pub(super) exporter: E,
    pub(super) runtime: Handle,
    pub(super) ledger: Arc<Ledger>,
    /// Becomes `true` when exports are to be dropped.
    pub(super) given_up: watch::Receiver<bool>,
    /// An export that takes longer is dropped.
    pub(super) timeout: Duration,
}

impl<E> Supervised<E> {
    /// Delivers a batch of so many items, and counts what came of them.
    pub(super) async fn deliver<B>(&self, items: u64, batch: B)
    where
        E: Deliver<B>,
    {
        match self.attempt(batch).await {
            Ok(delivered) => self.ledger.record_delivered(items, &delivered),
            Err(reason) => self.ledger.record_failed(items, &reason),
        }
    }

    /// Ends the exporter, and drops it: that, too, is its own code, and may take as long as it likes.
    pub(super) fn end<B>(self)
    where
        E: Deliver<B>,
    {
        // Nobody is left to tell of it; what was not delivered is in the ledger.
        _ = self.guarded(|| self.exporter.end());
        _ = guarded(&self.runtime, || drop(self.exporter));
    }

    /// Exports one batch, and ends: with the exporter, its panic, its time-out, or when exports are
    /// given up.
    async fn attempt<B>(&self, batch: B) -> Delivery
    where
        E: Deliver<B>,
    {
        let mut given_up = self.given_up.clone();
        let mut given_up = pin!(given_up.wait_for(|given_up| *given_up));
        let until = Instant::now() + self.timeout;
        self.ledger.begin_batch();
        let job = Job {
            ledger: &self.ledger,
            until,
        };
        // Boxed so that it can be dropped inside the runtime's context, and its panics be caught
        // there.
        let mut export = Some(Box::pin(async {
            timeout_at(until + SLACK, self.exporter.deliver(batch, &job)).await
        }));
        let outcome = poll_fn(|cx| {
            if given_up.as_mut().poll(cx).is_ready() {
                return Poll::Ready(self.no_answer("given up at the deadline of the shutdown"));
            }
            let Some(export) = export.as_mut() else {
                return Poll::Ready(Err("the export was polled after its end".to_owned()));
            };
            match self.guarded(|| export.as_mut().poll(cx)) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(Ok(delivery))) => Poll::Ready(delivery),
                Ok(Poll::Ready(Err(_))) => {
                    Poll::Ready(self.no_answer(&format!("no answer in {:?}", self.timeout)))
                }
                Err(panicked) => Poll::Ready(Err(panicked)),
            }
        })
        .await;
        let dropped = self.guarded(|| drop(export.take()));
        outcome.and_then(|delivered| dropped.map(|()| delivered))
    }

    /// The failure of an export that nobody answered.
    fn no_answer(&self, reason: &str) -> Delivery {
        let reason = self.ledger.with_trouble(reason);
        self.ledger.record_unreachable(&reason);
        Err(reason)
    }

    /// Runs code of the exporter: in the runtime's context, in silence, and with its panic as an
    /// error.
    pub(super) fn guarded<T>(&self, code: impl FnOnce() -> T) -> Result<T, String> {
        guarded(&self.runtime, code)
    }
}

fn guarded<T>(runtime: &Handle, code: impl FnOnce() -> T) -> Result<T, String> {
    let _quiet = quiet::enter();
    let _runtime = runtime.enter();
    // What the exporter leaves behind when it panics is its own: nothing of ours is shared with
    // it.
    catch_unwind(AssertUnwindSafe(code))
        .map_err(|panic| format!("the exporter panicked: {}", words(&*panic)))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
