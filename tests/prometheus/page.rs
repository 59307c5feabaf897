//! A page over HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// The body of a page that is there.
///
/// # Panics
///
/// When it is not.
pub(crate) fn get(address: &str, path: &str, accept: &str) -> String {
    try_get(address, path, accept).unwrap_or_else(|what| panic!("http://{address}{path}: {what}"))
}

/// The body of a page, or what was answered instead.
pub(crate) fn try_get(address: &str, path: &str, accept: &str) -> Result<String, String> {
    let talk = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        // Of version 1.0, so that the answer comes in one piece.
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: {accept}\r\n\r\n"
        )?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text)
    };
    let text = talk().map_err(|error: std::io::Error| error.to_string())?;
    match text.split_once("\r\n\r\n") {
        Some((head, body)) if head.contains(" 200 OK") => Ok(body.to_owned()),
        _ => Err(text),
    }
}

/// What can stand in a URL as it is, and anything else by its bytes.
pub(crate) fn encoded(text: &str) -> String {
    use std::fmt::Write as _;

    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
