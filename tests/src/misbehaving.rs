//! Servers that speak no protocol at all.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;

use tokio::net::TcpSocket;

/// What is done with each connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// It is closed at once.
    Closes,
    /// It is closed when the first bytes have come.
    ClosesInTheMiddle,
    /// It is closed in the middle of an answer of HTTP that begins well.
    ClosesInTheAnswer,
    /// It is answered with bytes that mean nothing.
    Babbles,
    /// It is read from, and never answered.
    IsSilent,
}

/// Starts a server that lives as long as the process.
///
/// # Panics
///
/// When it cannot listen.
pub fn misbehave(how: Misbehaviour) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
    let address = listener.local_addr().expect("the socket has an address");
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut connection = connection;
                let mut bytes = [0; 1024];
                // Whatever goes wrong here is meant to.
                match how {
                    Misbehaviour::Closes => {}
                    Misbehaviour::ClosesInTheMiddle => {
                        let _ = connection.read(&mut bytes);
                    }
                    Misbehaviour::ClosesInTheAnswer => {
                        let _ = connection.read(&mut bytes);
                        let _ = connection.write_all(
                            b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 100\r\n\r\nhalf",
                        );
                    }
                    Misbehaviour::Babbles => {
                        let _ = connection.read(&mut bytes);
                        let _ = connection.write_all(&[0xa5; 4096]);
                    }
                    Misbehaviour::IsSilent => {
                        while connection.read(&mut bytes).is_ok_and(|read| read > 0) {}
                    }
                }
            });
        }
    });
    address
}

/// A port that is taken, so that nobody else gets it, and where nobody listens.
#[derive(Debug)]
pub struct Nobody(TcpSocket);

impl Nobody {
    /// Takes a port.
    ///
    /// # Panics
    ///
    /// When none is free.
    #[expect(clippy::new_without_default, reason = "a port is no plain value")]
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket can be made");
        socket
            .bind((Ipv4Addr::LOCALHOST, 0).into())
            .expect("a loopback port is free");
        Self(socket)
    }

    /// Its address.
    ///
    /// # Panics
    ///
    /// Never: the socket is bound.
    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().expect("the socket has an address")
    }

    /// Its base URL, such as `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The socket, for somebody who will listen there after all.
    pub(crate) fn into_socket(self) -> TcpSocket {
        self.0
    }
}
