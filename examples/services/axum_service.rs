//! Two services, each in a process of its own, form one trace over HTTP.
//!
//! ```sh
//! cargo run --example axum_service
//! ```
//!
//! `quotes` asks `pricing` for the price of a symbol. The layers of `tickspan::tower` put a span around each request
//! that is served and each that is sent, and the trace context into the headers. With `OTEL_EXPORTER_OTLP_ENDPOINT` set,
//! both send their spans there.

use std::env;
use std::io::{self, Write as _};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client as Hyper;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::{Deserialize, Serialize};
use tickspan::tower::{Client, ClientLayer, ServerLayer};
use tickspan::{Context, event, traced_stage};
use tickspan_services::roles::{self, Failure, Role};
use tower::{Layer as _, Service as _, ServiceExt as _};

#[derive(Debug, Deserialize, Serialize)]
struct Quote {
    symbol: String,
    bid: f64,
    ask: f64,
    trace: String,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => ask().await,
        ["pricing"] => {
            serve(
                "pricing",
                Router::new().route("/prices/{symbol}", get(price)),
            )
            .await
        }
        ["quotes", pricing] => {
            let pricing = Pricing {
                address: pricing.to_owned(),
                client: ClientLayer::new()
                    .with_template(|_| Some("/prices/{symbol}".into()))
                    .layer(Hyper::builder(TokioExecutor::new()).build_http()),
            };
            let app = Router::new()
                .route("/quotes/{symbol}", get(quote))
                .with_state(pricing);
            serve("quotes", app).await
        }
        _ => Err("no arguments are needed".into()),
    }
}

/// Starts both services, and asks for a quote that there is and one that there is not.
async fn ask() -> Result<(), Failure> {
    let pricing = Role::start(&["pricing"])?;
    let quotes = Role::start(&["quotes", pricing.address()])?;
    let client: Hyper<HttpConnector, Body> = Hyper::builder(TokioExecutor::new()).build_http();
    for symbol in ["AAPL", "NONE"] {
        let url = format!("http://{}/quotes/{symbol}", quotes.address());
        let response = client.get(url.parse()?).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        let answer = String::from_utf8_lossy(&body);
        writeln!(io::stdout(), "GET /quotes/{symbol}: {status} {answer}")?;
    }
    // Connections that are kept open would keep the services waiting.
    drop(client);
    quotes.end()?;
    pricing.end()?;
    Ok(())
}

/// Serves until this role is let go.
async fn serve(service: &str, app: Router) -> Result<(), Failure> {
    let _telemetry = roles::telemetry(service)?;
    let (listener, _) = roles::listen().await?;
    let app = app.layer(ServerLayer::new());
    axum::serve(listener, app)
        .with_graceful_shutdown(roles::until_let_go())
        .await?;
    Ok(())
}

/// The other service, as this one sees it.
#[derive(Clone)]
struct Pricing {
    address: String,
    client: Client<Hyper<HttpConnector, Body>>,
}

impl Pricing {
    #[traced_stage(err)]
    async fn price_of(&mut self, symbol: &str) -> Result<Quote, Failure> {
        let url = format!("http://{}/prices/{symbol}", self.address);
        let request = Request::get(url).body(Body::empty())?;
        let response = self.client.ready().await?.call(request).await?;
        if response.status() != StatusCode::OK {
            return Err("there is no price".into());
        }
        let body = response.into_body().collect().await?.to_bytes();
        Ok(serde_json::from_slice(&body)?)
    }
}

async fn quote(
    State(mut pricing): State<Pricing>,
    Path(symbol): Path<String>,
) -> Result<Json<Quote>, StatusCode> {
    // What is spawned goes on with the trace if it is handed the context.
    tokio::spawn(Context::current().attach(audit()));
    let quote = pricing.price_of(&symbol).await;
    quote.map(Json).map_err(|_| StatusCode::NOT_FOUND)
}

#[traced_stage]
async fn audit() {
    event!("quote_asked_for");
}

async fn price(Path(symbol): Path<String>) -> Result<Json<Quote>, StatusCode> {
    let (bid, ask) = look_up(&symbol).ok_or(StatusCode::NOT_FOUND)?;
    Ok(Json(Quote {
        symbol,
        bid,
        ask,
        trace: roles::trace_id(),
    }))
}

#[traced_stage]
fn look_up(symbol: &str) -> Option<(f64, f64)> {
    (symbol == "AAPL").then_some((585.33, 585.40))
}
