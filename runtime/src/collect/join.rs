//! From the bytes of lanes to finished spans, and what they count for.
//!
//! The records of one span may lie in several lanes: a future moves between threads, a context is handed on.
//! What happened before on another thread is in its lane before, but a pass over the lanes may have been past that
//! lane already. So the last record of a span that other lanes know of waits for one more pass.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::SpanData;

use super::StageMetrics;
use super::Statistics;
use super::collector::Decided;
use super::decode::{Author, Complete, Decoder};
use super::edges::Counted;
use super::exemplars::Exemplar;
#[cfg(feature = "recorder")]
use super::latency::FinishedClock;
use super::latency::{EndedClock, hop_spans};
use super::open::Open;
use super::summary;
use crate::context::trace_id;
use crate::instrument::registry;
use crate::record::lane::health::{Loss, count};
use crate::record::lane::wire::{Header, Kind, Reader, flags, outcome};
#[cfg(feature = "recorder")]
use crate::record::latency::End;

/// Joins records to spans.
pub(crate) struct Joiner {
    decoder: Decoder,
    open: Open,
    statistics: Statistics,
    metrics: Option<StageMetrics>,
    /// Traces to be kept, for a hop took longer than it may.
    pub(super) over_budget: Vec<TraceId>,
    /// Edges that were decided, and have not been told.
    pub(super) decided: Vec<Decided>,
    /// Clocks that were finished, and have not been handed on.
    #[cfg(feature = "recorder")]
    pub(super) clocks: Vec<FinishedClock>,
    /// Last records that wait, those of the last pass and those of this one.
    waiting: [Vec<Last>; 2],
    /// Spans that have ended.
    pub(super) ended: u64,
}

/// Ended spans that were not sampled.
// Relaxed: a statistic.
static UNSAMPLED: AtomicU64 = AtomicU64::new(0);

/// How many ended spans were not sampled.
pub(crate) fn unsampled() -> u64 {
    UNSAMPLED.load(Ordering::Relaxed)
}

/// Spans that were made of hops. No thread has ended them.
// Relaxed: a statistic.
static HOP_SPANS: AtomicU64 = AtomicU64::new(0);

/// How many spans were made of hops.
pub(crate) fn hop_spans_made() -> u64 {
    HOP_SPANS.load(Ordering::Relaxed)
}

/// The last record of a span.
struct Last {
    header: Header,
    bytes: Vec<u8>,
    author: Author,
}

impl Joiner {
    pub(super) fn new(
        decoder: Decoder,
        statistics: Statistics,
        metrics: Option<StageMetrics>,
    ) -> Self {
        Self {
            decoder,
            open: Open::default(),
            statistics,
            metrics,
            over_budget: Vec::new(),
            decided: Vec::new(),
            #[cfg(feature = "recorder")]
            clocks: Vec::new(),
            waiting: [Vec::new(), Vec::new()],
            ended: 0,
        }
    }

    /// Takes one record, its header and the bytes behind; a span that it completes is appended to `spans`.
    pub(super) fn take(
        &mut self,
        header: &Header,
        bytes: &[u8],
        author: &mut Author,
        spans: &mut Vec<SpanData>,
    ) {
        match header.kind {
            Kind::Span if header.flags & flags::HANDED == 0 => self.complete(
                &Complete {
                    header: *header,
                    first: bytes,
                    more: &[],
                    last: &[],
                    author,
                },
                spans,
            ),
            Kind::Span | Kind::Close => {
                self.waiting[1].push(Last {
                    header: *header,
                    bytes: bytes.to_vec(),
                    author: author.clone(),
                });
            }
            Kind::Open => self.open.open(header, bytes, author),
            Kind::More => self.open.more(header, bytes),
            Kind::Edge => self.count_edge(header, bytes),
            Kind::Clock => self.end_clock(header, bytes, spans),
            Kind::Measure => registry::record(header.site, f64::from_bits(header.start)),
            Kind::Thread => {
                author.number = header.span;
                author.name = thread_name(bytes).into();
            }
        }
    }

    /// Counts an edge, and notes what was decided.
    fn count_edge(&mut self, header: &Header, bytes: &[u8]) {
        let (Some(site), Some(counted)) = (self.decoder.edge(header.site), Counted::read(bytes))
        else {
            count(Loss::Unreadable);
            return;
        };
        if let Some(edges) = &self.statistics.edges {
            edges.observe(site, &counted);
        }
        if header.flags & flags::SAMPLED != 0 {
            self.decided.push(Decided {
                trace: trace_id(header.trace),
                accepted: counted.is_accepted(),
            });
        }
    }

    /// Ends a pass over all lanes: the spans that have waited for it are appended to `spans`. Whether it is one after which to
    /// [look](Self::forget_late) for what came too late.
    pub(super) fn end_pass(&mut self, spans: &mut Vec<SpanData>) -> bool {
        let [waited, arrived] = &mut self.waiting;
        let mut ready = core::mem::replace(waited, core::mem::take(arrived));
        for last in ready.drain(..) {
            self.complete_waiting(&last, spans);
        }
        // Its memory serves the next pass.
        self.waiting[1] = ready;
        if let Some(lines) = &mut self.decoder.lines {
            lines.hand_on();
        }
        self.open.next_pass()
    }

    /// Forgets what came too late, for spans that are not among those that go on in their thread.
    pub(super) fn forget_late(&mut self, mut going_on: HashSet<u64>) {
        going_on.extend(self.waiting.iter().flatten().map(|last| last.header.span));
        self.open.forget_late(&going_on);
    }

    /// How many ended spans wait for the next pass.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.iter().map(Vec::len).sum()
    }

    pub(super) fn anchors(&mut self) -> &mut super::anchor::Anchors {
        &mut self.decoder.anchors
    }

    /// Counts a latency clock that has ended; its hops are appended to `spans`, if they are to be some.
    fn end_clock(&mut self, header: &Header, bytes: &[u8], spans: &mut Vec<SpanData>) {
        let Some(table) = &self.statistics.latency else {
            return;
        };
        let decoder = &mut self.decoder;
        let site = decoder.site(header.site);
        let Some(clock) = site.and_then(|site| EndedClock::read(header, site, bytes)) else {
            return count(Loss::Unreadable);
        };
        let times = clock.times(&decoder.anchors);
        let is_sampled = header.flags & flags::SAMPLED != 0;
        let around = (is_sampled && header.parent != 0)
            .then(|| (trace_id(header.trace), SpanId::from(header.parent)));
        let counted = table.observe(clock.path, clock.end, &times, clock.repeated(), around);
        if counted.is_over_budget && is_sampled {
            self.over_budget.push(trace_id(header.trace));
        }
        #[cfg(feature = "recorder")]
        if decoder.shape.clocks && clock.end == End::Finished {
            let ids = (trace_id(header.trace), SpanId::from(header.parent));
            // Nobody has decided about what is outside of any trace.
            if is_sampled || ids.0 == TraceId::INVALID {
                let finished = FinishedClock::new(clock.path, &times, clock.repeated(), ids);
                self.clocks.push(finished);
            }
        }
        if decoder.shape.hops {
            let hops = &counted.measured;
            let before = spans.len();
            spans.extend(hop_spans(header, clock.path, &times, hops, &decoder.scope));
            HOP_SPANS.fetch_add((spans.len() - before) as u64, Ordering::Relaxed);
        }
    }

    fn complete_waiting(&mut self, last: &Last, spans: &mut Vec<SpanData>) {
        let mut header = last.header;
        let part = self.open.take(header.span).unwrap_or_default();
        let (first, rest, author) = match (header.kind, part.first) {
            (Kind::Close, Some((values, first, author))) => {
                header.values = values;
                (first, &last.bytes[..], author)
            }
            (Kind::Close, None) => (Vec::new(), &last.bytes[..], last.author.clone()),
            _ => (last.bytes.clone(), &[][..], last.author.clone()),
        };
        self.complete(
            &Complete {
                header,
                first: &first,
                more: &part.more,
                last: rest,
                author: &author,
            },
            spans,
        );
    }

    /// Counts a span that has ended, and appends it to `spans` if it is sampled.
    fn complete(&mut self, complete: &Complete<'_>, spans: &mut Vec<SpanData>) {
        let header = &complete.header;
        let is_sampled = header.flags & flags::SAMPLED != 0;
        let is_labelled = header.flags & flags::LABELLED != 0
            && (self.metrics.is_some()
                || self.statistics.stages.is_some() && self.decoder.is_renamed(header.site));
        let is_wanted = is_sampled || is_labelled || self.decoder.tells_spans();
        let is_read = is_wanted && self.decoder.span(complete, spans);
        if header.capture == 0 {
            self.count(header, is_sampled, spans.last().filter(|_| is_read));
        }
        if is_read {
            if let Some(span) = spans.last_mut() {
                self.decoder.finish(header.site, span);
            }
            if !is_sampled {
                // It was read for its labels, its name, or its line.
                spans.pop();
            }
        }
    }

    /// Counts a span that has ended; `span` is what was read of it.
    fn count(&mut self, header: &Header, is_sampled: bool, span: Option<&SpanData>) {
        self.ended += 1;
        if !is_sampled {
            UNSAMPLED.fetch_add(1, Ordering::Relaxed);
        } else if span.is_none() {
            count(Loss::Unreadable);
        }
        let decoder = &mut self.decoder;
        let duration = decoder.anchors.between(header.start, header.end);
        if let Some(metrics) = &mut self.metrics {
            if let Some(row) = decoder.metrics_row(header.site, metrics) {
                let attributes = span.map_or(&[][..], |span| &span.attributes);
                let exemplar = (is_sampled && metrics.wants_exemplars()).then(|| Exemplar {
                    trace: trace_id(header.trace),
                    span: SpanId::from(header.span),
                    value: duration.as_secs_f64(),
                    time: decoder.anchors.time(header.end),
                });
                metrics.observe(row, header.outcome, duration, attributes, exemplar);
            }
        }
        let Some(stages) = &self.statistics.stages else {
            return;
        };
        let row = match span.map(|span| &span.name) {
            // Its site's, most likely, whose row is known.
            Some(Cow::Borrowed(name)) => decoder.row(header.site, name, stages),
            Some(Cow::Owned(name)) => stages.row(name),
            None => match decoder.name(header.site) {
                Some(name) => decoder.row(header.site, name, stages),
                None => return,
            },
        };
        let failed = span.map_or(
            matches!(header.outcome, outcome::ERROR | outcome::PANICKED),
            summary::failed,
        );
        stages.observe_in(row, duration, failed);
    }
}

/// The name in a record that names a thread.
fn thread_name(bytes: &[u8]) -> String {
    let mut reader = Reader(bytes);
    reader.u8();
    reader
        .u16()
        .and_then(|len| reader.bytes(len.into()))
        .map(|name| String::from_utf8_lossy(name).into_owned())
        .unwrap_or_default()
}
