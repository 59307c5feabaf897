//! A library that annotates its functions, in a program that knows nothing of tickspan.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plain_library::{Side, TooLarge, await_fill, place_order};
use tickspan_tests::capture::Capture;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

#[test]
fn its_stages_are_ordinary_spans() {
    let capture = Capture::new();
    capture.run(|| {
        let _request = tracing::info_span!("request").entered();
        assert_eq!(place_order("AAPL", Side::Buy, 100, "DU123"), Ok(7));
        assert_eq!(
            place_order("AAPL", Side::Sell, 1_001, "DU123"),
            Err(TooLarge)
        );
        let fill = await_fill(7, Duration::from_millis(250));
        assert!(futures::executor::block_on(fill) > 585.0);
    });
    assert_eq!(
        capture.tree(),
        "request\n  \
           place_order symbol=\"AAPL\" side=\"Buy\" quantity=100 order_id=7\n    \
             - order_checked message=<order_checked> quantity=100\n    \
             route_order symbol=\"AAPL\"\n  \
           place_order symbol=\"AAPL\" side=\"Sell\" quantity=1001 otel.status_code=\"ERROR\" \
         tickspan.outcome=\"error\" error.type=\"plain_library::TooLarge\"\n    \
             - order_checked message=<order_checked> quantity=1001\n    \
             - error error.type=\"plain_library::TooLarge\"\n  \
           await_fill order_id=7 timeout_seconds=0.25 otel.kind=\"client\"\n"
    );
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn lines_of_the_fmt_subscriber_stay_readable() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .without_time()
        .with_span_events(FmtSpan::NEW)
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        place_order("AAPL", Side::Buy, 100, "DU123").unwrap();
    });
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        text,
        " INFO place_order{symbol=\"AAPL\" side=\"Buy\" quantity=100}: plain_library: new\n \
          INFO place_order{symbol=\"AAPL\" side=\"Buy\" quantity=100}: plain_library: order_checked quantity=100\n \
          INFO place_order{symbol=\"AAPL\" side=\"Buy\" quantity=100 order_id=7}:route_order{symbol=\"AAPL\"}: \
         plain_library: new\n"
    );
    assert!(!text.contains("DU123"));
}
