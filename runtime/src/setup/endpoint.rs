//! OTLP endpoints: checked URLs, the paths of signals, and how they are shown without their secrets.
//!
//! The check is our own, not the HTTP client's, so that it is the same with every feature set and
//! its message never holds a password.

use std::fmt;

use super::environment::Signal;
use super::{Error, Protocol};

/// A checked URL and what it stands for.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// The variable or builder method that it comes from.
    setting: &'static str,
    url: String,
    form: Form,
}

/// What is said to be a URL. Its `Debug` is without what may be secret.
pub(super) struct Unchecked(pub(super) String);

impl fmt::Debug for Unchecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&redacted(&self.0), f)
    }
}

/// What the URL of an [`Endpoint`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The base of all signals: over HTTP, the signal's path is appended.
    Base,
    /// The address of one signal, used as it is.
    Exact,
}

impl Endpoint {
    /// Checks `text`.
    pub(super) fn parse(setting: &'static str, text: &str, form: Form) -> Result<Self, Error> {
        let url = text.trim();
        if is_url(url) && (form == Form::Exact || !url.contains('?')) {
            return Ok(Self {
                setting,
                url: url.to_owned(),
                form,
            });
        }
        Err(Error::Invalid {
            setting,
            value: Some(redacted(text)),
            accepted: "a URL such as `http://localhost:4318`".to_owned(),
        })
    }

    /// Where a collector on this machine listens.
    pub(super) fn local(setting: &'static str, protocol: Protocol) -> Self {
        Self::known(
            setting,
            match protocol {
                Protocol::Grpc => "http://localhost:4317",
                Protocol::HttpProtobuf | Protocol::HttpJson => "http://localhost:4318",
            },
        )
    }

    /// A base URL that needs no check.
    pub(super) fn known(setting: &'static str, url: &str) -> Self {
        Self {
            setting,
            url: url.to_owned(),
            form: Form::Base,
        }
    }

    /// Whether it is of one signal.
    pub(super) fn is_exact(&self) -> bool {
        self.form == Form::Exact
    }

    pub(super) fn setting(&self) -> &'static str {
        self.setting
    }

    /// The address to send a signal to.
    ///
    /// # Errors
    ///
    /// When it needs TLS, and that is not compiled in.
    pub(super) fn url(&self, signal: Signal, protocol: Protocol) -> Result<String, Error> {
        if scheme_is(&self.url, "https") && !cfg!(feature = "tls") {
            return Err(Error::MissingFeature {
                setting: self.setting,
                wanted: format!("TLS (`{}`)", redacted(&self.url)),
                feature: "tls",
            });
        }
        Ok(match (protocol, self.form) {
            (Protocol::HttpProtobuf | Protocol::HttpJson, Form::Base) => {
                format!("{}/{}", self.url.trim_end_matches('/'), signal.path())
            }
            _ => self.url.clone(),
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("setting", &self.setting)
            .field("url", &redacted(&self.url))
            .field("form", &self.form)
            .finish()
    }
}

/// A URL without what may be secret: user and password, and the query.
pub(super) fn redacted(url: &str) -> String {
    let (scheme, rest) = url
        .split_once("://")
        .map_or(("", url), |(scheme, rest)| (scheme, rest));
    // The last `@`: a password that should have been percent-encoded may hold one, a `/` or a `?`.
    let (mask, rest) = match rest.rsplit_once('@') {
        // A query may hold one as well: then its end would stand where the host does.
        Some((before, _)) if before.contains('?') => ("***", ""),
        Some((_, rest)) => ("***@", rest),
        None => ("", rest),
    };
    let (rest, query) = rest
        .split_once('?')
        .map_or((rest, ""), |(rest, _)| (rest, "?***"));
    let separator = if url.contains("://") { "://" } else { "" };
    format!("{scheme}{separator}{mask}{rest}{query}")
}

fn scheme_is(url: &str, expected: &str) -> bool {
    url.split_once("://")
        .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case(expected))
}

/// `http` or `https`, a host, perhaps user and port, perhaps a path and a query; no fragment,
/// nothing that must be encoded.
fn is_url(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    if !(scheme_is(url, "http") || scheme_is(url, "https")) {
        return false;
    }
    if !rest
        .bytes()
        .all(|b| b.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&b))
    {
        return false;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host_and_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    is_host_and_port(host_and_port)
}

fn is_host_and_port(text: &str) -> bool {
    // An IPv6 address stands in brackets, because it holds colons itself.
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return false;
        }
        (
            address,
            port.strip_prefix(':')
                .or(if port.is_empty() { None } else { Some("-") }),
        )
    } else {
        text.split_once(':')
            .map_or((text, None), |(host, port)| (host, Some(port)))
    };
    let port_is_right = port
        .is_none_or(|port| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok());
    !host.is_empty() && !host.contains(['[', ']', '@', '%']) && port_is_right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_told_from_other_text() {
        for url in [
            "http://localhost:4318",
            "HTTP://collector.internal/",
            "https://otlp.example.com/prefix",
            "http://user:pass@10.0.0.1:4317",
            "http://[::1]:4317/v1",
        ] {
            assert!(Endpoint::parse("S", url, Form::Base).is_ok(), "{url}");
        }
        for text in [
            "localhost:4318",
            "http://",
            "http://:4318",
            "http://host:port",
            "http://host:+80",
            "http://host:70000",
            "http://host/a b",
            "http://host/#part",
            "http://[::1]4317",
            "http://[::g]",
            "grpc://host",
            "http://host?query",
        ] {
            assert!(Endpoint::parse("S", text, Form::Base).is_err(), "{text}");
        }
        assert!(Endpoint::parse("S", "http://host/traces?key=1", Form::Exact).is_ok());
    }

    #[test]
    fn only_a_base_over_http_gets_the_traces_path() {
        for (url, form, protocol, expected) in [
            (
                "http://h:1",
                Form::Base,
                Protocol::HttpProtobuf,
                "http://h:1/v1/traces",
            ),
            (
                "http://h:1/p/",
                Form::Base,
                Protocol::HttpProtobuf,
                "http://h:1/p/v1/traces",
            ),
            (
                "http://h:1/t",
                Form::Exact,
                Protocol::HttpProtobuf,
                "http://h:1/t",
            ),
            (
                "http://h:1",
                Form::Base,
                Protocol::HttpJson,
                "http://h:1/v1/traces",
            ),
            ("http://h:1", Form::Base, Protocol::Grpc, "http://h:1"),
        ] {
            let endpoint = Endpoint::parse("S", url, form).unwrap();
            assert_eq!(endpoint.url(Signal::Traces, protocol).unwrap(), expected);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(
            redacted("http://user:p@ss/word@host:1/p?key=x"),
            "http://***@host:1/p?***"
        );
        assert_eq!(redacted("user:pass@host"), "***@host");
        assert_eq!(redacted("http://user:p?ss@host:1"), "http://***");
        assert_eq!(redacted("https://host/v1?key=hunt@er2"), "https://***");
        assert_eq!(redacted("http://host:4318/"), "http://host:4318/");
        let endpoint = Endpoint::parse("S", "https://user:hunter2@host", Form::Base).unwrap();
        assert!(!format!("{endpoint:?}").contains("hunter2"));
        let builder = crate::builder().with_endpoint("http://user:hunter2@host:bad");
        assert!(!format!("{builder:?}").contains("hunter2"));
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn tls_that_is_not_compiled_in_is_named_with_its_feature() {
        let endpoint = Endpoint::parse("S", "https://user:hunter2@host", Form::Base).unwrap();
        let message = endpoint
            .url(Signal::Traces, Protocol::Grpc)
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("`tls`") && message.contains("https://***@host"),
            "{message}"
        );
    }
}
