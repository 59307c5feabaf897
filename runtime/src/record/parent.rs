//! Whose child a span is.

use tracing::Span;
use tracing::span::Id;

use super::Context;

/// Whose child a span is.
#[derive(Clone)]
pub enum Parent {
    /// The current span's.
    Current,
    /// Nobody's: it starts a trace.
    Root,
    /// This span's.
    Id(Id),
}

/// What `parent = ..` and the elements of `follows_from = ..` take: a [`Context`], or what
/// `tracing` takes, by value, by reference, or as an `Option` of which `None` means a new trace.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a span",
    label = "expected a `tickspan::Context`, a `tracing::Span` or a `tracing::Id`",
    note = "`tickspan::Context::current()` captures the current span; carry it in the message and write `parent = &message.context`"
)]
pub trait IntoParent {
    /// Whose child it makes the span.
    fn into_parent(self) -> Parent;
}

fn of_id(id: Option<Id>) -> Parent {
    id.map_or(Parent::Root, Parent::Id)
}

impl IntoParent for &Context {
    fn into_parent(self) -> Parent {
        of_id(self.id())
    }
}

impl IntoParent for &Span {
    fn into_parent(self) -> Parent {
        of_id(self.id())
    }
}

impl IntoParent for Id {
    fn into_parent(self) -> Parent {
        Parent::Id(self)
    }
}

impl IntoParent for &Id {
    fn into_parent(self) -> Parent {
        Parent::Id(self.clone())
    }
}

impl IntoParent for &Option<Id> {
    fn into_parent(self) -> Parent {
        of_id(self.clone())
    }
}

impl IntoParent for &Option<Context> {
    fn into_parent(self) -> Parent {
        self.as_ref().into_parent()
    }
}

impl<T: IntoParent> IntoParent for Option<T> {
    fn into_parent(self) -> Parent {
        self.map_or(Parent::Root, T::into_parent)
    }
}

/// What `follows_from = ..` takes: a list of what `parent = ..` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no list of spans",
    label = "expected a list, as in `[&order.context]`",
    note = "its elements are what `parent` takes: a `tickspan::Context`, a `tracing::Span` or a `tracing::Id`"
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
