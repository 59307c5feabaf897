//! Where `OTEL_METRICS_EXPORTER=prometheus` serves metrics.

use std::net::Ipv6Addr;

use super::Variables;
use crate::setup::Error;

const HOST: &str = "OTEL_EXPORTER_PROMETHEUS_HOST";
const PORT: &str = "OTEL_EXPORTER_PROMETHEUS_PORT";

/// As the OpenTelemetry specification has it.
const LOCAL: &str = "localhost";
const USUAL_PORT: u64 = 9464;

/// The host and the port, as `host:port`.
///
/// # Errors
///
/// [`Error::Invalid`] where one of them is none.
pub(super) fn read(variables: &Variables<'_>) -> Result<String, Error> {
    let host = variables.text(HOST)?;
    let host = host.as_deref().map_or(LOCAL, str::trim);
    let port = variables.number(PORT, 0..=u64::from(u16::MAX))?;
    let port = port.unwrap_or(USUAL_PORT);
    if host.parse::<Ipv6Addr>().is_ok() {
        return Ok(format!("[{host}]:{port}"));
    }
    if is_name(host) {
        return Ok(format!("{host}:{port}"));
    }
    Err(Error::Invalid {
        setting: HOST,
        value: Some(host.to_owned()),
        accepted: "the name or the IP address of a host, without a port".to_owned(),
    })
}

/// A name, or an address of IPv4.
fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}
