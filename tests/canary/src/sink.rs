//! A server that keeps what it is sent, and never answers.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

/// Listens on loopback until the process ends.
pub(crate) struct Sink {
    address: SocketAddr,
    clients: Receiver<Client>,
}

/// Who connected, and the thread that reads what comes until the connection ends.
struct Client {
    address: SocketAddr,
    reader: JoinHandle<Vec<u8>>,
}

impl Sink {
    pub(crate) fn listen() -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("the socket has an address");
        let (connected, clients) = mpsc::channel();
        thread::spawn(move || {
            while let Ok((mut stream, address)) = listener.accept() {
                let reader = thread::spawn(move || read(&mut stream));
                // Nobody asks where this process ends.
                _ = connected.send(Client { address, reader });
            }
        });
        Self { address, clients }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that has come, once those who sent it have ended.
    pub(crate) fn seen(&self) -> Vec<u8> {
        // Connections are accepted in the order in which they were made: this one comes after all others.
        let last = TcpStream::connect(self.address).expect("the sink listens");
        let last = last.local_addr().expect("the socket has an address");
        let clients = self.clients.iter();
        clients
            .take_while(|client| client.address != last)
            .flat_map(|client| client.reader.join().expect("reading does not panic"))
            .collect()
    }
}

/// All that comes; a connection that is torn down has ended, too.
fn read(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    _ = stream.read_to_end(&mut all);
    all
}
