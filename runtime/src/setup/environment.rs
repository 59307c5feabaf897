//! The variables that `init` reads, each checked.
//!
//! Reads through a look-up function, so that tests need not change the process's environment. Knows
//! what each variable may hold, and nothing of the builder: [`super::settings`] merges. An empty
//! variable counts as unset, as the OpenTelemetry specification says, and words are accepted in any
//! case.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::time::Duration;

use opentelemetry_sdk::trace::SpanLimits;

use super::endpoint::{Endpoint, Form};
use super::{Error, Protocol};
use crate::collect::human;
use crate::export::Batching;
use crate::policy::Policy;
use crate::record::lane::sampling::HeadSampler;

/// Finds the value of a variable.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// What the environment says. Absent: not said.
#[derive(Debug)]
pub(super) struct Environment {
    /// `RUST_LOG`
    pub(super) filter: Option<String>,
    /// `NO_COLOR` is set.
    pub(super) no_color: bool,
    /// `TICKSPAN_FOREIGN_DATA`
    pub(super) foreign_data: Policy,
    /// Everything of OpenTelemetry, or `None` under `OTEL_SDK_DISABLED=true`: then none of it is
    /// read.
    pub(super) tracing: Option<TracingEnvironment>,
}

/// The `OTEL_*` variables.
#[derive(Debug)]
pub(super) struct TracingEnvironment {
    pub(super) service_name: Option<String>,
    pub(super) resource_attributes: Vec<(String, String)>,
    /// `OTEL_TRACES_EXPORTER`; `none` is an empty list.
    pub(super) exporters: Option<Vec<NamedExporter>>,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) protocol: Option<Protocol>,
    pub(super) timeout: Option<Duration>,
    pub(super) sampler: Option<HeadSampler>,
    pub(super) limits: SpanLimits,
    /// The most characters of a text.
    pub(super) longest_text: Option<usize>,
    pub(super) batch: Batching,
}

/// An exporter that `OTEL_TRACES_EXPORTER` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NamedExporter {
    Otlp,
    Console,
}

pub(super) const TRACES_EXPORTER: &str = "OTEL_TRACES_EXPORTER";
const FOREIGN_DATA: &str = "TICKSPAN_FOREIGN_DATA";
const SDK_DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
const RESOURCE_ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const TRACES_SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const TRACES_SAMPLER_ARG: &str = "OTEL_TRACES_SAMPLER_ARG";
const ATTRIBUTE_COUNT_LIMIT: &str = "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT";
const EVENT_COUNT_LIMIT: &str = "OTEL_SPAN_EVENT_COUNT_LIMIT";
const LINK_COUNT_LIMIT: &str = "OTEL_SPAN_LINK_COUNT_LIMIT";
const EVENT_ATTRIBUTE_COUNT_LIMIT: &str = "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT";
const VALUE_LENGTH_LIMIT: [&str; 2] = [
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
];
const BSP_MAX_QUEUE_SIZE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
const BSP_MAX_EXPORT_BATCH_SIZE: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";
const BSP_SCHEDULE_DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
const BSP_EXPORT_TIMEOUT: &str = "OTEL_BSP_EXPORT_TIMEOUT";
// The form of one signal wins over the form for all.
const ENDPOINT: [(&str, Form); 2] = [
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", Form::Traces),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", Form::Base),
];
const PROTOCOL: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
];
const TIMEOUT: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
    "OTEL_EXPORTER_OTLP_TIMEOUT",
];
const HEADERS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    "OTEL_EXPORTER_OTLP_HEADERS",
];

/// A queue is allocated at once, so a mistyped size must not take the memory.
pub(super) const QUEUE_LIMIT: u64 = 1 << 20;

/// One day, in milliseconds: longer is a mistake.
const MILLISECONDS_LIMIT: u64 = 86_400_000;

impl Environment {
    /// Reads and checks everything.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for the first variable with a value that is not accepted. `RUST_LOG` is
    /// checked where the filter is made.
    pub(super) fn read(lookup: Lookup<'_>) -> Result<Self, Error> {
        let variables = Variables(lookup);
        let disabled = variables
            .word(SDK_DISABLED, &[("true", true), ("false", false)])?
            .unwrap_or(false);
        Ok(Self {
            filter: variables.text("RUST_LOG")?,
            no_color: lookup("NO_COLOR").is_some_and(|value| !value.is_empty()),
            foreign_data: variables
                .word(
                    FOREIGN_DATA,
                    &[Policy::Checked, Policy::AllowList, Policy::None]
                        .map(|policy| (policy.name(), policy)),
                )?
                .unwrap_or_default(),
            tracing: if disabled {
                None
            } else {
                Some(TracingEnvironment::read(&variables)?)
            },
        })
    }
}

impl TracingEnvironment {
    fn read(variables: &Variables<'_>) -> Result<Self, Error> {
        check_headers(variables)?;
        Ok(Self {
            service_name: variables.text(SERVICE_NAME)?,
            resource_attributes: read_resource_attributes(variables)?,
            exporters: read_exporters(variables)?,
            endpoint: read_endpoint(variables)?,
            protocol: read_protocol(variables)?,
            timeout: read_first(TIMEOUT, |name| variables.milliseconds(name))?,
            sampler: read_sampler(variables)?,
            limits: read_limits(variables)?,
            longest_text: read_first(VALUE_LENGTH_LIMIT, |name| {
                variables.number(name, 0..=u64::from(u32::MAX))
            })?
            .map(|longest| usize::try_from(longest).unwrap_or(usize::MAX)),
            batch: read_batching(variables)?,
        })
    }
}

fn read_resource_attributes(variables: &Variables<'_>) -> Result<Vec<(String, String)>, Error> {
    let Some(text) = variables.text(RESOURCE_ATTRIBUTES)? else {
        return Ok(Vec::new());
    };
    parse_pairs(&text).ok_or_else(|| Error::Invalid {
        setting: RESOURCE_ATTRIBUTES,
        value: Some(text),
        accepted: "`key=value` pairs separated by commas, with other characters percent-encoded"
            .to_owned(),
    })
}

fn read_exporters(variables: &Variables<'_>) -> Result<Option<Vec<NamedExporter>>, Error> {
    let Some(text) = variables.text(TRACES_EXPORTER)? else {
        return Ok(None);
    };
    let invalid = || Error::Invalid {
        setting: TRACES_EXPORTER,
        value: Some(text.clone()),
        accepted: "`otlp`, `console`, both separated by a comma, or `none`".to_owned(),
    };
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(Some(Vec::new()));
    }
    let mut exporters = Vec::new();
    for name in text.split(',') {
        let exporter = match name.trim().to_ascii_lowercase().as_str() {
            "otlp" => NamedExporter::Otlp,
            "console" => NamedExporter::Console,
            _ => return Err(invalid()),
        };
        if !exporters.contains(&exporter) {
            exporters.push(exporter);
        }
    }
    Ok(Some(exporters))
}

fn read_endpoint(variables: &Variables<'_>) -> Result<Option<Endpoint>, Error> {
    read_first(ENDPOINT, |(name, form)| {
        variables
            .text(name)?
            .map(|text| Endpoint::parse(name, &text, form))
            .transpose()
    })
}

fn read_protocol(variables: &Variables<'_>) -> Result<Option<Protocol>, Error> {
    let words = [
        ("grpc", Protocol::Grpc),
        ("http/protobuf", Protocol::HttpProtobuf),
    ];
    read_first(PROTOCOL, |name| variables.word(name, &words))
}

/// The exporter reads headers itself, and leaves out what it does not understand: so it must
/// understand everything.
fn check_headers(variables: &Variables<'_>) -> Result<(), Error> {
    let [for_traces, for_all] = HEADERS;
    if variables.is_present_but_empty(for_traces) && variables.text(for_all)?.is_some() {
        return Err(Error::Invalid {
            setting: for_traces,
            value: Some(String::new()),
            accepted: format!(
                "headers, or no such variable: the exporter would not send `{for_all}` with an \
                 empty one"
            ),
        });
    }
    for name in HEADERS {
        let is_right = variables.text(name)?.is_none_or(|text| {
            parse_pairs(&text)
                .is_some_and(|pairs| pairs.iter().all(|(name, value)| is_header(name, value)))
        });
        if !is_right {
            return Err(Error::Invalid {
                setting: name,
                value: None,
                accepted: "`name=value` pairs separated by commas, names made of letters, digits, \
                           `-`, `_` and `.`, values of visible ASCII, other characters \
                           percent-encoded"
                    .to_owned(),
            });
        }
    }
    Ok(())
}

fn is_header(name: &str, value: &str) -> bool {
    let name_is_right = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let value_is_right =
        !value.is_empty() && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    name_is_right && value_is_right
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

/// The most attributes, events and links of a span.
fn read_limits(variables: &Variables<'_>) -> Result<SpanLimits, Error> {
    let mut limits = SpanLimits::default();
    for (name, limit) in [
        (ATTRIBUTE_COUNT_LIMIT, &mut limits.max_attributes_per_span),
        (EVENT_COUNT_LIMIT, &mut limits.max_events_per_span),
        (LINK_COUNT_LIMIT, &mut limits.max_links_per_span),
        (
            EVENT_ATTRIBUTE_COUNT_LIMIT,
            &mut limits.max_attributes_per_event,
        ),
    ] {
        if let Some(number) = variables.number(name, 0..=u64::from(u32::MAX))? {
            *limit = u32::try_from(number).unwrap_or(u32::MAX);
        }
    }
    Ok(limits)
}

/// How spans are queued and sent: the `OTEL_BSP_*` variables, or their defaults.
fn read_batching(variables: &Variables<'_>) -> Result<Batching, Error> {
    const DEFAULT_BATCH_SPANS: u64 = 512;
    let queue = variables
        .number(BSP_MAX_QUEUE_SIZE, 1..=QUEUE_LIMIT)?
        .unwrap_or(2_048);
    // A larger batch than the queue would never be full; only the default gives way silently.
    let batch = variables
        .number(BSP_MAX_EXPORT_BATCH_SIZE, 1..=queue)?
        .unwrap_or(DEFAULT_BATCH_SPANS.min(queue));
    Ok(Batching {
        queue_spans: usize::try_from(queue).unwrap_or(usize::MAX),
        batch_spans: usize::try_from(batch).unwrap_or(usize::MAX),
        delay: variables
            .milliseconds(BSP_SCHEDULE_DELAY)?
            .unwrap_or(Duration::from_secs(5)),
        export_timeout: variables
            .milliseconds(BSP_EXPORT_TIMEOUT)?
            .unwrap_or(Duration::from_secs(30)),
    })
}

/// The first that is set; but each is checked, also those that are not used.
fn read_first<N, T>(
    names: [N; 2],
    read: impl Fn(N) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let [first, second] = names.map(read);
    let (first, second) = (first?, second?);
    Ok(first.or(second))
}

struct Variables<'a>(Lookup<'a>);

impl Variables<'_> {
    /// The value, if it is set and not empty.
    fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        let Some(value) = (self.0)(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        match value.into_string() {
            Ok(text) => Ok(Some(text)),
            Err(value) => Err(Error::Invalid {
                setting: name,
                // Headers and endpoints may hold secrets, which cannot be found in what is not
                // text.
                value: Some(value.to_string_lossy().into_owned())
                    .filter(|_| !name.contains("_OTLP_")),
                accepted: "valid Unicode".to_owned(),
            }),
        }
    }

    fn is_present_but_empty(&self, name: &str) -> bool {
        (self.0)(name).is_some_and(|value| value.is_empty())
    }

    /// One of some words.
    fn word<T: Clone>(&self, name: &'static str, words: &[(&str, T)]) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let found = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
        match found {
            Some((_, meaning)) => Ok(Some(meaning.clone())),
            None => Err(Error::Invalid {
                setting: name,
                value: Some(text),
                accepted: words
                    .iter()
                    .map(|(word, _)| format!("`{word}`"))
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// A whole number within a range.
    fn number(
        &self,
        name: &'static str,
        accepted: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.trim().parse() {
            Ok(number) if accepted.contains(&number) => Ok(Some(number)),
            _ => Err(Error::Invalid {
                setting: name,
                value: Some(text),
                accepted: format!(
                    "a whole number from {} to {}",
                    human::count(*accepted.start()),
                    human::count(*accepted.end())
                ),
            }),
        }
    }

    /// A duration in milliseconds. Zero is not one: it would mean a busy loop, or no time at all.
    fn milliseconds(&self, name: &'static str) -> Result<Option<Duration>, Error> {
        self.number(name, 1..=MILLISECONDS_LIMIT)
            .map(|number| number.map(Duration::from_millis))
            .map_err(|error| match error {
                Error::Invalid {
                    setting,
                    value,
                    accepted,
                } => Error::Invalid {
                    setting,
                    value,
                    accepted: format!("{accepted} (milliseconds)"),
                },
                other => other,
            })
    }
}

/// `key=value` pairs separated by commas, percent-encoded; `None` if one is not such a pair. The
/// last comma may be left.
fn parse_pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split_terminator(',')
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let (key, value) = (percent_decoded(key.trim())?, percent_decoded(value.trim())?);
            (!key.is_empty()).then_some((key, value))
        })
        .collect()
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits)
                .ok()
                .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, Error> {
        Environment::read(&|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| OsString::from(value))
        })
    }

    fn read_tracing(variables: &[(&str, &str)]) -> TracingEnvironment {
        read(variables).unwrap().tracing.unwrap()
    }

    #[test]
    fn nothing_set_says_nothing() {
        let environment = read_tracing(&[]);
        assert!(
            environment.endpoint.is_none()
                && environment.exporters.is_none()
                && environment.sampler.is_none()
        );
        assert_eq!(
            environment.batch,
            Batching {
                queue_spans: 2_048,
                batch_spans: 512,
                delay: Duration::from_secs(5),
                export_timeout: Duration::from_secs(30),
            }
        );
    }

    #[test]
    fn empty_variables_count_as_unset() {
        let names = [
            SDK_DISABLED,
            SERVICE_NAME,
            RESOURCE_ATTRIBUTES,
            TRACES_EXPORTER,
            TRACES_SAMPLER,
            TRACES_SAMPLER_ARG,
            BSP_MAX_QUEUE_SIZE,
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "OTEL_EXPORTER_OTLP_HEADERS",
            "RUST_LOG",
        ];
        let environment = read(&names.map(|name| (name, ""))).unwrap();
        assert!(environment.filter.is_none());
        let tracing = environment.tracing.unwrap();
        assert!(
            tracing.endpoint.is_none()
                && tracing.exporters.is_none()
                && tracing.service_name.is_none()
        );
    }

    #[test]
    fn each_wrong_variable_is_named_with_its_value_and_what_is_accepted() {
        for (name, value, accepted) in [
            ("OTEL_SDK_DISABLED", "yes", "`true`, `false`"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=1,b", "`key=value` pairs"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz", "percent-encoded"),
            ("OTEL_RESOURCE_ATTRIBUTES", "=1", "`key=value` pairs"),
            ("OTEL_TRACES_EXPORTER", "zipkin", "`otlp`, `console`"),
            ("OTEL_TRACES_EXPORTER", "otlp,none", "`none`"),
            (
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "localhost:4318",
                "a URL such as",
            ),
            (
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                "ftp://host",
                "a URL such as",
            ),
            (
                "OTEL_EXPORTER_OTLP_PROTOCOL",
                "http/json",
                "`grpc`, `http/protobuf`",
            ),
            (
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
                "thrift",
                "`grpc`, `http/protobuf`",
            ),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "a whole number from 1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0", "(milliseconds)"),
            (
                "OTEL_TRACES_SAMPLER",
                "sometimes",
                "`parentbased_traceidratio`",
            ),
            ("OTEL_TRACES_SAMPLER_ARG", "1.5", "from 0 to 1"),
            ("OTEL_TRACES_SAMPLER_ARG", "NaN", "from 0 to 1"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "from 1 to 1,048,576"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4096", "from 1 to 2,048"),
            ("OTEL_BSP_SCHEDULE_DELAY", "-1", "(milliseconds)"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "1e3", "(milliseconds)"),
        ] {
            let message = read(&[(name, value)]).unwrap_err().to_string();
            for part in [name, value, accepted] {
                assert!(message.contains(part), "`{part}` is missing in: {message}");
            }
        }
    }

    #[test]
    fn wrong_headers_are_named_but_never_shown() {
        for value in [
            "authorization",
            "authorization=",
            "a b=hunter2",
            "a=hunter2%0a",
            "a=hunter2\u{e9}",
            "=hunter2",
        ] {
            let error = read(&[("OTEL_EXPORTER_OTLP_HEADERS", value)]).unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(text.contains("OTEL_EXPORTER_OTLP_HEADERS"), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert!(
            read(&[(
                "OTEL_EXPORTER_OTLP_HEADERS",
                "authorization=Basic%20abc==,x-team=one,"
            )])
            .is_ok()
        );
    }

    #[test]
    fn empty_traces_headers_do_not_hide_the_general_ones() {
        let error = read(&[
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", ""),
            ("OTEL_EXPORTER_OTLP_HEADERS", "a=hunter2"),
        ])
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("OTEL_EXPORTER_OTLP_TRACES_HEADERS") && !error.contains("hunter2"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn text_that_is_not_unicode_is_refused() {
        use std::os::unix::ffi::OsStringExt as _;
        let error = Environment::read(&|name| {
            (name == SERVICE_NAME).then(|| OsString::from_vec(vec![b'a', 0xff]))
        })
        .unwrap_err()
        .to_string();
        assert!(
            error.contains("OTEL_SERVICE_NAME") && error.contains("Unicode"),
            "{error}"
        );
    }

    #[test]
    fn the_form_for_traces_wins() {
        let environment = read_tracing(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:1"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:2/here"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "HTTP/protobuf"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
            ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2"),
        ]);
        let url = environment
            .endpoint
            .unwrap()
            .traces_url(Protocol::HttpProtobuf)
            .unwrap();
        assert_eq!(url, "http://traces:2/here");
        assert_eq!(environment.protocol, Some(Protocol::HttpProtobuf));
        assert_eq!(environment.timeout, Some(Duration::from_millis(2)));
    }

    #[test]
    fn values_are_read() {
        let environment = read_tracing(&[
            (
                "OTEL_RESOURCE_ATTRIBUTES",
                "deployment.environment.name=prod, desk = a%2Cb,",
            ),
            ("OTEL_TRACES_EXPORTER", "console, otlp,console"),
            ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
            ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
        ]);
        let pairs = [("deployment.environment.name", "prod"), ("desk", "a,b")];
        assert_eq!(
            environment.resource_attributes,
            pairs.map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
        assert_eq!(
            environment.exporters,
            Some(vec![NamedExporter::Console, NamedExporter::Otlp])
        );
        assert_eq!(
            format!("{:?}", environment.sampler.unwrap()),
            "HeadSampler { ratio: 0.25, parent_based: true }"
        );
        assert_eq!(
            (environment.batch.queue_spans, environment.batch.batch_spans),
            (100, 100)
        );
    }

    #[test]
    fn disabled_sdk_reads_no_other_variable_of_opentelemetry() {
        let environment = read(&[
            ("OTEL_SDK_DISABLED", "TRUE"),
            ("OTEL_TRACES_SAMPLER", "nonsense"),
        ])
        .unwrap();
        assert!(environment.tracing.is_none());
    }
}
