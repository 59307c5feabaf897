//! What a receiver answers, over HTTP and over gRPC.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use futures::StreamExt as _;
use tonic_types::{ErrorDetails, StatusExt as _};

/// An answer that is not a plain yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Takes everything.
    Yes,
    /// This status over HTTP; over gRPC the code that OTLP has for it.
    Status(u16),
    /// The same, and to be tried again after so many seconds.
    TryAgain(u16, u64),
    /// Rejects so many items, with these words.
    Partly(i64, &'static str),
    /// Refuses it as too large, as servers do that are made with `tonic`.
    TooLarge,
    /// Takes everything, after a while.
    Slowly(Duration),
    /// Never answers.
    Never,
    /// A page for people.
    Page,
    /// Much more than anybody wants to read.
    Huge,
    /// Says that it takes everything, and stops in the middle of saying so.
    HalfSaid,
    /// Says that it takes everything, and never comes to the end of saying so.
    NeverSaid,
    /// Refuses with this status, to be tried again after so many seconds, and never comes to the end of saying so.
    NeverRefused(u16, u64),
}

impl Answer {
    /// Whether what came with the request is kept.
    pub(super) fn keeps(&self) -> bool {
        !matches!(
            self,
            Self::Status(_) | Self::TryAgain(..) | Self::TooLarge | Self::NeverRefused(..)
        )
    }

    pub(super) async fn over_http(self, response: impl FnOnce(i64, &str) -> Vec<u8>) -> Response {
        let with_status = |status| {
            Response::builder()
                .status(StatusCode::from_u16(status).expect("the status is one of HTTP"))
        };
        let (builder, body) = match self {
            Self::Yes => (with_status(200), Body::from(response(0, ""))),
            Self::Slowly(wait) => {
                tokio::time::sleep(wait).await;
                (with_status(200), Body::from(response(0, "")))
            }
            Self::Never => std::future::pending().await,
            Self::Status(status) => (
                with_status(status).header("content-type", "text/plain"),
                Body::from("not now"),
            ),
            Self::TooLarge => (with_status(413), Body::empty()),
            Self::TryAgain(status, seconds) => (
                with_status(status).header("retry-after", seconds.to_string()),
                Body::empty(),
            ),
            Self::Partly(rejected, why) => (with_status(200), Body::from(response(rejected, why))),
            Self::Page => (
                with_status(200).header("content-type", "text/html"),
                Body::from("<html>hello</html>"),
            ),
            Self::Huge => (
                with_status(200).header("content-type", "application/x-protobuf"),
                Body::from_stream(endless()),
            ),
            Self::HalfSaid => (
                with_status(200).header("content-length", "100"),
                Body::from_stream(broken()),
            ),
            Self::NeverSaid => (with_status(200), Body::from_stream(hanging())),
            Self::NeverRefused(status, seconds) => (
                with_status(status).header("retry-after", seconds.to_string()),
                Body::from_stream(hanging()),
            ),
        };
        builder.body(body).expect("the answer is right")
    }

    pub(super) async fn over_grpc<R: Default>(
        self,
        response: impl FnOnce(i64, String) -> R,
    ) -> Result<tonic::Response<R>, tonic::Status> {
        let code = |status| match status {
            400 => tonic::Code::InvalidArgument,
            401 => tonic::Code::Unauthenticated,
            403 => tonic::Code::PermissionDenied,
            404 => tonic::Code::Unimplemented,
            429 => tonic::Code::ResourceExhausted,
            _ => tonic::Code::Unavailable,
        };
        match self {
            Self::Yes | Self::Page | Self::HalfSaid | Self::NeverSaid => {
                Ok(tonic::Response::new(R::default()))
            }
            Self::Slowly(wait) => {
                tokio::time::sleep(wait).await;
                Ok(tonic::Response::new(R::default()))
            }
            Self::Never => std::future::pending().await,
            Self::Status(status) => Err(tonic::Status::new(code(status), "not now")),
            Self::TooLarge => Err(tonic::Status::out_of_range(
                "Error, decoded message length too large: found 9933716 bytes, the limit is: 4194304 bytes",
            )),
            Self::TryAgain(status, seconds) | Self::NeverRefused(status, seconds) => {
                Err(tonic::Status::with_error_details(
                    code(status),
                    "not now",
                    ErrorDetails::with_retry_info(Some(Duration::from_secs(seconds))),
                ))
            }
            Self::Partly(rejected, why) => {
                Ok(tonic::Response::new(response(rejected, why.to_owned())))
            }
            Self::Huge => Ok(tonic::Response::new(response(0, "x".repeat(16 << 20)))),
        }
    }
}

/// A gigabyte, by the chunk.
fn endless() -> impl futures::Stream<Item = Result<Vec<u8>, std::io::Error>> {
    futures::stream::iter((0..1024).map(|_| Ok(vec![0; 1 << 20])))
}

/// A few bytes, and when they have been sent an error, which closes the connection.
fn broken() -> impl futures::Stream<Item = Result<Vec<u8>, std::io::Error>> {
    futures::stream::once(async { Ok(vec![0; 4]) }).chain(futures::stream::once(async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Err(std::io::Error::other("closed on purpose"))
    }))
}

/// A few bytes, and never another.
fn hanging() -> impl futures::Stream<Item = Result<Vec<u8>, std::io::Error>> {
    futures::stream::once(async { Ok(vec![0; 4]) }).chain(futures::stream::pending())
}
