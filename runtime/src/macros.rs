//! The macros for use inside a body. They only add the path of this crate, so that they work under any
//! name that the crate is given.

/// Starts a stage for the rest of a block, or around a future.
#[macro_export]
macro_rules! stage {
    ($($input:tt)*) => { $crate::support::__stage!(($crate) $($input)*) };
}

/// Records attributes on the current stage.
#[macro_export]
macro_rules! record {
    ($($input:tt)*) => { $crate::support::__record!(($crate) $($input)*) };
}

/// Emits an event on the current stage.
#[macro_export]
macro_rules! event {
    ($($input:tt)*) => { $crate::support::__event!(($crate) $($input)*) };
}

/// Declares the value of one expression public.
#[macro_export]
macro_rules! public {
    ($($input:tt)*) => { $crate::support::__public!(($crate) $($input)*) };
}
