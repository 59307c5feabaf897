//! What is known of some backends, so that their users need not know it.
//!
//! A preset only gives defaults: variables and the builder win over it, setting by setting.

use std::fmt;

use super::endpoint::{Endpoint, Form};
use super::environment::{Headers, Variables, is_header};
use super::{Error, Protocol};

/// A backend whose addresses and customs are known ([`with_preset`](crate::Builder::with_preset), or the
/// variable `TICKSPAN_PRESET`).
///
/// A preset gives defaults. What a variable or the builder sets, wins.
///
/// | preset | word | spans go to | other defaults |
/// |---|---|---|---|
/// | [`HyperDx`](Self::HyperDx) | `hyperdx` | `HYPERDX_ENDPOINT`, else `https://in-otel.hyperdx.io` | `HYPERDX_API_KEY` as the header `authorization`, the service name from `HYPERDX_SERVICE_NAME`, batches after 3 s |
/// | [`Jaeger`](Self::Jaeger) | `jaeger` | `localhost` | no metrics: Jaeger takes spans only |
/// | [`Grafana`](Self::Grafana) | `grafana` | `localhost`, where Alloy listens | |
/// | [`Tempo`](Self::Tempo) | `tempo` | `localhost` | no metrics: Tempo takes spans only |
/// | [`Collector`](Self::Collector) | `collector` | `localhost` | |
/// | [`Aws`](Self::Aws) | `aws` | `localhost`, where a Collector signs requests | |
///
/// `localhost` means the port of the protocol: 4317 for gRPC, 4318 for HTTP.
///
/// # Examples
///
/// ```no_run
/// # fn main() -> Result<(), tickspan::Error> {
/// let _telemetry = tickspan::builder()
///     .with_preset(tickspan::Preset::HyperDx)
///     .with_service_name("hedging-bot")
///     .init()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preset {
    /// `HyperDX`. Without `HYPERDX_API_KEY` and `HYPERDX_ENDPOINT` nothing is sent, and one line on stderr says so: a
    /// program starts and runs without its key.
    HyperDx,
    /// Jaeger on this machine.
    Jaeger,
    /// Grafana Alloy on this machine.
    Grafana,
    /// Grafana Tempo on this machine, without Alloy before it.
    Tempo,
    /// An OpenTelemetry Collector on this machine.
    Collector,
    /// AWS, by way of a Collector on this machine: its endpoints want signed requests, and the Collector signs.
    Aws,
}

const PRESET: &str = "TICKSPAN_PRESET";
const HYPERDX_API_KEY: &str = "HYPERDX_API_KEY";
const HYPERDX_ENDPOINT: &str = "HYPERDX_ENDPOINT";
const HYPERDX_SERVICE_NAME: &str = "HYPERDX_SERVICE_NAME";

/// Where the cloud of `HyperDX` takes OTLP over HTTP and over gRPC.
const HYPERDX_HTTP: &str = "https://in-otel.hyperdx.io";
const HYPERDX_GRPC: &str = "https://in-otel.hyperdx.io:4317";

/// The variables of backends. Absent: not said.
#[derive(Default)]
pub(super) struct PresetEnvironment {
    /// A secret.
    api_key: Option<String>,
    endpoint: Option<Endpoint>,
    service_name: Option<String>,
}

impl fmt::Debug for PresetEnvironment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresetEnvironment")
            .field("has_api_key", &self.api_key.is_some())
            .field("endpoint", &self.endpoint)
            .field("service_name", &self.service_name)
            .finish()
    }
}

impl PresetEnvironment {
    pub(super) fn read(variables: &Variables<'_>) -> Result<Self, Error> {
        let api_key = variables.text(HYPERDX_API_KEY)?;
        if api_key
            .as_deref()
            .is_some_and(|key| !is_header("authorization", key))
        {
            return Err(Error::Invalid {
                setting: HYPERDX_API_KEY,
                value: None,
                accepted: "a key of visible ASCII".to_owned(),
            });
        }
        Ok(Self {
            api_key,
            endpoint: variables
                .text(HYPERDX_ENDPOINT)?
                .map(|text| Endpoint::parse(HYPERDX_ENDPOINT, &text, Form::Base))
                .transpose()?,
            service_name: variables.text(HYPERDX_SERVICE_NAME)?,
        })
    }
}

impl Preset {
    /// What the environment asks for.
    pub(super) fn read(variables: &Variables<'_>) -> Result<Option<Self>, Error> {
        variables.word(
            PRESET,
            &[
                ("hyperdx", Self::HyperDx),
                ("jaeger", Self::Jaeger),
                ("grafana", Self::Grafana),
                ("tempo", Self::Tempo),
                ("collector", Self::Collector),
                ("aws", Self::Aws),
            ],
        )
    }

    /// Where to send, with its headers; nothing where that is not known.
    pub(super) fn place(
        self,
        variables: &PresetEnvironment,
        protocol: Protocol,
    ) -> Option<(Endpoint, Headers)> {
        if self != Self::HyperDx {
            return Some((Endpoint::local(PRESET, protocol), Headers(Vec::new())));
        }
        if variables.api_key.is_none() && variables.endpoint.is_none() {
            return None;
        }
        let endpoint = variables.endpoint.clone().unwrap_or_else(|| {
            let url = match protocol {
                Protocol::Grpc => HYPERDX_GRPC,
                Protocol::HttpProtobuf | Protocol::HttpJson => HYPERDX_HTTP,
            };
            Endpoint::known(PRESET, url)
        });
        // The key as it is: HyperDX wants no `Bearer`.
        let headers = variables
            .api_key
            .iter()
            .map(|key| ("authorization".to_owned(), key.clone()))
            .collect();
        Some((endpoint, Headers(headers)))
    }

    pub(super) fn service_name(self, variables: &PresetEnvironment) -> Option<String> {
        (self == Self::HyperDx)
            .then(|| variables.service_name.clone())
            .flatten()
    }

    /// Whether the backend takes metrics.
    pub(super) fn takes_metrics(self) -> bool {
        !matches!(self, Self::Jaeger | Self::Tempo)
    }

    /// How long a span waits for its batch.
    pub(super) fn delay(self) -> Option<std::time::Duration> {
        (self == Self::HyperDx).then(|| std::time::Duration::from_secs(3))
    }

    /// What is missing for it to have an effect.
    pub(super) fn what_is_missing(self, variables: &PresetEnvironment) -> Option<&'static str> {
        (self == Self::HyperDx && variables.api_key.is_none() && variables.endpoint.is_none())
            .then_some("HYPERDX_API_KEY is not set, so nothing is sent to HyperDX")
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<PresetEnvironment, Error> {
        PresetEnvironment::read(&Variables(&|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| OsString::from(value))
        }))
    }

    #[test]
    fn hyperdx_gets_its_key_as_it_is() {
        let variables = read(&[("HYPERDX_API_KEY", "hunter2")]).unwrap();
        let (_, headers) = Preset::HyperDx
            .place(&variables, Protocol::HttpProtobuf)
            .unwrap();
        assert_eq!(
            headers.0,
            [("authorization".to_owned(), "hunter2".to_owned())]
        );
        let text = format!("{variables:?} {headers:?}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn hyperdx_without_a_key_is_nowhere() {
        let variables = read(&[]).unwrap();
        assert!(Preset::HyperDx.place(&variables, Protocol::Grpc).is_none());
        assert!(Preset::HyperDx.what_is_missing(&variables).is_some());
        let own = read(&[("HYPERDX_ENDPOINT", "http://localhost:4318")]).unwrap();
        let (_, headers) = Preset::HyperDx.place(&own, Protocol::Grpc).unwrap();
        assert!(headers.0.is_empty());
    }

    #[test]
    fn wrong_variables_of_a_backend_are_named_and_keys_never_shown() {
        let error = read(&[("HYPERDX_API_KEY", "hunter2\n")]).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            text.contains("HYPERDX_API_KEY") && !text.contains("hunter2"),
            "{text}"
        );
        let error = read(&[("HYPERDX_ENDPOINT", "hyperdx")]).unwrap_err();
        assert!(error.to_string().contains("HYPERDX_ENDPOINT"), "{error}");
    }
}
