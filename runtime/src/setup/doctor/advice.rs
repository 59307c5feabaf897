//! From a failure to its likely cause and what to do.

use super::FailedProbe;
use super::listener::{Spoken, address, spoken_at};
use crate::Protocol;
use crate::export::Target;
use crate::export::otlp::Failure;

/// Where a URL leads.
struct Place<'a> {
    is_encrypted: bool,
    host: &'a str,
    port: u16,
    path: &'a str,
}

impl<'a> Place<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let is_encrypted = scheme.eq_ignore_ascii_case("https");
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let authority = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        let without_port = (authority, if is_encrypted { 443 } else { 80 });
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => port.parse().map_or(without_port, |port| (host, port)),
            None => without_port,
        };
        Self {
            is_encrypted,
            host: host.trim_start_matches('[').trim_end_matches(']'),
            port,
            path,
        }
    }
}

/// What was taken in part.
pub(super) fn of_rejection(remark: &str) -> FailedProbe {
    FailedProbe {
        reason: format!("the backend took the request and rejected what was in it: {remark}"),
        likely: "the backend has a rule or a limit that it does not fit".to_owned(),
        fix: "read the backend's own words above, and its log".to_owned(),
    }
}

/// What was not taken at all.
pub(super) fn of_failure(signal: &str, target: &Target, failure: &Failure) -> FailedProbe {
    let place = Place::of(&target.url);
    let (likely, fix) = match failure.status {
        // What `tonic` says of an answer that is none of gRPC.
        Some(_) if failure.reason.contains("grpc-status header missing") => of_http(place.port),
        Some(status) if target.protocol == Protocol::Grpc => of_code(signal, status),
        Some(status) => of_status(signal, status, &place),
        None => None,
    }
    .or_else(|| of_certificates(&failure.reason, &place))
    .or_else(|| of_listener(target.protocol, failure, &place))
    .unwrap_or_else(|| {
        (
            "the words above are all that is known".to_owned(),
            "look into the log of the backend".to_owned(),
        )
    });
    FailedProbe {
        reason: failure.reason.clone(),
        likely,
        fix,
    }
}

type Advice = Option<(String, String)>;

#[expect(clippy::unnecessary_wraps, reason = "what calls it may have no advice")]
fn advice(likely: impl Into<String>, fix: impl Into<String>) -> Advice {
    Some((likely.into(), fix.into()))
}

/// By the status of HTTP.
fn of_status(signal: &str, status: u16, place: &Place<'_>) -> Advice {
    match status {
        401 | 403 => of_credentials(),
        404 | 405 => {
            let path = format!("/v1/{signal}");
            if place.path.ends_with(&path) {
                advice(
                    format!("the backend takes no {signal}, or has another path for them"),
                    format!(
                        "set `OTEL_{}_EXPORTER=none` if it takes none",
                        upper(signal)
                    ),
                )
            } else {
                advice(
                    format!("the path `{}` is not the one for {signal}", place.path),
                    format!(
                        "a variable for one signal is used as it is: append `{path}`, or set `OTEL_EXPORTER_OTLP_ENDPOINT` instead"
                    ),
                )
            }
        }
        300..=399 => advice(
            "the address leads to another one",
            "set the address that it leads to: redirects are not followed, because headers may be secret",
        ),
        400 | 415 | 422 => advice(
            "the backend does not take this encoding or compression, or wants TLS at this port",
            "set `OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`, `OTEL_EXPORTER_OTLP_COMPRESSION=none`, or an `https://` address",
        ),
        429 => of_limit(),
        500..=599 => advice(
            "the backend, or a proxy before it, is out of order",
            "look into its log; a program goes on meanwhile, and sends again",
        ),
        _ => None,
    }
}

/// By the code of gRPC.
fn of_code(signal: &str, code: u16) -> Advice {
    match code {
        7 | 16 => of_credentials(),
        12 => advice(
            format!("the backend takes no {signal}"),
            format!(
                "set `OTEL_{}_EXPORTER=none` if it takes none",
                upper(signal)
            ),
        ),
        8 => of_limit(),
        _ => None,
    }
}

fn of_credentials() -> Advice {
    advice(
        "the backend does not accept the key, or got none",
        "set `OTEL_EXPORTER_OTLP_HEADERS`, for example `authorization=Bearer%20..`, as the backend documents it; for HyperDX `HYPERDX_API_KEY`",
    )
}

fn of_limit() -> Advice {
    advice(
        "the backend's limit is reached",
        "wait, sample less (`OTEL_TRACES_SAMPLER=traceidratio`), or raise the limit",
    )
}

/// By what TLS says of certificates.
fn of_certificates(reason: &str, place: &Place<'_>) -> Advice {
    let says = |word: &str| reason.to_ascii_lowercase().contains(word);
    if ["unknownissuer", "unknown issuer", "badsignature"]
        .into_iter()
        .any(says)
    {
        advice(
            "the server's certificate is signed by an authority that is not trusted here",
            "set `OTEL_EXPORTER_OTLP_CERTIFICATE` to a file with the authority's certificate",
        )
    } else if says("notvalidforname") || says("not valid for name") {
        advice(
            format!("the server's certificate is not for `{}`", place.host),
            "use the name that stands in the certificate",
        )
    } else if says("expired") {
        advice(
            "the server's certificate has expired, or the clock of this machine is wrong",
            "renew the certificate, or set the clock",
        )
    } else if [
        "certificaterequired",
        "certificate required",
        "want a client certificate",
        "wants a client certificate",
    ]
    .into_iter()
    .any(says)
    {
        advice(
            "the server wants a certificate of the client",
            "set `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE` and `OTEL_EXPORTER_OTLP_CLIENT_KEY`",
        )
    } else {
        None
    }
}

/// By who listens there.
fn of_listener(protocol: Protocol, failure: &Failure, place: &Place<'_>) -> Advice {
    let Place { host, port, .. } = *place;
    if address(host, port).is_none() {
        return advice(
            format!("the name `{host}` is not known here"),
            "check its spelling, and in a container that its network knows the name",
        );
    }
    let is_grpc = protocol == Protocol::Grpc;
    let waited = failure.reason.starts_with("no answer");
    match (spoken_at(host, port), place.is_encrypted) {
        (Spoken::Http1 | Spoken::Http2, false) if waited => advice(
            "the server accepts connections, but does not answer in time",
            "look into its log; `OTEL_EXPORTER_OTLP_TIMEOUT` sets how long is waited",
        ),
        (Spoken::Nobody, _) => of_nobody(is_grpc, failure, place),
        (Spoken::Tls, false) => advice(
            "the server speaks TLS",
            format!("write `https://{host}:{port}`; it needs the feature `tls`"),
        ),
        (Spoken::Http1 | Spoken::Http2, true) => advice(
            "the server does not speak TLS",
            format!("write `http://{host}:{port}`"),
        ),
        (Spoken::Http1, false) if is_grpc => of_http(port),
        (Spoken::Http2, false) if !is_grpc => advice(
            "the server speaks gRPC, and the protocol is HTTP",
            format!(
                "set `OTEL_EXPORTER_OTLP_PROTOCOL=grpc`, or the port of HTTP{}",
                usual(port, 4317, 4318)
            ),
        ),
        (Spoken::Unknown, _) => advice(
            "something accepts connections there and does not answer: another program, or a firewall",
            "check the port, and what listens at it",
        ),
        _ => None,
    }
}

/// gRPC that meets a server of plain HTTP.
fn of_http(port: u16) -> Advice {
    advice(
        "the server speaks plain HTTP, and the protocol is gRPC",
        format!(
            "set `OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`, or the port of gRPC{}",
            usual(port, 4318, 4317)
        ),
    )
}

fn of_nobody(is_grpc: bool, failure: &Failure, place: &Place<'_>) -> Advice {
    let Place { host, port, .. } = *place;
    if failure.reason.contains("no answer") {
        return advice(
            format!("a firewall swallows what is sent to `{host}`, or the host is down"),
            "check the route to the host, and the proxy variables",
        );
    }
    let other = match port {
        4317 => 4318,
        4318 => 4317,
        _ => 0,
    };
    if other != 0 && spoken_at(host, other) != Spoken::Nobody {
        let word = if is_grpc { "http/protobuf" } else { "grpc" };
        return advice(
            format!("nobody listens at port {port}, but somebody does at {other}"),
            format!("set the port to {other} and `OTEL_EXPORTER_OTLP_PROTOCOL={word}`"),
        );
    }
    advice(
        format!("nobody listens at `{host}`, port {port}"),
        "start the backend or collector, or correct the address; gRPC is usual at 4317, HTTP at 4318",
    )
}

/// Names the usual port where the other one is set.
fn usual(port: u16, wrong: u16, right: u16) -> String {
    if port == wrong {
        format!(", usually {right}")
    } else {
        String::new()
    }
}

fn upper(signal: &str) -> String {
    signal.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        for (url, host, port, path) in [
            ("http://h", "h", 80, ""),
            ("https://h/v1/traces?k=1", "h", 443, "/v1/traces?k=1"),
            ("http://u:p@[::1]:4317", "::1", 4317, ""),
            ("http://10.0.0.1:4318/p", "10.0.0.1", 4318, "/p"),
        ] {
            let place = Place::of(url);
            assert_eq!((place.host, place.port, place.path), (host, port, path));
        }
    }

    #[test]
    fn a_path_that_is_used_as_it_is_is_named() {
        let (likely, fix) = of_status("traces", 404, &Place::of("http://h:1/here")).unwrap();
        assert!(likely.contains("`/here`") && fix.contains("/v1/traces"));
        let (likely, _) = of_status("metrics", 404, &Place::of("http://h/v1/metrics")).unwrap();
        assert!(likely.contains("takes no metrics"));
    }
}
