//! Any span exporter, made safe to run.
//!
//! The thread of its pipeline calls [`Supervised`] and waits for it there. Each
//! poll of the exporter happens inside the export thread's runtime *context* but not inside the
//! runtime itself (`Handle::enter` and a plain `block_on`). So an async exporter
//! finds a reactor and timers, a blocking one may block, or run a runtime of its own, which panics
//! inside a tokio task, and neither holds up another exporter. Polls are silent ([`super::quiet`]),
//! and a panic, an endless export and the end of the process's patience become a counted failure.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::ledger::Ledger;
use super::quiet;

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

impl<E: SpanExporter> SpanExporter for Supervised<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len() as u64;
        let outcome = self.attempt(batch).await;
        match &outcome {
            Ok(()) => self.ledger.record_exported(spans),
            Err(OTelSdkError::InternalFailure(reason)) => self.ledger.record_failed(spans, reason),
            Err(error) => self.ledger.record_failed(spans, &error.to_string()),
        }
        outcome
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.guarded(|| self.exporter.shutdown())
            .unwrap_or_else(Err)
    }

    fn set_resource(&mut self, resource: &Resource) {
        let _quiet = quiet::enter();
        let _runtime = self.runtime.enter();
        // A panic has been printed by the panic hook; the exporter goes on without the resource.
        let _ = catch_unwind(AssertUnwindSafe(|| self.exporter.set_resource(resource)));
    }
}

impl<E: SpanExporter> Supervised<E> {
    /// Exports one batch, and ends: with the exporter, its panic, its time-out, or when exports are
    /// given up.
    async fn attempt(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut given_up = self.given_up.clone();
        let mut given_up = pin!(given_up.wait_for(|given_up| *given_up));
        // Boxed so that it can be dropped inside the runtime's context, and its panics be caught
        // there.
        let mut export = Some(Box::pin(async {
            tokio::time::timeout(self.timeout, self.exporter.export(batch)).await
        }));
        let outcome = poll_fn(|cx| {
            if given_up.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(failure("given up at the deadline of the shutdown")));
            }
            let Some(export) = export.as_mut() else {
                return Poll::Ready(Err(failure("the export was polled after its end")));
            };
            match self.guarded(|| export.as_mut().poll(cx)) {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(Ok(exported))) => Poll::Ready(exported),
                Ok(Poll::Ready(Err(_))) => {
                    Poll::Ready(Err(failure(format!("no answer in {:?}", self.timeout))))
                }
                Err(panicked) => Poll::Ready(Err(panicked)),
            }
        })
        .await;
        let dropped = self.guarded(|| drop(export.take()));
        outcome.and(dropped)
    }

    /// Runs code of the exporter: in the runtime's context, in silence, and with its panic as an
    /// error.
    fn guarded<T>(&self, code: impl FnOnce() -> T) -> Result<T, OTelSdkError> {
        let _quiet = quiet::enter();
        let _runtime = self.runtime.enter();
        // What the exporter leaves behind when it panics is its own: nothing of ours is shared with
        // it.
        catch_unwind(AssertUnwindSafe(code))
            .map_err(|panic| failure(format!("the exporter panicked: {}", words(&*panic))))
    }
}

fn failure(reason: impl Into<String>) -> OTelSdkError {
    OTelSdkError::InternalFailure(reason.into())
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
