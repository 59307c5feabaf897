//! Spans, latency and decisions of a trading system in OpenTelemetry.
//!
//! Annotate functions with [`#[traced_stage]`](macro@traced_stage). What is proven public becomes an
//! attribute of the function's span, and nothing else does:
//!
//! ```
//! use tickspan::{AttributeValue, Sensitive, traced_stage};
//!
//! #[derive(AttributeValue)]
//! #[public(reason = "exchange ticker, public listing")]
//! struct Symbol(String);
//!
//! #[traced_stage]
//! fn find_signal(symbol: &Symbol, bid: f64, ask: f64, api_key: &Sensitive<String>) -> Option<f64> {
//!     //         recorded          recorded  recorded    never touched: its type says so
//!     let _ = (symbol, api_key);
//!     (ask - bid > 0.02).then_some((bid + ask) / 2.0)
//! }
//!
//! # let symbol = Symbol("AAPL".to_owned());
//! # assert!(find_signal(&symbol, 585.33, 585.40, &Sensitive::new(String::new())).is_some());
//! ```
//!
//! # Two ways to use it
//!
//! - A **library** annotates its functions and depends on this crate without default features. Each
//!   stage is an ordinary `tracing` span for whichever subscriber the program installs; where there is
//!   none, it costs one relaxed load.
//! - A **program** calls [`init`], which installs a subscriber that prints lines, measures stages, and
//!   sends spans to OpenTelemetry where an endpoint is set.
//!
//! # Features
//!
//! | feature | what it brings |
//! |---|---|
//! | `init` (default) | [`init`], [`builder`], console lines, the stage summary, any SDK exporter |
//! | `otlp-grpc` | OTLP over gRPC |
//! | `otlp-http` | OTLP over HTTP, protobuf bodies |
//! | `chrono`, `jiff`, `rust_decimal`, `time`, `uuid` | [`AttributeValue`] for their types |
//! | `serde` | `Deserialize` for [`Sensitive`] |

#[cfg(feature = "init")]
mod collect;
#[cfg(feature = "init")]
mod export;
mod macros;
mod privacy;
mod record;
#[cfg(feature = "init")]
mod setup;
#[doc(hidden)]
pub mod support;

#[cfg(feature = "init")]
pub use collect::{StageSummary, Summary};
pub use privacy::{AttributeValue, Class, Secret, Sensitive};
pub use record::{Context, StageGuard};
#[cfg(feature = "init")]
pub use setup::{Builder, Error, ExporterReport, Protocol, Report, Telemetry, builder, init};
pub use tickspan_macros::{AttributeValue, traced_stage};
/// In `fields(key = Empty)` and `stage!("name", key = Empty)`: the key is recorded later, by [`record!`].
pub use tracing::field::Empty;
