//! Spans of a trading system in OpenTelemetry, with proof at compile time that no personal data leaves.
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
//!   sends spans and metrics to OpenTelemetry where an endpoint is set. Its stages are records in the lane of their thread: 34
//!   to 55 ns a span, 60 to 80 with attributes.
//!
//! # Features
//!
//! | feature | what it brings |
//! |---|---|
//! | `init` (default) | [`init`], [`builder`], console lines, the stage summary, any SDK exporter |
//! | `recorder` (default) | [`recorder`]: files of JSON lines, and their replay |
//! | `recorder-otlp` | OTLP as JSON lines, the recorder's second [form](recorder::Form) |
//! | `logs` | log records of `tracing` events |
//! | `otlp-grpc` | OTLP over gRPC |
//! | `otlp-http` | OTLP over HTTP, protobuf bodies |
//! | `otlp-http-json` | OTLP over HTTP, JSON bodies |
//! | `prometheus` | a page of metrics for Prometheus |
//! | `process` | metrics of the process itself, on Linux |
//! | `tls` | `https://` endpoints, certificates of one's own and of the client |
//! | `gzip`, `zstd` | compression of what is sent; `zstd` of recorded files, too |
//! | `cli` | the command `tickspan`, which lists what a binary exports, and [`doctor`] |
//! | `http` | trace context in and out of `http::HeaderMap` |
//! | `tower` | a span for each request of an HTTP server or client: [`tower`](mod@tower) |
//! | `axum` | the routes of axum in the names of these spans |
//! | `chrono`, `jiff`, `rust_decimal`, `time`, `uuid` | [`AttributeValue`] for their types |
//! | `hmac` | keyed pseudonyms of marked values: `#[pii(Email, export = hmac)]` |
//! | `serde` | `Deserialize` for [`Sensitive`], and both ways for [`propagate::TraceContext`] |

#[cfg(feature = "init")]
mod collect;
#[cfg(feature = "init")]
mod console;
#[cfg(feature = "init")]
mod context;
mod edge;
#[cfg(feature = "init")]
mod export;
mod instrument;
#[cfg(feature = "init")]
mod layer;
#[cfg(feature = "init")]
mod log_records;
mod macros;
#[cfg(feature = "init")]
mod outputs;
#[cfg(feature = "init")]
mod policy;
mod privacy;
#[cfg(feature = "init")]
pub mod propagate;
mod record;
#[cfg(feature = "recorder")]
pub mod recorded;
#[cfg(feature = "recorder")]
pub mod recorder;
#[cfg(feature = "recorder")]
pub mod replay;
#[cfg(feature = "init")]
mod setup;
#[doc(hidden)]
pub mod support;
#[cfg(feature = "init")]
pub mod testing;
#[cfg(feature = "init")]
mod threads;
#[cfg(feature = "tower")]
pub mod tower;
pub mod trade;

#[cfg(feature = "init")]
pub use self::console::Console;
#[cfg(feature = "init")]
pub use collect::{
    EdgeCost, EdgeSummary, Health, HopSummary, MarkSummary, PathSummary, Percentiles, StageSummary,
    Summary, TailSampling, health,
};
#[cfg(feature = "init")]
pub use context::otel_context;
pub use edge::{
    EdgeAmount, EdgeBreakdown, EdgeDecision, EdgeFault, EdgeNumber, EdgeNumberOf, EdgeReason,
    EdgeRejection, EdgeTotals, NoPolicy,
};
#[cfg(feature = "prometheus")]
pub use export::Prometheus;
#[cfg(feature = "init")]
pub use export::{Compression, HistogramKind};
pub use instrument::{BoundCounter, BoundGauge, BoundHistogram, Counter, Gauge, Histogram, Labels};
#[cfg(feature = "init")]
pub use layer::{Layer, layer};
#[cfg(feature = "init")]
pub use log_records::{LogRecords, log_records};
#[cfg(feature = "init")]
pub use policy::{ForeignData, Policed, Why, Withheld, policed, withheld};
pub use privacy::{
    AttributeValue, Class, Confidential, SafeError, Secret, Sensitive, financial, pii,
};
pub use record::{
    Acknowledgement, ClockBytes, ClockBytesError, ClockScope, Context, LatencyStages, StageClock,
    StageGuard, mark,
};
#[cfg(feature = "cli")]
pub use setup::doctor;
#[cfg(feature = "init")]
pub use setup::{
    Builder, Error, ExporterReport, Preset, Protocol, Report, Route, Telemetry, builder, init,
};
/// Derives the proof that values of a type may leave the process.
///
/// ```
/// use tickspan::AttributeValue;
///
/// /// Recorded as the name of the variant, which stands in the source.
/// #[derive(AttributeValue)]
/// enum Side { Buy, Sell }
///
/// /// Recorded as its field, which is proven.
/// #[derive(AttributeValue)]
/// struct Price(f64);
///
/// /// Recorded as its text, for a reason.
/// #[derive(AttributeValue)]
/// #[public(reason = "exchange ticker, public listing")]
/// struct Symbol(String);
///
/// /// Recorded as what `Display` writes.
/// #[derive(AttributeValue)]
/// #[public(reason = "transaction number on a public chain", via = Display)]
/// struct TxNumber(u128);
/// ```
///
/// It stands on enums without data and on structs with one field, not counting `PhantomData`. Generic
/// types may derive it.
///
/// | attribute | means |
/// |---|---|
/// | `#[public(reason = "..")]` | the field may be text; why anybody may see it, in at least 15 characters and three words that say something |
/// | `#[public(reason = "..", via = Display)]` | the field is recorded by its `Display` |
/// | `#[public(reason = "..", allow_name = true)]` | the name of the type or of its field may be a sensitive one, such as `ApiKey` |
/// | `#[tickspan(crate = path)]` | where tickspan is, for a crate that knows it under another name |
///
/// Without `#[public(..)]` a field that is not proven is a compile error, at the field's type. The derive
/// compiles in crates with `#![forbid(unsafe_code)]`.
pub use tickspan_macros::AttributeValue;
/// Derives [`EdgeBreakdown`](trait@EdgeBreakdown): what a trade would gain, what it would cost, and whether to take it.
///
/// ```
/// use tickspan::EdgeBreakdown;
///
/// #[derive(EdgeBreakdown)]
/// #[edge(name = "cross_venue", unit = "USD")]
/// struct Edge<'a> {
///     #[edge(gross)]
///     gross: f64,
///     #[edge(cost)]
///     slippage: f64,
///     #[edge(cost, rename = "taker_fee")]
///     fees: f64,
///     #[edge(threshold)]
///     min_edge: f64,
///     #[edge(context)]
///     symbol: &'a str,
///     #[edge(skip)]
///     id: u64,
/// }
/// # let _ = Edge { gross: 1.0, slippage: 0.1, fees: 0.1, min_edge: 0.5, symbol: "AAPL", id: 7 }.id;
/// ```
///
/// It stands on structs with named fields, generic ones too. Each field has one mark; a field without one is an error, for
/// a cost that is forgotten would make every trade look better than it is.
///
/// | on a field | it is | how many |
/// |---|---|---|
/// | `#[edge(gross)]` | what there is to gain: `edge.gross` | one; none is needed where there are legs |
/// | `#[edge(cost)]` | what has to be paid: `edge.` and its name | at least one, or a leg |
/// | `#[edge(threshold)]` | what the net edge has to reach: `edge.threshold` | at most one |
/// | `#[edge(leg)]` | an edge itself, whose gross amount and costs are added | any |
/// | `#[edge(context)]` | recorded besides, through the same gates as a field of [`event!`](crate::event) | any |
/// | `#[edge(skip)]` | no part of the edge | any |
///
/// `rename = ".."` after `cost`, `leg` or `context` gives another name. All amounts are of one type, which is an
/// [`EdgeAmount`].
///
/// | on the type | means | without it |
/// |---|---|---|
/// | `#[edge(name = "..")]` | the name under which edges of the type are counted | the type's, in snake case |
/// | `#[edge(unit = "USD")]` | the unit of all amounts | none |
/// | `#[edge(level = "debug")]` | the level of the event | `"info"` |
/// | `#[edge(target = "..")]` | the target of the event | the module's path |
/// | `#[tickspan(crate = path)]` | where tickspan is | `::tickspan` |
pub use tickspan_macros::EdgeBreakdown;
/// Derives the labels of a metric on a struct with named fields.
///
/// ```
/// use tickspan::{AttributeValue, Counter, Labels};
///
/// #[derive(AttributeValue)]
/// enum TriggerMode { Manual, Schedule }
///
/// #[derive(Labels)]
/// struct Execution<'a> {
///     pipeline: &'a str,
///     #[label(rename = "trigger.mode")]
///     trigger_mode: TriggerMode,
/// }
///
/// static EXECUTIONS: Counter<Execution> = Counter::new("pipeline.executions");
/// EXECUTIONS.add(1, &Execution { pipeline: "hedge", trigger_mode: TriggerMode::Manual });
/// # EXECUTIONS.add(1, &Execution { pipeline: "hedge", trigger_mode: TriggerMode::Schedule });
/// ```
///
/// A field is recorded as in `fields(..)` of [`traced_stage`](macro@crate::traced_stage): its type is proven, or it is
/// text under a name of the market vocabulary. One that is neither is a compile error. A label whose value is `None` is
/// left out.
///
/// | attribute | means |
/// |---|---|
/// | `#[label(rename = "..")]` | the name of the label; the field's, unless given |
/// | `#[tickspan(crate = path)]` | where tickspan is, for a crate that knows it under another name |
///
/// Each set of values is a series of its own: use what has few values, such as a venue, and not an order's number.
pub use tickspan_macros::Labels;
/// Makes the variants of an enum the ordered marks of a latency path.
///
/// ```
/// use tickspan::{LatencyStages, StageClock, traced_stage};
///
/// #[derive(LatencyStages)]
/// #[latency(name = "order", budget = "2ms")]
/// enum Path {
///     WsReceived,
///     #[latency(budget = "50us")]
///     BookUpdated,
///     SignalFound,
///     OrderSent,
/// }
///
/// #[traced_stage(mark = Path::SignalFound)]
/// fn find_signal(price: f64) -> Option<f64> {
///     (price > 585.0).then_some(price)
/// }
///
/// let mut scope = StageClock::new().enter();
/// scope.mark(Path::WsReceived);
/// scope.mark(Path::BookUpdated);
/// find_signal(585.33);
/// scope.finish();
/// ```
///
/// A message carries a [`StageClock`]; a [`ClockScope`] makes it current, and stages with `mark = ..` mark it. The hops
/// between the marks, `ws_received_to_book_updated` and so on, and `end_to_end` are measured when it is finished: see
/// [`Summary::paths`].
///
/// It stands on an enum without data and without parameters that has from 2 to 16 variants. They are marks in the order in
/// which they are written.
///
/// | attribute | on the enum | on a variant |
/// |---|---|---|
/// | `#[latency(name = "..")]` | names the path; without it, its name in snake case | names the mark; without it, its name in snake case |
/// | `#[latency(budget = "50us")]` | what the whole path may take | what the hop from the mark before may take; not on the first |
/// | `#[tickspan(crate = path)]` | where tickspan is, for a crate that knows it under another name | |
///
/// A budget is a number and `ns`, `us`, `µs`, `ms` or `s`, at most 60 s. A clock that takes longer is counted, and its
/// trace kept by [`TailSampling`].
pub use tickspan_macros::LatencyStages;
/// Derives a `Debug` that withholds marked fields.
///
/// ```
/// use tickspan::Redacted;
///
/// #[derive(Redacted)]
/// struct Login {
///     desk: u32,
///     #[sensitive]
///     password: String,
///     #[pii(Email)]
///     email: String,
/// }
///
/// let login = Login { desk: 7, password: "hunter2".to_owned(), email: "a@example.com".to_owned() };
/// assert_eq!(
///     format!("{login:?}"),
///     "Login { desk: 7, password: [redacted: secret], email: [redacted: email] }"
/// );
/// # let _ = (&login.password, &login.email);
/// ```
///
/// It stands on structs and enums, and the marks on their fields. A `#[derive(Debug)]` beside it is a compile error:
/// two implementations. A field that is not marked needs `Debug`. Whatever a mark exports elsewhere, `Debug` shows
/// the marker of its class.
pub use tickspan_macros::Redacted;
/// See the trait.
pub use tickspan_macros::SafeError;
/// Derives [`TradeEvent`](trait@TradeEvent): a struct as an event of a trading system.
///
/// ```
/// use tickspan::TradeEvent;
///
/// #[derive(TradeEvent)]
/// #[trade_event(name = "quote_pulled", level = "warn")]
/// struct Pulled<'a> {
///     symbol: &'a str,
///     #[trade_event(rename = "levels")]
///     depth: u32,
/// }
///
/// Pulled { symbol: "AAPL", depth: 3 }.record();
/// ```
///
/// It stands on structs with named fields or none, generic ones too. Each field is recorded under its name, through the same
/// gates as a field of [`event!`](crate::event): what is not proven is an error at the field.
///
/// | option | on | means |
/// |---|---|---|
/// | `#[trade_event(skip)]` | a field | it is not recorded |
/// | `#[trade_event(rename = "..")]` | a field | the key, in place of the field's name |
/// | `#[trade_event(name = "..")]` | the type | the name of the event, in place of the type's in snake case |
/// | `#[trade_event(level = "..")]` | the type | the level, in place of `"info"` |
/// | `#[trade_event(target = "..")]` | the type | the target, in place of the module's path |
/// | `#[tickspan(crate = path)]` | the type | where tickspan is |
pub use tickspan_macros::TradeEvent;
/// Puts a span around a function, and records those of its arguments that are proven public.
///
/// ```
/// use tickspan::{AttributeValue, record, traced_stage};
///
/// #[derive(AttributeValue)]
/// enum Side { Buy, Sell }
///
/// #[derive(Debug)]
/// struct Rejected;
///
/// #[traced_stage(kind = "client", err(level = "warn"))]
/// fn submit(symbol: &str, side: Side, quantity: u64, account: &str) -> Result<u64, Rejected> {
///     let _ = (symbol, side, account);
///     if quantity > 1_000 {
///         return Err(Rejected);
///     }
///     record!(order_id = 7_u64);
///     Ok(7)
/// }
///
/// assert_eq!(submit("AAPL", Side::Buy, 100, "DU123").ok(), Some(7));
/// submit("AAPL", Side::Sell, 5_000, "DU123").unwrap_err();
/// ```
///
/// The spans say `symbol`, `side`, `quantity`, for the first one `order_id`, and for the second one the
/// outcome `error` with the error's type. `account` is text under a name that is not public in the trade:
/// no code that reads it is written.
///
/// # Where it stands
///
/// On functions, `async fn`s, methods, methods of traits with a body, methods of `#[async_trait]`, functions
/// that return `impl Future`, `impl Stream` or a box of one, and on `impl` blocks, whose functions it then
/// annotates one by one. Not on `const fn`.
///
/// The stage of an `async fn` starts with its first poll; that of a function that returns a future or a stream
/// with the call. It ends when the future is done or dropped, or the stream ended.
///
/// # Options
///
/// | option | what it does | without it |
/// |---|---|---|
/// | `name = ".."` | names the span; a literal or a constant | the function's name |
/// | `target = ".."` | sets what filters match | the module's path |
/// | `level = "debug"` | sets the level | `"info"` |
/// | `kind = "client"` | sets the kind: `internal`, `client`, `server`, `producer`, `consumer` | `"internal"` |
/// | `skip(a, b)`, `skip_all` | keeps arguments out | |
/// | `fields(key = value, later = Empty)` | records values, declares keys for [`record!`] | |
/// | `parent = &order.context` | makes the span a child of this [`Context`], or of a `tracing` span | the current span is the parent |
/// | `root` | starts a trace | |
/// | `follows_from = [&a, &b]` | links the span to others | |
/// | `ret`, `ret(level = "debug")` | emits an event with what is returned | |
/// | `err`, `err(level = "warn", map = f)` | emits an event for an `Err`, and may map it | |
/// | `metric(labels(a))` | names the attributes by which the stage's metrics are told apart | its name alone |
/// | `mark = Path::X`, `mark(Path::X, always)` | marks the current [`StageClock`] when the function has done what it is for, or always | |
/// | `crate = path` | where tickspan is | `::tickspan` |
/// | `prefix = ".."` | on an `impl` block: comes before the names | |
/// | `off` | on a method of such a block: keeps it out | |
///
/// # What a span says
///
/// Arguments whose type is an [`AttributeValue`] and one value, and text under a name of the market
/// vocabulary, such as `symbol` or `venue`. Everything else is skipped, and so are numbers under sensitive names, such as
/// `account_number`; what is named in `fields` and cannot be proven, or has such a name, is a compile error. Values are evaluated once, before the body, and only if somebody wants the
/// span.
///
/// | how it ended | `tickspan.outcome` | status | `error.type` |
/// |---|---|---|---|
/// | it returned anything but an `Err` | | unset | |
/// | it returned an `Err` | `error` | error | the error's type, or what `map` gave |
/// | it returned an `Err` that `map` made `None` | | unset | |
/// | it panicked | `panicked` | error | `panic` |
/// | its future was dropped before its end | `cancelled` | unset | |
///
/// Functions that return `impl Trait`, streams and `#[track_caller]` functions are not asked for an `Err`.
///
/// ```
/// use tickspan::{AttributeValue, traced_stage};
///
/// #[derive(AttributeValue, Clone, Copy)]
/// enum Rejected { TooLarge, Halted }
///
/// impl Rejected {
///     /// A halt is expected: no error, no event.
///     fn alarming(&self) -> Option<Self> {
///         (!matches!(self, Self::Halted)).then_some(*self)
///     }
/// }
///
/// #[traced_stage(err(map = Rejected::alarming))]
/// async fn check_risk(quantity: u64, halted: bool) -> Result<u64, Rejected> {
///     match (halted, quantity) {
///         (true, _) => Err(Rejected::Halted),
///         (_, 1_001..) => Err(Rejected::TooLarge),
///         _ => Ok(quantity),
///     }
/// }
/// ```
///
/// # Lints
///
/// Those of the function fire as without the attribute, with one exception: in an `async fn` an argument
/// that is only recorded counts as used.
///
/// # Cost
///
/// Where no subscriber is installed, one relaxed load and a comparison. No allocation and no box of its own;
/// the future of an `async fn` grows by a small constant.
pub use tickspan_macros::traced_stage;
/// In `fields(key = Empty)` and `stage!("name", key = Empty)`: the key is recorded later, by [`record!`].
pub use tracing::field::Empty;
pub use trade::TradeEvent;
/// The exact versions that this crate works with, so that a program's own exporters and instruments fit.
#[cfg(feature = "init")]
#[doc(no_inline)]
pub use {opentelemetry, opentelemetry_sdk};
