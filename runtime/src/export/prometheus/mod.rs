//! Metrics for Prometheus to scrape: a reader of the meters, written as text when somebody asks.

mod names;
mod server;
mod text;

use std::fmt;
use std::net::{SocketAddr, TcpListener};

use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::reader::MetricReader as _;

use super::quiet;
use super::readings::Reader;
use crate::collect::Exemplars;
use text::Format;

/// The page of metrics for Prometheus, for a program to serve where it likes.
///
/// [`Telemetry::prometheus`](crate::Telemetry::prometheus) gives it, where
/// [`with_prometheus`](crate::Builder::with_prometheus) or
/// [`with_prometheus_page`](crate::Builder::with_prometheus_page) is set.
///
/// ```no_run
/// # fn main() -> Result<(), tickspan::Error> {
/// let telemetry = tickspan::builder().with_prometheus_page().init()?;
/// let page = telemetry.prometheus().expect("it was asked for");
/// // In the handler of `GET /metrics`, with what the request accepts:
/// let (content_type, body) = page.write("application/openmetrics-text; version=1.0.0");
/// assert!(body.ends_with("# EOF\n"));
/// # _ = content_type;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Prometheus {
    reader: Reader,
    exemplars: Exemplars,
    address: Option<SocketAddr>,
}

impl fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prometheus")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Prometheus {
    pub(super) fn new(exemplars: Exemplars) -> Self {
        Self {
            // Prometheus computes rates from what only grows.
            reader: Reader::new(Temporality::Cumulative),
            exemplars,
            address: None,
        }
    }

    pub(super) fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// Serves the page on `listener`, until `runtime` ends.
    pub(super) fn serve(
        &mut self,
        listener: TcpListener,
        runtime: &tokio::runtime::Handle,
    ) -> std::io::Result<()> {
        listener.set_nonblocking(true)?;
        self.address = Some(listener.local_addr()?);
        runtime.spawn(server::serve(listener, self.clone()));
        Ok(())
    }

    /// Where it is served, if it is: the port that was found for port 0.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The value of `Content-Type`, and the page: `OpenMetrics` 1.0 with exemplars for a reader that accepts it, else the
    /// text format 0.0.4. `accept` is the request's `Accept`, which may be empty.
    ///
    /// It reads all instruments, and runs their callbacks, on the calling thread.
    pub fn write(&self, accept: &str) -> (&'static str, String) {
        // It fails where telemetry has ended: then there is nothing to tell.
        let metrics = self.read().unwrap_or_default();
        self.written(&metrics, accept)
    }

    /// The same, where the instruments can be read.
    fn try_write(&self, accept: &str) -> Result<(&'static str, String), OTelSdkError> {
        Ok(self.written(&self.read()?, accept))
    }

    fn read(&self) -> Result<ResourceMetrics, OTelSdkError> {
        let _quiet = quiet::enter();
        let mut metrics = ResourceMetrics::default();
        self.reader.collect(&mut metrics)?;
        Ok(metrics)
    }

    fn written(&self, metrics: &ResourceMetrics, accept: &str) -> (&'static str, String) {
        let format = if accept.contains("application/openmetrics-text") {
            Format::OpenMetrics
        } else {
            Format::Plain
        };
        let text = text::write(metrics, &self.exemplars, format);
        (format.content_type(), text)
    }
}
