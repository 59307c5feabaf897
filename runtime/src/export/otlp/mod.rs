//! The network exporter: OTLP over gRPC (feature `otlp-grpc`) and over HTTP (`otlp-http`, `otlp-http-json`).
//!
//! Messages, HTTP/2 and TLS are those of `opentelemetry-proto`, `tonic`, `reqwest` and `rustls`. What is here is what
//! lies between: one encoding of a batch for all attempts, retries that honour what the backend asks for, and an
//! account of what it rejected. Reads no variable: [`crate::setup`] has checked everything. Called inside the export
//! thread's runtime context, which the clients need.

mod answer;
mod compression;
#[cfg(feature = "otlp-grpc")]
mod details;
#[cfg(feature = "otlp-grpc")]
mod grpc;
#[cfg(feature = "otlp-http")]
mod http;
mod message;
mod retry;
mod spans;
#[cfg(feature = "tls")]
mod tls;
mod wire;
mod words;

use bytes::Bytes;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::trace::SpanData;
use tokio::sync::watch;
use tokio::time::Instant;

#[cfg(feature = "otlp-http")]
use self::message::Encoding;
use self::message::{Message, MetricsRequest, TracesRequest};
pub(crate) use self::retry::Failure;
use self::retry::{Pause, Retry, with_retries};
use self::spans::Envelope;
use super::deliver::{Deliver, Delivered, Delivery, Job};
use super::{Compression, Target};
use crate::collect::stock;

/// Sends what it is given to one place.
#[derive(Debug)]
pub(crate) struct Otlp {
    transport: Transport,
    envelope: Envelope,
    #[cfg(any(feature = "logs", feature = "otlp-http-json"))]
    resource: ResourceAttributesWithSchema,
    pause: Pause,
    /// Somebody waits: nobody is asked twice who cannot be reached.
    hurry: watch::Receiver<usize>,
}

#[derive(Debug)]
enum Transport {
    #[cfg(feature = "otlp-grpc")]
    Grpc(Box<grpc::Grpc>),
    #[cfg(feature = "otlp-http")]
    Http(http::Http),
}

impl Otlp {
    /// Makes what sends to `target`.
    ///
    /// # Errors
    ///
    /// In words, without secrets, when a certificate cannot be used.
    pub(crate) fn new(
        target: &Target,
        resource: &Resource,
        hurry: watch::Receiver<usize>,
    ) -> Result<Self, String> {
        let resource = ResourceAttributesWithSchema::from(resource);
        Ok(Self {
            transport: Transport::new(target)?,
            envelope: Envelope::new(&resource),
            #[cfg(any(feature = "logs", feature = "otlp-http-json"))]
            resource,
            pause: Pause::default(),
            hurry,
        })
    }

    async fn send<M: Message>(&self, body: Bytes, job: &Job<'_>) -> Delivery {
        with_retries(&self.pause, self.hurry.clone(), job, || {
            self.transport.send::<M>(body.clone(), job.until)
        })
        .await
    }

    /// Sends spans once.
    #[cfg(feature = "cli")]
    pub(crate) async fn send_spans_once(
        &self,
        spans: Vec<SpanData>,
        until: Instant,
    ) -> Result<Delivered, Failure> {
        self.send_once::<TracesRequest>(self.traces(spans), until)
            .await
    }

    /// Sends metrics once.
    #[cfg(feature = "cli")]
    pub(crate) async fn send_metrics_once(
        &self,
        metrics: &ResourceMetrics,
        until: Instant,
    ) -> Result<Delivered, Failure> {
        let body = self.transport.encode(&MetricsRequest::from(metrics));
        self.send_once::<MetricsRequest>(body, until).await
    }

    /// Sends log records once.
    #[cfg(all(feature = "cli", feature = "logs"))]
    pub(crate) async fn send_logs_once(
        &self,
        records: &[super::deliver::LogItem],
        until: Instant,
    ) -> Result<Delivered, Failure> {
        let body = self.transport.encode(&self.logs(records));
        self.send_once::<message::LogsRequest>(body, until).await
    }

    #[cfg(feature = "cli")]
    async fn send_once<M: Message>(
        &self,
        body: Result<Bytes, String>,
        until: Instant,
    ) -> Result<Delivered, Failure> {
        let body = body.map_err(|reason| Failure {
            reason,
            retry: Retry::Never,
            status: None,
        })?;
        self.transport.send::<M>(body, until).await
    }

    /// The body of a request with these spans.
    fn traces(&self, spans: Vec<SpanData>) -> Result<Bytes, String> {
        #[cfg(feature = "otlp-http-json")]
        if self.transport.is_json() {
            use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;

            let resource_spans = group_spans_by_resource_and_scope(spans, &self.resource);
            let resource_spans = super::otlp_json::spelled(resource_spans);
            return self.transport.encode(&TracesRequest { resource_spans });
        }
        let message = self.envelope.request(&spans);
        stock::give_back(spans);
        self.transport.pack(message)
    }

    #[cfg(feature = "logs")]
    fn logs(&self, records: &[super::deliver::LogItem]) -> message::LogsRequest {
        use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;

        let records: Vec<_> = records.iter().map(|item| (&item.0, &item.1)).collect();
        let batch = opentelemetry_sdk::logs::LogBatch::new(&records);
        let resource_logs = group_logs_by_resource_and_scope(&batch, &self.resource);
        #[cfg(feature = "otlp-http-json")]
        let resource_logs = if self.transport.is_json() {
            super::otlp_json::spelled_logs(resource_logs)
        } else {
            resource_logs
        };
        message::LogsRequest { resource_logs }
    }
}

impl Transport {
    fn new(target: &Target) -> Result<Self, String> {
        match target.protocol {
            #[cfg(feature = "otlp-grpc")]
            crate::Protocol::Grpc => grpc::Grpc::new(target).map(|grpc| Self::Grpc(Box::new(grpc))),
            #[cfg(feature = "otlp-http")]
            crate::Protocol::HttpProtobuf => {
                http::Http::new(target, Encoding::Protobuf).map(Self::Http)
            }
            #[cfg(feature = "otlp-http-json")]
            crate::Protocol::HttpJson => http::Http::new(target, Encoding::Json).map(Self::Http),
            #[cfg(not(all(feature = "otlp-grpc", feature = "otlp-http-json")))]
            other => Err(format!("{other} is not compiled in")),
        }
    }

    #[cfg(feature = "otlp-http-json")]
    fn is_json(&self) -> bool {
        matches!(self, Self::Http(http) if http.is_json())
    }

    /// Encodes a message once for all attempts.
    #[cfg_attr(
        not(feature = "otlp-http"),
        expect(
            clippy::unnecessary_wraps,
            reason = "only JSON and compression can fail"
        )
    )]
    fn encode<M: Message>(&self, message: &M) -> Result<Bytes, String> {
        match self {
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(_) => Ok(message.encode_to_vec().into()),
            #[cfg(feature = "otlp-http")]
            Self::Http(http) => http.encode(message),
        }
    }

    /// Makes a body of a message in Protobuf.
    #[cfg_attr(
        not(feature = "otlp-http"),
        expect(clippy::unnecessary_wraps, reason = "only compression can fail")
    )]
    fn pack(&self, message: Vec<u8>) -> Result<Bytes, String> {
        match self {
            // Compressed by `tonic`, message by message.
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(_) => Ok(message.into()),
            #[cfg(feature = "otlp-http")]
            Self::Http(http) => http.pack(message),
        }
    }

    async fn send<M: Message>(&self, body: Bytes, until: Instant) -> Result<Delivered, Failure> {
        let (answer, target) = match self {
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc(grpc) => (grpc.send::<M>(body, until).await?, grpc.target()),
            #[cfg(feature = "otlp-http")]
            Self::Http(http) => (http.send::<M>(body, until).await?, http.target()),
        };
        Ok(answer.into_delivered(target))
    }
}

impl Deliver<Vec<SpanData>> for Otlp {
    async fn deliver(&self, batch: Vec<SpanData>, job: &Job<'_>) -> Delivery {
        let body = self.traces(batch)?;
        self.send::<TracesRequest>(body, job).await
    }
}

#[cfg(feature = "logs")]
impl Deliver<Vec<super::deliver::LogItem>> for Otlp {
    async fn deliver(&self, batch: Vec<super::deliver::LogItem>, job: &Job<'_>) -> Delivery {
        let body = self.transport.encode(&self.logs(&batch))?;
        drop(batch);
        self.send::<message::LogsRequest>(body, job).await
    }
}

impl Deliver<&ResourceMetrics> for Otlp {
    async fn deliver(&self, metrics: &ResourceMetrics, job: &Job<'_>) -> Delivery {
        let body = self.transport.encode(&MetricsRequest::from(metrics))?;
        self.send::<MetricsRequest>(body, job).await
    }
}
