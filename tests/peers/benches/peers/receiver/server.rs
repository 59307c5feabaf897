//! The receiver's side: a server that counts and answers.

use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceResponse;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use tokio::net::TcpListener;
use tokio::task;

use super::Received;

type Counts = Arc<Mutex<Received>>;

/// Prints its URL, answers requests until stdin ends, and prints what came.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let counts = Counts::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        println!("http://{}", listener.local_addr()?);
        tokio::spawn(accept(listener, Arc::clone(&counts)));
        task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await?
    })?;
    let received = *counts.lock().unwrap_or_else(PoisonError::into_inner);
    // No `println!`, which would panic: the process that asked may be gone.
    Ok(serde_json::to_writer(io::stdout(), &received)?)
}

async fn accept(listener: TcpListener, counts: Counts) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        let counts = Arc::clone(&counts);
        let service = service_fn(move |request| answer(request, Arc::clone(&counts)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Counts traces, takes metrics as they are, and refuses the rest.
async fn answer(
    request: Request<Incoming>,
    counts: Counts,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    Ok(match path.as_str() {
        "/v1/traces" => match ExportTraceServiceRequest::decode(&*body) {
            Ok(traces) => {
                let mut received = counts.lock().unwrap_or_else(PoisonError::into_inner);
                received.count(&traces, body.len());
                taken(&ExportTraceServiceResponse::default())
            }
            Err(_) => refused(StatusCode::BAD_REQUEST),
        },
        "/v1/metrics" => taken(&ExportMetricsServiceResponse::default()),
        _ => refused(StatusCode::NOT_FOUND),
    })
}

fn taken(message: &impl Message) -> Response<Full<Bytes>> {
    let mut response = Response::new(message.encode_to_vec().into());
    let content_type = HeaderValue::from_static("application/x-protobuf");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn refused(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

impl Received {
    fn count(&mut self, traces: &ExportTraceServiceRequest, bytes: usize) {
        self.requests += 1;
        self.delivered.bytes += bytes as u64;
        let scopes = traces.resource_spans.iter().flat_map(|of| &of.scope_spans);
        for span in scopes.flat_map(|of| &of.spans) {
            self.delivered.spans += 1;
            self.delivered.attributes += span.attributes.len() as u64;
            self.delivered.events += span.events.len() as u64;
        }
    }
}
