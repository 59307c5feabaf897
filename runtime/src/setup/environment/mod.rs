//! The variables that `init` reads, each checked.
//!
//! Reads through a look-up function, so that tests need not change the process's environment. Knows
//! what each variable may hold, and nothing of the builder: [`super::settings`] merges. An empty
//! variable counts as unset, as the OpenTelemetry specification says, and words are accepted in any
//! case.

pub(super) mod batching;
mod console;
mod filters;
mod misspelt;
mod page;
mod propagators;
mod signal;
mod variables;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::time::Duration;

use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::trace::SpanLimits;

pub(super) use self::batching::QUEUE_LIMIT;
pub(super) use self::filters::{
    CONSOLE_FILTER, FILTER, FilterEnvironment, LOG_FILTER, SPAN_FILTER,
};
use self::misspelt::{Asked, is_ours, misspelt};
pub(super) use self::signal::{
    Headers, Named, NamedExporter, Signal, SignalEnvironment, is_header,
};
pub(super) use self::variables::Variables;
use self::variables::{parse_pairs, read_first};
use super::builder::BatchChoices;
use super::preset::{Preset, PresetEnvironment};
use super::{Error, Protocol};
use crate::console::Console;
use crate::export::HistogramKind;
use crate::policy::Policy;
use crate::privacy::names;
use crate::propagate::Propagator;
use crate::record::lane::sampling::HeadSampler;

/// Finds the value of a variable.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What the environment says. Absent: not said.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) filters: FilterEnvironment,
    /// `TICKSPAN_CONSOLE`
    pub(super) console: Option<Console>,
    /// `NO_COLOR` is set.
    pub(super) no_color: bool,
    /// `TICKSPAN_FOREIGN_DATA`
    pub(super) foreign_data: Policy,
    /// `OTEL_PROPAGATORS`, which `OTEL_SDK_DISABLED` leaves alone, as the specification says.
    pub(super) propagator: Option<Propagator>,
    /// Everything of OpenTelemetry, or `None` under `OTEL_SDK_DISABLED=true`: then none of it is
    /// read.
    pub(super) tracing: Option<TracingEnvironment>,
    /// The names of all variables that were asked for.
    asked: BTreeSet<String>,
}

/// The `OTEL_*` variables.
#[derive(Debug)]
pub(super) struct TracingEnvironment {
    pub(super) service_name: Option<String>,
    pub(super) resource_attributes: Vec<(String, String)>,
    pub(super) preset: Option<Preset>,
    pub(super) preset_variables: PresetEnvironment,
    pub(super) traces: SignalEnvironment,
    pub(super) metrics: SignalEnvironment,
    pub(super) logs: SignalEnvironment,
    pub(super) log_batches: BatchChoices,
    pub(super) metric_interval: Option<Duration>,
    pub(super) metric_timeout: Option<Duration>,
    pub(super) temporality: Option<Temporality>,
    pub(super) histograms: Option<HistogramKind>,
    /// Where metrics are served for Prometheus, if they are: `host:port`.
    pub(super) page: String,
    pub(super) sampler: Option<HeadSampler>,
    pub(super) limits: SpanLimits,
    /// The most characters of a text.
    pub(super) longest_text: Option<usize>,
    pub(super) batches: BatchChoices,
    /// `TICKSPAN_RECORDER`
    pub(super) recorder: Option<String>,
}

const FOREIGN_DATA: &str = "TICKSPAN_FOREIGN_DATA";
pub(super) const RECORDER: &str = "TICKSPAN_RECORDER";
const SDK_DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const TRACES_SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const TRACES_SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";
const ATTRIBUTE_COUNT_LIMIT: [&str; 2] = [
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
];
const EVENT_COUNT_LIMIT: [&str; 1] = ["OTEL_SPAN_EVENT_COUNT_LIMIT"];
const LINK_COUNT_LIMIT: [&str; 1] = ["OTEL_SPAN_LINK_COUNT_LIMIT"];
const EVENT_ATTRIBUTE_COUNT_LIMIT: [&str; 1] = ["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT"];
const LINK_ATTRIBUTE_COUNT_LIMIT: [&str; 1] = ["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT"];
const VALUE_LENGTH_LIMIT: [&str; 2] = [
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
];
const METRIC_EXPORT_INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";
const METRIC_EXPORT_TIMEOUT: &str = "OTEL_METRIC_EXPORT_TIMEOUT";
const TEMPORALITY: &str = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
const HISTOGRAMS: &str = "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION";

impl Environment {
    /// Reads and checks everything.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] or [`Error::Filter`] for the first variable with a value that is not accepted.
    pub(super) fn read(lookup: Lookup<'_>) -> Result<Self, Error> {
        let asked = Asked::new(lookup);
        let lookup: Lookup<'_> = &|name| asked.get(name);
        let variables = Variables(lookup);
        let disabled = variables
            .word(SDK_DISABLED, &[("true", true), ("false", false)])?
            .unwrap_or(false);
        Ok(Self {
            filters: FilterEnvironment::read(&variables)?,
            console: console::read(&variables)?,
            no_color: lookup("NO_COLOR").is_some_and(|value| !value.is_empty()),
            foreign_data: variables
                .word(
                    FOREIGN_DATA,
                    &[Policy::Checked, Policy::AllowList, Policy::None]
                        .map(|policy| (policy.name(), policy)),
                )?
                .unwrap_or_default(),
            propagator: propagators::read(&variables)?,
            tracing: if disabled {
                None
            } else {
                Some(TracingEnvironment::read(&variables)?)
            },
            asked: asked.into_names(),
        })
    }

    /// [`Error::Misspelt`] of each variable that is set and nearly has the name of one that is read.
    ///
    /// # Errors
    ///
    /// The first whose meant one is tickspan's own: it may be what withholds values. `OTEL_*` may be meant for other
    /// programs, so those are only told.
    pub(super) fn misspelt(
        &self,
        set: impl IntoIterator<Item = OsString>,
    ) -> Result<Vec<Error>, Error> {
        set.into_iter()
            .filter_map(|name| misspelt(&name, &self.asked))
            .map(|misspelt| {
                if is_ours(&misspelt) {
                    Err(misspelt)
                } else {
                    Ok(misspelt)
                }
            })
            .collect()
    }
}

impl TracingEnvironment {
    fn read(variables: &Variables<'_>) -> Result<Self, Error> {
        Ok(Self {
            service_name: variables.text(SERVICE_NAME)?,
            resource_attributes: read_resource_attributes(variables)?,
            preset: Preset::read(variables)?,
            preset_variables: PresetEnvironment::read(variables)?,
            traces: SignalEnvironment::read(variables, Signal::Traces)?,
            metrics: SignalEnvironment::read(variables, Signal::Metrics)?,
            logs: SignalEnvironment::read(variables, Signal::Logs)?,
            log_batches: batching::read(variables, &batching::LOG_RECORDS)?,
            metric_interval: variables.milliseconds(METRIC_EXPORT_INTERVAL)?,
            metric_timeout: variables.milliseconds(METRIC_EXPORT_TIMEOUT)?,
            temporality: variables.word(
                TEMPORALITY,
                &[
                    ("cumulative", Temporality::Cumulative),
                    ("delta", Temporality::Delta),
                    ("lowmemory", Temporality::LowMemory),
                ],
            )?,
            histograms: variables.word(
                HISTOGRAMS,
                &[
                    ("explicit_bucket_histogram", HistogramKind::Explicit),
                    (
                        "base2_exponential_bucket_histogram",
                        HistogramKind::Exponential,
                    ),
                ],
            )?,
            page: page::read(variables)?,
            sampler: read_sampler(variables)?,
            limits: read_limits(variables)?,
            longest_text: read_first(VALUE_LENGTH_LIMIT, |name| {
                variables.number(name, 0..=u64::from(u32::MAX))
            })?
            .map(|longest| usize::try_from(longest).unwrap_or(usize::MAX)),
            batches: batching::read(variables, &batching::SPANS)?,
            recorder: variables.text(RECORDER)?,
        })
    }
}

fn read_resource_attributes(variables: &Variables<'_>) -> Result<Vec<(String, String)>, Error> {
    let Some(text) = variables.text(RESOURCE_ATTRIBUTES)? else {
        return Ok(Vec::new());
    };
    parse_pairs(&text).ok_or_else(|| Error::Invalid {
        setting: RESOURCE_ATTRIBUTES,
        // Which part is whose value cannot be told where it is malformed.
        value: names::sensitive(&text).is_none().then_some(text),
        accepted: "`key=value` pairs separated by commas, with other characters percent-encoded"
            .to_owned(),
    })
}

fn read_sampler(variables: &Variables<'_>) -> Result<Option<HeadSampler>, Error> {
    const ACCEPTED: &str = "a number from 0 to 1";
    let ratio = match variables.text(TRACES_SAMPLER_ARG)? {
        None => 1.0,
        Some(text) => match text.trim().parse::<f64>() {
            Ok(ratio) if (0.0..=1.0).contains(&ratio) => ratio,
            _ => {
                return Err(Error::Invalid {
                    setting: TRACES_SAMPLER_ARG,
                    value: Some(text),
                    accepted: ACCEPTED.to_owned(),
                });
            }
        },
    };
    let sampler = |ratio, parent_based| HeadSampler {
        ratio,
        parent_based,
    };
    variables.word(
        TRACES_SAMPLER,
        &[
            ("always_on", sampler(1.0, false)),
            ("always_off", sampler(0.0, false)),
            ("traceidratio", sampler(ratio, false)),
            ("parentbased_always_on", sampler(1.0, true)),
            ("parentbased_always_off", sampler(0.0, true)),
            ("parentbased_traceidratio", sampler(ratio, true)),
        ],
    )
}

/// The most attributes, events and links of a span, and attributes of these.
fn read_limits(variables: &Variables<'_>) -> Result<SpanLimits, Error> {
    let mut limits = SpanLimits::default();
    let names: [(&[&'static str], &mut u32); 5] = [
        (&ATTRIBUTE_COUNT_LIMIT, &mut limits.max_attributes_per_span),
        (&EVENT_COUNT_LIMIT, &mut limits.max_events_per_span),
        (&LINK_COUNT_LIMIT, &mut limits.max_links_per_span),
        (
            &EVENT_ATTRIBUTE_COUNT_LIMIT,
            &mut limits.max_attributes_per_event,
        ),
        (
            &LINK_ATTRIBUTE_COUNT_LIMIT,
            &mut limits.max_attributes_per_link,
        ),
    ];
    for (names, limit) in names {
        let number = read_first(names.iter(), |name| {
            variables.number(name, 0..=u64::from(u32::MAX))
        })?;
        if let Some(number) = number {
            *limit = u32::try_from(number).unwrap_or(u32::MAX);
        }
    }
    Ok(limits)
}

#[cfg(test)]
mod tests;
