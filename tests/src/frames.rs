//! A gRPC server that is written by the frame of HTTP/2, for answers that no library sends.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// What a client sends before its first frame.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// `:status 200`, from the static table.
const STATUS_200: u8 = 0x88;

/// An unavailable backend, with details that are not base64.
const UNAVAILABLE: [(&str, &str); 3] = [
    ("grpc-status", "14"),
    ("grpc-message", "not now"),
    ("grpc-status-details-bin", "!!!"),
];

/// Starts a server that answers the first request of a connection in its head and the second in its trailers with a status
/// whose details cannot be read, and takes all others. It lives as long as the process.
///
/// # Panics
///
/// When it cannot listen.
pub fn unreadable_details() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
    let address = listener.local_addr().expect("the socket has an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            // It ends when the client does.
            thread::spawn(move || _ = serve(connection));
        }
    });
    address
}

fn serve(mut connection: TcpStream) -> io::Result<()> {
    connection.read_exact(&mut [0; PREFACE.len()])?;
    connection.write_all(&frame(SETTINGS, 0, [0; 4], &[]))?;
    let mut answered = 0;
    loop {
        let mut head = [0; 9];
        connection.read_exact(&mut head)?;
        let [l2, l1, l0, kind, flags, stream @ ..] = head;
        let length = u32::from_be_bytes([0, l2, l1, l0]);
        io::copy(&mut (&mut connection).take(length.into()), &mut io::sink())?;
        if kind == DATA && flags & END_STREAM != 0 {
            connection.write_all(&answer(answered, stream))?;
            answered += 1;
        }
    }
}

/// The answer to the request of this number.
fn answer(number: usize, stream: [u8; 4]) -> Vec<u8> {
    let mut head = vec![STATUS_200];
    head.extend(fields(&[("content-type", "application/grpc")]));
    if number == 0 {
        head.extend(fields(&UNAVAILABLE));
        return frame(HEADERS, END_HEADERS | END_STREAM, stream, &head);
    }
    let mut frames = frame(HEADERS, END_HEADERS, stream, &head);
    let trailers = if number == 1 {
        fields(&UNAVAILABLE)
    } else {
        // An empty message.
        frames.extend(frame(DATA, 0, stream, &[0; 5]));
        fields(&[("grpc-status", "0")])
    };
    frames.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, &trailers));
    frames
}

/// Fields in HPACK, as they are.
fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        bytes.push(0);
        for text in [name, value] {
            bytes.push(u8::try_from(text.len()).expect("the text is short"));
            bytes.extend(text.as_bytes());
        }
    }
    bytes
}

fn frame(kind: u8, flags: u8, stream: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("the payload is short");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream);
    bytes.extend(payload);
    bytes
}
