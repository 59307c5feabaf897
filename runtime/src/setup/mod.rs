//! `init` and its builder: from settings to a running chain, and the guard that ends it.
//!
//! The only module that sees the whole chain: it reads the [`environment`], merges it with the
//! [`Builder`] into [`settings`], has [`crate::export`] and [`crate::collect`] started by
//! [`chain`], installs the [`subscriber`], and hands the [`guard`] out. It does no work after
//! `init` and before the guard's end.

mod builder;
mod chain;
mod destination;
#[cfg(feature = "cli")]
pub mod doctor;
mod endpoint;
mod environment;
mod error;
mod guard;
mod hmac_key;
mod preset;
mod protocol;
mod report;
mod route;
mod sending;
mod settings;
mod subscriber;

pub use builder::Builder;
pub use error::Error;
pub use guard::Telemetry;
pub use preset::Preset;
pub use protocol::Protocol;
pub use report::{ExporterReport, Report};
pub use route::Route;

/// Starts telemetry as the environment says: the same as [`builder()`]`.init()`.
///
/// Without any variable set, log lines of level `info` and above go to stderr, stages are measured,
/// and the returned guard prints their summary when it is dropped. Nothing is sent or written
/// anywhere else. [`Builder`] lists the variables.
///
/// # Examples
///
/// ```no_run
/// fn main() -> Result<(), tickspan::Error> {
///     let _telemetry = tickspan::init()?;
///     tracing::info_span!("find_signal").in_scope(|| { /* trade */ });
///     Ok(())
/// } // the guard is dropped here: what is queued is sent, and the summary is printed
/// ```
///
/// # Errors
///
/// When a variable is wrong, something needs a feature that is not compiled in, another subscriber
/// is installed, or telemetry was initialised before: see [`Error`]. Then nothing is installed and
/// no thread is left running. A backend that cannot be reached is not an error: the program runs,
/// and the loss is counted.
pub fn init() -> Result<Telemetry, Error> {
    builder().init()
}

/// Starts a [`Builder`], with which a program sets what the environment does not.
///
/// # Examples
///
/// ```no_run
/// # fn main() -> Result<(), tickspan::Error> {
/// let _telemetry = tickspan::builder().with_service_name("market-maker").init()?;
/// # Ok(())
/// # }
/// ```
pub fn builder() -> Builder {
    Builder::default()
}
