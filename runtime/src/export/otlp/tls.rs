//! Certificates from files, for both transports.
//!
//! `rustls` with the provider `ring`: `aws-lc-rs`, its default, takes minutes to build.

use std::fs;
use std::path::Path;
#[cfg(feature = "otlp-http")]
use std::sync::Arc;
#[cfg(feature = "otlp-http")]
use std::sync::atomic::{AtomicBool, Ordering};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
#[cfg(feature = "otlp-http")]
use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, SignatureScheme,
    client::{ResolvesClientCert, WantsClientCert},
    sign::CertifiedKey,
};

use crate::export::TlsFiles;

/// A client without a certificate, which notes that it was asked for one.
///
/// In TLS 1.3 the client's part of the handshake ends before the server has missed the certificate. The server then ends the
/// connection, and its alert may be lost with it: what is left is a request that was not answered.
#[cfg(feature = "otlp-http")]
#[derive(Debug, Default)]
pub(super) struct NoCertificate {
    // Relaxed: it is read after an answer or a failure of the connection that it was written for.
    asked_for: AtomicBool,
}

#[cfg(feature = "otlp-http")]
impl NoCertificate {
    /// Whether a server has asked for it since the last call.
    pub(super) fn was_asked_for(&self) -> bool {
        self.asked_for.swap(false, Ordering::Relaxed)
    }
}

#[cfg(feature = "otlp-http")]
impl ResolvesClientCert for NoCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked_for.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// What `reqwest` connects with.
///
/// # Errors
///
/// In words, with the file, when one cannot be read or used.
#[cfg(feature = "otlp-http")]
pub(super) fn client_config(
    files: &TlsFiles,
    without: &Arc<NoCertificate>,
) -> Result<ClientConfig, String> {
    let builder = trusting(roots(files.certificate.as_deref())?)?;
    match &files.client {
        None => Ok(builder.with_client_cert_resolver(Arc::<NoCertificate>::clone(without))),
        Some((certificate, key)) => {
            let own = certificates(certificate)?;
            let unusable = |error: &dyn std::fmt::Display| {
                format!("the key in `{}` cannot be used: {error}", key.display())
            };
            let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(&error))?;
            builder
                .with_client_auth_cert(own, private)
                .map_err(|error| unusable(&error))
        }
    }
}

/// What connects to nobody.
#[cfg(feature = "otlp-http")]
pub(super) fn without_trust() -> Result<ClientConfig, String> {
    Ok(trusting(RootCertStore::empty())?.with_no_client_auth())
}

#[cfg(feature = "otlp-http")]
fn trusting(roots: RootCertStore) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots))
}

#[cfg(feature = "otlp-http")]
fn roots(file: Option<&Path>) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let Some(file) = file else {
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            return Err("the system has no certificates to trust: name a file of them in `OTEL_EXPORTER_OTLP_CERTIFICATE`".to_owned());
        }
        roots.add_parsable_certificates(found.certs);
        return Ok(roots);
    };
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|error| {
            format!(
                "a certificate in `{}` cannot be used: {error}",
                file.display()
            )
        })?;
    }
    Ok(roots)
}

/// What `tonic` connects with.
///
/// # Errors
///
/// In words, with the file, when one cannot be read or used.
#[cfg(feature = "otlp-grpc")]
pub(super) fn tonic_config(files: &TlsFiles) -> Result<tonic::transport::ClientTlsConfig, String> {
    use tonic::transport::{Certificate, ClientTlsConfig, Identity};

    let mut config = ClientTlsConfig::new();
    config = match &files.certificate {
        None => config.with_native_roots(),
        Some(file) => {
            certificates(file)?;
            config.ca_certificate(Certificate::from_pem(read(file)?))
        }
    };
    if let Some((certificate, key)) = &files.client {
        certificates(certificate)?;
        PrivateKeyDer::from_pem_file(key)
            .map_err(|error| format!("the key in `{}` cannot be used: {error}", key.display()))?;
        config = config.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(config)
}

/// The certificates of a file; at least one.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(file)?;
    let found: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("`{}` holds no certificate: {error}", file.display()))?;
    if found.is_empty() {
        return Err(format!("`{}` holds no certificate", file.display()));
    }
    Ok(found)
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|error| format!("`{}` cannot be read: {error}", file.display()))
}
