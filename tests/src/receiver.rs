//! Real OTLP receivers on loopback, over gRPC and over HTTP, that keep what arrives.
//!
//! Built from the service definitions of `opentelemetry-proto`. Each runs on a thread and a runtime
//! of its own, so a test needs none, and ends when it is dropped.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::sync::oneshot;
use tonic::transport::server::TcpIncoming;

/// A server that takes traces.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    inbox: Arc<Inbox>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A span as it arrived, with what it arrived in.
#[derive(Clone, Debug)]
pub struct ReceivedSpan {
    /// The span itself.
    pub span: Span,
    /// The attributes of its resource.
    pub resource: Vec<KeyValue>,
    /// The name of its instrumentation scope.
    pub scope: String,
}

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    /// The path of its URL; for gRPC, the method.
    pub path: String,
    /// Its headers, or its gRPC metadata, by lower-case name.
    pub headers: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct Inbox {
    contents: Mutex<Contents>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct Contents {
    spans: Vec<ReceivedSpan>,
    requests: Vec<ReceivedRequest>,
}

impl Receiver {
    /// Starts a gRPC server.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    pub fn grpc() -> Self {
        Self::start(|listener, inbox, stopped| async move {
            let server = tonic::transport::Server::builder()
                .add_service(TraceServiceServer::new(Traces(inbox)))
                .serve_with_incoming(TcpIncoming::from(listener));
            // Connections that clients keep open end with the runtime.
            tokio::select! {
                end = server => end.expect("the gRPC server runs"),
                _ = stopped => {}
            }
        })
    }

    /// Starts an HTTP server that takes traces at any path.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    pub fn http() -> Self {
        Self::start(|listener, inbox, stopped| async move {
            let server = axum::serve(
                listener,
                axum::Router::new().fallback(post_traces).with_state(inbox),
            );
            // Connections that clients keep open end with the runtime.
            tokio::select! {
                end = server => end.expect("the HTTP server runs"),
                _ = stopped => {}
            }
        })
    }

    fn start<F: Future<Output = ()>>(
        serve: impl FnOnce(tokio::net::TcpListener, Arc<Inbox>, oneshot::Receiver<()>) -> F
        + Send
        + 'static,
    ) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("the socket has an address");
        listener
            .set_nonblocking(true)
            .expect("the socket can be made non-blocking");
        let inbox = Arc::new(Inbox::default());
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime starts")
                    .block_on(async {
                        let listener = tokio::net::TcpListener::from_std(listener)
                            .expect("the socket fits the runtime");
                        serve(listener, inbox, stopped).await;
                    });
            }
        });
        Self {
            address,
            inbox,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every span so far, as soon as there are `count`.
    ///
    /// # Panics
    ///
    /// When there are fewer after 30 s.
    pub fn wait_for_spans(&self, count: usize) -> Vec<ReceivedSpan> {
        let until = Instant::now() + Duration::from_secs(30);
        let mut contents = self.inbox.lock();
        while contents.spans.len() < count {
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "{count} spans were expected, but only these arrived: {:?}",
                contents
                    .spans
                    .iter()
                    .map(|received| &received.span.name)
                    .collect::<Vec<_>>()
            );
            contents = self
                .inbox
                .arrived
                .wait_timeout(contents, left)
                .expect("no thread panics with the inbox locked")
                .0;
        }
        contents.spans.clone()
    }

    /// Every span so far.
    pub fn spans(&self) -> Vec<ReceivedSpan> {
        self.inbox.lock().spans.clone()
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.inbox.lock().requests.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been printed; a second one here would hide the test's own.
            let _ = thread.join();
        }
    }
}

impl ReceivedSpan {
    /// The value of an attribute of the span.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        value_of(&self.span.attributes, key)
    }

    /// The value of an attribute of the resource.
    pub fn resource_attribute(&self, key: &str) -> Option<&Value> {
        value_of(&self.resource, key)
    }
}

/// The value of the attribute `key` among `attributes`, those of an event or a link for example.
pub fn value_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    attributes
        .iter()
        .find(|attribute| attribute.key == key)?
        .value
        .as_ref()?
        .value
        .as_ref()
}

/// The only span called `name`.
///
/// # Panics
///
/// When there is none, or more than one.
pub fn the_span<'a>(spans: &'a [ReceivedSpan], name: &str) -> &'a ReceivedSpan {
    let found: Vec<_> = spans
        .iter()
        .filter(|received| received.span.name == name)
        .collect();
    assert_eq!(found.len(), 1, "spans called `{name}` among {spans:#?}");
    found[0]
}

/// A text as an attribute's value.
pub fn text(value: &str) -> Value {
    Value::StringValue(value.to_owned())
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents
            .lock()
            .expect("no thread panics with the inbox locked")
    }

    fn put(&self, request: ReceivedRequest, traces: ExportTraceServiceRequest) {
        let mut contents = self.lock();
        contents.requests.push(request);
        for resource_spans in traces.resource_spans {
            let resource = resource_spans
                .resource
                .map(|resource| resource.attributes)
                .unwrap_or_default();
            for scope_spans in resource_spans.scope_spans {
                let scope = scope_spans
                    .scope
                    .map(|scope| scope.name)
                    .unwrap_or_default();
                contents
                    .spans
                    .extend(scope_spans.spans.into_iter().map(|span| ReceivedSpan {
                        span,
                        resource: resource.clone(),
                        scope: scope.clone(),
                    }));
            }
        }
        drop(contents);
        self.arrived.notify_all();
    }
}

struct Traces(Arc<Inbox>);

#[tonic::async_trait]
impl TraceService for Traces {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let (metadata, _, traces) = request.into_parts();
        let request = ReceivedRequest {
            path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export".to_owned(),
            headers: names_and_values(&metadata.into_headers()),
        };
        self.0.put(request, traces);
        Ok(tonic::Response::new(ExportTraceServiceResponse::default()))
    }
}

async fn post_traces(
    State(inbox): State<Arc<Inbox>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    let Ok(traces) = ExportTraceServiceRequest::decode(body) else {
        return (StatusCode::BAD_REQUEST, Vec::new());
    };
    let request = ReceivedRequest {
        path: uri.path().to_owned(),
        headers: names_and_values(&headers),
    };
    inbox.put(request, traces);
    (
        StatusCode::OK,
        ExportTraceServiceResponse::default().encode_to_vec(),
    )
}

fn names_and_values(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}
