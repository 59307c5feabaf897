//! Whose child a span is.

use tracing::Span;

use super::Context;
#[cfg(feature = "init")]
use super::lane::{self, Handed};

/// Whose child a span is.
pub enum Parent {
    /// The current span's.
    Current,
    /// Nobody's: it starts a trace.
    Root,
    /// This span's. It is held, so that it is open.
    Of(Span),
    /// That of a span on the lane route.
    #[cfg(feature = "init")]
    Lane(Handed),
    /// This span's, with baggage that was given to its context.
    #[cfg(feature = "init")]
    With(Span, std::sync::Arc<crate::propagate::Carried>),
}

impl Parent {
    /// Whether it is a span of `tracing`'s, with a subscriber of its own.
    pub(super) fn is_a_span(&self) -> bool {
        match self {
            Self::Of(_) => true,
            #[cfg(feature = "init")]
            Self::With(..) => true,
            #[cfg(feature = "init")]
            Self::Lane(_) => false,
            Self::Current | Self::Root => false,
        }
    }
}

#[cfg(feature = "init")]
impl Parent {
    /// The span as the lane route hands it on, if it has ids there.
    pub(super) fn handed(&self) -> Option<Handed> {
        match self {
            Self::Lane(handed) => Some(handed.clone()),
            Self::Of(span) => crate::layer::handed(span),
            Self::With(span, carried) => crate::layer::handed(span).map(|handed| Handed {
                carried: Some(std::sync::Arc::clone(carried)),
                ..handed
            }),
            Self::Current | Self::Root => None,
        }
    }

    /// The parent as the lane route takes it.
    pub(super) fn on_lane(&self) -> lane::Parent {
        match self {
            Self::Current => lane::Parent::Current,
            Self::Root => lane::Parent::Root,
            Self::Of(_) | Self::Lane(_) | Self::With(..) => {
                self.handed().map_or(lane::Parent::Root, lane::Parent::Of)
            }
        }
    }
}

/// What `parent = ..` and the elements of `follows_from = ..` take: a [`Context`] or a `tracing::Span`, by
/// value, by reference, or as an `Option` of which `None` means a new trace. An id is not taken: it does not
/// keep its span open, and a subscriber may panic where a parent is closed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not hold a span",
    label = "expected a `tickspan::Context` or a `tracing::Span`",
    note = "`tickspan::Context::current()` captures the current span; carry it in the message and write `parent = &message.context`",
    note = "an id does not keep its span open; pass the span"
)]
pub trait IntoParent {
    /// Whose child it makes the span.
    fn into_parent(self) -> Parent;
}

impl IntoParent for Context {
    fn into_parent(self) -> Parent {
        Self::into_parent(self)
    }
}

impl IntoParent for Span {
    fn into_parent(self) -> Parent {
        if self.is_disabled() {
            Parent::Root
        } else {
            Parent::Of(self)
        }
    }
}

macro_rules! by_reference {
    ($($ty:ty),+) => {$(
        impl IntoParent for &$ty {
            fn into_parent(self) -> Parent {
                self.clone().into_parent()
            }
        }
    )+};
}

by_reference!(Context, Span, Option<Context>, Option<Span>);

impl<T: IntoParent> IntoParent for Option<T> {
    fn into_parent(self) -> Parent {
        self.map_or(Parent::Root, T::into_parent)
    }
}

/// What `follows_from = ..` takes: a list of what `parent = ..` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of spans",
    label = "expected a list, as in `[&order.context]`",
    note = "its elements are what `parent` takes: a `tickspan::Context` or a `tracing::Span`"
)]
pub trait IntoLinks {
    /// The spans.
    fn into_links(self) -> impl Iterator<Item = Parent>;
}

#[diagnostic::do_not_recommend]
impl<I> IntoLinks for I
where
    I: IntoIterator,
    I::Item: IntoParent,
{
    fn into_links(self) -> impl Iterator<Item = Parent> {
        self.into_iter().map(I::Item::into_parent)
    }
}
