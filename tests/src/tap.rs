//! A relay on loopback that keeps every byte that a client sends.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Stands between an exporter and its receiver.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    /// Starts a relay to a server such as `http://127.0.0.1:40123`. Its threads end with its connections, or with the
    /// process.
    ///
    /// # Panics
    ///
    /// When it cannot listen, or `url` is not of that form.
    pub fn to(url: &str) -> Self {
        let server: SocketAddr = url
            .strip_prefix("http://")
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("`{url}` is an address of loopback"));
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port is free");
        let address = listener.local_addr().expect("the socket has an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                // A connection that fails is the client's matter: its spans do not arrive.
                let _ = relay(client, server, &kept);
            }
        });
        Self { address, seen }
    }

    /// Where the exporter should send.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that was sent so far.
    pub fn seen(&self) -> Vec<u8> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn relay(client: TcpStream, server: SocketAddr, seen: &Arc<Mutex<Vec<u8>>>) -> io::Result<()> {
    let server = TcpStream::connect(server)?;
    let (mut answers, mut to_client) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    });
    let (mut client, mut server, seen) = (client, server, Arc::clone(seen));
    thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while let Ok(read @ 1..) = client.read(&mut bytes) {
            // Before the server has it: whoever has seen it arrive finds it here.
            seen.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .extend_from_slice(&bytes[..read]);
            if server.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Write);
    });
    Ok(())
}
