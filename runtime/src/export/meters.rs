//! The meters of this process: one provider, read by every exporter of metrics at its own pace.

use std::fmt;
use std::io;
#[cfg(feature = "prometheus")]
use std::net::TcpListener;
use std::time::Instant;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, InstrumentKind, SdkMeterProvider, Stream, Temporality,
};

use super::deliver::Deliver;
use super::label::Label;
use super::ledger::Tally;
use super::metrics::Account;
#[cfg(feature = "prometheus")]
use super::prometheus::Prometheus;
use super::readings::{Flush, Reader, Reading, Readings};
use super::thread::ExportThread;
#[cfg(feature = "prometheus")]
use crate::collect::Exemplars;

/// How histograms are kept: see [`with_histogram_kind`](crate::Builder::with_histogram_kind).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistogramKind {
    /// With the buckets that the instrument asks for.
    #[default]
    Explicit,
    /// With buckets that follow the values, as the specification's default says: 160 of them, scale 20.
    Exponential,
}

type Start = Box<dyn FnOnce(&ExportThread) -> io::Result<Readings> + Send>;

/// Exporters of metrics that do not run yet.
#[derive(Default)]
pub(crate) struct MetersBuilder {
    readers: Vec<Reader>,
    starts: Vec<Start>,
    #[cfg(feature = "prometheus")]
    page: Option<(Prometheus, Option<TcpListener>)>,
}

impl fmt::Debug for MetersBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetersBuilder")
            .field("readers", &self.readers)
            .finish_non_exhaustive()
    }
}

impl MetersBuilder {
    /// Adds an exporter, called `label` in messages and reports.
    pub(crate) fn add<E>(
        &mut self,
        label: impl Into<Label>,
        exporter: E,
        temporality: Temporality,
        reading: Reading,
    ) where
        E: for<'a> Deliver<&'a ResourceMetrics>,
    {
        let reader = Reader::new(temporality);
        self.readers.push(reader.clone());
        let label = label.into();
        self.starts.push(Box::new(move |thread| {
            Readings::start(exporter, label, reader, reading, thread)
        }));
    }

    /// Adds the page for Prometheus, served on `listener` if there is one.
    #[cfg(feature = "prometheus")]
    pub(crate) fn add_page(&mut self, exemplars: Exemplars, listener: Option<TcpListener>) {
        let page = Prometheus::new(exemplars);
        self.readers.push(page.reader());
        self.page = Some((page, listener));
    }

    /// Makes the provider and starts the exporters; nothing where there are none.
    ///
    /// # Errors
    ///
    /// When a thread cannot be started. Those that have been are then ended.
    pub(super) fn start(
        self,
        resource: &Resource,
        histograms: HistogramKind,
        thread: &ExportThread,
    ) -> io::Result<Option<Meters>> {
        if self.readers.is_empty() {
            return Ok(None);
        }
        let mut provider = SdkMeterProvider::builder().with_resource(resource.clone());
        if histograms == HistogramKind::Exponential {
            provider = provider.with_view(exponential);
        }
        for reader in self.readers {
            provider = provider.with_reader(reader);
        }
        let mut meters = Meters {
            provider: provider.build(),
            readings: Vec::new(),
            #[cfg(feature = "prometheus")]
            page: None,
        };
        // Before what would have to be ended where it fails.
        #[cfg(feature = "prometheus")]
        if let Some((mut page, listener)) = self.page {
            if let Some(listener) = listener {
                page.serve(listener, thread.handle())?;
            }
            meters.page = Some(page);
        }
        for start in self.starts {
            match start(thread) {
                Ok(readings) => meters.readings.push(readings),
                Err(error) => {
                    meters.stop();
                    meters.wait(Instant::now());
                    return Err(error);
                }
            }
        }
        Ok(Some(meters))
    }
}

/// One reading of meters on which one counter stands at one.
#[cfg(all(feature = "cli", any(feature = "otlp-grpc", feature = "otlp-http")))]
pub(crate) fn reading_of_one(resource: &Resource, counter: &'static str) -> ResourceMetrics {
    use opentelemetry::metrics::MeterProvider as _;
    use opentelemetry_sdk::metrics::reader::MetricReader as _;

    let reader = Reader::new(Temporality::Cumulative);
    let provider = SdkMeterProvider::builder()
        .with_resource(resource.clone())
        .with_reader(reader.clone())
        .build();
    provider
        .meter("tickspan")
        .u64_counter(counter)
        .build()
        .add(1, &[]);
    let mut metrics = ResourceMetrics::default();
    // It can only fail after a shutdown.
    _ = reader.collect(&mut metrics);
    metrics
}

fn exponential(instrument: &Instrument) -> Option<Stream> {
    if instrument.kind() != InstrumentKind::Histogram {
        return None;
    }
    Stream::builder()
        .with_aggregation(Aggregation::Base2ExponentialHistogram {
            max_size: 160,
            max_scale: 20,
            record_min_max: true,
        })
        .build()
        .ok()
}

/// The provider and what reads it.
#[derive(Debug)]
pub(super) struct Meters {
    provider: SdkMeterProvider,
    readings: Vec<Readings>,
    #[cfg(feature = "prometheus")]
    page: Option<Prometheus>,
}

impl Meters {
    pub(super) fn provider(&self) -> &SdkMeterProvider {
        &self.provider
    }

    #[cfg(feature = "prometheus")]
    pub(super) fn page(&self) -> Option<&Prometheus> {
        self.page.as_ref()
    }

    pub(super) fn tallies(&self) -> Vec<Tally> {
        self.readings.iter().map(Readings::tally).collect()
    }

    pub(super) fn accounts(&self) -> Vec<Account> {
        self.readings.iter().map(Readings::account).collect()
    }

    /// Asks every exporter to read and send.
    pub(super) fn begin_flush(&self) -> Vec<Flush<'_>> {
        self.readings.iter().map(Readings::begin_flush).collect()
    }

    /// Asks every exporter to read and send for the last time.
    pub(super) fn stop(&self) {
        for readings in &self.readings {
            readings.stop();
        }
    }

    /// Whether every exporter has ended by `until`.
    pub(super) fn wait(&mut self, until: Instant) -> bool {
        let mut ended = true;
        for readings in &mut self.readings {
            ended &= readings.wait(until);
        }
        if ended {
            // The instruments that the program keeps do nothing from now on.
            _ = self.provider.shutdown();
        }
        ended
    }
}
