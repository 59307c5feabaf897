//! Layers for HTTP servers and clients: a span for each request, and trace context in its headers.
//!
//! ```
//! # #[cfg(feature = "axum")]
//! # {
//! use axum::{Router, routing::get};
//! use tickspan::tower::ServerLayer;
//!
//! let app: Router = Router::new()
//!     .route("/orders/{id}", get(async || "filled"))
//!     .layer(ServerLayer::new()); // spans called `GET /orders/{id}`
//! # }
//! ```
//!
//! What is recorded follows OpenTelemetry's [conventions for HTTP](https://opentelemetry.io/docs/specs/semconv/http/http-spans/),
//! as far as it can hold nothing personal. A path, a query, a full URL, a header or an address of a client is never
//! recorded: the route stands for them.

mod body;
mod client;
mod error;
mod going;
mod grpc;
mod response;
mod server;
mod span;

pub use body::StageBody;
pub use client::{Client, ClientLayer};
pub use response::ResponseFuture;
pub use server::{Caller, Server, ServerLayer};
