//! What tickspan costs a web service: requests a second, and processor time a request, with it and without.
//!
//! ```sh
//! cargo bench -p tickspan-tests --bench web_service
//! cargo bench -p tickspan-tests --bench web_service -- --quick
//! ```
//!
//! An axum service in a process of its own answers over loopback HTTP. Kinds of it take turns, each with the same requests:
//! without tracing; with tickspan; with `tracing`, `tracing-opentelemetry`, `axum-tracing-opentelemetry` and the SDK's batch
//! processor. Spans go to a sink over OTLP, those of every trace or of one in ten. What counts is the processor time of the
//! service's process, its exporters included: the client and the sink are in this process, and how long things take on a
//! busy machine says little.

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
use axum_tracing_opentelemetry::middleware::OtelAxumLayer;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde::Serialize;
use tickspan::tower::ServerLayer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

type Result<T> = core::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Says what makes the spans of the service of this process.
const SPANS: &str = "TICKSPAN_BENCH_SPANS";

/// A kind of service.
struct Kind {
    name: &'static str,
    /// What makes its spans: `none`, `tickspan` or `tracing`.
    spans: &'static str,
    /// The share of traces that it exports.
    share: &'static str,
}

/// The first is what the others are compared with.
const KINDS: [Kind; 5] = [
    Kind {
        name: "without tracing",
        spans: "none",
        share: "0",
    },
    Kind {
        name: "tickspan, every trace",
        spans: "tickspan",
        share: "1",
    },
    Kind {
        name: "tickspan, one in ten",
        spans: "tickspan",
        share: "0.1",
    },
    Kind {
        name: "tracing, every trace",
        spans: "tracing",
        share: "1",
    },
    Kind {
        name: "tracing, one in ten",
        spans: "tracing",
        share: "0.1",
    },
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
    match env::var(SPANS) {
        Ok(spans) => Runtime::new()?.block_on(serve(&spans)),
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

/// The routes, with the handlers of a module.
macro_rules! router {
    ($handlers:ident) => {
        Router::new()
            .route("/quotes/{symbol}", get($handlers::quote))
            .route("/bars/{symbol}/{count}", get($handlers::bars))
    };
}
/// Serves until its stdin is closed.
async fn serve(spans: &str) -> Result<()> {
    match spans {
        "tickspan" => {
            let telemetry = tickspan::builder().with_console(false).init()?;
            answer(router!(traced).layer(ServerLayer::new())).await?;
            let report = telemetry.shutdown(Duration::from_secs(10));
            println!("{report}");
        }
        "tracing" => {
            let provider = tracing_to_otlp()?;
            answer(router!(instrumented).layer(OtelAxumLayer::default())).await?;
            provider.shutdown()?;
        }
        _ => answer(router!(plain)).await?,
    }
    Ok(())
}

async fn answer(app: Router) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    let stdin_closed = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
    axum::serve(listener, app)
        .with_graceful_shutdown(async {
            _ = stdin_closed.await;
        })
        .await?;
    Ok(())
}

/// Spans of `tracing` on their way to OTLP, as the documentation of the crates sets them up.
fn tracing_to_otlp() -> Result<SdkTracerProvider> {
    // Not used, but its HTTP client looks for one.
    _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .build()?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .build();
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    tracing_subscriber::registry()
        .with(
            Targets::new()
                .with_default(LevelFilter::INFO)
                .with_target("otel::tracing", LevelFilter::TRACE),
        )
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("service")))
        .init();
    Ok(provider)
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
handlers!(instrumented, #[tracing::instrument]);

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
    fn start(kind: &Kind, sink: &str) -> Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command
            .env(SPANS, kind.spans)
            .env("OTEL_SERVICE_NAME", "service")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", sink)
            .env("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
            .env("OTEL_TRACES_SAMPLER_ARG", kind.share)
            .env("OTEL_BSP_MAX_QUEUE_SIZE", "65536")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
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
    fn processor_time(&self) -> Result<Used> {
        let mut used = Used::default();
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let thread = thread?.path();
            let name = std::fs::read_to_string(thread.join("comm"))?;
            // Linux' sched-stats: what comes first is the time on processors in nanoseconds.
            let times = std::fs::read_to_string(thread.join("schedstat"))?;
            let time = times.split_whitespace().next().ok_or("no time")?;
            let time = Duration::from_nanos(time.parse()?);
            used.all += time;
            // Those that answer are tokio's, and that which has started them.
            if !name.starts_with("tokio-") && !name.starts_with("web_service") {
                used.behind += time;
            }
        }
        Ok(used)
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

/// Processor time.
#[derive(Clone, Copy, Default)]
struct Used {
    all: Duration,
    /// Of threads that do not answer requests.
    behind: Duration,
}

/// What one round took.
#[derive(Clone, Copy)]
struct Round {
    requests_a_second: f64,
    microseconds_a_request: f64,
    microseconds_behind: f64,
}

fn measure() -> Result<()> {
    let is_quick = env::args().any(|argument| argument == "--quick");
    let (rounds, share) = if is_quick { (1, 20) } else { (5, 1) };
    let runtime = Runtime::new()?;
    let sink = runtime.block_on(sink())?;
    let services = KINDS
        .iter()
        .map(|kind| Service::start(kind, &sink))
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
        println!(
            "  {:<22} {:>10} {:>14} {:>17} {:>18}",
            "", "requests/s", "µs a request", "more", "of it, behind"
        );
        for (kind, taken) in KINDS.iter().zip(&taken) {
            let cost = median(taken, |round| round.microseconds_a_request);
            println!(
                "  {:<22} {:>10.0} {cost:>14.1} {:>+8.1} {:>+6.1} % {:>18.1}",
                kind.name,
                median(taken, |round| round.requests_a_second),
                cost - base,
                (cost / base - 1.0) * 100.0,
                median(taken, |round| round.microseconds_behind),
            );
        }
    }
    for (kind, service) in KINDS.iter().zip(services) {
        let said = service.end()?;
        if !said.is_empty() {
            println!("{}: {}", kind.name, said.trim());
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
    let after = service.processor_time()?;
    let asked = (count / CONNECTIONS * CONNECTIONS) as f64;
    let each = |used: fn(&Used) -> Duration| {
        used(&after).saturating_sub(used(&before)).as_secs_f64() * 1e6 / asked
    };
    Ok(Round {
        requests_a_second: asked / took.as_secs_f64(),
        microseconds_a_request: each(|used| used.all),
        microseconds_behind: each(|used| used.behind),
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
