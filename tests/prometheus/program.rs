//! The example, as a process.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

/// The example, which trades for ten seconds and stays.
pub(crate) struct Program {
    process: Child,
    stderr: BufReader<ChildStderr>,
    address: String,
}

impl Program {
    /// Starts it, with its page at a port that is free.
    pub(crate) fn start(example: &Path) -> Self {
        let mut process = Command::new(example)
            .args(["--prometheus", "127.0.0.1:0", "--rate", "2000"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", example.display()));
        let stderr = BufReader::new(process.stderr.take().expect("it is piped"));
        let mut program = Self {
            process,
            stderr,
            address: String::new(),
        };
        program.address = program.wait_for_line("metrics at http://");
        program.address = program.address.trim_end_matches("/metrics").to_owned();
        program
    }

    /// The host and port of its page.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Waits until it has traded.
    pub(crate) fn wait_until_done(&mut self) {
        self.wait_for_line("done;");
    }

    /// What follows `begin` in the line that begins so.
    fn wait_for_line(&mut self, begin: &str) -> String {
        let mut line = String::new();
        while self.stderr.read_line(&mut line).expect("it is text") > 0 {
            if let Some(rest) = line.trim_end().strip_prefix(begin) {
                return rest.to_owned();
            }
            line.clear();
        }
        panic!("the program ended before it said `{begin}`");
    }

    /// Ends it as Ctrl-C does, and gives what it prints.
    pub(crate) fn end(mut self) -> String {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args(["-INT", &id]).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "kill -INT {id}"
        );
        let mut text = String::new();
        let mut stdout = self.process.stdout.take().expect("it is piped");
        stdout.read_to_string(&mut text).expect("it is text");
        let status = self.process.wait().expect("it has ended");
        assert!(status.success(), "{status}\n{text}");
        text
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Where it has ended there is nothing to end.
        _ = self.process.kill();
        _ = self.process.wait();
    }
}
