//! How what is sent is compressed.

/// How what is sent is compressed.
///
/// ```no_run
/// # fn main() -> Result<(), tickspan::Error> {
/// let _telemetry = tickspan::builder()
///     .with_endpoint("http://localhost:4318")
///     .with_compression(tickspan::Compression::Gzip)
///     .init()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all (`none` in `OTEL_EXPORTER_OTLP_COMPRESSION`).
    #[default]
    None,
    /// gzip (feature `gzip`).
    Gzip,
    /// Zstandard (feature `zstd`). Not every backend takes it.
    Zstd,
}

impl Compression {
    /// Its name in variables, in headers, and of its feature.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    pub(crate) fn is_compiled_in(self) -> bool {
        match self {
            Self::None => true,
            Self::Gzip => cfg!(feature = "gzip"),
            Self::Zstd => cfg!(feature = "zstd"),
        }
    }
}
