//! The future of a response, with the stage of its request around it.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use http::{HeaderMap, Response, StatusCode};
use http_body::Body;
use pin_project_lite::pin_project;

use super::body::{Bodiless, StageBody};
use super::going::{Going, Next, Telling};
use super::grpc;

/// Which statuses, codes of gRPC and errors are failures.
pub(super) struct Failures<E> {
    pub(super) status: fn(StatusCode) -> bool,
    pub(super) code: IsFailure,
    pub(super) error: fn(&E) -> &'static str,
}

/// Whether a code of gRPC is a failure.
pub(super) type IsFailure = fn(&'static str) -> bool;

/// Says how a call of gRPC ended, if these headers or trailers do.
pub(super) fn tell_code(said: &HeaderMap, is_failure: IsFailure, telling: &mut Telling<'_>) {
    if let Some(code) = grpc::code(said) {
        telling.code(code);
        if is_failure(code) {
            telling.failed(code);
        }
    }
}

pin_project! {
    /// The future of a response. The stage of the request is current whenever it is polled, and goes on with the body.
    pub struct ResponseFuture<F, E> {
        #[pin]
        inner: Option<F>,
        going: Going,
        failures: Failures<E>,
        to_head: bool,
    }

    impl<F, E> PinnedDrop for ResponseFuture<F, E> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            this.going.give_up(|| this.inner.set(None));
        }
    }
}

impl<F, E> ResponseFuture<F, E> {
    pub(super) fn new(inner: F, going: Going, failures: Failures<E>, to_head: bool) -> Self {
        Self {
            inner: Some(inner),
            going,
            failures,
            to_head,
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F, E>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<StageBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(inner) = this.inner.as_pin_mut() else {
            return Poll::Pending; // only `drop` empties it
        };
        let failures = this.failures;
        let to_head = *this.to_head;
        let polled = this.going.run(
            || inner.poll(cx),
            |polled, mut telling| match polled {
                Poll::Pending => Next::GoOn,
                Poll::Ready(Err(error)) => {
                    telling.failed((failures.error)(error));
                    Next::Over
                }
                Poll::Ready(Ok(response)) => {
                    let status = response.status();
                    telling.status(status);
                    if (failures.status)(status) {
                        telling.failed(status.as_str().to_owned());
                    }
                    if grpc::is_spoken(response.headers()) {
                        tell_code(response.headers(), failures.code, &mut telling);
                    }
                    Next::GoOn
                }
            },
        );
        let response = ready!(polled)?;
        let bodiless = Bodiless::of(&response, to_head);
        let trailers = grpc::is_spoken(response.headers()).then_some(failures.code);
        let going = this.going.take();
        Poll::Ready(Ok(
            response.map(|body| StageBody::new(body, going, &bodiless, trailers))
        ))
    }
}
