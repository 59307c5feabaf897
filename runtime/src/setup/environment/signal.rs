//! The variables that each signal has a form of: which exporters, and where and how OTLP sends.

use std::path::PathBuf;
use std::time::Duration;

use super::variables::{parse_pairs, read_first};
use super::{Error, Protocol, Variables};
use crate::export::Compression;
use crate::setup::endpoint::{Endpoint, Form};

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Signal {
    Traces,
    Metrics,
    Logs,
}

/// A value and the variable or builder method that it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Named<T> {
    pub(in super::super) setting: &'static str,
    pub(in super::super) value: T,
}

/// An exporter that `OTEL_TRACES_EXPORTER` and its like can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum NamedExporter {
    Otlp,
    Console,
    /// Of metrics alone.
    Prometheus,
}

/// The names of the variables of one signal. In each pair the form of the signal wins over the form for all.
struct Names {
    exporter: &'static str,
    endpoint: [&'static str; 2],
    protocol: [&'static str; 2],
    headers: [&'static str; 2],
    timeout: [&'static str; 2],
    compression: [&'static str; 2],
    certificate: [&'static str; 2],
    client_certificate: [&'static str; 2],
    client_key: [&'static str; 2],
}

macro_rules! names {
    ($signal:literal) => {
        Names {
            exporter: concat!("OTEL_", $signal, "_EXPORTER"),
            endpoint: names!($signal, "ENDPOINT"),
            protocol: names!($signal, "PROTOCOL"),
            headers: names!($signal, "HEADERS"),
            timeout: names!($signal, "TIMEOUT"),
            compression: names!($signal, "COMPRESSION"),
            certificate: names!($signal, "CERTIFICATE"),
            client_certificate: names!($signal, "CLIENT_CERTIFICATE"),
            client_key: names!($signal, "CLIENT_KEY"),
        }
    };
    ($signal:literal, $what:literal) => {
        [
            concat!("OTEL_EXPORTER_OTLP_", $signal, "_", $what),
            concat!("OTEL_EXPORTER_OTLP_", $what),
        ]
    };
}

const TRACES: Names = names!("TRACES");
const METRICS: Names = names!("METRICS");
const LOGS: Names = names!("LOGS");

impl Signal {
    fn names(self) -> &'static Names {
        match self {
            Self::Traces => &TRACES,
            Self::Metrics => &METRICS,
            Self::Logs => &LOGS,
        }
    }

    /// The variable that names its exporters.
    pub(in super::super) fn exporter_variable(self) -> &'static str {
        self.names().exporter
    }

    /// What is appended to a base URL over HTTP.
    pub(in super::super) fn path(self) -> &'static str {
        match self {
            Self::Traces => "v1/traces",
            Self::Metrics => "v1/metrics",
            Self::Logs => "v1/logs",
        }
    }
}

/// What the environment says of one signal. Absent: not said.
#[derive(Debug)]
pub(in super::super) struct SignalEnvironment {
    /// Such as `OTEL_TRACES_EXPORTER`; `none` is an empty list.
    pub(in super::super) exporters: Option<Vec<NamedExporter>>,
    pub(in super::super) endpoint: Option<Endpoint>,
    pub(in super::super) protocol: Option<Named<Protocol>>,
    /// Secret as a whole.
    pub(in super::super) headers: Option<Headers>,
    pub(in super::super) timeout: Option<Duration>,
    pub(in super::super) compression: Option<Named<Compression>>,
    pub(in super::super) certificate: Option<Named<PathBuf>>,
    pub(in super::super) client_certificate: Option<Named<PathBuf>>,
    pub(in super::super) client_key: Option<Named<PathBuf>>,
}

/// Names and values of headers. The values are not in its `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(in super::super) struct Headers(pub(in super::super) Vec<(String, String)>);

impl Headers {
    /// Adds those of `others`, which win over those of the same name.
    pub(in super::super) fn overlay(&mut self, others: &Self) {
        for (name, value) in &others.0 {
            self.0.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
            self.0.push((name.clone(), value.clone()));
        }
    }
}

impl std::fmt::Debug for Headers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

impl SignalEnvironment {
    pub(super) fn read(variables: &Variables<'_>, signal: Signal) -> Result<Self, Error> {
        let names = signal.names();
        let path = |names| read_first(names, |name| read_path(variables, name));
        let environment = Self {
            exporters: read_exporters(variables, names.exporter, signal)?,
            endpoint: read_endpoint(variables, names.endpoint)?,
            protocol: read_protocol(variables, names.protocol)?,
            headers: read_first(names.headers, |name| read_headers(variables, name))?,
            timeout: read_first(names.timeout, |name| variables.milliseconds(name))?,
            compression: read_compression(variables, names.compression)?,
            certificate: path(names.certificate)?,
            client_certificate: path(names.client_certificate)?,
            client_key: path(names.client_key)?,
        };
        environment.check_client(names)?;
        Ok(environment)
    }

    /// Whether the endpoint is the signal's own form.
    pub(in super::super) fn endpoint_is_its_own(&self) -> bool {
        self.endpoint.as_ref().is_some_and(Endpoint::is_exact)
    }

    /// A client's certificate is of no use without its key, nor the key without it.
    fn check_client(&self, names: &Names) -> Result<(), Error> {
        let (alone, missing) = match (&self.client_certificate, &self.client_key) {
            (Some(certificate), None) => (certificate, names.client_key[1]),
            (None, Some(key)) => (key, names.client_certificate[1]),
            _ => return Ok(()),
        };
        Err(Error::Invalid {
            setting: alone.setting,
            value: Some(alone.value.display().to_string()),
            accepted: format!("together with `{missing}`"),
        })
    }
}

fn read_exporters(
    variables: &Variables<'_>,
    setting: &'static str,
    signal: Signal,
) -> Result<Option<Vec<NamedExporter>>, Error> {
    let Some(text) = variables.text(setting)? else {
        return Ok(None);
    };
    let invalid = || Error::Invalid {
        setting,
        value: Some(text.clone()),
        accepted: match signal {
            Signal::Metrics => {
                "`otlp`, `console`, `prometheus`, some of them separated by commas, or `none`"
            }
            Signal::Traces | Signal::Logs => {
                "`otlp`, `console`, both separated by a comma, or `none`"
            }
        }
        .to_owned(),
    };
    if text.trim().eq_ignore_ascii_case("none") {
        return Ok(Some(Vec::new()));
    }
    let mut exporters = Vec::new();
    for name in text.split(',') {
        let exporter = match name.trim().to_ascii_lowercase().as_str() {
            "otlp" => NamedExporter::Otlp,
            "console" => NamedExporter::Console,
            "prometheus" if signal == Signal::Metrics => NamedExporter::Prometheus,
            _ => return Err(invalid()),
        };
        if !exporters.contains(&exporter) {
            exporters.push(exporter);
        }
    }
    Ok(Some(exporters))
}

fn read_endpoint(
    variables: &Variables<'_>,
    [of_signal, of_all]: [&'static str; 2],
) -> Result<Option<Endpoint>, Error> {
    read_first(
        [(of_signal, Form::Exact), (of_all, Form::Base)],
        |(name, form)| {
            variables
                .text(name)?
                .map(|text| Endpoint::parse(name, &text, form))
                .transpose()
        },
    )
}

fn read_protocol(
    variables: &Variables<'_>,
    names: [&'static str; 2],
) -> Result<Option<Named<Protocol>>, Error> {
    let words = [
        ("grpc", Protocol::Grpc),
        ("http/protobuf", Protocol::HttpProtobuf),
        ("http/json", Protocol::HttpJson),
    ];
    read_first(names, |setting| {
        let protocol = variables.word(setting, &words)?;
        Ok(protocol.map(|value| Named { setting, value }))
    })
}

fn read_compression(
    variables: &Variables<'_>,
    names: [&'static str; 2],
) -> Result<Option<Named<Compression>>, Error> {
    let words = [Compression::None, Compression::Gzip, Compression::Zstd]
        .map(|compression| (compression.word(), compression));
    read_first(names, |setting| {
        let compression = variables.word(setting, &words)?;
        Ok(compression.map(|value| Named { setting, value }))
    })
}

fn read_headers(
    variables: &Variables<'_>,
    setting: &'static str,
) -> Result<Option<Headers>, Error> {
    let Some(text) = variables.text(setting)? else {
        return Ok(None);
    };
    parse_pairs(&text)
        .filter(|pairs| pairs.iter().all(|(name, value)| is_header(name, value)))
        .map(|pairs| Some(Headers(pairs)))
        .ok_or_else(|| Error::Invalid {
            setting,
            value: None,
            accepted: "`name=value` pairs separated by commas, names made of letters, digits, \
                       `-`, `_` and `.`, values of visible ASCII, other characters \
                       percent-encoded"
                .to_owned(),
        })
}

/// Whether both can be sent.
pub(in super::super) fn is_header(name: &str, value: &str) -> bool {
    let name_is_right = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let value_is_right =
        !value.is_empty() && value.bytes().all(|b| b == b' ' || b.is_ascii_graphic());
    name_is_right && value_is_right
}

fn read_path(
    variables: &Variables<'_>,
    setting: &'static str,
) -> Result<Option<Named<PathBuf>>, Error> {
    let Some(text) = variables.text(setting)? else {
        return Ok(None);
    };
    let value = PathBuf::from(&text);
    if value.is_file() {
        return Ok(Some(Named { setting, value }));
    }
    Err(Error::no_pem_file(setting, text))
}
