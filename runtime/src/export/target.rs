//! Where and how to send: settings that were checked before.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::Compression;
use crate::Protocol;

/// A place to send one signal to. What may be secret is not in its `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) protocol: Protocol,
    /// The full address; may hold a password.
    pub(crate) url: String,
    /// The same address without secrets, for messages.
    pub(crate) shown_url: String,
    /// Names and values, checked.
    pub(crate) headers: Vec<(String, String)>,
    /// How long one attempt may take.
    pub(crate) timeout: Duration,
    pub(crate) compression: Compression,
    pub(crate) tls: TlsFiles,
}

/// Files in the PEM format. Without any, the system's certificates are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// Certificates to trust instead of the system's.
    pub(crate) certificate: Option<PathBuf>,
    /// The client's own certificate and key.
    pub(crate) client: Option<(PathBuf, PathBuf)>,
}

#[cfg(any(feature = "otlp-grpc", feature = "otlp-http"))]
impl Target {
    /// Whether the connection is encrypted.
    #[cfg(any(feature = "otlp-grpc", feature = "tls"))]
    pub(crate) fn is_encrypted(&self) -> bool {
        self.url
            .get(..6)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"))
    }

    /// What messages and reports call it.
    pub(crate) fn label(&self) -> String {
        format!("{} at {}", self.protocol, self.shown_url)
    }

    /// The address without the path of a signal, and without secrets.
    pub(crate) fn shown_origin(&self) -> &str {
        let url = &self.shown_url;
        let host = url.find("://").map_or(0, |scheme| scheme + 3);
        let end = url[host..].find('/').map_or(url.len(), |path| host + path);
        &url[..end]
    }

    /// `text` without the URL's secrets and without any header's value.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut text = text.replace(&self.url, &self.shown_url);
        for secret in self.secrets() {
            // A short value is no secret, and would tear other words apart.
            if secret.len() >= 6 {
                text = text.replace(secret, "***");
            }
        }
        text
    }

    /// The values of headers, also without the scheme before them (`Bearer ..`), the URL's password and the values in its query.
    fn secrets(&self) -> impl Iterator<Item = &str> {
        let headers = self.headers.iter().flat_map(|(_, value)| {
            let bare = value.split_once(' ').map(|(_, bare)| bare);
            [Some(value.as_str()), bare].into_iter().flatten()
        });
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = place.split('/').next().unwrap_or_default();
        let password = authority
            .rsplit_once('@')
            .and_then(|(user, _)| Some(user.split_once(':')?.1));
        let values = query
            .split('&')
            .map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
        headers.chain(password).chain(values)
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Target")
            .field("protocol", &self.protocol)
            .field("url", &self.shown_url)
            .field("headers", &headers)
            .field("timeout", &self.timeout)
            .field("compression", &self.compression)
            .field("tls", &self.tls)
            .finish()
    }
}

#[cfg(all(test, any(feature = "otlp-grpc", feature = "otlp-http")))]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_taken_out_of_words() {
        let target = Target {
            #[cfg(feature = "otlp-http")]
            protocol: Protocol::HttpProtobuf,
            #[cfg(not(feature = "otlp-http"))]
            protocol: Protocol::Grpc,
            url: "https://desk:hunter2@host/v1/traces?key=letmein1&n=1".to_owned(),
            shown_url: "https://***@host/v1/traces?***".to_owned(),
            headers: vec![("authorization".to_owned(), "Bearer s3cr3t-token".to_owned())],
            timeout: Duration::from_secs(1),
            compression: Compression::None,
            tls: TlsFiles::default(),
        };
        for (words, shown) in [
            ("Bearer s3cr3t-token is old", "*** is old"),
            ("the token s3cr3t-token is old", "the token *** is old"),
            ("hunter2 is wrong, letmein1 too", "*** is wrong, *** too"),
            ("desk 1: n=1", "desk 1: n=1"),
        ] {
            assert_eq!(target.redact(words), shown);
        }
        let whole = target.redact(&format!("{}: refused", target.url));
        assert_eq!(whole, format!("{}: refused", target.shown_url));
    }
}
