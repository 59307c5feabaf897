//! The page over HTTP, on a port of the program's own.
//!
//! It runs on the export thread. Few connections at a time, each for a while: whoever holds them open takes nothing from
//! the program.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Mutex, Semaphore};

use super::Prometheus;

/// How many connections are served at a time. Others wait in the queue of the socket.
const CONNECTIONS: usize = 8;

/// How long the head of a request may take, and how long a connection lives.
const HEAD: Duration = Duration::from_secs(5);
const LIFE: Duration = Duration::from_secs(60);

/// Serves the page on `listener`, until the runtime ends.
pub(super) async fn serve(listener: TcpListener, page: Prometheus) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let reading = Arc::<Mutex<()>>::default();
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
            return;
        };
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, say: they will become fewer.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (page, reading) = (page.clone(), Arc::clone(&reading));
        tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .serve_connection(
                    TokioIo::new(stream),
                    service_fn(move |request| respond(request, page.clone(), Arc::clone(&reading))),
                );
            // Whatever was wrong with it, it has ended.
            _ = tokio::time::timeout(LIFE, connection).await;
            drop(permit);
        });
    }
}

async fn respond(
    request: Request<Incoming>,
    page: Prometheus,
    reading: Arc<Mutex<()>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() != "/metrics" {
        return Ok(empty(StatusCode::NOT_FOUND));
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
        let allowed = HeaderValue::from_static("GET, HEAD");
        response.headers_mut().insert(ALLOW, allowed);
        return Ok(response);
    }
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    // Instruments may have callbacks of the program's, which take their time, and may panic. One that never ends holds one
    // thread, and not one for each who asks.
    let turn = reading.lock_owned().await;
    let written = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        page.try_write(&accept)
    });
    Ok(match written.await {
        Ok(Ok((content_type, text))) => {
            let mut response = Response::new(Full::new(Bytes::from(text)));
            let content_type = HeaderValue::from_static(content_type);
            response.headers_mut().insert(CONTENT_TYPE, content_type);
            response
        }
        Ok(Err(_)) | Err(_) => empty(StatusCode::INTERNAL_SERVER_ERROR),
    })
}

fn empty(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
