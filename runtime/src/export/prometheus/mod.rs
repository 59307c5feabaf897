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
        let format = if wants_open_metrics(accept) {
            Format::OpenMetrics
        } else {
            Format::Plain
        };
        let text = text::write(metrics, &self.exemplars, format);
        (format.content_type(), text)
    }
}

/// Whether an `Accept` header asks for `OpenMetrics` 1.0 at least as much as for the older text format
/// ([content negotiation](https://prometheus.io/docs/instrumenting/content_negotiation/)).
fn wants_open_metrics(accept: &str) -> bool {
    let (mut open, mut plain) = (0.0_f64, 0.0_f64);
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let (mut weight, mut version) = (1.0_f64, "1.0.0");
        for (key, value) in parts.filter_map(|part| part.split_once('=')) {
            match key.trim() {
                "q" => weight = value.trim().parse().unwrap_or(0.0),
                "version" => version = value.trim(),
                _ => {}
            }
        }
        if kind.eq_ignore_ascii_case("application/openmetrics-text") && version.starts_with("1.") {
            open = weight.max(open);
        } else if kind.eq_ignore_ascii_case("text/plain") {
            plain = weight.max(plain);
        }
    }
    open > 0.0 && open >= plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_written_to_who_prefers_it() {
        for (accept, wants) in [
            ("application/openmetrics-text; version=1.0.0", true),
            ("application/openmetrics-text", true),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,\
                 application/openmetrics-text;version=0.0.1;q=0.5,\
                 text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                true,
            ),
            (
                "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5",
                false,
            ),
            ("application/openmetrics-text;q=0", false),
            ("application/openmetrics-text;version=0.0.1", false),
            ("text/html, */*", false),
            ("", false),
        ] {
            assert_eq!(wants_open_metrics(accept), wants, "{accept}");
        }
    }
}
