//! How a stage ended, and how that is told from what it returned.

use core::any::type_name;
use core::ops::Deref;

use crate::privacy::{SafeError, Value};

/// How a stage ended.
pub enum Outcome<'a> {
    /// It returned.
    Ok,
    /// It returned an error of this type or kind.
    Error(Value<'a>),
    /// It unwound.
    Panicked,
    /// Its future was dropped before it was done.
    Cancelled,
}

impl Outcome<'_> {
    /// What `tickspan.outcome` says; an ok is not said.
    pub(crate) const fn name(&self) -> Value<'static> {
        match self {
            Self::Ok => Value::ABSENT,
            Self::Error(_) => Value::text("error"),
            Self::Panicked => Value::text("panicked"),
            Self::Cancelled => Value::text("cancelled"),
        }
    }

    /// What a record of the lane route says.
    #[cfg(feature = "init")]
    pub(crate) const fn code(&self) -> u8 {
        use super::lane::wire::outcome;
        match self {
            Self::Ok => outcome::OK,
            Self::Error(_) => outcome::ERROR,
            Self::Panicked => outcome::PANICKED,
            Self::Cancelled => outcome::CANCELLED,
        }
    }

    /// What `otel.status_code` says. A cancelled stage was not wrong: its status stays unset.
    pub(crate) const fn status(&self) -> Value<'static> {
        match self {
            Self::Error(_) | Self::Panicked => Value::text("ERROR"),
            Self::Ok | Self::Cancelled => Value::ABSENT,
        }
    }

    /// What `error.type` says.
    pub(crate) fn error_type(&self) -> Value<'_> {
        match self {
            Self::Error(value) => value.clone(),
            Self::Panicked => Value::text("panic"),
            Self::Ok | Self::Cancelled => Value::ABSENT,
        }
    }
}

/// Asks a returned value how the stage ended: an `Err` is an error, everything else is ok.
///
/// As in the probes of values, method lookup picks the answer for a `Result` if it is one.
pub struct Returned<'a, T>(NoResult<'a, T>);

/// The answer for everything that is no `Result`.
pub struct NoResult<'a, T>(&'a T);

impl<'a, T> Returned<'a, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T) -> Self {
        Self(NoResult(value))
    }
}

impl<'a, T, E> Returned<'a, Result<T, E>> {
    /// The error, if it is one.
    #[inline]
    pub fn __tickspan_error(&self) -> Option<ErrorType> {
        match self.0.0 {
            Ok(_) => None,
            Err(_) => Some(type_name::<E>),
        }
    }

    /// What `ret` looks at, if there is one.
    #[inline]
    pub fn __tickspan_returned(&self) -> Option<&'a T> {
        self.0.0.as_ref().ok()
    }
}

impl<'a, T> Deref for Returned<'a, T> {
    type Target = NoResult<'a, T>;

    fn deref(&self) -> &NoResult<'a, T> {
        &self.0
    }
}

impl<'a, T> NoResult<'a, T> {
    /// No error.
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "found by method lookup, as the other answer is"
    )]
    pub fn __tickspan_error(&self) -> Option<ErrorType> {
        None
    }

    /// What `ret` looks at.
    #[inline]
    #[expect(clippy::unnecessary_wraps, reason = "as the other answer")]
    pub fn __tickspan_returned(&self) -> Option<&'a T> {
        Some(self.0)
    }
}

/// Asks a returned value for the kind of its error, which a [`SafeError`] has.
pub struct ErrorKind<'a, T>(NoKind<'a, T>);

/// The answer for everything else.
pub struct NoKind<'a, T>(&'a T);

impl<'a, T> ErrorKind<'a, T> {
    /// Asks about `value`.
    #[inline]
    pub const fn new(value: &'a T) -> Self {
        Self(NoKind(value))
    }
}

impl<T, E: SafeError> ErrorKind<'_, Result<T, E>> {
    /// The kind, if it is an error.
    #[inline]
    pub fn __tickspan_kind(&self) -> Option<&'static str> {
        self.0.0.as_ref().err().map(E::kind)
    }
}

impl<'a, T> Deref for ErrorKind<'a, T> {
    type Target = NoKind<'a, T>;

    fn deref(&self) -> &NoKind<'a, T> {
        &self.0
    }
}

impl<T> NoKind<'_, T> {
    /// None.
    #[inline]
    #[expect(
        clippy::unused_self,
        reason = "found by method lookup, as the other answer is"
    )]
    pub fn __tickspan_kind(&self) -> Option<&'static str> {
        None
    }
}

/// Tells the name of an error's type, which `error.type` records.
pub(crate) type ErrorType = fn() -> &'static str;

/// What `err` needs of a returned value. Sealed: it is `Result`, under whatever alias.
#[diagnostic::on_unimplemented(
    message = "`err` needs a function that returns a `Result`, and this one returns `{Self}`",
    label = "`{Self}` is no `Result`",
    note = "remove `err`, or return a `Result`"
)]
pub trait Fallible: sealed::Sealed {
    /// The error.
    type Error;

    /// The error, if it is one.
    fn error(&self) -> Option<&Self::Error>;

    /// The error's type, if it is one.
    #[inline]
    fn error_type(&self) -> Option<ErrorType> {
        match self.error() {
            None => None,
            Some(_) => Some(type_name::<Self::Error>),
        }
    }
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;

    #[inline]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

mod sealed {
    pub trait Sealed {}
    impl<T, E> Sealed for Result<T, E> {}
}
