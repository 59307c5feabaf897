//! What `#[traced_stage(mark = ..)]` calls: a mark where a function has done what it is for.
//!
//! The mark itself comes as a closure, so that a path which is none is told once, and where it stands.

use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

/// Asks a returned value whether the function did what it is for: not if it is an `Err`, a `None` or an `Ok(None)`.
///
/// As in the probes of values, method look-up takes the first answer that the type allows.
pub struct Passed<'a, T>(OneLayer<'a, T>);

/// The answer for a `Result` or an `Option`.
pub struct OneLayer<'a, T>(Anything<'a, T>);

/// The answer for everything else.
pub struct Anything<'a, T>(&'a T);

impl<'a, T> Passed<'a, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T) -> Self {
        Self(OneLayer(Anything(value)))
    }
}

impl<T, E> Passed<'_, Result<Option<T>, E>> {
    /// Whether there is a value.
    #[inline]
    pub const fn __tickspan_passed(&self) -> bool {
        matches!(self.0.0.0, Ok(Some(_)))
    }
}

impl<'a, T> Deref for Passed<'a, T> {
    type Target = OneLayer<'a, T>;

    fn deref(&self) -> &OneLayer<'a, T> {
        &self.0
    }
}

impl<T, E> OneLayer<'_, Result<T, E>> {
    /// Whether there is a value.
    #[inline]
    pub const fn __tickspan_passed(&self) -> bool {
        self.0.0.is_ok()
    }
}

impl<T> OneLayer<'_, Option<T>> {
    /// Whether there is a value.
    #[inline]
    pub const fn __tickspan_passed(&self) -> bool {
        self.0.0.is_some()
    }
}

impl<'a, T> Deref for OneLayer<'a, T> {
    type Target = Anything<'a, T>;

    fn deref(&self) -> &Anything<'a, T> {
        &self.0
    }
}

impl<T> Anything<'_, T> {
    /// It returned.
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "found by method look-up, as the other answers are"
    )]
    pub const fn __tickspan_passed(&self) -> bool {
        true
    }
}

/// Marks where it is dropped: where a function returns whose value is not looked at, or, always, where it ends.
#[must_use = "dropped at once, it marks at once"]
pub struct MarkGuard<M: FnOnce()> {
    mark: Option<M>,
    always: bool,
    /// Whether the thread unwound already when the function began.
    unwinding: bool,
}

impl<M: FnOnce()> MarkGuard<M> {
    /// Marks where the function returns.
    #[inline]
    pub fn returned(mark: M) -> Self {
        Self {
            mark: Some(mark),
            always: false,
            unwinding: std::thread::panicking(),
        }
    }

    /// Marks where the function ends, in whatever way.
    #[inline]
    pub const fn always(mark: M) -> Self {
        Self {
            mark: Some(mark),
            always: true,
            unwinding: false,
        }
    }
}

impl<M: FnOnce()> Drop for MarkGuard<M> {
    #[inline]
    fn drop(&mut self) {
        if cfg!(not(tickspan_off)) && (self.always || self.unwinding == std::thread::panicking()) {
            if let Some(mark) = self.mark.take() {
                mark();
            }
        }
    }
}

pin_project! {
    /// A future with a mark where it is done, inside its stage.
    pub struct MarkFuture<F, M: FnOnce(), W> {
        #[pin]
        inner: F,
        mark: Option<M>,
        passed: Option<W>,
        always: bool,
        begun: bool,
    }

    impl<F, M: FnOnce(), W> PinnedDrop for MarkFuture<F, M, W> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (true, true, Some(mark)) = (*this.always, *this.begun, this.mark.take()) {
                mark();
            }
        }
    }
}

impl<F, M, W> MarkFuture<F, M, W>
where
    F: Future,
    M: FnOnce(),
    W: FnOnce(&F::Output) -> bool,
{
    /// Marks where `passed` says yes to what the future gave; `always`, also where it unwinds or is dropped after its
    /// first poll.
    #[inline]
    pub fn new(inner: F, mark: M, always: bool, passed: W) -> Self {
        Self {
            inner,
            mark: Some(mark),
            passed: Some(passed),
            always,
            begun: false,
        }
    }
}

impl<F, M, W> Future for MarkFuture<F, M, W>
where
    F: Future,
    M: FnOnce(),
    W: FnOnce(&F::Output) -> bool,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        *this.begun = true;
        let polled = this.inner.poll(cx);
        if let Poll::Ready(output) = &polled {
            if let (Some(mark), Some(passed)) = (this.mark.take(), this.passed.take()) {
                if *this.always || passed(output) {
                    mark();
                }
            }
        }
        polled
    }
}

pin_project! {
    /// A stream with a mark at its end, inside its stage.
    pub struct MarkStream<S, M: FnOnce()> {
        #[pin]
        inner: S,
        mark: Option<M>,
        always: bool,
        begun: bool,
    }

    impl<S, M: FnOnce()> PinnedDrop for MarkStream<S, M> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let (true, true, Some(mark)) = (*this.always, *this.begun, this.mark.take()) {
                mark();
            }
        }
    }
}

impl<S: Stream, M: FnOnce()> MarkStream<S, M> {
    /// Marks where the stream has ended; `always`, also where it unwinds or is dropped after its first poll.
    #[inline]
    pub fn new(inner: S, mark: M, always: bool) -> Self {
        Self {
            inner,
            mark: Some(mark),
            always,
            begun: false,
        }
    }
}

impl<S: Stream, M: FnOnce()> Stream for MarkStream<S, M> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        *this.begun = true;
        let polled = this.inner.poll_next(cx);
        if matches!(polled, Poll::Ready(None)) {
            if let Some(mark) = this.mark.take() {
                mark();
            }
        }
        polled
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}
