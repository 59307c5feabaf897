//! Services of one program, each in a process of its own.
//!
//! The program starts itself again for each role. A role says on stdout, in one line, where it listens, and ends when
//! its stdin ends: when whoever started it lets it go, or is gone.

use std::env;
use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

use tickspan::Telemetry;
use tokio::net::TcpListener;

/// What goes wrong here.
pub type Failure = Box<dyn Error + Send + Sync>;

/// A role in a process of its own.
#[derive(Debug)]
pub struct Role {
    child: Child,
    address: String,
}

impl Role {
    /// Starts this program again, with these arguments, and waits until it listens.
    ///
    /// # Errors
    ///
    /// When it cannot be started, or ends before it listens.
    pub fn start(arguments: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(env::current_exe()?)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut address)?;
        }
        let address = address.trim().to_owned();
        if address.is_empty() {
            return Err(io::Error::other(format!("{arguments:?} did not start")));
        }
        Ok(Self { child, address })
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Has it end, and waits for that.
    ///
    /// # Errors
    ///
    /// When it did not end well.
    pub fn end(mut self) -> io::Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("a role ended with {status}")))
        }
    }
}

/// Starts the telemetry of a role.
///
/// # Errors
///
/// Those of `init`.
pub fn telemetry(service: &str) -> Result<Telemetry, tickspan::Error> {
    tickspan::builder()
        .with_service_name(service)
        .with_console(false)
        .init()
}

/// Listens on a free port of this machine, and says which.
///
/// # Errors
///
/// When there is none, or stdout is closed.
pub async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    writeln!(io::stdout(), "{address}")?;
    io::stdout().flush()?;
    Ok((listener, address))
}

/// Waits until this role is to end.
pub async fn until_let_go() {
    let ended = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink()));
    // Where stdin cannot be read, nobody can say more.
    _ = ended.await;
}

/// The trace that is going on, to be looked up in a backend.
pub fn trace_id() -> String {
    use opentelemetry::trace::TraceContextExt as _;
    let context = tickspan::otel_context();
    context.span().span_context().trace_id().to_string()
}
