//! What tickspan costs a web service: requests a second, and processor time a request, with it and without.
//!
//! ```sh
//! cargo bench -p tickspan-tests --bench web_service
//! cargo bench -p tickspan-tests --bench web_service -- --quick
//! ```
//!
//! An axum service in a process of its own answers over loopback HTTP. Three kinds of it take turns, each with the same
//! requests: without tickspan; with it, where every span goes to a sink over OTLP; with it, where one trace in ten does. What
//! counts is the processor time of the service's process, its exporters included: the client and the sink are in this
//! process, and how long things take on a busy machine says little.

#![expect(
    clippy::cast_precision_loss,
    reason = "numbers of a benchmark are far below 2^52"
)]

use std::env;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path};
use axum::routing::{get, post};
use serde::Serialize;
use tickspan::tower::ServerLayer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

type Result<T> = core::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Says which kind of service this process is.
const KIND: &str = "TICKSPAN_BENCH_KIND";

/// The kinds of service, and the share of traces that each exports.
const KINDS: [(&str, Option<&str>); 3] = [
    ("without tickspan", None),
    ("every trace exported", Some("1")),
    ("one in ten exported", Some("0.1")),
];

/// What is asked for, and how often in a round.
const REQUESTS: [(&str, usize); 3] = [
    ("/quotes/AAPL", 40_000),
    ("/bars/AAPL/500", 8_000),
    ("/bars/AAPL/10000", 800),
];

/// The most bars of one answer.
const MOST_BARS: u64 = 10_000;

const CONNECTIONS: usize = 8;

/// Exports go on for a moment after the last request.
const SETTLE: Duration = Duration::from_millis(300);

fn main() -> Result<()> {
    match env::var(KIND) {
        Ok(kind) => Runtime::new()?.block_on(serve(&kind)),
        Err(_) => measure(),
    }
}

// The service.

#[derive(Serialize)]
struct Quote {
    symbol: String,
    bid: f64,
    ask: f64,
}

#[derive(Serialize)]
struct Bar {
    open: f64,
    high: f64,
    low: f64,
    close: f64,
    volume: u64,
}

/// Serves until its stdin is closed.
async fn serve(kind: &str) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    let stdin_closed = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
    let until_closed = async {
        _ = stdin_closed.await;
    };
    if kind == KINDS[0].0 {
        let app = Router::new()
            .route("/quotes/{symbol}", get(plain::quote))
            .route("/bars/{symbol}/{count}", get(plain::bars));
        axum::serve(listener, app)
            .with_graceful_shutdown(until_closed)
            .await?;
        return Ok(());
    }
    let telemetry = tickspan::builder().with_console(false).init()?;
    let app = Router::new()
        .route("/quotes/{symbol}", get(traced::quote))
        .route("/bars/{symbol}/{count}", get(traced::bars))
        .layer(ServerLayer::new());
    axum::serve(listener, app)
        .with_graceful_shutdown(until_closed)
        .await?;
    let report = telemetry.shutdown(Duration::from_secs(10));
    println!("{report}");
    Ok(())
}

/// The handlers, and what they call.
macro_rules! handlers {
    ($name:ident, $($stage:tt)*) => {
        mod $name {
            use super::{Bar, MOST_BARS, Path, Quote, averages, best, json};

            pub(super) async fn quote(Path(symbol): Path<String>) -> Vec<u8> {
                json(&look_up(&symbol))
            }

            $($stage)*
            fn look_up(symbol: &str) -> Quote {
                let (bid, ask) = top_of_book(symbol, 100);
                Quote { symbol: symbol.to_owned(), bid, ask }
            }

            $($stage)*
            fn top_of_book(symbol: &str, quantity: u64) -> (f64, f64) {
                best(symbol, quantity)
            }

            pub(super) async fn bars(Path((symbol, count)): Path<(String, u64)>) -> Vec<u8> {
                json(&aggregate(&symbol, count.min(MOST_BARS)))
            }

            $($stage)*
            fn aggregate(symbol: &str, count: u64) -> Vec<Bar> {
                let (bid, _) = top_of_book(symbol, count);
                averages(bid, count)
            }
        }
    };
}

handlers!(plain,);
handlers!(traced, #[tickspan::traced_stage]);

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).unwrap_or_default()
}

fn best(symbol: &str, quantity: u64) -> (f64, f64) {
    let level = symbol.len() as f64 + quantity as f64 / 1e4;
    (580.0 + level, 580.07 + level)
}

/// Bars of forty prices each.
fn averages(start: f64, count: u64) -> Vec<Bar> {
    let mut price = start;
    (0..count)
        .map(|bar| {
            let open = price;
            let (mut high, mut low) = (open, open);
            for tick in 0..40 {
                price += (((bar * 40 + tick) % 7) as f64 - 3.0) / 100.0;
                high = f64::max(high, price);
                low = f64::min(low, price);
            }
            Bar {
                open,
                high,
                low,
                close: price,
                volume: 40 * bar,
            }
        })
        .collect()
}

// The measurement.

/// A service that runs.
struct Service {
    process: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Service {
    fn start(kind: &str, share: Option<&str>, sink: &str) -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command
            .env(KIND, kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(share) = share {
            command
                .env("OTEL_EXPORTER_OTLP_ENDPOINT", sink)
                .env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
                .env("OTEL_TRACES_SAMPLER_ARG", share)
                .env("OTEL_BSP_MAX_QUEUE_SIZE", "65536");
        }
        let mut process = command.spawn()?;
        let stdin = process.stdin.take();
        let mut stdout = BufReader::new(process.stdout.take().ok_or("stdout is piped")?);
        let mut address = String::new();
        stdout.read_line(&mut address)?;
        Ok(Self {
            process,
            stdin,
            stdout,
            address: address.trim().to_owned(),
        })
    }

    /// What the process has used of processors.
    fn processor_time(&self) -> Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // proc(5): what follows the name in parentheses begins with the third field; 14 and 15 are user and system
        // time in ticks of 10 ms.
        let fields = stat.rsplit_once(')').ok_or("no name")?.1;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        Ok(Duration::from_millis(ticks * 10))
    }

    /// Ends the service, and gives what it says at its end.
    fn end(mut self) -> Result<String> {
        drop(self.stdin.take());
        let mut text = String::new();
        for line in self.stdout.lines() {
            text += &line?;
            text.push('\n');
        }
        self.process.wait()?;
        Ok(text)
    }
}

/// What one round took.
#[derive(Clone, Copy)]
struct Round {
    requests_a_second: f64,
    microseconds_a_request: f64,
}

fn measure() -> Result<()> {
    let is_quick = env::args().any(|argument| argument == "--quick");
    let (rounds, share) = if is_quick { (1, 20) } else { (5, 1) };
    let runtime = Runtime::new()?;
    let sink = runtime.block_on(sink())?;
    let services = KINDS
        .into_iter()
        .map(|(kind, share)| Service::start(kind, share, &sink))
        .collect::<Result<Vec<_>>>()?;
    for (path, count) in REQUESTS {
        let count = count / share;
        let mut taken = vec![Vec::new(); services.len()];
        for round in 0..=rounds {
            // They take turns, so that what else goes on meets all of them.
            for (service, taken) in services.iter().zip(&mut taken) {
                let one = runtime.block_on(one_round(service, path, count))?;
                // The first warms up.
                if round > 0 {
                    taken.push(one);
                }
            }
        }
        println!("GET {path}, {count} requests a round, the median of {rounds}");
        let base = median(&taken[0], |round| round.microseconds_a_request);
        for ((kind, _), taken) in KINDS.iter().zip(&taken) {
            let cost = median(taken, |round| round.microseconds_a_request);
            println!(
                "  {kind:<22} {:>8.0} requests/s {cost:>8.1} µs of processor a request {:>+7.1} µs {:>+6.1} %",
                median(taken, |round| round.requests_a_second),
                cost - base,
                (cost / base - 1.0) * 100.0
            );
        }
    }
    for ((kind, _), service) in KINDS.iter().zip(services) {
        let said = service.end()?;
        if !said.is_empty() {
            println!("{kind}: {}", said.trim());
        }
    }
    Ok(())
}

async fn one_round(service: &Service, path: &str, count: usize) -> Result<Round> {
    let before = service.processor_time()?;
    let start = Instant::now();
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            tokio::spawn(ask(
                service.address.clone(),
                path.to_owned(),
                count / CONNECTIONS,
            ))
        })
        .collect();
    for client in clients {
        client.await??;
    }
    let took = start.elapsed();
    sleep(SETTLE);
    let used = service.processor_time()?.saturating_sub(before);
    let asked = (count / CONNECTIONS * CONNECTIONS) as f64;
    Ok(Round {
        requests_a_second: asked / took.as_secs_f64(),
        microseconds_a_request: used.as_secs_f64() * 1e6 / asked,
    })
}

/// Asks over one connection, one request after the other.
async fn ask(address: String, path: String, count: usize) -> Result<()> {
    let mut connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: service\r\n\r\n");
    let mut answer = vec![0; 2 << 20];
    for _ in 0..count {
        connection.write_all(request.as_bytes()).await?;
        let (mut read, mut length) = (0, None);
        while length.is_none_or(|length| read < length) {
            let more = connection.read(&mut answer[read..]).await?;
            if more == 0 {
                return Err("the service has closed the connection".into());
            }
            read += more;
            length = length.or_else(|| length_of(&answer[..read]));
        }
        if !answer.starts_with(b"HTTP/1.1 200") {
            return Err("the service does not answer with 200".into());
        }
    }
    Ok(())
}

/// The length of an answer with its head, once that has come.
fn length_of(answer: &[u8]) -> Option<usize> {
    let text = core::str::from_utf8(answer).ok()?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))?;
    Some(head.len() + 4 + length.parse::<usize>().ok()?)
}

/// Takes what is exported, and drops it. Gives its address.
async fn sink() -> Result<String> {
    let app = Router::new()
        .route("/v1/{signal}", post(|_: axum::body::Bytes| async {}))
        .layer(DefaultBodyLimit::disable());
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(format!("http://{address}"))
}

fn median(rounds: &[Round], of: impl Fn(&Round) -> f64) -> f64 {
    let mut values: Vec<f64> = rounds.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
