//! Tests in a process of their own, because `tickspan::init` works once in a process and reads its
//! environment.
//!
//! A test names itself and gives a body; the test binary is started again to run this one test,
//! where the body runs, and the test goes on in the parent with what the child printed.

use std::env;
use std::io::Read;
use std::process::{Child as Process, Command, Stdio, exit};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Names the test whose body this process is to run.
const MARKER: &str = "TICKSPAN_TEST_BODY";

/// The exit code of a body that ran to its end: not 0, which a child that found no such test would
/// give.
const DONE: i32 = 42;

/// Far more than any body needs: only a program that hangs meets it.
const PATIENCE: Duration = Duration::from_mins(5);

/// A test body that will run in a process of its own, each time with its own variables.
#[derive(Clone, Debug)]
pub struct Child {
    test: String,
    variables: Vec<(String, String)>,
    shell: Option<String>,
}

/// What a child left.
#[derive(Debug)]
pub struct Finished {
    /// What it printed on stdout.
    pub stdout: String,
    /// What it printed on stderr.
    pub stderr: String,
}

impl Child {
    /// Prepares the body of the test function `test`, named as the test harness does, with its
    /// modules.
    ///
    /// To be called first in the test: in the child it runs the body, and does not return. The
    /// child's environment is the parent's without anything that tickspan reads.
    pub fn of(test: &str, body: impl FnOnce()) -> Self {
        if env::var(MARKER).is_ok_and(|name| name == test) {
            body();
            exit(DONE);
        }
        Self {
            test: test.to_owned(),
            variables: Vec::new(),
            shell: None,
        }
    }

    /// Sets a variable for the next run.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut child = self.clone();
        child.variables.push((name.to_owned(), value.to_owned()));
        child
    }

    /// Has the next run started by a shell, with the program as `"$0"` and its arguments as `"$@"`.
    #[must_use]
    pub fn in_shell(&self, script: &str) -> Self {
        Self {
            shell: Some(script.to_owned()),
            ..self.clone()
        }
    }

    /// Starts the body, for a test that does not let it come to its end.
    ///
    /// # Panics
    ///
    /// When the process cannot be started.
    pub fn start(&self) -> Process {
        self.command()
            .stderr(Stdio::null())
            .spawn()
            .expect("the test binary starts again")
    }

    /// Runs the body to its end.
    ///
    /// # Panics
    ///
    /// When the body panics, ends the process in another way, or hangs.
    pub fn run(&self) -> Finished {
        let mut child = self
            .command()
            .spawn()
            .expect("the test binary starts again");
        let stdout = read_to_end(child.stdout.take().expect("stdout is piped"));
        let stderr = read_to_end(child.stderr.take().expect("stderr is piped"));
        // The pipes close when the child ends.
        let until = Instant::now() + PATIENCE;
        let wait = |text: Receiver<String>| {
            text.recv_timeout(until.saturating_duration_since(Instant::now()))
        };
        let (stdout, stderr) = (wait(stdout), wait(stderr));
        if stdout.is_err() || stderr.is_err() {
            child.kill().expect("the child can be ended");
            panic!("the body hangs; stdout: {stdout:?}, stderr: {stderr:?}");
        }
        let (stdout, stderr) = (stdout.unwrap_or_default(), stderr.unwrap_or_default());
        let status = child.wait().expect("the child has ended");
        assert_eq!(
            status.code(),
            Some(DONE),
            "the body did not run to its end ({status})\nstdout:\n{stdout}\nstderr:\n{stderr}"
        );
        Finished { stdout, stderr }
    }

    fn command(&self) -> Command {
        let program = env::current_exe().expect("the test binary has a path");
        let mut command = match &self.shell {
            None => Command::new(program),
            Some(script) => {
                let mut shell = Command::new("bash");
                shell.args(["-c", script]).arg(program);
                shell
            }
        };
        command
            .args([&self.test, "--exact", "--include-ignored", "--nocapture"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for (name, _) in env::vars_os() {
            let upper = name.to_string_lossy().to_ascii_uppercase();
            if ["OTEL_", "TICKSPAN_", "HYPERDX_"]
                .iter()
                .any(|prefix| upper.starts_with(prefix))
                || upper.ends_with("_PROXY")
                || ["RUST_LOG", "NO_COLOR"].contains(&&*upper)
            {
                command.env_remove(name);
            }
        }
        command.env(MARKER, &self.test);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }
}

fn read_to_end(mut pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.read_to_end(&mut bytes);
        if read.is_ok() {
            let _ = sender.send(String::from_utf8_lossy(&bytes).into_owned());
        }
    });
    receiver
}
