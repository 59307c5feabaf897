//! Compressed bodies over HTTP. Over gRPC `tonic` compresses.

#![cfg(feature = "otlp-http")]

use super::Compression;

/// Compresses a body.
///
/// # Errors
///
/// In words; where the algorithm is not compiled in, which setup has refused before.
pub(super) fn compressed(body: Vec<u8>, compression: Compression) -> Result<Vec<u8>, String> {
    match compression {
        Compression::None => Ok(body),
        #[cfg(feature = "gzip")]
        Compression::Gzip => {
            use std::io::Write as _;
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder
                .write_all(&body)
                .and_then(|()| encoder.finish())
                .map_err(|error| format!("the batch cannot be compressed: {error}"))
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => zstd::bulk::compress(&body, zstd::DEFAULT_COMPRESSION_LEVEL)
            .map_err(|error| format!("the batch cannot be compressed: {error}")),
        #[cfg(not(all(feature = "gzip", feature = "zstd")))]
        other => Err(format!("{} is not compiled in", other.word())),
    }
}
