//! The layers for HTTP, in a real server and a real client, over both routes.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::task::{Context as Waking, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::routing::get;
use futures::{StreamExt as _, stream};
use http::{Method, Request};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use opentelemetry::Value;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::trace::v1::ResourceSpans;
use opentelemetry_sdk::trace::SpanData;
use tickspan::tower::{Caller, Client, ClientLayer, ServerLayer};
use tickspan::{Context, propagate, stage, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{attribute, on_both_routes, on_both_routes_with};
use tickspan_tests::misbehaving::Nobody;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tower::{Layer as _, Service as _, ServiceExt as _};

type HttpClient = Client<Hyper<HttpConnector, Body>>;

fn client() -> HttpClient {
    ClientLayer::new()
        .with_servers(["127.0.0.1"])
        .layer(Hyper::builder(TokioExecutor::new()).build_http())
}

/// Runs `f` in a runtime with threads, beside a server with these routes, whose address it gets. What the server
/// still does when `f` is done is waited for.
fn beside<F: Future<Output = ()>>(app: fn() -> Router, f: impl FnOnce(SocketAddr) -> F) {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            let stop = std::sync::Arc::new(Notify::new());
            let stopped = std::sync::Arc::clone(&stop);
            let server = tokio::spawn(async move {
                axum::serve(listener, app())
                    .with_graceful_shutdown(async move { stopped.notified().await })
                    .await
            });
            f(address).await;
            stop.notify_one();
            server.await.unwrap().unwrap();
        });
}

fn request(method: Method, address: SocketAddr, path: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(format!("http://{address}{path}"))
        .body(Body::empty())
        .unwrap()
}

/// Reads a body to its end.
async fn read<B>(body: B) -> Result<Vec<u8>, B::Error>
where
    B: http_body::Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        bytes.extend_from_slice(frame?.data_ref().expect("no trailers"));
    }
    Ok(bytes)
}

/// Sends a request, and reads what is answered.
async fn send(client: &mut HttpClient, request: Request<Body>) -> (StatusCode, Vec<u8>) {
    let response = client.ready().await.unwrap().call(request).await.unwrap();
    (response.status(), read(response.into_body()).await.unwrap())
}

#[track_caller]
fn the<'a>(spans: &'a [SpanData], name: &str, kind: &SpanKind) -> &'a SpanData {
    let mut named = spans
        .iter()
        .filter(|span| span.name == name && span.span_kind == *kind);
    let span = named.next();
    assert!(named.next().is_none(), "more than one {name}: {spans:#?}");
    span.unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

fn text<'a>(span: &'a SpanData, key: &str) -> Option<std::borrow::Cow<'a, str>> {
    attribute(span, key).map(Value::as_str)
}

fn has_status_200(span: &SpanData) -> bool {
    attribute(span, "http.response.status_code") == Some(&Value::I64(200))
}

fn keys(span: &SpanData) -> Vec<&str> {
    let mut keys: Vec<_> = span.attributes.iter().map(|it| it.key.as_str()).collect();
    keys.sort_unstable();
    keys
}

#[traced_stage]
async fn load(order_id: u64) -> &'static str {
    let _ = order_id;
    "filled"
}

fn orders() -> Router {
    Router::new()
        .route("/orders/{id}", get(async || load(7).await))
        .route("/broken", get(async || StatusCode::BAD_GATEWAY))
        .route("/empty", get(async || StatusCode::NO_CONTENT))
        .route("/health", get(async || "well"))
        .layer(ServerLayer::new())
}

#[test]
fn request_is_one_trace_through_client_and_server() {
    on_both_routes(
        "request_is_one_trace_through_client_and_server",
        || {
            beside(orders, async |address| {
                let outer = stage!("rebalance");
                let context = Context::current();
                drop(outer);
                let mut client = client();
                let uri = "/orders/DU123456?token=hunter2";
                let sent = context.attach(send(&mut client, request(Method::GET, address, uri)));
                assert_eq!(sent.await, (StatusCode::OK, b"filled".to_vec()));
            });
        },
        |spans| {
            let sent = the(&spans, "GET", &SpanKind::Client);
            let served = the(&spans, "GET /orders/{id}", &SpanKind::Server);
            let loaded = the(&spans, "load", &SpanKind::Internal);
            let outer = the(&spans, "rebalance", &SpanKind::Internal);
            assert_eq!(sent.parent_span_id, outer.span_context.span_id());
            assert_eq!(served.parent_span_id, sent.span_context.span_id());
            assert!(served.parent_span_is_remote && !sent.parent_span_is_remote);
            assert_eq!(loaded.parent_span_id, served.span_context.span_id());
            assert_eq!(spans.len(), 4);

            assert_eq!(
                keys(served),
                [
                    "http.request.method",
                    "http.response.status_code",
                    "http.route",
                    "network.protocol.version",
                    "url.scheme"
                ]
            );
            assert_eq!(text(served, "http.request.method").unwrap(), "GET");
            assert_eq!(text(served, "http.route").unwrap(), "/orders/{id}");
            assert_eq!(text(served, "url.scheme").unwrap(), "http");
            assert_eq!(text(served, "network.protocol.version").unwrap(), "1.1");
            assert_eq!(
                attribute(served, "http.response.status_code"),
                Some(&Value::I64(200))
            );
            assert_eq!(
                keys(sent),
                [
                    "http.request.method",
                    "http.response.status_code",
                    "server.address",
                    "server.port",
                    "url.scheme"
                ]
            );
            assert_eq!(text(sent, "server.address").unwrap(), "127.0.0.1");
            assert!(matches!(
                attribute(sent, "server.port"),
                Some(Value::I64(1..))
            ));
            for span in &spans {
                assert_eq!(span.status, Status::Unset);
                let all = format!("{span:?}");
                assert!(
                    !all.contains("hunter2") && !all.contains("DU123456"),
                    "{all}"
                );
            }
        },
    );
}

/// Sends to hosts under which a customer or a machine could be known.
struct Anywhere;

impl tower::Service<Request<Body>> for Anywhere {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        std::future::ready(Ok(http::Response::new(Body::empty())))
    }
}

#[test]
fn a_host_is_recorded_if_the_program_names_it() {
    on_both_routes(
        "a_host_is_recorded_if_the_program_names_it",
        || {
            let layer = ClientLayer::new().with_servers(["api.Exchange.com"]);
            let mut client = layer.layer(Anywhere);
            for uri in [
                "https://API.exchange.com/",
                "https://acct-77.broker.com:8443/",
                "wss://feed.broker.com/",
            ] {
                let request = Request::get(uri).body(Body::empty()).unwrap();
                let sent = tower::Service::call(&mut client, request);
                drop(futures::executor::block_on(sent).unwrap());
            }
        },
        |spans| {
            let told: Vec<_> = spans
                .iter()
                .map(|span| {
                    let address = text(span, "server.address");
                    (address, attribute(span, "server.port").cloned())
                })
                .collect();
            assert_eq!(
                told,
                [
                    (Some("api.exchange.com".into()), Some(Value::I64(443))),
                    (None, Some(Value::I64(8_443))),
                    (None, Some(Value::I64(443))),
                ]
            );
            assert!(!format!("{spans:?}").contains("acct-77"), "{spans:#?}");
        },
    );
}

#[test]
fn status_says_whether_it_failed() {
    on_both_routes(
        "status_says_whether_it_failed",
        || {
            beside(orders, async |address| {
                let mut client = client();
                for (method, path, expected) in [
                    (Method::GET, "/broken", StatusCode::BAD_GATEWAY),
                    (Method::POST, "/nowhere", StatusCode::NOT_FOUND),
                    (Method::HEAD, "/orders/1", StatusCode::OK),
                    (Method::DELETE, "/empty", StatusCode::METHOD_NOT_ALLOWED),
                    (Method::PATCH, "/health", StatusCode::METHOD_NOT_ALLOWED),
                    (Method::GET, "/empty", StatusCode::NO_CONTENT),
                    (
                        Method::from_bytes(b"BREW").unwrap(),
                        "/orders/1",
                        StatusCode::METHOD_NOT_ALLOWED,
                    ),
                ] {
                    let (status, _) = send(&mut client, request(method, address, path)).await;
                    assert_eq!(status, expected, "{path}");
                }
            });
        },
        |spans| {
            let failed = |span: &SpanData| {
                let error = text(span, "error.type").map(std::borrow::Cow::into_owned);
                let is_error = matches!(span.status, Status::Error { .. });
                let outcome = text(span, "tickspan.outcome").map(std::borrow::Cow::into_owned);
                assert_eq!(is_error, error.is_some(), "{span:?}");
                assert_eq!(outcome.as_deref(), is_error.then_some("error"), "{span:?}");
                error
            };
            let served = |name| failed(the(&spans, name, &SpanKind::Server));
            assert_eq!(served("GET /broken").as_deref(), Some("502"));
            // Of a client's mistake the server is not guilty.
            for name in [
                "POST",
                "HEAD /orders/{id}",
                "DELETE /empty",
                "GET /empty",
                "HTTP /orders/{id}",
            ] {
                assert_eq!(served(name), None, "{name}");
            }
            let unknown = the(&spans, "HTTP /orders/{id}", &SpanKind::Server);
            assert_eq!(text(unknown, "http.request.method").unwrap(), "_OTHER");
            let sent = |name| failed(the(&spans, name, &SpanKind::Client));
            assert_eq!(sent("POST").as_deref(), Some("404"));
            assert_eq!(sent("HEAD"), None);
            assert_eq!(sent("DELETE").as_deref(), Some("405"));
            // Health checks get no span, whoever asks.
            assert!(!spans.iter().any(|span| span.name.contains("/health")));
        },
    );
}

/// A body of which a part comes, and then nothing, until it is dropped.
struct Endless(bool);

impl http_body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Waking<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Pending;
        }
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"first")))))
    }
}

/// A handler of `/never` has begun.
static BEGUN: Notify = Notify::const_new();

fn streams() -> Router {
    Router::new()
        .route(
            "/book",
            get(async || {
                let levels = stream::iter(0..3_u8).map(|level| {
                    _ = stage!("write_level");
                    Ok::<_, Infallible>(vec![level])
                });
                Body::from_stream(levels)
            }),
        )
        .route("/endless", get(async || Body::new(Endless(false))))
        .route(
            "/never",
            get(async || {
                BEGUN.notify_one();
                std::future::pending::<()>().await;
            }),
        )
        .route(
            "/failing",
            get(async || {
                Body::from_stream(stream::iter([Err::<Bytes, _>(std::io::Error::other(
                    "secret",
                ))]))
            }),
        )
        .route(
            "/panicking",
            get(async || {
                if true {
                    std::panic::resume_unwind(Box::new("secret"));
                }
            }),
        )
        .route(
            "/panicking_body",
            get(async || {
                Body::from_stream(stream::poll_fn(
                    |_| -> Poll<Option<Result<Bytes, Infallible>>> {
                        std::panic::resume_unwind(Box::new("secret"));
                    },
                ))
            }),
        )
        .layer(ServerLayer::new())
}

#[test]
fn span_goes_on_while_the_body_is_streamed() {
    on_both_routes(
        "span_goes_on_while_the_body_is_streamed",
        || {
            beside(streams, async |address| {
                let (_, body) = send(&mut client(), request(Method::GET, address, "/book")).await;
                assert_eq!(body, [0, 1, 2]);
            });
        },
        |spans| {
            let served = the(&spans, "GET /book", &SpanKind::Server);
            let written: Vec<_> = spans
                .iter()
                .filter(|span| span.name == "write_level")
                .collect();
            assert_eq!(written.len(), 3);
            for level in written {
                assert_eq!(level.parent_span_id, served.span_context.span_id());
                assert!(level.end_time <= served.end_time);
            }
            assert_eq!(text(served, "tickspan.outcome"), None);
            let sent = the(&spans, "GET", &SpanKind::Client);
            assert_eq!(text(sent, "tickspan.outcome"), None);
        },
    );
}

#[test]
fn request_that_is_given_up_is_cancelled() {
    on_both_routes(
        "request_that_is_given_up_is_cancelled",
        || {
            beside(streams, async |address| {
                // The body is dropped.
                let mut client = client();
                let endless = client.call(request(Method::GET, address, "/endless"));
                let mut body = pin!(endless.await.unwrap().into_body());
                let first = poll_fn(|cx| body.as_mut().poll_frame(cx)).await;
                assert!(first.unwrap().unwrap().is_data());
                drop(client);
                // The future is dropped.
                let mut client = self::client();
                tokio::select! {
                    _ = client.call(request(Method::GET, address, "/never")) => panic!("it was answered"),
                    () = BEGUN.notified() => {}
                }
            });
        },
        |spans| {
            for name in ["GET /endless", "GET /never"] {
                let served = the(&spans, name, &SpanKind::Server);
                assert_eq!(
                    text(served, "tickspan.outcome").unwrap(),
                    "cancelled",
                    "{name}"
                );
                assert_eq!(served.status, Status::Unset);
                let was_answered = name == "GET /endless";
                assert_eq!(has_status_200(served), was_answered, "{name}");
            }
            let sent: Vec<_> = spans
                .iter()
                .filter(|span| span.span_kind == SpanKind::Client)
                .map(|span| text(span, "tickspan.outcome").unwrap())
                .collect();
            assert_eq!(sent, ["cancelled"; 2]);
        },
    );
}

#[test]
fn error_of_a_body_and_a_panic_are_told_by_their_types() {
    on_both_routes(
        "error_of_a_body_and_a_panic_are_told_by_their_types",
        || {
            beside(streams, async |address| {
                let mut client = client();
                let failing = client.call(request(Method::GET, address, "/failing")).await;
                assert!(failing.is_err());
                let panicking = client
                    .call(request(Method::GET, address, "/panicking"))
                    .await;
                assert!(panicking.is_err());
                let panicking = client
                    .call(request(Method::GET, address, "/panicking_body"))
                    .await;
                assert!(panicking.is_err());
            });
        },
        |spans| {
            let failed = the(&spans, "GET /failing", &SpanKind::Server);
            assert_eq!(
                text(failed, "error.type").unwrap(),
                std::any::type_name::<axum::Error>()
            );
            assert!(has_status_200(failed));
            for (name, was_answered) in [("GET /panicking", false), ("GET /panicking_body", true)] {
                let panicked = the(&spans, name, &SpanKind::Server);
                assert_eq!(text(panicked, "tickspan.outcome").unwrap(), "panicked");
                assert_eq!(has_status_200(panicked), was_answered, "{name}");
            }
            for span in &spans {
                assert!(!format!("{span:?}").contains("secret"));
            }
        },
    );
}

#[test]
fn connection_errors_are_told_by_their_kind() {
    on_both_routes(
        "connection_errors_are_told_by_their_kind",
        || {
            beside(orders, async |_| {
                let nobody = Nobody::new();
                let request = request(Method::GET, nobody.address(), "/");
                let error = client().call(request).await;
                assert!(error.unwrap_err().is_connect());
            });
        },
        |spans| {
            let [span] = &spans[..] else {
                panic!("{spans:?}")
            };
            assert_eq!(text(span, "error.type").unwrap(), "connection_refused");
            assert_eq!(text(span, "tickspan.outcome").unwrap(), "error");
        },
    );
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A request of another service, without the layer for clients.
async fn send_as(address: SocketAddr, parent: &str) {
    let mut request = request(Method::GET, address, "/orders/1");
    request
        .headers_mut()
        .insert("traceparent", parent.parse().unwrap());
    let client: Hyper<_, Body> = Hyper::builder(TokioExecutor::new()).build_http();
    let response = client.request(request).await.unwrap();
    assert_eq!(read(response.into_body()).await.unwrap(), b"filled");
}

#[test]
fn malformed_header_starts_a_trace() {
    on_both_routes(
        "malformed_header_starts_a_trace",
        || {
            beside(orders, async |address| send_as(address, "00-zz").await);
            assert_eq!(tickspan::health().traceparents_malformed, 1);
        },
        |spans| {
            let served = the(&spans, "GET /orders/{id}", &SpanKind::Server);
            assert_eq!(served.parent_span_id, SpanId::INVALID);
        },
    );
}

fn linked() -> Router {
    Router::new()
        .route("/orders/{id}", get(async || load(7).await))
        .layer(ServerLayer::new().with_caller(Caller::Linked))
}

fn ignored() -> Router {
    Router::new()
        .route("/orders/{id}", get(async || load(8).await))
        .layer(
            ServerLayer::new()
                .with_caller(Caller::Ignored)
                .with_route(|_| None),
        )
}

#[test]
fn caller_that_is_not_trusted_is_linked_or_ignored() {
    on_both_routes(
        "caller_that_is_not_trusted_is_linked_or_ignored",
        || {
            beside(linked, async |address| send_as(address, PARENT).await);
            beside(ignored, async |address| send_as(address, PARENT).await);
        },
        |spans| {
            let linked = the(&spans, "GET /orders/{id}", &SpanKind::Server);
            let ignored = the(&spans, "GET", &SpanKind::Server);
            for span in [linked, ignored] {
                assert_eq!(span.parent_span_id, SpanId::INVALID);
                assert!(!PARENT.contains(&span.span_context.trace_id().to_string()));
            }
            let links: Vec<_> = linked
                .links
                .iter()
                .map(|link| link.span_context.span_id())
                .collect();
            assert_eq!(links, [SpanId::from(0x00f0_67aa_0ba9_02b7)]);
            assert_eq!(ignored.links.len(), 0);
        },
    );
}

#[test]
fn stages_inside_join_the_trace_of_the_caller_where_the_layers_are_filtered_out() {
    on_both_routes_with(
        "stages_inside_join_the_trace_of_the_caller_where_the_layers_are_filtered_out",
        &[("RUST_LOG", "info,tickspan::tower=off")],
        || beside(orders, async |address| send_as(address, PARENT).await),
        |spans| {
            let [span] = &spans[..] else {
                panic!("{spans:?}")
            };
            assert_eq!(span.name, "load");
            assert_eq!(span.parent_span_id, SpanId::from(0x00f0_67aa_0ba9_02b7));
            assert!(span.parent_span_is_remote);
        },
    );
}

/// What a service behind the layer sends on of what its caller sent.
fn sent_on() -> Vec<(String, String)> {
    #[traced_stage]
    fn ask() -> Vec<(String, String)> {
        propagate::headers().collect()
    }
    let answer = async |_: Request<()>| Ok::<_, Infallible>(ask());
    let answer = tower::service_fn(answer).map_response(|headers| {
        let mut response = http::Response::new(String::new());
        response.extensions_mut().insert(headers);
        response
    });
    let request = Request::get("/orders/1")
        .header("traceparent", PARENT)
        .header("baggage", "desk=fx");
    let answered = ServerLayer::new()
        .layer(answer)
        .oneshot(request.body(()).unwrap());
    let response = futures::executor::block_on(answered).unwrap();
    let mut headers: Vec<_> = response.extensions().get::<Vec<_>>().unwrap().clone();
    headers.sort();
    headers
}

#[test]
fn caller_goes_on_unchanged_where_requests_are_told_in_lines_alone() {
    let unchanged = [("baggage", "desk=fx"), ("traceparent", PARENT)];
    let unchanged = unchanged.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Child::of(
        "caller_goes_on_unchanged_where_requests_are_told_in_lines_alone",
        move || {
            let lines = tracing_subscriber::fmt().with_writer(std::io::sink);
            tracing::subscriber::with_default(lines.finish(), || {
                assert_eq!(sent_on(), unchanged, "before init");
            });
            let _telemetry = tickspan::init().unwrap();
            assert_eq!(sent_on(), unchanged, "the SDK is disabled");
        },
    )
    .with("OTEL_SDK_DISABLED", "true")
    .run();
}

#[test]
fn plain_hyper_services_have_the_routes_that_they_tell() {
    const PATHS: [&str; 2] = ["/orders/skipped", "/orders/1"];

    on_both_routes(
        "plain_hyper_services_have_the_routes_that_they_tell",
        || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                let address = listener.local_addr().unwrap();
                let served = tokio::spawn(async move {
                    let layer = ServerLayer::new()
                        .with_route(|request| {
                            request
                                .uri
                                .path()
                                .starts_with("/orders/")
                                .then_some("/orders/{id}".into())
                        })
                        .with_skipped(|request| request.uri.path() == "/orders/skipped");
                    let service = layer.layer(tower::service_fn(
                        async |_: Request<hyper::body::Incoming>| {
                            Ok::<_, Infallible>(http::Response::new(Body::from("filled")))
                        },
                    ));
                    for _ in PATHS {
                        let (connection, _) = listener.accept().await.unwrap();
                        hyper::server::conn::http1::Builder::new()
                            .serve_connection(
                                TokioIo::new(connection),
                                TowerToHyperService::new(service.clone()),
                            )
                            .await
                            .unwrap();
                    }
                });
                for path in PATHS {
                    // Of one client the second request may or may not go over a second connection.
                    let (status, body) =
                        send(&mut client(), request(Method::GET, address, path)).await;
                    assert_eq!((status, body), (StatusCode::OK, b"filled".to_vec()));
                }
                served.await.unwrap();
            });
        },
        |spans| {
            let served = the(&spans, "GET /orders/{id}", &SpanKind::Server);
            assert_eq!(text(served, "tickspan.outcome"), None);
            let servers = spans
                .iter()
                .filter(|span| span.span_kind == SpanKind::Server);
            assert_eq!(servers.count(), 1);
        },
    );
}

/// A service of gRPC that answers with the code whose number is the number of resources.
struct Answering;

#[tonic::async_trait]
impl TraceService for Answering {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let number = request.into_inner().resource_spans.len();
        match tonic::Code::from(i32::try_from(number).unwrap()) {
            tonic::Code::Ok => Ok(tonic::Response::new(ExportTraceServiceResponse::default())),
            code => Err(tonic::Status::new(code, "account acct-77 is closed")),
        }
    }
}

/// The codes of gRPC that spans of this kind have, and whether each failed.
fn codes(spans: &[SpanData], kind: &SpanKind) -> Vec<(String, bool)> {
    let of_kind = spans.iter().filter(|span| span.span_kind == *kind);
    let mut codes: Vec<_> = of_kind
        .map(|span| {
            let code = text(span, "rpc.response.status_code").unwrap().into_owned();
            let is_error = matches!(span.status, Status::Error { .. });
            let error = text(span, "error.type");
            assert_eq!(error.as_deref(), is_error.then_some(&*code), "{span:?}");
            assert!(has_status_200(span), "{span:?}");
            (code, is_error)
        })
        .collect();
    codes.sort();
    codes
}

fn told(codes: &[(&str, bool)]) -> Vec<(String, bool)> {
    let codes = codes.iter();
    codes
        .map(|(code, failed)| ((*code).to_owned(), *failed))
        .collect()
}

#[test]
fn codes_of_grpc_say_whether_it_failed() {
    on_both_routes(
        "codes_of_grpc_say_whether_it_failed",
        || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                let address = listener.local_addr().unwrap();
                let served = tokio::spawn(
                    tonic::transport::Server::builder()
                        .layer(ServerLayer::new())
                        .add_service(TraceServiceServer::new(Answering))
                        .serve_with_incoming(tonic::transport::server::TcpIncoming::from(listener)),
                );
                let channel = tonic::transport::Endpoint::try_from(format!("http://{address}"))
                    .unwrap()
                    .connect()
                    .await
                    .unwrap();
                let mut client = TraceServiceClient::new(ClientLayer::new().layer(channel));
                for number in [0, 5, 14] {
                    let resource_spans = vec![ResourceSpans::default(); number];
                    let answer = client
                        .export(ExportTraceServiceRequest { resource_spans })
                        .await;
                    assert_eq!(answer.is_ok(), number == 0);
                }
                drop(client);
                served.abort();
                assert!(served.await.unwrap_err().is_cancelled());
            });
        },
        |spans| {
            assert_eq!(
                codes(&spans, &SpanKind::Server),
                told(&[("NOT_FOUND", false), ("OK", false), ("UNAVAILABLE", true)])
            );
            assert_eq!(
                codes(&spans, &SpanKind::Client),
                told(&[("NOT_FOUND", true), ("OK", false), ("UNAVAILABLE", true)])
            );
            assert!(!format!("{spans:?}").contains("acct-77"), "{spans:#?}");
        },
    );
}

#[test]
fn stream_of_grpc_that_fails_behind_messages_has_failed() {
    fn answer(
        content_type: &'static str,
    ) -> http::Response<impl http_body::Body<Data = Bytes, Error = Infallible>> {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("grpc-status", http::HeaderValue::from_static("15"));
        let frames = [
            Frame::data(Bytes::from_static(b"fills")),
            Frame::trailers(trailers),
        ];
        let body = http_body_util::StreamBody::new(stream::iter(frames.map(Ok::<_, Infallible>)));
        http::Response::builder()
            .header("content-type", content_type)
            .body(body)
            .unwrap()
    }

    on_both_routes(
        "stream_of_grpc_that_fails_behind_messages_has_failed",
        || {
            futures::executor::block_on(async {
                for content_type in ["application/grpc+proto", "text/plain"] {
                    let service = tower::service_fn(move |_: Request<Body>| async move {
                        Ok::<_, Infallible>(answer(content_type))
                    });
                    let service = ClientLayer::new().layer(ServerLayer::new().layer(service));
                    let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
                    let answer = response.into_body().collect().await.unwrap();
                    assert!(answer.trailers().is_some());
                }
            });
        },
        |spans| {
            for kind in [SpanKind::Server, SpanKind::Client] {
                let (of_grpc, others): (Vec<_>, Vec<_>) = spans
                    .iter()
                    .filter(|span| span.span_kind == kind)
                    .cloned()
                    .partition(|span| text(span, "rpc.response.status_code").is_some());
                assert_eq!(codes(&of_grpc, &kind), told(&[("DATA_LOSS", true)]));
                assert_eq!(others.len(), 1);
                assert_eq!(text(&others[0], "error.type"), None);
            }
        },
    );
}

#[test]
fn body_of_grpc_is_at_its_end_behind_its_trailers() {
    /// Neither says that it is at its end, and the second says that it has no data.
    fn answer(data: &'static str) -> http::Response<Body> {
        let mut trailers = http::HeaderMap::new();
        trailers.insert("grpc-status", http::HeaderValue::from_static("5"));
        let body = http_body_util::Full::new(Bytes::from_static(data.as_bytes()));
        http::Response::builder()
            .header("content-type", "application/grpc")
            .body(Body::new(
                body.with_trailers(async move { Some(Ok(trailers)) }),
            ))
            .unwrap()
    }

    on_both_routes(
        "body_of_grpc_is_at_its_end_behind_its_trailers",
        || {
            futures::executor::block_on(async {
                for data in ["fills", ""] {
                    let service = tower::service_fn(move |_: Request<Body>| async move {
                        Ok::<_, Infallible>(answer(data))
                    });
                    let service = ServerLayer::new().layer(service);
                    let response = service.oneshot(Request::new(Body::empty())).await.unwrap();
                    // As hyper does it: what comes behind trailers is not asked for.
                    let mut body = response.into_body();
                    while let Some(frame) = body.frame().await {
                        if frame.unwrap().is_trailers() {
                            break;
                        }
                    }
                }
            });
        },
        |spans| {
            let not_found = ("NOT_FOUND", false);
            assert_eq!(codes(&spans, &SpanKind::Server), told(&[not_found; 2]));
            for span in &spans {
                assert_eq!(text(span, "tickspan.outcome"), None, "{span:?}");
            }
        },
    );
}
