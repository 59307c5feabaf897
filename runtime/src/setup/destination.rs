//! Where each signal goes: the builder, the variables and the preset, merged.
//!
//! Traces and metrics go where an endpoint is set, the general one or the signal's own, by the builder or a variable.
//! Naming exporters (`OTEL_TRACES_EXPORTER` and its like) chooses without an endpoint, and against one.

use std::path::PathBuf;
use std::time::Duration;

use super::builder::Choices;
use super::endpoint::{Endpoint, Form, Unchecked, redacted};
use super::environment::{
    Headers, Named, NamedExporter, Signal, SignalEnvironment, TracingEnvironment,
};
use super::preset::Preset;
use super::{Error, Protocol};
use crate::export::{Compression, Target, TlsFiles};

/// The time that the specification gives an OTLP request.
const OTLP_TIMEOUT: Duration = Duration::from_secs(10);

/// The exporters of one signal that settings can ask for.
#[derive(Debug, Default)]
pub(super) struct SignalSettings {
    pub(super) otlp: Option<Target>,
    pub(super) console: bool,
}

impl SignalSettings {
    pub(super) fn is_nothing(&self) -> bool {
        self.otlp.is_none() && !self.console
    }
}

/// Where spans go. Nowhere, unless somebody asked. `OTEL_TRACES_EXPORTER` without `otlp` switches the endpoints of the
/// environment and of a preset off, not the builder's.
pub(super) fn of_traces(
    choices: &Choices,
    environment: &TracingEnvironment,
) -> Result<SignalSettings, Error> {
    of_signal(Signal::Traces, choices, environment, true)
}

/// Where metrics go. `with_metrics` and `OTEL_METRICS_EXPORTER` without `otlp` switch the builder's endpoint off, too:
/// it is there for the spans.
pub(super) fn of_metrics(
    choices: &Choices,
    environment: &TracingEnvironment,
) -> Result<SignalSettings, Error> {
    let named = environment.metrics.exporters.as_deref();
    let preset = choices.preset.or(environment.preset);
    let by_preset =
        preset.is_none_or(Preset::takes_metrics) || environment.metrics.endpoint_is_its_own();
    let wanted = choices
        .metrics
        .or(named.map(|named| named.contains(&NamedExporter::Otlp)))
        .unwrap_or(by_preset);
    if choices.metrics == Some(false) {
        return Ok(SignalSettings::default());
    }
    of_signal(Signal::Metrics, choices, environment, wanted)
}

/// Where metrics are served for Prometheus, if `OTEL_METRICS_EXPORTER` asks for it.
pub(super) fn page_of_metrics(
    choices: &Choices,
    environment: &TracingEnvironment,
) -> Result<Option<String>, Error> {
    let named = environment.metrics.exporters.as_deref().unwrap_or_default();
    if choices.metrics == Some(false) || !named.contains(&NamedExporter::Prometheus) {
        return Ok(None);
    }
    if cfg!(feature = "prometheus") {
        return Ok(Some(environment.page.clone()));
    }
    Err(Error::MissingFeature {
        setting: Signal::Metrics.exporter_variable(),
        wanted: "a page of metrics for Prometheus".to_owned(),
        feature: "prometheus",
    })
}

/// Where log records go. Their text is free, so nothing but their own settings asks for them: not the general endpoint,
/// nor a preset.
pub(super) fn of_logs(
    choices: &Choices,
    environment: &TracingEnvironment,
) -> Result<SignalSettings, Error> {
    let named = environment.logs.exporters.as_deref();
    let wanted = choices
        .logs
        .or(named.map(|named| named.contains(&NamedExporter::Otlp)))
        .unwrap_or(environment.logs.endpoint_is_its_own());
    if choices.logs == Some(false) {
        return Ok(SignalSettings::default());
    }
    let settings = of_signal(Signal::Logs, choices, environment, wanted)?;
    if settings.is_nothing() || cfg!(feature = "logs") {
        return Ok(settings);
    }
    Err(Error::MissingFeature {
        setting: match choices.logs {
            Some(_) => "with_logs",
            None => Signal::Logs.exporter_variable(),
        },
        wanted: "log records".to_owned(),
        feature: "logs",
    })
}

fn of_signal(
    signal: Signal,
    choices: &Choices,
    environment: &TracingEnvironment,
    wanted: bool,
) -> Result<SignalSettings, Error> {
    let own = match signal {
        Signal::Traces => &environment.traces,
        Signal::Metrics => &environment.metrics,
        Signal::Logs => &environment.logs,
    };
    let console = own
        .exporters
        .as_ref()
        .is_some_and(|named| named.contains(&NamedExporter::Console));
    let otlp = if wanted {
        target(signal, choices, environment, own)?
    } else {
        None
    };
    Ok(SignalSettings { otlp, console })
}

/// The place that OTLP sends to; none unless somebody asked.
fn target(
    signal: Signal,
    choices: &Choices,
    environment: &TracingEnvironment,
    own: &SignalEnvironment,
) -> Result<Option<Target>, Error> {
    let protocol = choices
        .protocol
        .or(own.protocol.as_ref().map(|named| named.value))
        .unwrap_or(Protocol::DEFAULT);
    let Some((endpoint, mut headers)) = place(signal, choices, environment, own, protocol)? else {
        return Ok(None);
    };
    let url = endpoint.url(signal, protocol)?;
    if !protocol.is_compiled_in() {
        return Err(Error::MissingFeature {
            setting: endpoint.setting(),
            wanted: protocol.to_string(),
            feature: protocol.feature(),
        });
    }
    for more in own.headers.iter().chain([&choices.headers]) {
        headers.overlay(more);
    }
    let shown_url = redacted(&url);
    Ok(Some(Target {
        protocol,
        url,
        shown_url,
        headers: headers.0,
        timeout: choices.timeout.or(own.timeout).unwrap_or(OTLP_TIMEOUT),
        compression: compression(choices, own)?,
        tls: tls_files(choices, own)?,
    }))
}

/// The endpoint, and the headers that a preset sends there.
fn place(
    signal: Signal,
    choices: &Choices,
    environment: &TracingEnvironment,
    own: &SignalEnvironment,
    protocol: Protocol,
) -> Result<Option<(Endpoint, Headers)>, Error> {
    let without_headers = |endpoint| (endpoint, Headers(Vec::new()));
    if let Some(Unchecked(text)) = &choices.endpoint {
        let endpoint = Endpoint::parse("with_endpoint", text, Form::Base)?;
        return Ok(Some(without_headers(endpoint)));
    }
    let named = own
        .exporters
        .as_ref()
        .map(|named| named.contains(&NamedExporter::Otlp));
    if named == Some(false) {
        return Ok(None);
    }
    if let Some(endpoint) = &own.endpoint {
        return Ok(Some(without_headers(endpoint.clone())));
    }
    if let Some(preset) = choices.preset.or(environment.preset) {
        return Ok(preset.place(&environment.preset_variables, protocol));
    }
    let by_builder = match signal {
        Signal::Traces => None,
        Signal::Metrics => choices.metrics,
        Signal::Logs => choices.logs,
    };
    let asked = named.is_some() || by_builder == Some(true);
    Ok(asked.then(|| without_headers(Endpoint::local(signal.exporter_variable(), protocol))))
}

fn compression(choices: &Choices, own: &SignalEnvironment) -> Result<Compression, Error> {
    let chosen = choices.compression.map(|value| Named {
        setting: "with_compression",
        value,
    });
    let Some(Named { setting, value }) = chosen.or(own.compression.clone()) else {
        return Ok(Compression::None);
    };
    if !value.is_compiled_in() {
        return Err(Error::MissingFeature {
            setting,
            wanted: format!("compression with {}", value.word()),
            feature: value.word(),
        });
    }
    Ok(value)
}

fn tls_files(choices: &Choices, own: &SignalEnvironment) -> Result<TlsFiles, Error> {
    let named =
        |setting, file: &Option<PathBuf>| file.clone().map(|value| Named { setting, value });
    let certificate =
        named("with_certificate", &choices.certificate).or_else(|| own.certificate.clone());
    let client = match &choices.client_certificate {
        Some((certificate, key)) => Some((
            Named {
                setting: "with_client_certificate",
                value: certificate.clone(),
            },
            key.clone(),
        )),
        None => own.client_certificate.clone().zip(
            own.client_key
                .as_ref()
                .map(|Named { value, .. }| value.clone()),
        ),
    };
    let first = certificate
        .as_ref()
        .or(client.as_ref().map(|(certificate, _)| certificate));
    if let (Some(Named { setting, .. }), false) = (first, cfg!(feature = "tls")) {
        return Err(Error::MissingFeature {
            setting,
            wanted: "TLS".to_owned(),
            feature: "tls",
        });
    }
    Ok(TlsFiles {
        certificate: certificate.map(|named| named.value),
        client: client.map(|(certificate, key)| (certificate.value, key)),
    })
}
