//! OTLP over gRPC.

use std::error::Error as StdError;
use std::iter::successors;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::{Buf, BufMut as _, Bytes};
use tokio::time::Instant;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::answer::{Answer, LONGEST};
use super::details::ReadableDetails;
use super::message::Message;
use super::words::{chain, in_words, told};
use super::{Compression, Failure, Retry, Target};

const MAY_MISS_CERTIFICATE: &str = "the server may want a client certificate, and none is set";

/// Calls the services of one address.
#[derive(Debug)]
pub(super) struct Grpc {
    endpoint: Endpoint,
    /// Made anew where nobody answers. Locked for as long as it takes to clone it.
    channel: Mutex<Channel>,
    compression: Option<CompressionEncoding>,
    metadata: Vec<(AsciiMetadataKey, AsciiMetadataValue)>,
    target: Target,
    /// Somebody has answered. Relaxed: one thread at a time sends.
    has_answered: AtomicBool,
}

impl Grpc {
    pub(super) fn new(target: &Target) -> Result<Self, String> {
        let mut metadata = Vec::new();
        for (name, value) in &target.headers {
            let wrong = || format!("the header `{name}` cannot be sent");
            let key = AsciiMetadataKey::from_bytes(name.to_ascii_lowercase().as_bytes())
                .map_err(|_| wrong())?;
            let mut value = AsciiMetadataValue::try_from(value).map_err(|_| wrong())?;
            value.set_sensitive(true);
            metadata.push((key, value));
        }
        let endpoint = Endpoint::from_shared(target.url.clone())
            .and_then(|endpoint| {
                endpoint.user_agent(concat!("tickspan/", env!("CARGO_PKG_VERSION")))
            })
            .map_err(|error| target.redact(&chain(&error)))?
            .connect_timeout(target.timeout);
        #[cfg(feature = "tls")]
        let endpoint = if target.is_encrypted() {
            endpoint
                .tls_config(super::tls::tonic_config(&target.tls)?)
                .map_err(|error| target.redact(&chain(&error)))?
        } else {
            endpoint
        };
        let compression = match target.compression {
            Compression::None => None,
            #[cfg(feature = "gzip")]
            Compression::Gzip => Some(CompressionEncoding::Gzip),
            #[cfg(feature = "zstd")]
            Compression::Zstd => Some(CompressionEncoding::Zstd),
            #[cfg(not(all(feature = "gzip", feature = "zstd")))]
            other => return Err(format!("{} is not compiled in", other.word())),
        };
        Ok(Self {
            channel: Mutex::new(endpoint.connect_lazy()),
            endpoint,
            compression,
            metadata,
            target: target.clone(),
            has_answered: AtomicBool::new(false),
        })
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
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
        let mut request = Request::new(body);
        for (key, value) in &self.metadata {
            request.metadata_mut().insert(key.clone(), value.clone());
        }
        let mut client = self.client();
        let attempt = async {
            client.ready().await.map_err(|error| Failure {
                reason: self.target.redact(&chain(&error)),
                retry: Retry::Unreachable,
                status: None,
            })?;
            let method = PathAndQuery::from_static(M::METHOD);
            match client.unary(request, method, Raw).await {
                Ok(response) => {
                    self.has_answered.store(true, Ordering::Relaxed);
                    Ok(answer::<M>(&response.into_inner()))
                }
                Err(status) => self.refused(&status),
            }
        };
        tokio::time::timeout(timeout, attempt)
            .await
            .unwrap_or_else(|_| {
                // The connection may be dead without a word, and would be for minutes.
                *self.channel() = self.endpoint.connect_lazy();
                Err(Failure::no_answer(timeout))
            })
    }

    fn client(&self) -> tonic::client::Grpc<ReadableDetails> {
        let channel = ReadableDetails(self.channel().clone());
        let client = tonic::client::Grpc::new(channel).max_decoding_message_size(LONGEST);
        match self.compression {
            None => client,
            Some(compression) => client.send_compressed(compression),
        }
    }

    fn channel(&self) -> MutexGuard<'_, Channel> {
        self.channel.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, status: &Status) -> Result<Answer, Failure> {
        // `tonic` says this of an answer, so the request was taken. A server that is made with it says the same of a request, with
        // a limit of its own.
        let limit = format!("the limit is: {LONGEST} bytes");
        if status.code() == Code::OutOfRange && status.message().ends_with(&limit) {
            return Ok(Answer::Unreadable(format!("more than {LONGEST} bytes")));
        }
        let was_sent = status
            .source()
            .is_none_or(|source| !source.is::<tonic::transport::Error>());
        let asked = status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay);
        let retry = match (status.code(), asked) {
            _ if !was_sent => Retry::Unreachable,
            (Code::ResourceExhausted | Code::Unavailable, Some(wait)) => Retry::After(wait),
            (
                Code::Cancelled
                | Code::DeadlineExceeded
                | Code::Aborted
                | Code::OutOfRange
                | Code::Unavailable
                | Code::DataLoss,
                _,
            ) => Retry::Later,
            _ => Retry::Never,
        };
        let mut reason = match (was_sent, status.source()) {
            (true, _) | (false, None) => {
                let mut words = format!("gRPC status {:?}", status.code());
                if !status.message().is_empty() {
                    words.extend([": ", &told(status.message(), &self.target)]);
                }
                words
            }
            (false, Some(source)) => chain(source),
        };
        if let Retry::After(wait) = retry {
            reason.push_str(&in_words(wait));
        }
        if was_sent {
            self.has_answered.store(true, Ordering::Relaxed);
        } else if self.may_miss_certificate(status) {
            reason.extend(["; ", MAY_MISS_CERTIFICATE]);
        }
        Err(Failure {
            reason: self.target.redact(&reason),
            retry,
            status: was_sent.then_some(status.code() as u16),
        })
    }

    /// Whether this may be how a server refuses a client without a certificate: in TLS 1.3 it does so after the client's part
    /// of the handshake, by ending the connection. Whether it has asked for one, `tonic` does not tell.
    fn may_miss_certificate(&self, status: &Status) -> bool {
        let was_connected = !successors(status.source(), |error| (*error).source())
            .any(<dyn StdError>::is::<tonic::ConnectError>);
        was_connected
            && self.target.is_encrypted()
            && self.target.tls.client.is_none()
            && !self.has_answered.load(Ordering::Relaxed)
    }
}

fn answer<M: Message>(body: &Bytes) -> Answer {
    match <M::Response as prost::Message>::decode(&**body) {
        Ok(response) => Answer::Read(M::delivered(response)),
        Err(error) => Answer::Unreadable(error.to_string()),
    }
}

/// Messages that are encoded already.
#[derive(Clone, Copy, Debug)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
