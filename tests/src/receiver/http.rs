//! The HTTP server.

use std::io::Read as _;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{
    ExportMetricsPartialSuccess, ExportMetricsServiceRequest, ExportMetricsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{Inbox, ReceivedRequest, names_and_values};

/// Takes one request: metrics or log records where the path says so, else traces.
pub(super) async fn post(
    State(inbox): State<Arc<Inbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answer = inbox.next_answer();
    let request = ReceivedRequest {
        path: uri.path().to_owned(),
        headers: names_and_values(&headers),
    };
    let encoding = request.header("content-encoding");
    let is_json = request.header("content-type") == Some("application/json");
    let Some(body) = decompressed(encoding, &body) else {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    };
    if uri.path().ends_with("/logs") {
        let Some(logs) = read::<ExportLogsServiceRequest>(&body, is_json) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        inbox.put_logs(request, logs, answer.keeps());
        let response = |rejected, why: &str| ExportLogsServiceResponse {
            partial_success: (rejected > 0).then(|| ExportLogsPartialSuccess {
                rejected_log_records: rejected,
                error_message: why.to_owned(),
            }),
        };
        return answer
            .over_http(|rejected, why| write(&response(rejected, why), is_json))
            .await;
    }
    if uri.path().ends_with("/metrics") {
        let Some(metrics) = read::<ExportMetricsServiceRequest>(&body, is_json) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        inbox.put_metrics(request, metrics, answer.keeps());
        let response = |rejected, why: &str| ExportMetricsServiceResponse {
            partial_success: (rejected > 0).then(|| ExportMetricsPartialSuccess {
                rejected_data_points: rejected,
                error_message: why.to_owned(),
            }),
        };
        return answer
            .over_http(|rejected, why| write(&response(rejected, why), is_json))
            .await;
    }
    let Some(traces) = read::<ExportTraceServiceRequest>(&body, is_json) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    inbox.put_traces(request, traces, answer.keeps());
    let response = |rejected, why: &str| ExportTraceServiceResponse {
        partial_success: (rejected > 0).then(|| ExportTracePartialSuccess {
            rejected_spans: rejected,
            error_message: why.to_owned(),
        }),
    };
    answer
        .over_http(|rejected, why| write(&response(rejected, why), is_json))
        .await
}

fn read<M: Message + Default + serde::de::DeserializeOwned>(
    body: &[u8],
    is_json: bool,
) -> Option<M> {
    if is_json {
        serde_json::from_slice(body).ok()
    } else {
        M::decode(body).ok()
    }
}

fn write<M: Message + serde::Serialize>(message: &M, is_json: bool) -> Vec<u8> {
    if is_json {
        let mut message = serde_json::to_value(message).expect("a response can be written as JSON");
        // As ProtoJSON has numbers of 64 bits, which the type does not write so.
        let partial = message.pointer_mut("/partialSuccess");
        for value in partial.into_iter().filter_map(|it| it.as_object_mut()) {
            for number in value.values_mut().filter(|it| it.is_number()) {
                *number = number.to_string().into();
            }
        }
        message.to_string().into_bytes()
    } else {
        message.encode_to_vec()
    }
}

fn decompressed(encoding: Option<&str>, body: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        None => Some(body.to_vec()),
        Some("gzip") => {
            let mut plain = Vec::new();
            flate2::read::GzDecoder::new(body)
                .read_to_end(&mut plain)
                .ok()?;
            Some(plain)
        }
        Some("zstd") => zstd::decode_all(body).ok(),
        Some(_) => None,
    }
}

/// Accepts connections over TLS.
pub(super) struct TlsListener {
    pub(super) tcp: tokio::net::TcpListener,
    pub(super) acceptor: TlsAcceptor,
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        loop {
            // A client that does not like the certificate is not the server's concern.
            if let Ok((stream, address)) = self.tcp.accept().await
                && let Ok(stream) = self.acceptor.accept(stream).await
            {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}
