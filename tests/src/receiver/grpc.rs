//! The gRPC services.

use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::LogsService;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::MetricsService;
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceService;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use tonic::metadata::MetadataMap;

use super::{Inbox, ReceivedRequest, names_and_values};

/// Takes spans, metrics and log records.
pub(super) struct Services(pub(super) Arc<Inbox>);

fn received(path: &str, metadata: MetadataMap) -> ReceivedRequest {
    ReceivedRequest {
        path: path.to_owned(),
        headers: names_and_values(&metadata.into_headers()),
    }
}

#[tonic::async_trait]
impl TraceService for Services {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let (metadata, _, traces) = request.into_parts();
        let path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
        let answer = self.0.next_answer();
        self.0
            .put_traces(received(path, metadata), traces, answer.keeps());
        answer
            .over_grpc(|rejected_spans, error_message| ExportTraceServiceResponse {
                partial_success: Some(ExportTracePartialSuccess {
                    rejected_spans,
                    error_message,
                }),
            })
            .await
    }
}

#[tonic::async_trait]
impl MetricsService for Services {
    async fn export(
        &self,
        request: tonic::Request<ExportMetricsServiceRequest>,
    ) -> Result<tonic::Response<ExportMetricsServiceResponse>, tonic::Status> {
        let (metadata, _, metrics) = request.into_parts();
        let path = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
        let answer = self.0.next_answer();
        self.0
            .put_metrics(received(path, metadata), metrics, answer.keeps());
        answer
            .over_grpc(
                |rejected_data_points, error_message| ExportMetricsServiceResponse {
                    partial_success: Some(ExportMetricsPartialSuccess {
                        rejected_data_points,
                        error_message,
                    }),
                },
            )
            .await
    }
}

#[tonic::async_trait]
impl LogsService for Services {
    async fn export(
        &self,
        request: tonic::Request<ExportLogsServiceRequest>,
    ) -> Result<tonic::Response<ExportLogsServiceResponse>, tonic::Status> {
        let (metadata, _, logs) = request.into_parts();
        let path = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
        let answer = self.0.next_answer();
        self.0
            .put_logs(received(path, metadata), logs, answer.keeps());
        answer
            .over_grpc(
                |rejected_log_records, error_message| ExportLogsServiceResponse {
                    partial_success: Some(ExportLogsPartialSuccess {
                        rejected_log_records,
                        error_message,
                    }),
                },
            )
            .await
    }
}
