//! The spans of servers and clients: their keys, and what of a request and a response they say.

use std::borrow::Cow;

use http::request::Parts;
use http::{Method, StatusCode, Uri, Version};
use tracing::Level;

use crate::privacy::Value;
use crate::record::{Callsite, Kind, LateCallsite, Parent, Site, StageGuard, record_late};

static SERVER: Callsite = Callsite::new(
    &Site {
        name: "HTTP server",
        target: "tickspan::tower",
        level: Level::INFO,
        kind: Kind::Server,
        function: core::any::type_name::<super::ServerLayer>,
        file: file!(),
        line: line!(),
        module: module_path!(),
        fields: &[
            "otel.name",
            "http.request.method",
            "http.route",
            "url.scheme",
            "network.protocol.version",
            "http.response.status_code",
            "rpc.response.status_code",
            "otel.kind",
            "otel.status_code",
            "tickspan.outcome",
            "error.type",
        ],
    },
    &SERVER,
)
.with_labels(&[
    "http.request.method",
    "http.route",
    "http.response.status_code",
]);

static CLIENT: Callsite = Callsite::new(
    &Site {
        name: "HTTP client",
        target: "tickspan::tower",
        level: Level::INFO,
        kind: Kind::Client,
        function: core::any::type_name::<super::ClientLayer>,
        file: file!(),
        line: line!(),
        module: module_path!(),
        fields: &[
            "otel.name",
            "http.request.method",
            "url.template",
            "url.scheme",
            "server.address",
            "server.port",
            "http.response.status_code",
            "rpc.response.status_code",
            "otel.kind",
            "otel.status_code",
            "tickspan.outcome",
            "error.type",
        ],
    },
    &CLIENT,
)
.with_labels(&[
    "http.request.method",
    "url.template",
    "server.address",
    "http.response.status_code",
]);

static STATUS: LateCallsite =
    LateCallsite::new(&["http.response.status_code", "rpc.response.status_code"]);

/// A template of paths, such as `/orders/{id}`.
pub(super) type Route<'a> = Option<Cow<'a, str>>;

/// Starts the span of a request that is served, if anybody wants it.
pub(super) fn server(
    request: &Parts,
    route: &Route<'_>,
    parent: Parent,
    link: Option<crate::Context>,
) -> Option<StageGuard> {
    SERVER.is_enabled().then(|| {
        let method = method(&request.method);
        let name = name(method, route);
        SERVER.start_following(
            parent,
            &[
                Value::text(&name),
                Value::text(method),
                optional(route.as_deref()),
                Value::text(scheme(&request.uri)),
                optional(version(request.version)),
            ],
            link,
        )
    })
}

/// Starts the span of a request that is sent, if anybody wants it.
pub(super) fn client(
    request: &Parts,
    template: &Route<'_>,
    servers: &[String],
) -> Option<StageGuard> {
    CLIENT.is_enabled().then(|| {
        let host = request.uri.host();
        let public = host.and_then(|host| {
            let mut servers = servers.iter();
            servers.find(|server| server.eq_ignore_ascii_case(host))
        });
        let method = method(&request.method);
        let name = name(method, template);
        let port = request.uri.port_u16().or(match scheme(&request.uri) {
            "http" => Some(80),
            _ => Some(443),
        });
        CLIENT.start(&[
            Value::text(&name),
            Value::text(method),
            optional(template.as_deref()),
            Value::text(scheme(&request.uri)),
            optional(public.map(String::as_str)),
            host.and(port)
                .map_or(Value::ABSENT, |port| Value::i64(port.into())),
        ])
    })
}

/// Says the status of the response on the current span, and the code of gRPC.
pub(super) fn record_status(status: StatusCode, code: Option<&str>) {
    let status = Value::i64(status.as_u16().into());
    record_late(&STATUS, &[status, optional(code)]);
}

fn name<'a>(method: &'a str, route: &Route<'_>) -> Cow<'a, str> {
    // The conventions: a method that is not known has no place in a name.
    let method = if method == "_OTHER" { "HTTP" } else { method };
    match route {
        Some(route) => Cow::Owned([method, " ", route].concat()),
        None => Cow::Borrowed(method),
    }
}

fn optional(text: Option<&str>) -> Value<'_> {
    text.map_or(Value::ABSENT, Value::text)
}

/// The method, if it is one that the conventions know: others are the caller's own text.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "PATCH" => "PATCH",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        "TRACE" => "TRACE",
        "QUERY" => "QUERY",
        _ => "_OTHER",
    }
}

/// Of a server the URI seldom says it, and where TLS ends is not known.
fn scheme(uri: &Uri) -> &'static str {
    match uri.scheme_str() {
        // A WebSocket begins as a request over HTTP.
        Some(scheme)
            if ["https", "wss"]
                .iter()
                .any(|it| scheme.eq_ignore_ascii_case(it)) =>
        {
            "https"
        }
        _ => "http",
    }
}

fn version(version: Version) -> Option<&'static str> {
    Some(match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_11 => "1.1",
        Version::HTTP_2 => "2",
        Version::HTTP_3 => "3",
        _ => return None,
    })
}
