//! Real OTLP receivers on loopback, over gRPC and over HTTP, that keep what arrives.
//!
//! Built from the service definitions of `opentelemetry-proto`. Each runs on a thread and a runtime
//! of its own, so a test needs none, and ends when it is dropped. It answers as it is told to.

mod answer;
mod grpc;
mod http;

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::LogsServiceServer;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::MetricsServiceServer;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::TraceServiceServer;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::trace::v1::Span;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::codec::CompressionEncoding;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};

pub use self::answer::Answer;
use crate::certificates::Certificates;
use crate::misbehaving::Nobody;

/// How many connections wait to be accepted.
const BACKLOG: u32 = 1024;

/// A server that takes traces, metrics and log records.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    scheme: &'static str,
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

/// A metric as it arrived, with what it arrived in.
#[derive(Clone, Debug)]
pub struct ReceivedMetric {
    /// The metric itself.
    pub metric: Metric,
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
    metrics: Vec<ReceivedMetric>,
    metric_requests: Vec<ReceivedRequest>,
    logs: Vec<LogRecord>,
    log_requests: Vec<ReceivedRequest>,
    /// Answers to the next requests.
    answers: VecDeque<Answer>,
    /// The answer to all others.
    always: Option<Answer>,
}

impl Receiver {
    /// Starts a gRPC server.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    pub fn grpc() -> Self {
        Self::start_grpc(None)
    }

    /// Starts a gRPC server over TLS, which asks for the client's certificate. With `clients`, it refuses a client without
    /// one of the authority.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    pub fn grpc_over_tls(certificates: &Certificates, clients: bool) -> Self {
        let server = Identity::from_pem(
            certificates.read("server.pem"),
            certificates.read("server.key"),
        );
        let authority = Certificate::from_pem(certificates.read("authority.pem"));
        let tls = ServerTlsConfig::new()
            .identity(server)
            .client_ca_root(authority)
            .client_auth_optional(!clients);
        Self::start_grpc(Some(tls))
    }

    fn start_grpc(tls: Option<ServerTlsConfig>) -> Self {
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self::start(scheme, |listener, inbox, stopped| async move {
            let mut server = tonic::transport::Server::builder();
            if let Some(tls) = tls {
                server = server.tls_config(tls).expect("the certificates are right");
            }
            let traces = TraceServiceServer::new(grpc::Services(Arc::clone(&inbox)))
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd);
            let metrics = MetricsServiceServer::new(grpc::Services(Arc::clone(&inbox)))
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd);
            let logs = LogsServiceServer::new(grpc::Services(inbox))
                .accept_compressed(CompressionEncoding::Gzip)
                .accept_compressed(CompressionEncoding::Zstd);
            let server = server
                .add_service(traces)
                .add_service(metrics)
                .add_service(logs)
                .serve_with_incoming(TcpIncoming::from(listener));
            // Connections that clients keep open end with the runtime.
            tokio::select! {
                end = server => end.expect("the gRPC server runs"),
                _ = stopped => {}
            }
        })
    }

    /// Starts an HTTP server that takes metrics and log records at paths that end so, and traces at any other.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    pub fn http() -> Self {
        Self::start("http", serve_http)
    }

    /// Starts the same server where nobody was.
    ///
    /// # Panics
    ///
    /// When it cannot listen there.
    pub fn http_at(nobody: Nobody) -> Self {
        let listen = || nobody.into_socket().listen(BACKLOG);
        Self::start_on(listen, "http", serve_http)
    }

    /// Starts an HTTP server over TLS. With `clients`, it refuses a client without a certificate of the authority.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    pub fn http_over_tls(certificates: &Certificates, clients: bool) -> Self {
        let acceptor = acceptor(certificates, clients);
        Self::start("https", move |tcp, inbox, stopped| async move {
            let router = axum::Router::new().fallback(http::post).with_state(inbox);
            let listener = http::TlsListener { tcp, acceptor };
            tokio::select! {
                end = axum::serve(listener, router) => end.expect("the HTTP server runs"),
                _ = stopped => {}
            }
        })
    }

    /// Answers the next requests so, one after the other, and the ones after them with yes.
    #[must_use]
    pub fn answering(self, answers: impl IntoIterator<Item = Answer>) -> Self {
        self.inbox.lock().answers.extend(answers);
        self
    }

    /// Answers every request so.
    pub fn always(&self, answer: Answer) {
        self.inbox.lock().always = Some(answer);
    }

    fn start<F: Future<Output = ()>>(
        scheme: &'static str,
        serve: impl FnOnce(TcpListener, Arc<Inbox>, oneshot::Receiver<()>) -> F + Send + 'static,
    ) -> Self {
        let listen = || Nobody::new().into_socket().listen(BACKLOG);
        Self::start_on(listen, scheme, serve)
    }

    fn start_on<F: Future<Output = ()>>(
        listen: impl FnOnce() -> std::io::Result<TcpListener>,
        scheme: &'static str,
        serve: impl FnOnce(TcpListener, Arc<Inbox>, oneshot::Receiver<()>) -> F + Send + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        let listener = {
            let _within = runtime.enter();
            listen().expect("a taken port can be listened at")
        };
        let address = listener.local_addr().expect("the socket has an address");
        let inbox = Arc::new(Inbox::default());
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || runtime.block_on(serve(listener, inbox, stopped))
        });
        Self {
            address,
            scheme,
            inbox,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// The base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
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

    /// Every metric so far, as soon as one is called `name`; those of the same name come once for each reading.
    ///
    /// # Panics
    ///
    /// When there is none after 30 s.
    pub fn wait_for_metric(&self, name: &str) -> Vec<ReceivedMetric> {
        let until = Instant::now() + Duration::from_secs(30);
        let mut contents = self.inbox.lock();
        while !contents.metrics.iter().any(|m| m.metric.name == name) {
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no metric `{name}` arrived");
            contents = self
                .inbox
                .arrived
                .wait_timeout(contents, left)
                .expect("no thread panics with the inbox locked")
                .0;
        }
        contents.metrics.clone()
    }

    /// Every metric so far.
    pub fn metrics(&self) -> Vec<ReceivedMetric> {
        self.inbox.lock().metrics.clone()
    }

    /// Every request with metrics so far.
    pub fn metric_requests(&self) -> Vec<ReceivedRequest> {
        self.inbox.lock().metric_requests.clone()
    }

    /// Every log record so far.
    pub fn logs(&self) -> Vec<LogRecord> {
        self.inbox.lock().logs.clone()
    }

    /// Every request with log records so far.
    pub fn log_requests(&self) -> Vec<ReceivedRequest> {
        self.inbox.lock().log_requests.clone()
    }

    /// Every request with traces so far.
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

    fn next_answer(&self) -> Answer {
        let mut contents = self.lock();
        let next = contents.answers.pop_front();
        next.or_else(|| contents.always.clone())
            .unwrap_or(Answer::Yes)
    }

    fn put_traces(&self, request: ReceivedRequest, traces: ExportTraceServiceRequest, keep: bool) {
        let mut contents = self.lock();
        contents.requests.push(request);
        for resource_spans in traces.resource_spans.into_iter().filter(|_| keep) {
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

    fn put_metrics(
        &self,
        request: ReceivedRequest,
        metrics: ExportMetricsServiceRequest,
        keep: bool,
    ) {
        let mut contents = self.lock();
        contents.metric_requests.push(request);
        for resource_metrics in metrics.resource_metrics.into_iter().filter(|_| keep) {
            let resource = resource_metrics
                .resource
                .map(|resource| resource.attributes)
                .unwrap_or_default();
            for scope_metrics in resource_metrics.scope_metrics {
                let scope = scope_metrics
                    .scope
                    .map(|scope| scope.name)
                    .unwrap_or_default();
                let metrics = scope_metrics.metrics.into_iter();
                contents
                    .metrics
                    .extend(metrics.map(|metric| ReceivedMetric {
                        metric,
                        resource: resource.clone(),
                        scope: scope.clone(),
                    }));
            }
        }
        drop(contents);
        self.arrived.notify_all();
    }
}

impl Inbox {
    fn put_logs(&self, request: ReceivedRequest, logs: ExportLogsServiceRequest, keep: bool) {
        let mut contents = self.lock();
        contents.log_requests.push(request);
        let records = logs
            .resource_logs
            .into_iter()
            .filter(|_| keep)
            .flat_map(|of_resource| of_resource.scope_logs)
            .flat_map(|of_scope| of_scope.log_records);
        contents.logs.extend(records);
        drop(contents);
        self.arrived.notify_all();
    }
}

impl ReceivedRequest {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

async fn serve_http(listener: TcpListener, inbox: Arc<Inbox>, stopped: oneshot::Receiver<()>) {
    let router = axum::Router::new().fallback(http::post).with_state(inbox);
    // Connections that clients keep open end with the runtime.
    tokio::select! {
        end = axum::serve(listener, router) => end.expect("the HTTP server runs"),
        _ = stopped => {}
    }
}

fn acceptor(certificates: &Certificates, clients: bool) -> tokio_rustls::TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .expect("the provider has protocol versions");
    let builder = if clients {
        let mut roots = rustls::RootCertStore::empty();
        let authority = CertificateDer::from_pem_slice(&certificates.read("authority.pem"))
            .expect("the authority's certificate is right");
        roots
            .add(authority)
            .expect("the authority's certificate can be trusted");
        let verifier =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.with_client_cert_verifier(verifier.build().expect("the authority is right"))
    } else {
        builder.with_no_client_auth()
    };
    let certificate = CertificateDer::from_pem_slice(&certificates.read("server.pem"))
        .expect("the server's certificate is right");
    let key = PrivateKeyDer::from_pem_slice(&certificates.read("server.key"))
        .expect("the server's key is right");
    let config = builder
        .with_single_cert(vec![certificate], key)
        .expect("the certificate fits the key");
    Arc::new(config).into()
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
