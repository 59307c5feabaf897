//! A relay on loopback that keeps every byte that a client sends.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Stands between an exporter and its receiver.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<u8>>>,
    opened: Arc<AtomicUsize>,
    /// So many connections, the first ones, are dead.
    dead: Arc<AtomicUsize>,
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
        let (opened, dead) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let tap = Self {
            address,
            seen: Arc::clone(&seen),
            opened: Arc::clone(&opened),
            dead: Arc::clone(&dead),
        };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (number, dead) = (opened.fetch_add(1, Ordering::SeqCst), Arc::clone(&dead));
                let is_dead = move || number < dead.load(Ordering::SeqCst);
                // A connection that fails is the client's matter: its spans do not arrive.
                let _ = relay(client, server, &seen, is_dead);
            }
        });
        tap
    }

    /// Nothing arrives any more of what is sent on the connections that there are. They stay open, and new ones are
    /// relayed.
    pub fn kill_connections(&self) {
        let opened = self.opened.load(Ordering::SeqCst);
        self.dead.store(opened, Ordering::SeqCst);
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

fn relay(
    client: TcpStream,
    server: SocketAddr,
    seen: &Arc<Mutex<Vec<u8>>>,
    is_dead: impl Fn() -> bool + Send + 'static,
) -> io::Result<()> {
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
            if is_dead() {
                continue;
            }
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
