//! What is left of the cost of all threads if nothing is traced: `SpanData` of the same content is made on another
//! thread, and given to the same exporter.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::TraceState;
use opentelemetry::trace::{Event, SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanExporter, SpanLinks};

use super::{Effort, cpu::Cpu, nanoseconds_each};
use crate::clock::process_cpu;
use crate::library::SPANS_PER_TICK;
use crate::message::{Edge, Feed, Message};
use crate::pace::in_bursts;
use crate::sink::{Encode, Reached};

/// So many ticks make a batch of spans, as near to the 512 of the SDK as whole ticks come.
const TICKS_PER_BATCH: usize = 102;

/// Gives messages to another thread, at the pace of [`cpu`](super::cpu), and looks at the process' clock.
pub(crate) fn measure(effort: Effort) -> Cpu {
    let ticks = effort.of(20_000, 100_000);
    let (exporter, reached) = Encode::new();
    let (batches, received) = mpsc::channel();
    let exports = thread::spawn(move || export(&exporter, &received));
    let mut feed = Feed::new();
    let mut batch = Vec::with_capacity(TICKS_PER_BATCH);

    let before = process_cpu();
    in_bursts(&mut feed, ticks, |message| {
        batch.push(*message);
        if batch.len() == TICKS_PER_BATCH {
            let full = core::mem::replace(&mut batch, Vec::with_capacity(TICKS_PER_BATCH));
            batches.send(full).expect("the thread listens");
        }
    });
    batches.send(batch).expect("the thread listens");
    drop(batches);
    exports.join().expect("nothing panics there");
    let used = process_cpu().saturating_sub(before);

    Cpu {
        tick_ns: nanoseconds_each(used, ticks),
        ticks,
        delivered: Some(Arc::<Reached>::as_ref(&reached).delivered()),
    }
}

fn export(exporter: &Encode, batches: &Receiver<Vec<Message>>) {
    let scope = InstrumentationScope::builder("peers")
        .with_version("0.0.0")
        .build();
    let mut ids = 0;
    for batch in batches {
        let mut spans = Vec::with_capacity(batch.len() * 5);
        for message in &batch {
            for place in 0..SPANS_PER_TICK {
                ids += 1;
                spans.push(span(message, place, ids, &scope));
            }
        }
        futures_executor::block_on(exporter.export(spans)).expect("it only counts");
    }
}

/// The span at a place of a tick.
fn span(message: &Message, place: u64, id: u64, scope: &InstrumentationScope) -> SpanData {
    // As far apart as times are that are measured.
    let start = SystemTime::UNIX_EPOCH + Duration::from_nanos((1 << 60) + id * 100);
    let attributes = match *message {
        Message::Quote { symbol, price, qty } | Message::Trade { symbol, price, qty } => vec![
            KeyValue::new("symbol", symbol.to_owned()),
            KeyValue::new("price", price),
            KeyValue::new("qty", signed(qty)),
        ],
        Message::Fill {
            venue,
            offset,
            aggressive,
        } => vec![
            KeyValue::new("venue", venue.to_owned()),
            KeyValue::new("offset", offset),
            KeyValue::new("aggressive", aggressive),
        ],
    };
    let mut events = SpanEvents::default();
    if place == 3 {
        events.events.push(edge(message, start));
    }
    SpanData {
        span_context: SpanContext::new(
            TraceId::from(u128::from(id) << 64 | u128::from(id)),
            SpanId::from(id),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: SpanId::from(if place == 0 { 0 } else { id - place }),
        parent_span_is_remote: false,
        span_kind: SpanKind::Internal,
        name: Cow::Borrowed("find_signal"),
        start_time: start,
        end_time: start + Duration::from_nanos(90),
        attributes,
        dropped_attributes_count: 0,
        events,
        links: SpanLinks::default(),
        status: Status::Unset,
        instrumentation_scope: scope.clone(),
    }
}

fn edge(message: &Message, time: SystemTime) -> Event {
    let edge = match *message {
        Message::Quote { price, qty, .. } | Message::Trade { price, qty, .. } => {
            Edge::of(price, qty)
        }
        Message::Fill { offset, .. } => Edge::of(100.25, offset.unsigned_abs()),
    };
    let attributes = vec![
        KeyValue::new("fair", edge.fair),
        KeyValue::new("bid", edge.bid),
        KeyValue::new("ask", edge.ask),
        KeyValue::new("net", edge.net),
        KeyValue::new("depth", signed(edge.depth)),
        KeyValue::new("age", edge.age),
    ];
    Event::new("edge", time, attributes, 0)
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
