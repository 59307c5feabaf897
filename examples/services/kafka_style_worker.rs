//! A producer and a worker, each in a process of its own, form one trace over a queue whose messages have headers.
//!
//! ```sh
//! cargo run --example kafka_style_worker
//! ```
//!
//! The queue is a loopback connection that hands messages on, as Kafka would: a list of names and bytes, and a payload.
//! With rdkafka the headers go in and out in the same way: see `docs/propagation.md`.

use std::env;
use std::io::{self, Write as _};

use serde::{Deserialize, Serialize};
use tickspan::{Context, Empty, propagate, record, traced_stage};
use tickspan_services::roles::{self, Failure, Role};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

const ORDERS: u64 = 3;

/// A message, as Kafka has it.
#[derive(Debug, Deserialize, Serialize)]
struct Message {
    headers: Vec<(String, Vec<u8>)>,
    payload: String,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            let worker = Role::start(&["worker"])?;
            let producer = Role::start(&["producer", worker.address()])?;
            writeln!(
                io::stdout(),
                "{ORDERS} orders in the trace {}",
                producer.address()
            )?;
            producer.end()?;
            worker.end()?;
            Ok(())
        }
        ["worker"] => work().await,
        ["producer", queue] => produce(queue).await,
        _ => Err("no arguments are needed".into()),
    }
}

/// Puts orders into the queue, and says in which trace.
async fn produce(queue: &str) -> Result<(), Failure> {
    let _telemetry = roles::telemetry("producer")?;
    let mut queue = TcpStream::connect(queue).await?;
    rebalance(&mut queue).await?;
    roles::until_let_go().await;
    Ok(())
}

#[traced_stage(err)]
async fn rebalance(queue: &mut TcpStream) -> Result<(), Failure> {
    // It reaches the worker in the headers, beside the trace.
    let context = Context::current().with_baggage("orders_in_all", &ORDERS);
    let sent = async {
        for order_id in 0..ORDERS {
            send(queue, order_id).await?;
        }
        Ok::<(), Failure>(())
    };
    context.attach(sent).await?;
    writeln!(io::stdout(), "{}", roles::trace_id())?;
    Ok(())
}

#[traced_stage(
    name = "send orders",
    kind = "producer",
    err,
    fields(
        messaging.system = "kafka",
        messaging.operation.type = "send",
        messaging.operation.name = "send",
        messaging.destination.name = "orders",
    )
)]
async fn send(queue: &mut TcpStream, order_id: u64) -> Result<(), Failure> {
    let mut message = Message {
        headers: vec![("content-type".to_owned(), b"text/plain".to_vec())],
        payload: order_id.to_string(),
    };
    propagate::inject(&mut message.headers);
    let mut line = serde_json::to_vec(&message)?;
    line.push(b'\n');
    queue.write_all(&line).await?;
    Ok(())
}

/// Takes messages out of the queue until it is closed.
async fn work() -> Result<(), Failure> {
    let _telemetry = roles::telemetry("worker")?;
    let (listener, _) = roles::listen().await?;
    let (queue, _) = listener.accept().await?;
    let mut lines = BufReader::new(queue).lines();
    while let Some(line) = lines.next_line().await? {
        let message: Message = serde_json::from_str(&line)?;
        // A message that fails is told by its span; the next one is not kept waiting.
        _ = process(&message).await;
    }
    roles::until_let_go().await;
    Ok(())
}

#[traced_stage(
    name = "process orders",
    kind = "consumer",
    parent = propagate::extract(&message.headers),
    err,
    fields(
        messaging.system = "kafka",
        messaging.operation.type = "process",
        messaging.operation.name = "process",
        messaging.destination.name = "orders",
        orders_in_all = Empty,
    )
)]
async fn process(message: &Message) -> Result<(), Failure> {
    // Baggage is no attribute unless somebody asks for it by name; as a number it needs no reason.
    let orders_in_all =
        propagate::baggage("orders_in_all").and_then(|text| text.parse::<u64>().ok());
    record!(orders_in_all);
    execute(message.payload.parse()?);
    Ok(())
}

#[traced_stage]
fn execute(order_id: u64) {
    let _ = order_id;
}
