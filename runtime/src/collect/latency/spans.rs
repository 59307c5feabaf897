//! Hops as spans, where they are asked for.

use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};

use super::metrics::PATH_KEY;
use super::table::hop_name;
use crate::collect::decode::context_of;
use crate::record::lane::wire::{Header, flags};
use crate::record::latency::LatencyPath;
use crate::record::latency::hops::{Measured, Times};

/// The spans of the hops of a clock: children of the span in which it ended. None where there was no such span, or its
/// trace is not sampled.
///
/// Their ids follow from that in the record, so whoever makes them makes the same.
pub(in crate::collect) fn hop_spans<'a>(
    header: &'a Header,
    path: &'static LatencyPath,
    times: &'a Times,
    measured: &'a Measured,
    scope: &'a InstrumentationScope,
) -> impl Iterator<Item = SpanData> + 'a {
    let wanted = header.parent != 0 && header.flags & flags::SAMPLED != 0;
    let hops = if wanted { measured.hops() } else { &[] };
    (0_u64..).zip(hops).filter_map(move |(place, hop)| {
        let time = |place: u8| {
            let unix = (*times.get(usize::from(place))?)?;
            Some(UNIX_EPOCH + Duration::from_nanos(unix))
        };
        let id = header.span.wrapping_add(place);
        Some(SpanData {
            // Never zero.
            span_context: context_of(header, if id == 0 { u64::MAX } else { id }),
            parent_span_id: SpanId::from(header.parent),
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: hop_name(path, hop).into(),
            start_time: time(hop.from)?,
            end_time: time(hop.to)?,
            attributes: vec![KeyValue::new(PATH_KEY, path.name)],
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: scope.clone(),
        })
    })
}
