//! OTLP over HTTP.

#[cfg(feature = "tls")]
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, redirect};
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, LONGEST};
use super::compression::compressed;
#[cfg(feature = "otlp-http-json")]
use super::message::delivered_in_json;
use super::message::{Encoding, Message};
#[cfg(feature = "tls")]
use super::tls::NoCertificate;
use super::words::{chain, in_words, told};
use super::{Compression, Failure, Retry, Target};
use crate::collect::human;
use crate::export::deliver::Delivered;

/// What is told of a server that asks for the client's certificate, and ends a connection without.
const MISSES_CERTIFICATE: &str = "the server wants a client certificate, and none is set";

/// Posts to one address.
#[derive(Debug)]
pub(super) struct Http {
    client: Client,
    target: Target,
    encoding: Encoding,
    #[cfg(feature = "tls")]
    certificate: Arc<NoCertificate>,
}

impl Http {
    pub(super) fn new(target: &Target, encoding: Encoding) -> Result<Self, String> {
        let mut headers = HeaderMap::new();
        let content_type = match encoding {
            Encoding::Protobuf => "application/x-protobuf",
            #[cfg(feature = "otlp-http-json")]
            Encoding::Json => "application/json",
        };
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        if target.compression != Compression::None {
            let word = HeaderValue::from_static(target.compression.word());
            headers.insert(header::CONTENT_ENCODING, word);
        }
        for (name, value) in &target.headers {
            let wrong = || format!("the header `{name}` cannot be sent");
            let name = HeaderName::try_from(name).map_err(|_| wrong())?;
            let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let client = Client::builder()
            .user_agent(concat!("tickspan/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // A redirect could carry headers to somebody else.
            .redirect(redirect::Policy::none());
        #[cfg(feature = "tls")]
        let certificate = Arc::default();
        #[cfg(feature = "tls")]
        let client = client.tls_backend_preconfigured(if target.is_encrypted() {
            super::tls::client_config(&target.tls, &certificate)?
        } else {
            // Not used, but `reqwest` would look for a default and panic.
            super::tls::without_trust()?
        });
        Ok(Self {
            client: client.build().map_err(|error| chain(&error))?,
            target: target.clone(),
            encoding,
            #[cfg(feature = "tls")]
            certificate,
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    #[cfg(feature = "otlp-http-json")]
    pub(super) fn is_json(&self) -> bool {
        self.encoding == Encoding::Json
    }

    pub(super) fn encode<M: Message>(&self, message: &M) -> Result<Bytes, String> {
        let body = match self.encoding {
            Encoding::Protobuf => message.encode_to_vec(),
            #[cfg(feature = "otlp-http-json")]
            Encoding::Json => serde_json::to_vec(message)
                .map_err(|error| format!("the batch cannot be written as JSON: {error}"))?,
        };
        self.pack(body)
    }

    /// Makes a body of a message that is written.
    pub(super) fn pack(&self, message: Vec<u8>) -> Result<Bytes, String> {
        compressed(message, self.target.compression).map(Bytes::from)
    }

    /// Makes one attempt.
    pub(super) async fn send<M: Message>(
        &self,
        body: Bytes,
        until: Instant,
    ) -> Result<Answer, Failure> {
        let timeout = self
            .target
            .timeout
            .min(until.saturating_duration_since(Instant::now()));
        let until = Instant::now() + timeout;
        let head = self.client.post(&self.target.url).body(body).send();
        let response = timeout_at(until, head)
            .await
            .map_err(|_| Failure::no_answer(timeout))?
            .map_err(|error| self.not_sent(error))?;
        // Who answers does not insist on a certificate.
        self.misses_certificate();
        // From here on the status counts, whatever becomes of the body.
        if response.status().is_success() {
            let read = timeout_at(until, self.read_answer::<M>(response)).await;
            Ok(read.unwrap_or_else(|_| {
                Answer::Unreadable(format!("no end in {}", human::duration(timeout)))
            }))
        } else {
            Err(self.refused(response, until).await)
        }
    }

    fn not_sent(&self, error: reqwest::Error) -> Failure {
        let misses_certificate = self.misses_certificate();
        let retry = if error.is_connect() || misses_certificate {
            Retry::Unreachable
        } else {
            Retry::Later
        };
        let mut reason = self.target.redact(&chain(&error.without_url()));
        if misses_certificate {
            reason.extend(["; ", MISSES_CERTIFICATE]);
        }
        Failure {
            reason,
            retry,
            status: None,
        }
    }

    /// Whether the server has asked for a certificate that the client does not have, and has not answered since.
    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::unused_self, reason = "nobody asks without TLS")
    )]
    fn misses_certificate(&self) -> bool {
        #[cfg(feature = "tls")]
        return self.certificate.was_asked_for();
        #[cfg(not(feature = "tls"))]
        false
    }

    /// Reads the answer to a request that was taken. What cannot be read does not make it refused.
    async fn read_answer<M: Message>(&self, mut response: Response) -> Answer {
        let kind = content_type(&response);
        let body = match read(&mut response).await {
            Ok(Some(body)) => body,
            Ok(None) => return Answer::Unreadable(format!("more than {LONGEST} bytes")),
            Err(error) => return Answer::Unreadable(chain(&error)),
        };
        if body.is_empty() {
            return Answer::Read(Delivered::default());
        }
        // Some backends answer in JSON to whatever they were asked in.
        #[cfg(feature = "otlp-http-json")]
        if self.encoding == Encoding::Json || kind.starts_with("application/json") {
            return match delivered_in_json(&body) {
                Ok(delivered) => Answer::Read(delivered),
                Err(error) => Answer::Unreadable(format!("{kind}: {error}")),
            };
        }
        match <M::Response as prost::Message>::decode(&*body) {
            Ok(response) => Answer::Read(M::delivered(response)),
            // An empty object, most often; without the feature it is not looked at.
            Err(_) if kind.starts_with("application/json") => Answer::Read(Delivered::default()),
            Err(error) => Answer::Unreadable(format!("{kind}: {error}")),
        }
    }

    async fn refused(&self, mut response: Response, until: Instant) -> Failure {
        let status = response.status();
        let retry = match status.as_u16() {
            429 | 503 => retry_after(response.headers()).map_or(Retry::Later, Retry::After),
            502 | 504 => Retry::Later,
            _ => Retry::Never,
        };
        let mut reason = format!("HTTP status {status}");
        if let Retry::After(wait) = retry {
            reason.push_str(&in_words(wait));
        }
        if status.is_redirection() {
            reason += "; redirects are not followed, set the address that it leads to";
        }
        let is_text = is_text(&content_type(&response));
        if let Ok(Ok(Some(body))) = timeout_at(until, read(&mut response)).await {
            let words = told(&words_of(&body, is_text), &self.target);
            if !words.is_empty() {
                reason.extend([": ", &words]);
            }
        }
        Failure {
            reason,
            retry,
            status: Some(status.as_u16()),
        }
    }
}

/// The body, or nothing where it is too long.
async fn read(response: &mut Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(reqwest::Error::without_url)?
    {
        if body.len() + chunk.len() > LONGEST {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn content_type(response: &Response) -> String {
    response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("no content type")
        .to_owned()
}

fn is_text(content_type: &str) -> bool {
    content_type.starts_with("text/plain") || content_type.starts_with("application/json")
}

/// What an error's body says: the message of a `google.rpc.Status`, or text.
fn words_of(body: &[u8], is_text: bool) -> String {
    if is_text {
        return String::from_utf8_lossy(body).into_owned();
    }
    <RpcStatus as prost::Message>::decode(body)
        .map(|status| status.message)
        .unwrap_or_default()
}

/// What an OTLP backend puts into the body of an error.
#[derive(Clone, PartialEq, prost::Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The wait that is asked for: seconds or a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_str(text).unwrap());
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(asked(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("-1"), None);
        assert_eq!(asked("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        let later = SystemTime::now() + Duration::from_secs(100);
        let wait = asked(&httpdate::fmt_http_date(later)).unwrap();
        assert!(wait > Duration::from_secs(90) && wait <= Duration::from_secs(100));
    }

    #[test]
    fn words_of_an_error_are_those_of_its_status_or_text() {
        let status = RpcStatus {
            code: 3,
            message: "too large".to_owned(),
        };
        let body = prost::Message::encode_to_vec(&status);
        assert_eq!(words_of(&body, false), "too large");
        assert_eq!(words_of(b"<html>", false), "");
        assert_eq!(words_of(b"quota exceeded", true), "quota exceeded");
    }
}
