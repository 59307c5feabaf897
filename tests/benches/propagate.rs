//! What it takes to put trace context into headers and to take it out, beside the propagators of the SDK alone.
//!
//! ```sh
//! cargo bench -p tickspan-tests --bench propagate
//! ```

use std::collections::HashMap;
use std::hint::black_box;

use divan::Bencher;
use opentelemetry::propagation::{TextMapCompositePropagator, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use tickspan::propagate::{self, Propagator, TraceContext};
use tickspan::{Context, stage};

type Headers = HashMap<String, String>;

#[derive(Debug)]
struct Nowhere;

impl SpanExporter for Nowhere {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

fn main() {
    let _telemetry = tickspan::builder()
        .with_span_exporter(Nowhere)
        .with_console(false)
        .with_summary(false)
        .init()
        .expect("telemetry starts");
    divan::main();
}

/// What a request carries.
const REQUESTS: [&str; 3] = ["parent", "parent_and_state", "parent_state_and_baggage"];

fn headers(request: &str) -> Headers {
    let all = [
        (
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
        ("tracestate", "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7"),
        ("baggage", "desk=fx,region=eu%20west"),
    ];
    let count = 1 + REQUESTS
        .iter()
        .position(|it| *it == request)
        .expect("one of them");
    all[..count]
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn sdk() -> TextMapCompositePropagator {
    TextMapCompositePropagator::new(vec![
        Box::new(TraceContextPropagator::new()),
        Box::new(BaggagePropagator::new()),
    ])
}

mod extract {
    use super::{Bencher, REQUESTS, TextMapPropagator as _, black_box, headers, propagate};

    #[divan::bench(args = REQUESTS)]
    fn tickspan(bencher: Bencher<'_, '_>, request: &str) {
        let headers = headers(request);
        bencher.bench_local(|| propagate::extract(black_box(&headers)));
    }

    #[divan::bench(args = REQUESTS)]
    fn sdk(bencher: Bencher<'_, '_>, request: &str) {
        let (headers, sdk) = (headers(request), super::sdk());
        bencher.bench_local(|| sdk.extract(black_box(&headers)));
    }
}

mod inject {
    use super::{
        Bencher, Headers, Propagator, REQUESTS, TextMapPropagator as _, TraceContext,
        TraceContextExt as _, headers, propagate, stage,
    };

    /// From the current stage.
    #[divan::bench(args = REQUESTS)]
    fn tickspan(bencher: Bencher<'_, '_>, request: &str) {
        propagate::extract(&headers(request)).run(|| {
            let _stage = stage!("send");
            bencher
                .with_inputs(Headers::new)
                .bench_local_values(|mut headers| {
                    propagate::inject(&mut headers);
                    headers
                });
        });
    }

    /// Into the payload of a job.
    #[divan::bench(args = REQUESTS)]
    fn tickspan_into_a_payload(bencher: Bencher<'_, '_>, request: &str) {
        propagate::extract(&headers(request)).run(|| {
            let _stage = stage!("send");
            bencher.bench_local(TraceContext::current);
        });
    }

    /// From a context of OpenTelemetry's that is there already.
    #[divan::bench(args = REQUESTS)]
    fn tickspan_as_a_propagator(bencher: Bencher<'_, '_>, request: &str) {
        let context = super::sdk().extract(&headers(request));
        let propagator = Propagator::default();
        bencher
            .with_inputs(Headers::new)
            .bench_local_values(|mut headers| {
                propagator.inject_context(&context, &mut headers);
                headers
            });
    }

    #[divan::bench(args = REQUESTS)]
    fn sdk(bencher: Bencher<'_, '_>, request: &str) {
        let (sdk, context) = (super::sdk(), super::sdk().extract(&headers(request)));
        assert!(context.span().span_context().is_valid());
        bencher
            .with_inputs(Headers::new)
            .bench_local_values(|mut headers| {
                sdk.inject_context(&context, &mut headers);
                headers
            });
    }
}

/// A stage below a caller: what its trace carries costs those that have something.
mod stage_below {
    use super::{Bencher, Context, REQUESTS, headers, propagate, stage};

    #[divan::bench(args = REQUESTS)]
    fn tickspan(bencher: Bencher<'_, '_>, request: &str) {
        let context: Context = propagate::extract(&headers(request));
        context.run(|| {
            let _around = stage!("around");
            bencher.bench_local(|| stage!("below"));
        });
    }
}
