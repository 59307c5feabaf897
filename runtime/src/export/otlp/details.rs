//! The channel to a gRPC backend, without what `tonic` would panic at.
//!
//! The details of a status are base64, in the head of an answer or in its trailers, and `tonic` expects them to be. What a
//! backend sends instead is left out before it looks: the code and the message stay.

use std::mem;

use http_body_util::BodyExt as _;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::codegen::{BoxFuture, Context, Poll, Service};
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Error};

const DETAILS: &str = "grpc-status-details-bin";

/// Leaves out details that are not base64.
#[derive(Clone, Debug)]
pub(super) struct ReadableDetails(pub(super) Channel);

impl Service<Request<Body>> for ReadableDetails {
    type Response = Response<Body>;
    type Error = Error;
    type Future = BoxFuture<Response<Body>, Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let response = self.0.call(request);
        Box::pin(async {
            let mut response = response.await?;
            leave_out_unreadable(response.headers_mut());
            Ok(response.map(|body| {
                Body::new(body.map_frame(|mut frame| {
                    if let Some(trailers) = frame.trailers_mut() {
                        leave_out_unreadable(trailers);
                    }
                    frame
                }))
            }))
        })
    }
}

fn leave_out_unreadable(headers: &mut HeaderMap) {
    let metadata = MetadataMap::from_headers(mem::take(headers));
    let is_unreadable = metadata
        .get_bin(DETAILS)
        .is_some_and(|details| details.to_bytes().is_err());
    *headers = metadata.into_headers();
    if is_unreadable {
        headers.remove(DETAILS);
    }
}
