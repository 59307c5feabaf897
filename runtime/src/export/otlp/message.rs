//! The three requests of OTLP, and what is told of each one's answer.

#[cfg(feature = "logs")]
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};

use crate::export::deliver::Delivered;

pub(super) type TracesRequest = ExportTraceServiceRequest;
pub(super) type MetricsRequest = ExportMetricsServiceRequest;
#[cfg(feature = "logs")]
pub(super) type LogsRequest = ExportLogsServiceRequest;

/// How a message is written over HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg(feature = "otlp-http")]
pub(super) enum Encoding {
    Protobuf,
    #[cfg(feature = "otlp-http-json")]
    Json,
}

/// A request of OTLP.
pub(super) trait Message: prost::Message + Serialize {
    type Response: prost::Message + Default;

    /// The method's path over gRPC.
    #[cfg(feature = "otlp-grpc")]
    const METHOD: &'static str;

    /// What the backend rejected, and what it says.
    fn delivered(response: Self::Response) -> Delivered;
}

/// Something that can be written as JSON, where that is compiled in.
#[cfg(feature = "otlp-http-json")]
pub(super) use serde::Serialize;

#[cfg(not(feature = "otlp-http-json"))]
pub(super) use self::without_json::Serialize;

#[cfg(not(feature = "otlp-http-json"))]
mod without_json {
    pub(in super::super) trait Serialize {}
    impl<T> Serialize for T {}
}

/// Implements [`Message`]: the request, its response, the method, and the field that counts what was rejected.
macro_rules! message {
    ($request:ty, $response:ty, $method:literal, $rejected:ident) => {
        impl Message for $request {
            type Response = $response;

            #[cfg(feature = "otlp-grpc")]
            const METHOD: &'static str = $method;

            fn delivered(response: $response) -> Delivered {
                match response.partial_success {
                    None => Delivered::default(),
                    Some(partial) => Delivered {
                        rejected: u64::try_from(partial.$rejected).unwrap_or_default(),
                        remark: partial.error_message,
                    },
                }
            }
        }
    };
}

message!(
    TracesRequest,
    ExportTraceServiceResponse,
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    rejected_spans
);
message!(
    MetricsRequest,
    ExportMetricsServiceResponse,
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    rejected_data_points
);
#[cfg(feature = "logs")]
message!(
    LogsRequest,
    ExportLogsServiceResponse,
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    rejected_log_records
);

/// What an answer in JSON tells. A number of 64 bits is a text there ([ProtoJSON]); `opentelemetry-proto` reads none for these numbers.
///
/// [ProtoJSON]: https://protobuf.dev/programming-guides/json/
///
/// # Errors
///
/// When it is no object, or no JSON.
#[cfg(feature = "otlp-http-json")]
pub(super) fn delivered_in_json(body: &[u8]) -> serde_json::Result<Delivered> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        partial_success: Option<Partial>,
    }

    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Partial {
        #[serde(alias = "rejectedDataPoints", alias = "rejectedLogRecords")]
        rejected_spans: Option<Count>,
        error_message: Option<String>,
    }

    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Count {
        Number(i64),
        Text(String),
    }

    let Some(partial) = serde_json::from_slice::<Response>(body)?.partial_success else {
        return Ok(Delivered::default());
    };
    let rejected = match partial.rejected_spans {
        None => 0,
        Some(Count::Number(number)) => number,
        Some(Count::Text(digits)) => digits.parse().map_err(serde::de::Error::custom)?,
    };
    Ok(Delivered {
        rejected: u64::try_from(rejected).unwrap_or_default(),
        remark: partial.error_message.unwrap_or_default(),
    })
}
