//! The page over HTTP, on a port of the program's own.
//!
//! It runs on the export thread. There are so many connections at a time, each for a while, and so many pages: whoever holds them
//! open takes nothing from the program, and nothing from who asks.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::Prometheus;

/// How many connections there are at a time. For a further one the oldest on which nothing is asked is closed.
const CONNECTIONS: usize = 64;

/// How long each may be open until then: who asks at once is read within it.
const GRACE: Duration = Duration::from_millis(100);

/// How much of a request is read before it is refused.
const REQUEST: usize = 16 << 10;

/// How many pages are held at a time, each until it is sent.
const PAGES: usize = 8;

/// How long the head of a request may take, and how long a connection lives.
const HEAD: Duration = Duration::from_secs(5);
const LIFE: Duration = Duration::from_secs(60);

/// Serves the page on `listener`, until the runtime ends.
pub(super) async fn serve(listener: TcpListener, page: Prometheus) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else {
        return;
    };
    let desk = Desk {
        page,
        pages: Arc::new(Semaphore::new(PAGES)),
        reading: Arc::default(),
    };
    let mut connections = VecDeque::with_capacity(CONNECTIONS);
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Too many open files, say: they will become fewer.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        make_room(&mut connections).await;
        let is_asked = Arc::<AtomicBool>::default();
        let (desk, asked) = (desk.clone(), Arc::clone(&is_asked));
        let served = tokio::spawn(async move {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD)
                .max_buf_size(REQUEST)
                .serve_connection(
                    TokioIo::new(stream),
                    service_fn(|request| respond(request, desk.clone(), Asked::on(&asked))),
                );
            // Whatever was wrong with it, it has ended.
            _ = tokio::time::timeout(LIFE, connection).await;
        });
        connections.push_back(Connection {
            served: served.abort_handle(),
            is_asked,
            since: Instant::now(),
        });
    }
}

/// Forgets connections that have ended. If there are too many all the same, the oldest on which nothing is asked is closed, or else the
/// oldest.
async fn make_room(connections: &mut VecDeque<Connection>) {
    loop {
        connections.retain(|connection| !connection.served.is_finished());
        if connections.len() < CONNECTIONS {
            return;
        }
        let is_idle = |it: &Connection| !it.is_asked.load(Ordering::Relaxed);
        let place = connections.iter().position(is_idle).unwrap_or(0);
        let due = connections[place].since + GRACE;
        if due <= Instant::now() {
            connections[place].served.abort();
            connections.remove(place);
            return;
        }
        tokio::time::sleep_until(due).await;
    }
}

/// What answers need.
#[derive(Clone)]
struct Desk {
    page: Prometheus,
    pages: Arc<Semaphore>,
    reading: Arc<Mutex<()>>,
}

struct Connection {
    served: AbortHandle,
    /// A request has come, and its answer is not sent. All is done by one thread: no order of memory matters.
    is_asked: Arc<AtomicBool>,
    since: Instant,
}

/// Marks a connection until the answer is sent.
struct Asked(Arc<AtomicBool>);

impl Asked {
    fn on(connection: &Arc<AtomicBool>) -> Self {
        connection.store(true, Ordering::Relaxed);
        Self(Arc::clone(connection))
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// A page that has its place until it is sent.
struct Sent {
    text: String,
    _place: OwnedSemaphorePermit,
    _asked: Asked,
}

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

async fn respond(
    request: Request<Incoming>,
    desk: Desk,
    asked: Asked,
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
    let Desk { page, pages, .. } = desk;
    let Ok(place) = pages.acquire_owned().await else {
        return Ok(empty(StatusCode::INTERNAL_SERVER_ERROR));
    };
    // Instruments may have callbacks of the program's, which take their time, and may panic. One that never ends holds one
    // thread, and not one for each who asks.
    let turn = desk.reading.lock_owned().await;
    let written = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        page.try_write(&accept)
    });
    Ok(match written.await {
        Ok(Ok((content_type, text))) => {
            let sent = Sent {
                text,
                _place: place,
                _asked: asked,
            };
            let mut response = Response::new(Full::new(Bytes::from_owner(sent)));
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
