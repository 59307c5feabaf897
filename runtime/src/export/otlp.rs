//! The network exporters: OTLP over gRPC (feature `otlp-grpc`) and over HTTP (feature `otlp-http`).
//!
//! Only translates settings that were checked before into the exporter's own builder; called inside
//! the export thread's runtime context, which the clients need. Headers are the exception: the
//! exporter reads `OTEL_EXPORTER_OTLP_HEADERS` and its `TRACES` form itself, after [`crate::setup`]
//! has checked them.

use std::time::Duration;

use opentelemetry_otlp::{ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _};

/// Makes an exporter that speaks gRPC to `url`.
#[cfg(feature = "otlp-grpc")]
pub(crate) fn grpc(url: &str, timeout: Duration) -> Result<SpanExporter, ExporterBuildError> {
    SpanExporter::builder()
        .with_tonic()
        .with_protocol(Protocol::Grpc)
        .with_endpoint(url)
        .with_timeout(timeout)
        .build()
}

/// Makes an exporter that posts protobuf bodies to `url`, the full address of the traces.
#[cfg(feature = "otlp-http")]
pub(crate) fn http_protobuf(
    url: &str,
    timeout: Duration,
) -> Result<SpanExporter, ExporterBuildError> {
    SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(url)
        .with_timeout(timeout)
        .build()
}
