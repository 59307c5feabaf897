//! Records as OpenTelemetry's spans.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::trace::{Event, Link, SpanContext, SpanId, SpanKind, Status, TraceState};
use opentelemetry::{Array, InstrumentationScope, KeyValue, StringValue, Value};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLimits, SpanLinks};
use tracing::{Level, Metadata};

use super::anchor::Anchors;
use super::lines::Lines;
use super::stage_metrics::{self, StageMetrics};
use super::stock::Stock;
use super::summary::{Row, StageTable};
use super::texts::Texts;
use crate::context::span_context_of;
use crate::edge::EdgeSite;
use crate::outputs::{Gate, Output};
use crate::record::lane::health::{Loss, count, count_many};
use crate::record::lane::sites::{self, Site};
use crate::record::lane::wire::{Header, Reader, flags, item, outcome, tag};
use crate::record::lane::{self, Ids};
use crate::record::{Kind as CallsiteKind, name_in_span, tail};

/// What a record's site says of it.
pub(super) struct Known {
    site: Site,
    keys: Vec<&'static str>,
    /// What its events are called that have no name of their own.
    event_name: &'static str,
    /// Whether a key is one that says something of the span itself.
    special: bool,
    /// `code.*`, if these are wanted.
    location: Vec<KeyValue>,
    /// Where its spans are counted.
    row: Option<Row>,
    /// Where its metrics are, if it is a stage's.
    metrics: Option<stage_metrics::Row>,
    /// Whether its events are exported.
    is_exported: bool,
    /// Whether lines tell of it.
    is_told: bool,
}

/// A thread that writes into a lane.
#[derive(Clone, Debug, Default)]
pub(super) struct Author {
    pub(super) number: u64,
    pub(super) name: Arc<str>,
}

/// What a span may hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpanShape {
    pub(crate) limits: SpanLimits,
    /// The most characters of a text.
    pub(crate) longest_text: Option<usize>,
    /// Whether a span says where in the source it comes from, and from which thread.
    pub(crate) location: bool,
    /// Whether the hops of latency paths are spans, too.
    pub(crate) hops: bool,
    /// Whether finished clocks are wanted, each by itself.
    #[cfg(feature = "recorder")]
    pub(crate) clocks: bool,
}

/// Turns records into spans.
pub(super) struct Decoder {
    pub(super) anchors: Anchors,
    pub(super) shape: SpanShape,
    /// Where lines are made of the events of stages, if that is wanted.
    pub(super) lines: Option<Lines>,
    /// Which events are exported and which are told; all of them where there is none.
    pub(super) gate: Option<Gate>,
    pub(super) scope: InstrumentationScope,
    sites: Vec<Site>,
    known: Vec<Known>,
    /// The trace state that was read last, and its header.
    last_state: (String, TraceState),
    texts: Texts,
    stock: Stock,
}

/// A span of which everything has come.
pub(super) struct Complete<'a> {
    pub(super) header: Header,
    /// The values that were given at the start, and their items.
    pub(super) first: &'a [u8],
    pub(super) more: &'a [Vec<u8>],
    pub(super) last: &'a [u8],
    pub(super) author: &'a Author,
}

impl Decoder {
    pub(super) fn new(anchors: Anchors, shape: SpanShape) -> Self {
        Self {
            anchors,
            shape,
            lines: None,
            gate: None,
            scope: InstrumentationScope::builder("tickspan")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
            sites: Vec::new(),
            known: Vec::new(),
            last_state: (String::new(), TraceState::NONE),
            texts: Texts::new(),
            stock: Stock::new(),
        }
    }

    /// The place of what a number stands for.
    #[inline]
    fn learn(&mut self, number: u32) -> Option<usize> {
        let place = (number as usize).checked_sub(1)?;
        if place >= self.known.len() {
            self.learn_all();
        }
        (place < self.known.len()).then_some(place)
    }

    #[cold]
    fn learn_all(&mut self) {
        sites::learn(&mut self.sites);
        for site in &self.sites[self.known.len()..] {
            let known = Known::new(*site, self.shape.location);
            self.known.push(match &self.gate {
                Some(gate) => known.behind(gate),
                None => known,
            });
        }
    }

    /// Where spans of a site are counted, whose name is the site's.
    pub(super) fn row(&mut self, number: u32, name: &'static str, stages: &StageTable) -> Row {
        match self.learn(number) {
            Some(place) => *self.known[place]
                .row
                .get_or_insert_with(|| stages.row(name)),
            None => stages.row(name),
        }
    }

    /// Where the metrics of a site are, if it is a stage's.
    pub(super) fn metrics_row(
        &mut self,
        number: u32,
        metrics: &mut StageMetrics,
    ) -> Option<stage_metrics::Row> {
        let place = self.learn(number)?;
        let known = &mut self.known[place];
        let Site::Callsite(callsite) = known.site else {
            return None;
        };
        Some(
            *known
                .metrics
                .get_or_insert_with(|| metrics.row(callsite.metadata().name(), callsite.labels())),
        )
    }

    /// What a number stands for.
    pub(super) fn site(&mut self, number: u32) -> Option<Site> {
        let place = self.learn(number)?;
        Some(self.known[place].site)
    }

    /// The name of a span, whatever was written of it.
    pub(super) fn name(&mut self, number: u32) -> Option<&'static str> {
        let place = self.learn(number)?;
        self.known[place].metadata().map(Metadata::name)
    }

    /// Whether values of its spans may say another name than the site's.
    pub(super) fn is_renamed(&mut self, number: u32) -> bool {
        self.learn(number)
            .is_some_and(|place| self.known[place].special)
    }

    /// The edge of a site.
    pub(super) fn edge(&mut self, number: u32) -> Option<&'static EdgeSite> {
        let place = self.learn(number)?;
        match self.known[place].site {
            Site::Edge(site) => Some(site),
            _ => None,
        }
    }

    /// Appends the span to `spans`. False where its record cannot be read.
    pub(super) fn span(&mut self, complete: &Complete<'_>, spans: &mut Vec<SpanData>) -> bool {
        let header = &complete.header;
        let Some(place) = self.learn(header.site) else {
            return false;
        };
        let Some(metadata) = self.known[place].metadata() else {
            return false;
        };
        let start_time = self.anchors.time(header.start);
        let room = usize::from(header.values) + self.known[place].location.len();
        let room = room + if self.shape.location { 2 } else { 0 };
        // Made where it will lie: a span has some 400 bytes.
        spans.push(SpanData {
            span_context: context_of(header, header.span),
            parent_span_id: SpanId::from(header.parent),
            parent_span_is_remote: header.flags & flags::REMOTE_PARENT != 0,
            span_kind: self.known[place].kind(),
            name: Cow::Borrowed(metadata.name()),
            start_time,
            end_time: start_time + self.anchors.between(header.start, header.end),
            attributes: self.stock.attributes(room),
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        });
        let Some(span) = spans.last_mut() else {
            return false;
        };
        let values = Reader(complete.first);
        if self.shape.location {
            span.attributes
                .extend_from_slice(&self.known[place].location);
            span.attributes.push(KeyValue::new(
                "thread.id",
                i64::try_from(complete.author.number).unwrap_or(i64::MAX),
            ));
            if !complete.author.name.is_empty() {
                let name = StringValue::from(Arc::clone(&complete.author.name));
                span.attributes.push(KeyValue::new("thread.name", name));
            }
        }
        let read = self.read(place, values, header, span).is_some()
            & complete
                .more
                .iter()
                .all(|more| self.items(place, Reader(more), header, span).is_some())
            & self
                .items(place, Reader(complete.last), header, span)
                .is_some();
        if !read {
            count(Loss::Unreadable);
        }
        conclude(header, span);
        true
    }

    /// Whether lines tell of spans that end.
    pub(super) fn tells_spans(&self) -> bool {
        self.lines.as_ref().is_some_and(Lines::tells_spans)
    }

    /// Cuts a span to what it may hold, and makes the lines of it. Its metrics are counted before: by labels, whatever spans
    /// may hold.
    pub(super) fn finish(&mut self, site: u32, span: &mut SpanData) {
        self.limit(span);
        let Some(place) = self.learn(site) else {
            return;
        };
        let known = &self.known[place];
        if let (Some(lines), Some(metadata)) = (&mut self.lines, known.metadata()) {
            lines.finish(span, metadata, known.is_told);
        }
    }

    fn read(
        &mut self,
        place: usize,
        mut reader: Reader<'_>,
        header: &Header,
        span: &mut SpanData,
    ) -> Option<()> {
        for index in 0..usize::from(header.values) {
            let known = &self.known[place];
            let key = *known.keys.get(index)?;
            if !known.special {
                append(&mut span.attributes, key, &mut reader, &mut self.texts)?;
            } else if let Some(value) = value(&mut reader, &mut self.texts)? {
                attribute(span, key, value, true);
            }
        }
        self.items(place, reader, header, span)
    }

    fn items(
        &mut self,
        place: usize,
        mut reader: Reader<'_>,
        header: &Header,
        span: &mut SpanData,
    ) -> Option<()> {
        while !reader.is_empty() {
            match reader.u8()? {
                item::LATE => {
                    let site = self.learn(reader.u32()?)?;
                    for index in 0..reader.u8()? {
                        let value = value(&mut reader, &mut self.texts)?;
                        let known = &self.known[site];
                        let key = *known.keys.get(usize::from(index))?;
                        if let Some(value) = value {
                            late_attribute(span, key, value, known.special);
                        }
                    }
                }
                item::FIELD => {
                    let index = reader.u8()?;
                    let value = value(&mut reader, &mut self.texts)?;
                    let known = &self.known[place];
                    let key = *known.keys.get(usize::from(index))?;
                    if let Some(value) = value {
                        late_attribute(span, key, value, known.special);
                    }
                }
                code @ (item::EVENT | item::FOREIGN_EVENT) => {
                    let Some(event) = self.event(code, &mut reader, header, span)? else {
                        continue;
                    };
                    if span.events.events.len() < self.shape.limits.max_events_per_span as usize {
                        if span.events.events.capacity() == 0 {
                            span.events.events = self.stock.events();
                        }
                        span.events.events.push(event);
                    } else {
                        span.events.dropped_count += 1;
                    }
                }
                item::LINK => {
                    let (trace, span_id) = ([reader.u64()?, reader.u64()?], reader.u64()?);
                    let ids = Ids::of(trace, span_id, reader.u8()?);
                    let state = self.state(&mut reader)?;
                    if span.links.links.len() < self.shape.limits.max_links_per_span as usize {
                        span.links.links.push(Link::new(
                            span_context_of(&ids, state),
                            Vec::new(),
                            0,
                        ));
                    } else {
                        span.links.dropped_count += 1;
                    }
                }
                item::ERROR_TYPE => {
                    append(
                        &mut span.attributes,
                        "error.type",
                        &mut reader,
                        &mut self.texts,
                    )?;
                }
                item::STATE => {
                    let state = self.state(&mut reader)?;
                    let of = &span.span_context;
                    span.span_context = SpanContext::new(
                        of.trace_id(),
                        of.span_id(),
                        of.trace_flags(),
                        false,
                        state,
                    );
                }
                _ => return None,
            }
        }
        Some(())
    }

    /// A trace state; most are that of the span before.
    fn state(&mut self, reader: &mut Reader<'_>) -> Option<TraceState> {
        let len = reader.u16()?;
        let header = core::str::from_utf8(reader.bytes(len.into())?).ok()?;
        if header.is_empty() {
            return Some(TraceState::NONE);
        }
        if self.last_state.0 != header {
            self.last_state = (header.to_owned(), header.parse().ok()?);
        }
        Some(self.last_state.1.clone())
    }

    /// Reads an event: `None` where it cannot be read, `Some(None)` where it is not exported.
    #[expect(
        clippy::option_option,
        reason = "a fault and an absence are two things"
    )]
    fn event(
        &mut self,
        code: u8,
        reader: &mut Reader<'_>,
        header: &Header,
        span: &mut SpanData,
    ) -> Option<Option<Event>> {
        let site = self.learn(reader.u32()?)?;
        let ticks = reader.u64()?;
        let count = reader.u8()?;
        let metadata = self.known[site].metadata()?;
        let mut event = Event::new(
            self.known[site].event_name,
            self.anchors
                .time_beside((header.start, span.start_time), ticks),
            self.stock.attributes(count.into()),
            0,
        );
        let keys = &self.known[site].keys;
        // The first key of an event with a name of its own is `message`, which stands for that name.
        let named = keys.first() == Some(&"message");
        let skipped = usize::from(code == item::EVENT && named && usize::from(count) < keys.len());
        let most = self.shape.limits.max_attributes_per_event as usize;
        for index in 0..count {
            let index = if code == item::EVENT {
                usize::from(index) + skipped
            } else {
                usize::from(reader.u8()?)
            };
            let key = *keys.get(index)?;
            if key == "message" {
                if let Some(value) = value(reader, &mut self.texts)? {
                    event.name = value.as_str().into_owned().into();
                }
            } else if event.attributes.len() < most {
                append(&mut event.attributes, key, reader, &mut self.texts)?;
            } else if value(reader, &mut self.texts)?.is_some() {
                event.dropped_attributes_count += 1;
            }
        }
        let known = &self.known[site];
        // Those of others were told where they came from, and are here because they are exported.
        let is_own = code == item::EVENT;
        if let (true, true, Some(lines)) = (is_own, known.is_told, &mut self.lines) {
            lines.note(metadata, &event);
        }
        if is_own && !known.is_exported {
            return Some(None);
        }
        count_left_out([event.dropped_attributes_count]);
        if *metadata.level() == Level::ERROR {
            raise(span, Status::error(""));
        }
        Some(Some(event))
    }

    /// Cuts what is beyond the limits, counts what was left out, and puts events in their order.
    fn limit(&self, span: &mut SpanData) {
        if let Some(longest) = self.shape.longest_text {
            let of_events = span.events.events.iter_mut();
            let lists = of_events.map(|event| &mut event.attributes);
            for attribute in lists.chain([&mut span.attributes]).flatten() {
                shorten(&mut attribute.value, longest);
            }
        }
        let most = self.shape.limits.max_attributes_per_span as usize;
        if let Some(beyond) = span.attributes.len().checked_sub(most) {
            span.attributes.truncate(most);
            span.dropped_attributes_count = u32::try_from(beyond).unwrap_or(u32::MAX);
        }
        // One that was read for its labels or its line leaves nothing out.
        if span.span_context.is_sampled() {
            count_left_out([
                span.dropped_attributes_count,
                span.events.dropped_count,
                span.links.dropped_count,
            ]);
        }
        // Those of other threads came in records of their own.
        if !span.events.events.is_sorted_by_key(|event| event.timestamp) {
            span.events.events.sort_by_key(|event| event.timestamp);
        }
    }
}

/// Counts what the limits of a span or event leave out.
fn count_left_out<const KINDS: usize>(counts: [u32; KINDS]) {
    let all: u64 = counts.into_iter().map(u64::from).sum();
    if all > 0 {
        count_many(Loss::ItemTooMany, all);
    }
}

/// Adds what the end of the span says.
fn conclude(header: &Header, span: &mut SpanData) {
    let name = match header.outcome {
        outcome::ERROR => Some("error"),
        outcome::PANICKED => {
            span.attributes.push(KeyValue::new("error.type", "panic"));
            Some("panicked")
        }
        outcome::CANCELLED => Some("cancelled"),
        _ => None,
    };
    if let Some(name) = name {
        span.attributes
            .push(KeyValue::new("tickspan.outcome", name));
    }
    if matches!(header.outcome, outcome::ERROR | outcome::PANICKED) {
        raise(span, Status::error(""));
    }
}

/// Cuts text to so many characters.
fn shorten(value: &mut Value, longest: usize) {
    let cut = |text: &mut StringValue| {
        if let Some((end, _)) = text.as_str().char_indices().nth(longest) {
            *text = text.as_str()[..end].to_owned().into();
        }
    };
    match value {
        Value::String(text) => cut(text),
        Value::Array(Array::String(texts)) => texts.iter_mut().for_each(cut),
        _ => {}
    }
}

/// The context of the span of an id, in the trace of a record.
pub(super) fn context_of(header: &Header, span: u64) -> SpanContext {
    let ids = Ids::of(header.trace, span, header.flags);
    // The flag says that its parent is remote.
    let here = Ids {
        remote: false,
        ..ids
    };
    span_context_of(&here, TraceState::NONE)
}

impl Known {
    fn new(site: Site, location: bool) -> Self {
        let names: Vec<&'static str> = match site {
            Site::Callsite(callsite) => field_names(callsite.metadata()),
            Site::Late(late) => late.keys().to_vec(),
            Site::Foreign(metadata) => field_names(metadata),
            Site::Edge(_) | Site::Path(_) => Vec::new(),
        };
        // Those that end the keys of each stage are not the user's, and are not in its records.
        let own = match site {
            Site::Callsite(_) => names.len().saturating_sub(tail::KIND),
            Site::Late(_) | Site::Foreign(_) | Site::Edge(_) | Site::Path(_) => names.len(),
        };
        let mut known = Self {
            site,
            special: names[..own].iter().any(|name| name.starts_with("otel.")),
            keys: names,
            event_name: event_name(site),
            location: Vec::new(),
            row: None,
            metrics: None,
            is_exported: true,
            is_told: true,
        };
        if let (true, Some(metadata)) = (location, known.metadata()) {
            let mut text = |key: &'static str, value: Option<&'static str>| {
                known
                    .location
                    .extend(value.map(|value| KeyValue::new(key, value)));
            };
            text("code.file.path", metadata.file());
            text("code.module.name", metadata.module_path());
            if let Site::Callsite(callsite) = site {
                text("code.function.name", Some(callsite.function()));
            }
            known.location.extend(
                metadata
                    .line()
                    .map(|line| KeyValue::new("code.line.number", i64::from(line))),
            );
        }
        known
    }

    /// The same, as outputs want it.
    fn behind(mut self, gate: &Gate) -> Self {
        if let Some(metadata) = self.metadata() {
            self.is_exported = gate.may_want(Output::Spans, metadata);
            self.is_told = gate.may_want(Output::Console, metadata);
        }
        self
    }

    fn metadata(&self) -> Option<&'static Metadata<'static>> {
        match self.site {
            Site::Callsite(callsite) => Some(callsite.metadata()),
            Site::Foreign(metadata) => Some(metadata),
            Site::Late(_) | Site::Edge(_) | Site::Path(_) => None,
        }
    }

    fn kind(&self) -> SpanKind {
        match self.site {
            Site::Callsite(callsite) => match callsite.kind() {
                CallsiteKind::Client => SpanKind::Client,
                CallsiteKind::Server => SpanKind::Server,
                CallsiteKind::Producer => SpanKind::Producer,
                CallsiteKind::Consumer => SpanKind::Consumer,
                CallsiteKind::Internal | CallsiteKind::Event | CallsiteKind::TradeEvent => {
                    SpanKind::Internal
                }
            },
            Site::Late(_) | Site::Foreign(_) | Site::Edge(_) | Site::Path(_) => SpanKind::Internal,
        }
    }
}

fn event_name(site: Site) -> &'static str {
    match site {
        Site::Callsite(callsite) if callsite.kind() == CallsiteKind::TradeEvent => {
            name_in_span(callsite.metadata().name())
        }
        Site::Callsite(callsite) => callsite.metadata().name(),
        Site::Foreign(metadata) => metadata.name(),
        Site::Late(_) | Site::Edge(_) | Site::Path(_) => "",
    }
}

fn field_names(metadata: &'static Metadata<'static>) -> Vec<&'static str> {
    metadata.fields().iter().map(|field| field.name()).collect()
}

/// Reads a value, and adds it as an attribute of this key unless it is absent. Nothing where it cannot be read.
// Most values are made where they are added: one that is returned is loaded while its stores are on their way, and that took
// a tenth of the collector's time.
fn append(
    attributes: &mut Vec<KeyValue>,
    key: &'static str,
    reader: &mut Reader<'_>,
    texts: &mut Texts,
) -> Option<()> {
    let mut rest = *reader;
    match rest.u8()? {
        tag::I64 => attributes.push(KeyValue::new(key, rest.i64()?)),
        tag::U64 => attributes.push(KeyValue::new(key, unsigned(rest.u64()?))),
        tag::F64 => attributes.push(KeyValue::new(key, rest.f64()?)),
        tag::TEXT => attributes.push(KeyValue::new(key, texts.value(&text(&mut rest)?))),
        _ => {
            let value = value(reader, texts)?;
            attributes.extend(value.map(|value| KeyValue::new(key, value)));
            return Some(());
        }
    }
    *reader = rest;
    Some(())
}

/// Adds an attribute, unless its key says something of the span itself.
fn attribute(span: &mut SpanData, key: &'static str, value: Value, special: bool) {
    if special && apply(span, key, &value) {
        return;
    }
    span.attributes.push(KeyValue::new(key, value));
}

/// As [`attribute`], for one that may have a value already: the last counts.
fn late_attribute(span: &mut SpanData, key: &'static str, value: Value, special: bool) {
    let mut known = span.attributes.iter_mut();
    match known.find(|known| known.key.as_str() == key) {
        Some(known) => known.value = value,
        None => attribute(span, key, value, special),
    }
}

/// The keys by which `tracing` users set what a span has besides attributes, as `tracing-opentelemetry` reads
/// them. Only text counts.
fn apply(span: &mut SpanData, key: &str, value: &Value) -> bool {
    let Value::String(text) = value else {
        return false;
    };
    let text = text.as_str();
    match key {
        "otel.name" => span.name = text.to_owned().into(),
        "otel.kind" => {
            span.span_kind = match text.to_ascii_lowercase().as_str() {
                "server" => SpanKind::Server,
                "client" => SpanKind::Client,
                "producer" => SpanKind::Producer,
                "consumer" => SpanKind::Consumer,
                "internal" => SpanKind::Internal,
                _ => return true,
            };
        }
        "otel.status_code" => match text.to_ascii_lowercase().as_str() {
            "ok" => raise(span, Status::Ok),
            "error" => raise(span, Status::error("")),
            _ => {}
        },
        "otel.status_description" => raise(span, Status::error(text.to_owned())),
        _ => return false,
    }
    true
}

/// Sets a status as OpenTelemetry does: an ok is final, and an error is not taken back.
fn raise(span: &mut SpanData, status: Status) {
    if status > span.status {
        span.status = status;
    }
}

/// A value as an attribute; nothing where it is absent.
pub(crate) fn as_attribute(given: &crate::privacy::Value<'_>) -> Option<Value> {
    let mut bytes = lane::Bytes::with_room(64);
    lane::write_value(&mut bytes, given);
    value(&mut Reader(&bytes), &mut Texts::unknown()).flatten()
}

/// Reads a value: `None` where it cannot be read, `Some(None)` where it is absent.
#[expect(
    clippy::option_option,
    reason = "a fault and an absence are two things"
)]
fn value(reader: &mut Reader<'_>, texts: &mut Texts) -> Option<Option<Value>> {
    Some(Some(match reader.u8()? {
        tag::ABSENT => return Some(None),
        tag::FALSE => Value::Bool(false),
        tag::TRUE => Value::Bool(true),
        tag::I64 => Value::I64(reader.i64()?),
        tag::U64 => unsigned(reader.u64()?),
        tag::F64 => Value::F64(reader.f64()?),
        tag::TEXT => Value::String(texts.value(&text(reader)?)),
        #[cfg(feature = "rust_decimal")]
        tag::DECIMAL => Value::String(decimal(reader)?.into()),
        tag::LIST => list(reader)?,
        _ => return None,
    }))
}

/// OpenTelemetry has no unsigned integers: what is too large for a signed one keeps all of its digits.
fn unsigned(value: u64) -> Value {
    i64::try_from(value).map_or_else(|_| Value::String(value.to_string().into()), Value::I64)
}

fn text<'a>(reader: &mut Reader<'a>) -> Option<Cow<'a, str>> {
    let len = reader.u16()?;
    let bytes = reader.bytes(len.into())?;
    // What is right is seen sooner than what is wrong is mended.
    Some(match core::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    })
}

#[cfg(feature = "rust_decimal")]
fn decimal(reader: &mut Reader<'_>) -> Option<String> {
    Some(rust_decimal::Decimal::deserialize(reader.sixteen()?).to_string())
}

/// An element of a list.
enum Element {
    Absent,
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    /// Text, and how it stands in a list that is written as text.
    Text(String, String),
}

fn element(reader: &mut Reader<'_>) -> Option<Element> {
    Some(match reader.u8()? {
        tag::ABSENT => Element::Absent,
        tag::FALSE => Element::Bool(false),
        tag::TRUE => Element::Bool(true),
        tag::I64 => Element::I64(reader.i64()?),
        tag::U64 => {
            let value = reader.u64()?;
            i64::try_from(value).map_or(Element::U64(value), Element::I64)
        }
        tag::F64 => Element::F64(reader.f64()?),
        tag::TEXT => {
            let text = text(reader)?.into_owned();
            let quoted = format!("{text:?}");
            Element::Text(text, quoted)
        }
        #[cfg(feature = "rust_decimal")]
        tag::DECIMAL => {
            let text = decimal(reader)?;
            let quoted = format!("\"{text}\"");
            Element::Text(text, quoted)
        }
        _ => return None,
    })
}

/// A list: an array where all elements are recorded and of one type, and else the text that the tracing route
/// gives.
fn list(reader: &mut Reader<'_>) -> Option<Value> {
    let all = reader.u32()?;
    let recorded = reader.u8()?;
    let mut elements = Vec::with_capacity(recorded.into());
    for _ in 0..recorded {
        elements.push(element(reader)?);
    }
    let cut = all > u32::from(recorded);
    Some(match (cut, array(&elements)) {
        (false, Some(array)) => Value::Array(array),
        _ => Value::String(written(&elements, all).into()),
    })
}

/// The elements as an array, if they are of one type.
fn array(elements: &[Element]) -> Option<Array> {
    Some(match elements.first() {
        None => Array::String(Vec::new()),
        Some(Element::Bool(_)) => Array::Bool(each(elements, |element| match element {
            Element::Bool(value) => Some(*value),
            _ => None,
        })?),
        Some(Element::I64(_)) => Array::I64(each(elements, |element| match element {
            Element::I64(value) => Some(*value),
            _ => None,
        })?),
        Some(Element::F64(_)) => Array::F64(each(elements, |element| match element {
            Element::F64(value) => Some(*value),
            _ => None,
        })?),
        Some(Element::Text(..)) => Array::String(each(elements, |element| match element {
            Element::Text(value, _) => Some(StringValue::from(value.clone())),
            _ => None,
        })?),
        Some(Element::Absent | Element::U64(_)) => return None,
    })
}

fn each<T>(elements: &[Element], of: impl Fn(&Element) -> Option<T>) -> Option<Vec<T>> {
    elements.iter().map(of).collect()
}

/// The elements as text: JSON, but for numbers that JSON cannot write.
fn written(elements: &[Element], all: u32) -> String {
    let mut texts: Vec<String> = elements
        .iter()
        .map(|element| match element {
            Element::Absent => "null".to_owned(),
            Element::Bool(value) => value.to_string(),
            Element::I64(value) => value.to_string(),
            Element::U64(value) => value.to_string(),
            Element::F64(value) => format!("{value:?}"),
            Element::Text(_, quoted) => quoted.clone(),
        })
        .collect();
    let beyond = all as usize - elements.len().min(all as usize);
    if beyond > 0 {
        texts.push(format!("+{beyond} more"));
    }
    format!("[{}]", texts.join(","))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

    use super::*;
    use crate::collect::anchor::Moment;
    use crate::record::lane::wire::Kind;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn events_have_the_clock_of_their_span() {
        let site = tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            sites::foreign(tracing::info_span!("order").metadata().unwrap())
        });
        let first = Instant::now();
        let moment = |tick, time| Moment {
            tick,
            steady: first + Duration::from_nanos(tick),
            time,
        };
        let mut anchors = Anchors::new(Box::new(|start, end| end - start), moment(0, at(100)));
        anchors.retake(moment(20 * SECOND, at(50)));
        let mut decoder = Decoder::new(anchors, SpanShape::default());
        let mut items = Vec::new();
        for second in [30, 15] {
            items.push(item::FOREIGN_EVENT);
            items.extend_from_slice(&site.to_le_bytes());
            items.extend_from_slice(&(second * SECOND).to_le_bytes());
            items.push(0);
        }
        let complete = Complete {
            header: Header {
                kind: Kind::Span,
                flags: flags::SAMPLED,
                outcome: outcome::OK,
                values: 0,
                site,
                capture: 0,
                trace: [1, 1],
                span: 1,
                parent: 0,
                start: 10 * SECOND,
                end: 40 * SECOND,
            },
            first: &items,
            more: &[],
            last: &[],
            author: &Author::default(),
        };
        let mut spans = Vec::new();
        assert!(decoder.span(&complete, &mut spans));
        decoder.finish(site, &mut spans[0]);
        let events = spans[0].events.iter().map(|event| event.timestamp);
        assert_eq!(events.collect::<Vec<_>>(), [at(115), at(130)]);
        assert_eq!((spans[0].start_time, spans[0].end_time), (at(110), at(140)));
    }
}
