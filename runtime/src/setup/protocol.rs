//! The protocols of OTLP, and which of them are compiled in.

use std::fmt;

/// How spans, metrics and log records travel to an OTLP endpoint.
///
/// Unless it is set, it is [`HttpProtobuf`](Self::HttpProtobuf) when the feature `otlp-http` is
/// compiled in, otherwise [`Grpc`](Self::Grpc) when `otlp-grpc` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// OTLP over gRPC (feature `otlp-grpc`, default port 4317, `grpc` in
    /// `OTEL_EXPORTER_OTLP_PROTOCOL`).
    Grpc,
    /// OTLP over HTTP with protobuf bodies (feature `otlp-http`, default port 4318,
    /// `http/protobuf`).
    HttpProtobuf,
    /// OTLP over HTTP with JSON bodies (feature `otlp-http-json`, default port 4318, `http/json`).
    HttpJson,
}

impl Protocol {
    /// What is used when nobody chose.
    pub(super) const DEFAULT: Self = if cfg!(all(feature = "otlp-grpc", not(feature = "otlp-http")))
    {
        Self::Grpc
    } else {
        Self::HttpProtobuf
    };

    pub(super) fn feature(self) -> &'static str {
        match self {
            Self::Grpc => "otlp-grpc",
            Self::HttpProtobuf => "otlp-http",
            Self::HttpJson => "otlp-http-json",
        }
    }

    pub(super) fn is_compiled_in(self) -> bool {
        match self {
            Self::Grpc => cfg!(feature = "otlp-grpc"),
            Self::HttpProtobuf => cfg!(feature = "otlp-http"),
            Self::HttpJson => cfg!(feature = "otlp-http-json"),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Grpc => "OTLP over gRPC",
            Self::HttpProtobuf => "OTLP over HTTP",
            Self::HttpJson => "OTLP over HTTP with JSON",
        })
    }
}
