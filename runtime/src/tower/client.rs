//! The layer for clients.

use core::error::Error;
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
use super::{error, span};
use crate::propagate::inject;

type TemplateOf = dyn Fn(&Parts) -> Option<Cow<'static, str>> + Send + Sync;

/// A layer that puts a span around each request of a client, and trace context into its headers: of hyper's, say.
///
/// ```
/// use tickspan::tower::ClientLayer;
/// use tower_layer::Layer as _;
///
/// # fn make<S>(hyper_client: S) {
/// let client = ClientLayer::new().layer(hyper_client);
/// # }
/// ```
///
/// | the span says | |
/// |---|---|
/// | name | the method, and the template if there is one: `POST /orders/{id}` |
/// | kind | `client` |
/// | `http.request.method` | a method of the conventions, or `_OTHER` |
/// | `url.template` | what [`with_template`](Self::with_template) gives |
/// | `url.scheme`, `server.port` | where the request goes, as its URI says |
/// | `server.address` | the host, if it is one of [`with_servers`](Self::with_servers) |
/// | `http.response.status_code` | the status |
/// | `rpc.response.status_code` | of gRPC the code: `OK`, `NOT_FOUND` |
/// | `error.type`, status, outcome | for a status of 400 and above that status, for an error its kind, for a code of gRPC but `OK` that code |
///
/// The conventions ask for `url.full`. It is not recorded: queries and paths hold tokens, names and account numbers. They ask
/// for `server.address` as well, which is text that the program makes: a customer's own host, a machine of somebody's. So
/// the program says which hosts are public.
///
/// The kind of an error is told by the types of it and its causes, never by their text: `connection_refused`,
/// `connection_reset`, `timeout` and so on for errors of the operating system, and else the name of the error's type.
///
/// The span is a child of the current stage. It ends with the body of the response; one that is dropped unread was
/// `cancelled`. Each attempt is a span if the layer lies inside of what tries again.
#[derive(Clone)]
pub struct ClientLayer {
    template: Arc<TemplateOf>,
    /// In lower case.
    servers: Arc<[String]>,
}

impl ClientLayer {
    /// A layer whose spans are called by their methods.
    pub fn new() -> Self {
        Self {
            template: Arc::new(|_| None),
            servers: Arc::new([]),
        }
    }

    /// Names the hosts that are public: requests to them say `server.address`.
    ///
    /// ```
    /// use tickspan::tower::ClientLayer;
    ///
    /// let layer = ClientLayer::new().with_servers(["api.exchange.com", "pricing.internal"]);
    /// # drop(layer);
    /// ```
    #[must_use]
    pub fn with_servers<T: Into<String>>(self, hosts: impl IntoIterator<Item = T>) -> Self {
        let lower = |host: T| host.into().to_ascii_lowercase();
        Self {
            servers: hosts.into_iter().map(lower).collect(),
            ..self
        }
    }

    /// Tells the template of a request's path, such as `/orders/{id}`. It is exported, so it may not hold anything that
    /// is not public.
    #[must_use]
    pub fn with_template(
        self,
        template: impl Fn(&Parts) -> Option<Cow<'static, str>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            template: Arc::new(template),
            ..self
        }
    }
}

impl Default for ClientLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClientLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = Client<S>;

    fn layer(&self, inner: S) -> Client<S> {
        Client {
            inner,
            template: Arc::clone(&self.template),
            servers: Arc::clone(&self.servers),
        }
    }
}

/// A client with the layer of [`ClientLayer`] around it.
#[derive(Clone)]
pub struct Client<S> {
    inner: S,
    template: Arc<TemplateOf>,
    servers: Arc<[String]>,
}

impl<S: fmt::Debug> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Client").field(&self.inner).finish()
    }
}

impl<S, I, O> Service<Request<I>> for Client<S>
where
    S: Service<Request<I>, Response = Response<O>>,
    S::Error: Error + 'static,
    O: Body,
{
    type Response = Response<super::StageBody<O>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, cx: &mut Waking<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<I>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        let stage = span::client(&head, &(self.template)(&head), &self.servers);
        let mut going = Going::new(stage, None);
        let to_head = head.method == Method::HEAD;
        let call = || {
            inject(&mut head.headers);
            self.inner.call(Request::from_parts(head, body))
        };
        let future = going.run(call, |_, _| Next::GoOn);
        let failures = Failures {
            status: |status| status.is_client_error() || status.is_server_error(),
            code: |code| code != "OK",
            error: error::of,
        };
        ResponseFuture::new(future, going, failures, to_head)
    }
}
