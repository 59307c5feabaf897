//! Which output wants what: a filter for spans, one for console lines, one for log records.
//!
//! [`Gate`] is the outermost layer of the subscriber. It lets through what any output wants, so that the cached
//! interest of a callsite stays one look; each output then asks it for its own share. A span is made where the
//! filter of spans wants it, and for no other reason: lines and log records are told apart by their events.
//!
//! On the lane route the collector asks for what `event!` emitted, once for each callsite.

use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::{Layer, Registry};

/// Where something is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// Spans and their events, and with them metrics of stages and recorded files.
    Spans,
    /// Lines on stderr.
    Console,
    /// Log records.
    #[cfg(feature = "logs")]
    Logs,
}

/// The filters of all outputs. Where one has none of its own, or is off, that of spans serves it.
#[derive(Debug)]
pub(crate) struct Filters {
    pub(crate) spans: EnvFilter,
    pub(crate) console: Option<EnvFilter>,
    pub(crate) logs: Option<EnvFilter>,
}

/// The filters as a layer, which outputs share.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Filters>);

/// One output's share of a [`Gate`].
#[derive(Clone, Debug)]
pub(crate) struct Share {
    gate: Gate,
    output: Output,
}

impl Gate {
    pub(crate) fn new(filters: Filters) -> Self {
        Self(Arc::new(filters))
    }

    /// The share of one output; nothing where all outputs want the same, and the gate as a layer has decided.
    pub(crate) fn share(&self, output: Output) -> Option<Share> {
        let differ = self.0.console.is_some() || self.0.logs.is_some();
        differ.then(|| Share {
            gate: self.clone(),
            output,
        })
    }

    /// Whether an output may want the events of a callsite. A directive about the spans around says `true`: the thread
    /// that emits has asked it.
    pub(crate) fn may_want(&self, output: Output, metadata: &'static Metadata<'static>) -> bool {
        !interest(self.filter(output), metadata).is_never()
    }

    fn filter(&self, output: Output) -> &EnvFilter {
        let own = match output {
            Output::Spans => None,
            Output::Console => self.0.console.as_ref(),
            #[cfg(feature = "logs")]
            Output::Logs => self.0.logs.as_ref(),
        };
        own.unwrap_or(&self.0.spans)
    }

    /// Each filter once.
    fn filters(&self) -> impl Iterator<Item = &EnvFilter> {
        [
            Some(&self.0.spans),
            self.0.console.as_ref(),
            self.0.logs.as_ref(),
        ]
        .into_iter()
        .flatten()
    }
}

impl Share {
    /// Whether the output wants an event, here and now. A record of the `log` crate is judged by its own target.
    pub(crate) fn wants_event<S>(&self, event: &Event<'_>, context: &Context<'_, S>) -> bool
    where
        S: Subscriber,
    {
        match event.normalized_metadata() {
            Some(metadata) => self.wants(&metadata, context),
            None => self.wants(event.metadata(), context),
        }
    }

    /// Whether the output wants what comes from this callsite, here and now.
    pub(crate) fn wants<S>(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool
    where
        S: Subscriber,
    {
        self.gate
            .filter(self.output)
            .enabled(metadata, context.clone())
    }
}

fn interest(filter: &EnvFilter, metadata: &'static Metadata<'static>) -> Interest {
    <EnvFilter as Layer<Registry>>::register_callsite(filter, metadata)
}

impl<S: Subscriber> Layer<S> for Gate {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // All are asked: each notes the spans that its directives are about.
        let mut interests: Vec<_> = self
            .filters()
            .map(|filter| interest(filter, metadata))
            .collect();
        if !metadata.is_event() {
            interests.truncate(1);
        }
        if interests.iter().any(Interest::is_always) {
            Interest::always()
        } else if interests.iter().all(Interest::is_never) {
            Interest::never()
        } else {
            Interest::sometimes()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        if metadata.is_event() {
            self.filters()
                .any(|filter| filter.enabled(metadata, context.clone()))
        } else {
            self.0.spans.enabled(metadata, context)
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // One that gives no hint may want anything.
        self.filters()
            .map(EnvFilter::max_level_hint)
            .try_fold(LevelFilter::OFF, |most, hint| Some(most.max(hint?)))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        for filter in self.filters() {
            filter.on_new_span(attributes, id, context.clone());
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        for filter in self.filters() {
            filter.on_record(id, values, context.clone());
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        for filter in self.filters() {
            filter.on_enter(id, context.clone());
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        for filter in self.filters() {
            filter.on_exit(id, context.clone());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        for filter in self.filters() {
            filter.on_close(id.clone(), context.clone());
        }
    }
}
