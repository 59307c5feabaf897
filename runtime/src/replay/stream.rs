//! A replay for asynchronous code.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::thread;

use futures_core::Stream;
use tokio::sync::mpsc;

use super::{Damage, Event, Events};

/// So many events are read ahead.
const AHEAD: usize = 64;

/// The events of a [`Replay`](super::Replay) as a stream. A thread of its own reads files and waits; dropping the stream ends it.
///
/// ```no_run
/// use futures::StreamExt as _;
/// use tickspan::replay::{Replay, Speed};
///
/// # async fn replay() -> std::io::Result<()> {
/// let mut events = Replay::open("data/events")?.with_speed(Speed::ORIGINAL).stream()?;
/// while let Some(event) = events.next().await {
///     match event {
///         Ok(event) => println!("{}", event.line.data.event_type()),
///         Err(damage) => eprintln!("{damage}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct EventStream(mpsc::Receiver<Result<Event, Damage>>);

impl EventStream {
    pub(super) fn start(mut events: Events) -> io::Result<Self> {
        let (give, given) = mpsc::channel(AHEAD);
        thread::Builder::new()
            .name("tickspan-replay".to_owned())
            .spawn(move || {
                while let Some(next) = events.next_while(&|| !give.is_closed()) {
                    if give.blocking_send(next).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Self(given))
    }
}

impl Stream for EventStream {
    type Item = Result<Event, Damage>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx)
    }
}
