//! The macros for use inside a body. They only add the path of this crate, so that they work under any
//! name that the crate is given.

/// Starts a stage for the rest of a block, or around a future.
///
/// ```
/// use tickspan::{record, stage};
///
/// fn best(levels: &[f64]) -> f64 {
///     let _stage = stage!(level: "debug", "find_best", levels = levels.len());
///     levels.iter().copied().fold(f64::NAN, f64::min)
/// } // the stage ends here
///
/// async fn submit(quantity: u64) -> u64 {
///     stage!(kind: "client", "send_to_venue", quantity, async {
///         record!(filled = quantity);
///         quantity
///     })
///     .await
/// }
/// # assert_eq!(best(&[2.0, 1.0]), 1.0);
/// ```
///
/// `stage!("name", fields)` gives a [`StageGuard`](crate::StageGuard): bind it to a name, for a stage ends
/// when its guard is dropped. `stage!("name", fields, async { .. })` gives a future; its stage starts here,
/// is current during each poll, and tells an `Err`, a panic and a cancellation.
///
/// Options stand before the name, with a colon: `level: "debug"`, `target: "engine"`, `kind: "client"`,
/// `parent: &order.context`. Fields are written as in [`traced_stage`](macro@crate::traced_stage):
/// `key = value`, `key` alone for `key = key`, `key = Empty` for what [`record!`](crate::record!) will say.
/// Values must be proven, and are evaluated only if somebody wants the span.
#[macro_export]
macro_rules! stage {
    ($($input:tt)*) => { $crate::support::__stage!(($crate) $($input)*) };
}

/// Records attributes on the current stage: the innermost one that goes on in this thread.
///
/// ```
/// use tickspan::{record, traced_stage};
///
/// #[traced_stage]
/// fn execute(quantity: u64) -> u64 {
///     let filled = quantity / 2;
///     record!(filled, remaining = quantity - filled);
///     filled
/// }
/// # execute(4);
/// ```
///
/// Outside any stage nothing happens. While the guard of a [`stage!`](crate::stage!) lives, that is the
/// innermost stage, and not the function's.
///
/// After [`init`](crate::init) any key may be recorded, and one that is recorded again has its last value.
///
/// Where stages are `tracing` spans, a span knows its keys from its start. [`traced_stage`](macro@crate::traced_stage)
/// declares those of each `record!` in the function's own body, and `stage!` those in its `async` block. A key that is
/// recorded from another function, or on the stage of a guard, is declared there by `key = Empty`. One that is not is
/// lost; a `tracing` warning says so, once for each `record!`. Record a key once there: `tracing-opentelemetry`
/// exports each value.
#[macro_export]
macro_rules! record {
    ($($input:tt)*) => { $crate::support::__record!(($crate) $($input)*) };
}

/// Emits an event on the current span: something that happened at one instant.
///
/// ```
/// use std::time::Duration;
/// use tickspan::event;
///
/// fn refuse(quantity: u64, age: Duration) {
///     event!("order_refused", quantity);
///     event!(level: "warn", target: "audit", "quote_late", age_seconds = age);
/// }
/// # refuse(5, Duration::from_secs(1));
/// ```
///
/// `level` is `"info"` and `target` the module's path unless given. Fields are written as in
/// [`traced_stage`](macro@crate::traced_stage), without `Empty`; values must be proven, and are evaluated
/// only if somebody wants the event. The name is also the event's `message`.
///
/// An event of level `"error"` sets the status of its exported span to error.
#[macro_export]
macro_rules! event {
    ($($input:tt)*) => { $crate::support::__event!(($crate) $($input)*) };
}

/// Declares the value of one expression public, with a reason.
///
/// ```
/// use tickspan::{event, public};
///
/// fn on_print(memo: &str, gateway: std::net::Ipv4Addr) {
///     event!(
///         "trade_printed",
///         memo = public!(memo, reason = "text of the public trade tape"),
///         gateway = public!(gateway, reason = "documented address of a public venue"),
///     );
/// }
/// # on_print("opening cross", [192, 0, 2, 1].into());
/// ```
///
/// It stands where a value is recorded: in `fields(..)`, [`stage!`](crate::stage!),
/// [`record!`](crate::record!) and [`event!`](crate::event!). A proven value is recorded as without it, text
/// as text, and everything else by its `Display`.
///
/// The reason is a literal of at least 15 characters and three words that say something. It is for whoever
/// reads the source, and is not recorded. A sensitive name in the expression, such as `email`, or as the key, needs
/// `allow_name = true` as well. An expression that calls `.expose(..)` is refused.
#[macro_export]
macro_rules! public {
    ($($input:tt)*) => { $crate::support::__public!(($crate) $($input)*) };
}
