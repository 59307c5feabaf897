//! What receives spans over OTLP: this program again, so that what it uses of the processors is not that of the process
//! that is measured.

pub(crate) mod server;

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::library::Delivered;

/// The traces that came.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Received {
    /// The spans, and the size of all bodies.
    pub(crate) delivered: Delivered,
    /// The requests that brought them.
    pub(crate) requests: u64,
}

/// The process that receives. It ends by itself when the one that started it does.
#[derive(Debug)]
pub(crate) struct Receiver {
    process: Child,
    output: BufReader<ChildStdout>,
    url: String,
}

impl Receiver {
    /// Starts it, and waits until it listens.
    pub(crate) fn start() -> Result<Self, Box<dyn Error>> {
        let mut process = Command::new(env::current_exe()?)
            .arg("--receiver")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut output = BufReader::new(process.stdout.take().ok_or("its output is piped")?);
        let mut url = String::new();
        if output.read_line(&mut url)? == 0 {
            return Err(format!("the receiver does not start: {}", process.wait()?).into());
        }
        Ok(Self {
            process,
            output,
            url: url.trim_end().to_owned(),
        })
    }

    /// Where it listens: a base URL, to which OTLP adds the paths of its signals.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it and asks what came.
    pub(crate) fn finish(mut self) -> Result<Received, Box<dyn Error>> {
        drop(self.process.stdin.take());
        let received = serde_json::from_reader(self.output)?;
        self.process.wait()?;
        Ok(received)
    }
}
