//! The body of a response, with the stage of its request around it.

use core::pin::Pin;
use core::task::{Context, Poll};

use bytes::Buf as _;
use http::{Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::going::{Going, Next};
use super::response::{IsFailure, tell_code};

pin_project! {
    /// The body of a response. The stage of its request is current whenever it is polled, and ends with it.
    ///
    /// A body that is dropped before its end was cancelled. One of which everything has come, or of which nothing can
    /// come, is at its end, whether or not it was asked once more.
    pub struct StageBody<B> {
        #[pin]
        inner: Option<B>,
        going: Going,
        // How many bytes are still to come, where that is known.
        left: Option<u64>,
        // Of gRPC, whose trailers tell how the call ended.
        trailers: Option<IsFailure>,
    }

    impl<B> PinnedDrop for StageBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let is_done = *this.left == Some(0);
            let release = || this.inner.set(None);
            if is_done {
                this.going.end(release);
            } else {
                this.going.give_up(release);
            }
        }
    }
}

/// What a response says of the length of its body.
pub(super) struct Bodiless(Option<u64>);

impl Bodiless {
    pub(super) fn of<B>(response: &Response<B>, to_head: bool) -> Self {
        let never = to_head
            || response.status().is_informational()
            || matches!(
                response.status(),
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        if never {
            return Self(Some(0));
        }
        let length = response.headers().get(header::CONTENT_LENGTH);
        Self(length.and_then(|length| length.to_str().ok()?.parse().ok()))
    }
}

impl<B: Body> StageBody<B> {
    pub(super) fn new(
        inner: B,
        mut going: Going,
        said: &Bodiless,
        trailers: Option<IsFailure>,
    ) -> Self {
        let mut left = said.0.or_else(|| inner.size_hint().exact());
        if inner.is_end_stream() {
            left = Some(0);
        }
        // Of gRPC trailers may come behind no data at all.
        if left == Some(0) && (trailers.is_none() || inner.is_end_stream()) {
            // Servers do not ask such a body for anything.
            going.end(|| ());
        }
        Self {
            inner: Some(inner),
            going,
            left,
            trailers,
        }
    }
}

impl<B: Body> Body for StageBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let Some(mut inner) = this.inner.as_mut().as_pin_mut() else {
            return Poll::Ready(None); // only `drop` empties it
        };
        let polled = this.going.run(
            || inner.as_mut().poll_frame(cx),
            |polled, mut telling| match polled {
                Poll::Ready(None) => Next::Over,
                Poll::Ready(Some(Err(_))) => {
                    telling.failed(core::any::type_name::<B::Error>());
                    Next::Over
                }
                Poll::Ready(Some(Ok(frame))) => {
                    if let (Some(is_failure), Some(said)) = (*this.trailers, frame.trailers_ref()) {
                        tell_code(said, is_failure, &mut telling);
                    }
                    Next::GoOn
                }
                Poll::Pending => Next::GoOn,
            },
        );
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            if let (Some(left), Some(data)) = (&mut *this.left, frame.data_ref()) {
                *left = left.saturating_sub(data.remaining() as u64);
            }
            // Nothing follows trailers, whether or not the body says so.
            if frame.is_trailers() || inner.is_end_stream() {
                *this.left = Some(0);
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(B::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map(B::size_hint).unwrap_or_default()
    }
}

impl<B: Default> Default for StageBody<B> {
    /// A body without a stage.
    fn default() -> Self {
        Self {
            inner: Some(B::default()),
            going: Going::new(None, None),
            left: None,
            trailers: None,
        }
    }
}

impl<B> core::fmt::Debug for StageBody<B> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StageBody").finish_non_exhaustive()
    }
}
