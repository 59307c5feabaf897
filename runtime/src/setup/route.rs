//! Which way a stage takes to the exporters.

/// Which way a stage takes to the exporters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Route {
    /// A record in the lane of its thread, which the collector thread turns into a span.
    #[default]
    Lane,
    /// A span of the `tracing` crate, exported by `tracing-opentelemetry`. For programs whose other layers have to
    /// see each stage.
    Tracing,
}
