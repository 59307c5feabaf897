//! A command line, an API and a worker, each in a process of its own, form one trace.
//!
//! ```sh
//! cargo run --example cli_to_worker
//! ```
//!
//! The command line calls the API over HTTP. The API puts a job into the worker's queue, with the trace context in its
//! payload: the worker might as well be written in another language.

use std::env;
use std::io::{self, Write as _};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use tickspan::propagate::TraceContext;
use tickspan::tower::{ClientLayer, ServerLayer};
use tickspan::{AttributeValue, traced_stage};
use tickspan_services::roles::{self, Failure, Role};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tower::{Layer as _, Service as _, ServiceExt as _};

#[derive(AttributeValue, Clone, Deserialize, Serialize)]
#[public(reason = "name of a strategy, no customer's")]
struct Strategy(String);

/// What the command line asks for.
#[derive(Deserialize, Serialize)]
struct Backtest {
    strategy: Strategy,
    days: u32,
}

/// What lies in the queue.
#[derive(Deserialize, Serialize)]
struct Job {
    backtest: Backtest,
    #[serde(flatten)]
    trace: TraceContext,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => command_line().await,
        ["worker"] => work().await,
        ["api", queue] => serve(queue).await,
        _ => Err("no arguments are needed".into()),
    }
}

async fn command_line() -> Result<(), Failure> {
    let worker = Role::start(&["worker"])?;
    let api = Role::start(&["api", worker.address()])?;
    let telemetry = roles::telemetry("cli")?;
    let trace = submit(api.address(), &Strategy("mean_reversion".to_owned()), 30).await?;
    drop(telemetry);
    api.end()?;
    worker.end()?;
    writeln!(io::stdout(), "submitted in the trace {trace}")?;
    Ok(())
}

#[traced_stage(err, skip(api))]
async fn submit(api: &str, strategy: &Strategy, days: u32) -> Result<String, Failure> {
    let mut client = ClientLayer::new().layer(Hyper::builder(TokioExecutor::new()).build_http());
    let backtest = Backtest {
        strategy: strategy.clone(),
        days,
    };
    let request = Request::post(format!("http://{api}/backtests"))
        .header("content-type", "application/json")
        .body(Body::from(serde_json::to_vec(&backtest)?))?;
    let response = client.ready().await?.call(request).await?;
    match response.status() {
        StatusCode::ACCEPTED => Ok(roles::trace_id()),
        status => Err(format!("the API answered {status}").into()),
    }
}

type Queue = Arc<Mutex<TcpStream>>;

async fn serve(queue: &str) -> Result<(), Failure> {
    let _telemetry = roles::telemetry("api")?;
    let queue = Arc::new(Mutex::new(TcpStream::connect(queue).await?));
    let (listener, _) = roles::listen().await?;
    let app = Router::new()
        .route("/backtests", post(accept))
        .with_state(queue)
        .layer(ServerLayer::new());
    axum::serve(listener, app)
        .with_graceful_shutdown(roles::until_let_go())
        .await?;
    Ok(())
}

async fn accept(State(queue): State<Queue>, Json(backtest): Json<Backtest>) -> StatusCode {
    match enqueue(&queue, backtest).await {
        Ok(()) => StatusCode::ACCEPTED,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[traced_stage(kind = "producer", err, skip_all)]
async fn enqueue(queue: &Queue, backtest: Backtest) -> Result<(), Failure> {
    let job = Job {
        backtest,
        trace: TraceContext::current(),
    };
    let mut line = serde_json::to_vec(&job)?;
    line.push(b'\n');
    queue.lock().await.write_all(&line).await?;
    Ok(())
}

async fn work() -> Result<(), Failure> {
    let _telemetry = roles::telemetry("worker")?;
    let (listener, _) = roles::listen().await?;
    let (queue, _) = listener.accept().await?;
    let mut lines = BufReader::new(queue).lines();
    while let Some(line) = lines.next_line().await? {
        let job: Job = serde_json::from_str(&line)?;
        run(&job, &job.backtest.strategy, job.backtest.days);
    }
    roles::until_let_go().await;
    Ok(())
}

#[traced_stage(kind = "consumer", parent = job.trace.context(), skip(job))]
fn run(job: &Job, strategy: &Strategy, days: u32) {
    let _ = (job, strategy);
    for day in 0..days.min(3) {
        replay(day);
    }
}

#[traced_stage]
fn replay(day: u32) {
    let _ = day;
}
