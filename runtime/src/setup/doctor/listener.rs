//! What listens at an address: asked with a few bytes of each protocol, because errors of clients are vague about it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long each question may take: it is for people who wait.
const PATIENCE: Duration = Duration::from_millis(700);

/// What is spoken somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    /// Nobody accepts a connection.
    Nobody,
    /// HTTP/2 without TLS: gRPC, most likely.
    Http2,
    /// HTTP/1 without TLS.
    Http1,
    Tls,
    /// Something accepts, and does not say what it is.
    Unknown,
}

/// The preface of HTTP/2 with an empty SETTINGS frame: RFC 9113, sections 3.4 and 6.5.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/// The type of a SETTINGS frame, which a server of HTTP/2 sends first; after the three bytes of its length.
const SETTINGS: u8 = 4;

/// A `ClientHello` of TLS 1.2 that names one cipher and nothing else: any server of TLS answers it, most with an alert.
/// RFC 5246, section 7.4.1.2.
const CLIENT_HELLO: &[u8] = &[
    22, 3, 1, 0, 45, // a handshake record of 45 bytes
    1, 0, 0, 41, 3, 3, // a ClientHello of 41 bytes for TLS 1.2
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, // "random"
    0,  // no session
    0, 2, 0xc0, 0x2f, // one cipher
    1, 0, // no compression
];

/// The types of records with which TLS answers: an alert, a handshake.
const TLS_ANSWERS: [u8; 2] = [21, 22];

/// Asks what is spoken at `host` and `port`.
pub(super) fn spoken_at(host: &str, port: u16) -> Spoken {
    let Some(address) = address(host, port) else {
        return Spoken::Nobody;
    };
    let Some(answer) = ask(address, HTTP2_PREFACE) else {
        return Spoken::Nobody;
    };
    if answer.get(3) == Some(&SETTINGS) {
        return Spoken::Http2;
    }
    if answer.starts_with(b"HTTP/1") {
        return Spoken::Http1;
    }
    let answer = ask(address, CLIENT_HELLO).unwrap_or_default();
    if answer
        .first()
        .is_some_and(|kind| TLS_ANSWERS.contains(kind))
    {
        return Spoken::Tls;
    }
    let answer = ask(address, b"GET / HTTP/1.1\r\nhost: tickspan\r\n\r\n").unwrap_or_default();
    if answer.starts_with(b"HTTP/1") {
        Spoken::Http1
    } else {
        Spoken::Unknown
    }
}

/// The first address of a name; nothing where the name is not known.
pub(super) fn address(host: &str, port: u16) -> Option<SocketAddr> {
    (host, port).to_socket_addrs().ok()?.next()
}

/// What is answered to `question`, or nothing where nobody listens.
fn ask(address: SocketAddr, question: &[u8]) -> Option<Vec<u8>> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    let mut answer = [0; 64];
    let asked = connection
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| connection.set_write_timeout(Some(PATIENCE)))
        .and_then(|()| connection.write_all(question));
    let read = match asked {
        Ok(()) => connection.read(&mut answer).unwrap_or_default(),
        Err(_) => 0,
    };
    Some(answer[..read].to_vec())
}
