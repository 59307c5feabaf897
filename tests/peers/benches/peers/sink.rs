//! Where spans end: exporters of the OpenTelemetry SDK that keep nothing but counts, and the one that sends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use prost::Message;

use crate::library::Delivered;

/// What reached an exporter so far.
///
/// The counters are independent of each other and are read after the exporter has been shut down or
/// flushed, which orders them; so relaxed operations do.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    spans: AtomicU64,
    attributes: AtomicU64,
    events: AtomicU64,
    bytes: AtomicU64,
}

impl Reached {
    /// The spans alone.
    pub(crate) fn spans(&self) -> u64 {
        self.spans.load(Ordering::Relaxed)
    }

    /// All counts.
    pub(crate) fn delivered(&self) -> Delivered {
        Delivered {
            spans: self.spans(),
            attributes: self.attributes.load(Ordering::Relaxed),
            events: self.events.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            told_lost: None,
        }
    }

    fn count(&self, batch: &[SpanData]) {
        let attributes: usize = batch.iter().map(|span| span.attributes.len()).sum();
        let events: usize = batch.iter().map(|span| span.events.len()).sum();
        self.spans.fetch_add(batch.len() as u64, Ordering::Relaxed);
        self.attributes
            .fetch_add(attributes as u64, Ordering::Relaxed);
        self.events.fetch_add(events as u64, Ordering::Relaxed);
    }
}

/// Encodes each batch as the OTLP exporter of the SDK does, and drops the bytes.
#[derive(Debug)]
pub(crate) struct Encode {
    resource: ResourceAttributesWithSchema,
    reached: Arc<Reached>,
}

impl Encode {
    /// The exporter, and what reaches it.
    pub(crate) fn new() -> (Self, Arc<Reached>) {
        let reached = Arc::<Reached>::default();
        let exporter = Self {
            resource: ResourceAttributesWithSchema::default(),
            reached: Arc::clone(&reached),
        };
        (exporter, reached)
    }
}

impl SpanExporter for Encode {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.reached.count(&batch);
        let request = ExportTraceServiceRequest {
            resource_spans: group_spans_by_resource_and_scope(batch, &self.resource),
        };
        let bytes = request.encode_to_vec();
        self.reached
            .bytes
            .fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.resource = resource.into();
    }
}

/// The exporter that is published for the SDK, with the client it has by default. It is told the whole address.
pub(crate) fn published(url: &str) -> opentelemetry_otlp::SpanExporter {
    opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{url}/v1/traces"))
        .build()
        .expect("the receiver has an address")
}

/// Counts spans and drops them.
#[derive(Debug)]
pub(crate) struct Count {
    reached: Arc<Reached>,
}

impl Count {
    /// The exporter, and what reaches it.
    pub(crate) fn new() -> (Self, Arc<Reached>) {
        let reached = Arc::<Reached>::default();
        let exporter = Self {
            reached: Arc::clone(&reached),
        };
        (exporter, reached)
    }
}

impl SpanExporter for Count {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.reached.count(&batch);
        Ok(())
    }
}
