//! The layer for servers.

use core::any::type_name;
use core::fmt;
use core::task::{Context as Waking, Poll};
use std::borrow::Cow;
use std::sync::Arc;

use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::going::{Going, Next};
use super::response::{Failures, ResponseFuture};
use super::{grpc, span};
use crate::Context;
use crate::propagate::extract;
use crate::record::{IntoParent as _, Parent};

/// What a request's headers say of a trace, and what becomes of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Caller {
    /// The request goes on with the trace of its caller, and with its decision about sampling.
    #[default]
    Continued,
    /// It starts a trace of its own, which links to the caller's: for callers that are not trusted.
    Linked,
    /// It starts a trace of its own.
    Ignored,
}

/// Paths that are asked for all the time, by machines.
const HEALTH_CHECKS: [&str; 8] = [
    "/health", "/healthz", "/livez", "/readyz", "/live", "/ready", "/ping", "/metrics",
];

type RouteOf = dyn Fn(&Parts) -> Option<Cow<'static, str>> + Send + Sync;
type IsSkipped = dyn Fn(&Parts) -> bool + Send + Sync;

/// A layer that puts a span around each request to a service: of an axum `Router`, or of whatever hyper serves.
///
/// ```
/// # #[cfg(feature = "axum")]
/// # {
/// use axum::{Router, routing::get};
/// use tickspan::tower::ServerLayer;
///
/// let app: Router = Router::new()
///     .route("/orders/{id}", get(async || "filled"))
///     .layer(ServerLayer::new());
/// # }
/// ```
///
/// | the span says | |
/// |---|---|
/// | name | method and route: `GET /orders/{id}`; without a route the method |
/// | kind | `server` |
/// | `http.request.method` | a method of the conventions, or `_OTHER` |
/// | `http.route` | the route, if it is known |
/// | `url.scheme`, `network.protocol.version` | `http` or `https` as the request says; `1.1`, `2` |
/// | `http.response.status_code` | the status |
/// | `rpc.response.status_code` | of gRPC the code: `OK`, `NOT_FOUND` |
/// | `error.type`, status, outcome | for a status of 500 and above that status, for an error of the service its type, for a code of gRPC that is the server's fault that code |
///
/// With the feature `axum` the route is that of axum's `MatchedPath`, for a layer that is given to [`Router::layer`] or
/// `route_layer`; for others there is [`with_route`](Self::with_route). Nothing that the caller can make up is recorded:
/// no path, query, header or address.
///
/// The span's parent is what the headers say, by [`OTEL_PROPAGATORS`](crate::propagate). It goes on while the response's
/// body is streamed, and ends with it. A request whose future or body is dropped before, because the caller has gone
/// say, was `cancelled`; a handler that panics has `panicked`.
///
/// Its level is `info` and its target `tickspan::tower`. Work that a handler spawns is handed its
/// [`Context`](crate::Context), as always.
///
/// [`Router::layer`]: https://docs.rs/axum/latest/axum/struct.Router.html#method.layer
#[derive(Clone)]
pub struct ServerLayer {
    settings: Arc<Settings>,
}

#[derive(Clone)]
struct Settings {
    /// Where the program tells it.
    route: Option<Arc<RouteOf>>,
    is_skipped: Arc<IsSkipped>,
    caller: Caller,
}

impl ServerLayer {
    /// A layer that goes on with the caller's trace and skips health checks: the paths `/health`, `/healthz`, `/livez`,
    /// `/readyz`, `/live`, `/ready`, `/ping` and `/metrics`.
    pub fn new() -> Self {
        Self {
            settings: Arc::new(Settings {
                route: None,
                is_skipped: Arc::new(|request| HEALTH_CHECKS.contains(&request.uri.path())),
                caller: Caller::default(),
            }),
        }
    }

    /// Tells the route of a request: a template, such as `/orders/{id}`, of which there are few.
    ///
    /// ```
    /// use tickspan::tower::ServerLayer;
    ///
    /// let layer = ServerLayer::new().with_route(|request| match request.uri.path() {
    ///     "/orders" => Some("/orders".into()),
    ///     path if path.starts_with("/orders/") => Some("/orders/{id}".into()),
    ///     _ => None,
    /// });
    /// # let _ = layer;
    /// ```
    ///
    /// It becomes the name of the span and is exported: it may not hold anything of the path that the caller chose.
    #[must_use]
    pub fn with_route(
        self,
        route: impl Fn(&Parts) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        self.with(|settings| settings.route = Some(Arc::new(route)))
    }

    /// Says which requests get no span, in place of the health checks.
    ///
    /// ```
    /// use tickspan::tower::ServerLayer;
    ///
    /// let layer = ServerLayer::new().with_skipped(|request| request.uri.path().starts_with("/internal/"));
    /// # let _ = layer;
    /// ```
    ///
    /// Stages inside such a request start traces of their own.
    #[must_use]
    pub fn with_skipped(self, skipped: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.with(|settings| settings.is_skipped = Arc::new(skipped))
    }

    /// Says what becomes of the trace of a caller.
    #[must_use]
    pub fn with_caller(self, caller: Caller) -> Self {
        self.with(|settings| settings.caller = caller)
    }

    fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(Arc::make_mut(&mut self.settings));
        self
    }
}

impl Default for ServerLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ServerLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerLayer")
            .field("caller", &self.settings.caller)
            .finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = Server<S>;

    fn layer(&self, inner: S) -> Server<S> {
        Server {
            inner,
            settings: Arc::clone(&self.settings),
        }
    }
}

#[cfg(feature = "axum")]
fn matched_path(request: &Parts) -> Option<Cow<'_, str>> {
    let path = request.extensions.get::<axum::extract::MatchedPath>()?;
    Some(path.as_str().into())
}

#[cfg(not(feature = "axum"))]
fn matched_path(_: &Parts) -> Option<Cow<'_, str>> {
    None
}

/// A service with the layer of [`ServerLayer`] around it.
#[derive(Clone)]
pub struct Server<S> {
    inner: S,
    settings: Arc<Settings>,
}

impl<S: fmt::Debug> fmt::Debug for Server<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.inner).finish()
    }
}

impl Settings {
    /// Starts the stage of a request.
    fn start(&self, request: &Parts) -> Going {
        if (self.is_skipped)(request) {
            return Going::new(None, None);
        }
        let caller = match self.caller {
            Caller::Ignored => Context::default(),
            Caller::Continued | Caller::Linked => extract(&request.headers),
        };
        let (parent, link, inside) = match self.caller {
            Caller::Continued => (caller.clone().into_parent(), None, Some(caller)),
            Caller::Linked | Caller::Ignored => (Parent::Root, Some(caller), None),
        };
        let route = match &self.route {
            Some(told) => told(request),
            None => matched_path(request),
        };
        let stage = span::server(request, &route, parent, link);
        Going::new(stage, inside)
    }
}

impl<S, I, O> Service<Request<I>> for Server<S>
where
    S: Service<Request<I>, Response = Response<O>>,
    O: Body,
{
    type Response = Response<super::StageBody<O>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut Waking<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let (head, body) = request.into_parts();
        let mut going = self.settings.start(&head);
        let to_head = head.method == Method::HEAD;
        let request = Request::from_parts(head, body);
        let future = going.run(|| self.inner.call(request), |_, _| Next::GoOn);
        let failures = Failures {
            status: |status| status.is_server_error(),
            code: grpc::is_fault_of_server,
            error: |_| type_name::<S::Error>(),
        };
        ResponseFuture::new(future, going, failures, to_head)
    }
}
