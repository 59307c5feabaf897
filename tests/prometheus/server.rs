//! Prometheus, as a process, with the files of `docs/stack`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tickspan_tests::stack::path;

use crate::page;

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_mins(5);

/// A Prometheus that scrapes one program each second.
pub(crate) struct Server {
    process: Child,
    address: String,
}

/// One number of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// The value of the sample with this label.
pub(crate) fn of(samples: &[Sample], label: &str, value: &str) -> Option<f64> {
    let mut found = samples
        .iter()
        .filter(|sample| sample.labels.get(label).is_some_and(|it| it == value));
    let first = found.next().map(|sample| sample.value);
    assert!(
        found.next().is_none(),
        "{label}={value} twice in {samples:?}"
    );
    first
}

/// Runs `promtool`, with `input` for it to read.
///
/// # Panics
///
/// When it is not content, or says on stderr anything but `known`.
pub(crate) fn promtool(arguments: &[&str], input: &str, known: &[&str]) {
    let mut tool = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool is installed");
    let mut stdin = tool.stdin.take().expect("it is piped");
    // It may end before it has read all.
    _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let left = tool.wait_with_output().expect("it ends");
    let stdout = String::from_utf8_lossy(&left.stdout);
    let stderr = String::from_utf8_lossy(&left.stderr);
    let said: Vec<&str> = stderr.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(said, known, "promtool {arguments:?}\n{stdout}");
    let is_content = left.status.success() || !known.is_empty();
    assert!(is_content, "promtool {arguments:?}\n{stdout}");
}

impl Server {
    /// Starts it with `prometheus.yml` and `rules.yml`, the program for its target, and a second between scrapes.
    pub(crate) fn start(target: &str, folder: &Path) -> Self {
        if folder.exists() {
            fs::remove_dir_all(folder).expect("the folder can be emptied");
        }
        fs::create_dir_all(folder).expect("the folder can be made");
        let config = fs::read_to_string(path("prometheus.yml")).expect("it is there");
        let ours = config
            .replace("host.docker.internal:9464", target)
            .replace("_interval: 15s", "_interval: 1s");
        assert!(ours.contains(target) && ours.contains(": 1s"), "{ours}");
        let file = folder.join("prometheus.yml");
        fs::write(&file, ours).expect("it can be written");
        fs::copy(path("rules.yml"), folder.join("rules.yml")).expect("it can be copied");
        // It cannot be told to find a free port. One that was free may have been taken meanwhile.
        let started = (0..5).find_map(|_| Self::start_in(folder, &file));
        started.unwrap_or_else(|| panic!("Prometheus ends; see {}", folder.join("log").display()))
    }

    /// Starts it at a port that was free. Nothing where it ends at once.
    fn start_in(folder: &Path, config: &Path) -> Option<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let address = listener.local_addr().expect("it has one").to_string();
        drop(listener);
        let log = fs::File::create(folder.join("log")).expect("it can be made");
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                folder.join("data").display()
            ))
            .arg(format!("--web.listen-address={address}"))
            .arg("--enable-feature=exemplar-storage")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("prometheus is installed");
        let mut server = Self { process, address };
        let mut has_ended = false;
        wait(
            &format!(
                "Prometheus is not ready; see {}",
                folder.join("log").display()
            ),
            || {
                has_ended = server
                    .process
                    .try_wait()
                    .is_ok_and(|status| status.is_some());
                has_ended || page::try_get(&server.address, "/-/ready", "*/*").is_ok()
            },
        );
        (!has_ended).then_some(server)
    }

    /// What its API says.
    pub(crate) fn get(&self, path: &str) -> Value {
        let text = page::get(&self.address, path, "*/*");
        let answer: Value = serde_json::from_str(&text).expect("it answers in JSON");
        assert_eq!(answer["status"], "success", "{path}: {answer}");
        assert!(answer["warnings"].is_null(), "{path}: {answer}");
        answer
    }

    /// The answer to a query, now.
    pub(crate) fn ask(&self, query: &str) -> Vec<Sample> {
        let answer = self.get(&format!("/api/v1/query?query={}", page::encoded(query)));
        let found = answer["data"]["result"].as_array().expect("a vector");
        let sample = |sample: &Value| Sample {
            labels: serde_json::from_value(sample["metric"].clone()).expect("labels"),
            value: sample["value"][1]
                .as_str()
                .and_then(|text| text.parse().ok())
                .expect("a number"),
        };
        found.iter().map(sample).collect()
    }

    /// Waits until a query finds something.
    pub(crate) fn wait_for(&self, query: &str) {
        wait(&format!("nothing for {query}"), || {
            !self.ask(query).is_empty()
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

fn wait(what: &str, mut is_there: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_there() {
        assert!(Instant::now() < until, "{what}");
        thread::sleep(Duration::from_millis(100));
    }
}
