//! Trace context and baggage in and out of each carrier, over both routes.

use std::collections::{BTreeMap, HashMap};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId};
use opentelemetry_sdk::propagation::BaggagePropagator;
use opentelemetry_sdk::trace::SpanData;
use tickspan::propagate::{self, Carrier, CarrierMut, TraceContext, pairs};
use tickspan::testing::capture;
use tickspan::{AttributeValue, Context, public, record, stage, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, on_both_routes};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
const STATE: &str = "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7";
const TRACE: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;
const SPAN: u64 = 0x00f0_67aa_0ba9_02b7;

#[traced_stage(kind = "consumer", parent = context)]
fn receive<C: CarrierMut>(context: &Context, out: &mut C) {
    propagate::inject(out);
}

fn headers() -> HashMap<String, String> {
    [
        ("traceparent", PARENT),
        ("tracestate", STATE),
        ("baggage", "desk=fx,region=eu%20west;ttl=5"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn text<C: Carrier + ?Sized>(carrier: &C, name: &str) -> Option<String> {
    let mut values = carrier.get(name);
    let value = values.next()?;
    assert_eq!(values.next(), None, "one value");
    Some(String::from_utf8(value.to_vec()).unwrap())
}

/// The span is the child of the one in [`PARENT`], with its trace state and flags.
#[track_caller]
fn assert_below_the_caller(span: &SpanData) {
    assert_eq!(span.span_context.trace_id(), TraceId::from(TRACE));
    assert_eq!(span.parent_span_id, SpanId::from(SPAN));
    assert!(span.parent_span_is_remote);
    assert_eq!(span.span_context.trace_state().header(), STATE);
    assert_eq!(span.span_context.trace_flags(), TraceFlags::new(3));
}

/// What came in goes out of the stage below it, and comes in again.
fn assert_goes_through<C: Carrier + CarrierMut + Default>(with_baggage: bool) {
    let mut incoming = C::default();
    for (name, value) in headers() {
        incoming.set(&name, value);
    }
    let mut outgoing = C::default();
    outgoing.set("traceparent", "of another trace".to_owned());
    outgoing.set("tracestate", "of=another".to_owned());
    let ((), seen) = capture(|| receive(&propagate::extract(&incoming), &mut outgoing));
    let span = seen.span("receive");
    assert_below_the_caller(span);
    assert_eq!(
        text(&outgoing, "traceparent"),
        Some(format!(
            "00-{TRACE:032x}-{}-03",
            span.span_context.span_id()
        ))
    );
    assert_eq!(text(&outgoing, "tracestate").as_deref(), Some(STATE));
    let baggage = with_baggage.then_some("desk=fx,region=eu%20west;ttl=5");
    assert_eq!(text(&outgoing, "baggage").as_deref(), baggage);

    // A trace that starts here has neither: what the carrier had is removed.
    let ((), seen) = capture(|| receive(&Context::default(), &mut outgoing));
    let own = seen.span("receive").span_context.trace_id();
    let parent = text(&outgoing, "traceparent").unwrap();
    assert!(parent.contains(&own.to_string()), "{parent}");
    assert_eq!(text(&outgoing, "tracestate"), None);
    assert_eq!(text(&outgoing, "baggage"), None);
}

#[test]
fn maps_carry_it() {
    assert_goes_through::<HashMap<String, String>>(true);
    assert_goes_through::<BTreeMap<String, String>>(true);
}

#[test]
fn http_headers_carry_it() {
    assert_goes_through::<http::HeaderMap>(true);
}

#[test]
fn lists_of_names_and_bytes_carry_it() {
    assert_goes_through::<Vec<(String, Vec<u8>)>>(true);
    assert_goes_through::<Vec<(String, String)>>(true);
}

#[test]
fn payloads_carry_it_without_baggage() {
    assert_goes_through::<TraceContext>(false);
}

#[test]
fn names_are_found_in_any_case_and_the_last_of_a_list_counts() {
    let list = [
        (
            "Traceparent",
            "00-00000000000000000000000000000001-0000000000000001-01",
        ),
        ("TRACEPARENT", PARENT),
    ];
    let bytes = list.map(|(name, value)| (name, value.as_bytes()));
    let map: HashMap<_, _> = [("TraceParent".to_owned(), PARENT.to_owned())].into();
    for context in [
        propagate::extract(&list[..]),
        propagate::extract(&pairs(bytes.into_iter())),
        propagate::extract(&map),
    ] {
        let text = format!("{context:?}");
        assert!(text.contains("4bf92f3577b34da6a3ce929d0e0e4736"), "{text}");
    }
}

/// The headers of rdkafka, as the book takes them: their iterator cannot be cloned.
mod rdkafka {
    pub(super) struct Header<'a, V> {
        pub(super) key: &'a str,
        pub(super) value: Option<V>,
    }

    #[derive(Default)]
    pub(super) struct OwnedHeaders(Vec<(String, Vec<u8>)>);

    impl OwnedHeaders {
        pub(super) fn insert(mut self, Header { key, value }: Header<'_, &String>) -> Self {
            let value = value.expect("it has a value");
            self.0.push((key.to_owned(), value.clone().into()));
            self
        }

        pub(super) fn iter(&self) -> HeadersIter<'_> {
            HeadersIter(self.0.iter())
        }
    }

    pub(super) struct HeadersIter<'a>(std::slice::Iter<'a, (String, Vec<u8>)>);

    impl<'a> Iterator for HeadersIter<'a> {
        type Item = Header<'a, &'a [u8]>;

        fn next(&mut self) -> Option<Self::Item> {
            let (key, value) = self.0.next()?;
            Some(Header {
                key,
                value: Some(value),
            })
        }
    }
}

#[test]
fn headers_of_rdkafka_carry_it() {
    use rdkafka::{Header, OwnedHeaders};

    let sent = propagate::extract(&[("traceparent", PARENT)][..]);
    let mut headers = OwnedHeaders::default();
    sent.run(|| {
        for (name, value) in propagate::headers() {
            headers = std::mem::take(&mut headers).insert(Header {
                key: &name,
                value: Some(&value),
            });
        }
    });
    let headers: Vec<(&str, &[u8])> = Some(&headers)
        .into_iter()
        .flat_map(|all| all.iter())
        .filter_map(|header| Some((header.key, header.value?)))
        .collect();
    let text = format!("{:?}", propagate::extract(&headers));
    assert!(text.contains("4bf92f3577b34da6a3ce929d0e0e4736"), "{text}");
}

#[test]
fn several_headers_of_one_name_are_one_list_over_http() {
    let mut headers = http::HeaderMap::new();
    headers.append("traceparent", PARENT.parse().unwrap());
    for (name, value) in [
        ("tracestate", "congo=t61rcWkgMzE"),
        ("tracestate", "rojo=00f067aa0ba902b7"),
        ("baggage", "a=1"),
        ("baggage", "b=2"),
    ] {
        headers.append(name, value.parse().unwrap());
    }
    let mut out = http::HeaderMap::new();
    let ((), seen) = capture(|| receive(&propagate::extract(&headers), &mut out));
    assert_below_the_caller(seen.span("receive"));
    assert_eq!(text(&out, "baggage").as_deref(), Some("a=1,b=2"));
}

#[test]
fn payload_is_what_other_languages_write_and_read() {
    #[derive(serde::Serialize, serde::Deserialize)]
    struct Job {
        symbol: String,
        #[serde(flatten)]
        trace: TraceContext,
    }

    let text =
        format!(r#"{{"symbol":"AAPL","traceparent":"{PARENT}","tracestate":"{STATE}","more":1}}"#);
    let job: Job = serde_json::from_str(&text).unwrap();
    let (sent, seen) = capture(|| {
        job.trace.context().run(|| {
            let _stage = stage!("work");
            Job {
                symbol: job.symbol.clone(),
                trace: TraceContext::current(),
            }
        })
    });
    let span = seen.span("work");
    assert_below_the_caller(span);
    let id = span.span_context.span_id();
    assert_eq!(
        serde_json::to_string(&sent).unwrap(),
        format!(
            r#"{{"symbol":"AAPL","traceparent":"00-{TRACE:032x}-{id}-03","tracestate":"{STATE}"}}"#
        )
    );

    let nothing: Job = serde_json::from_str(r#"{"symbol":"AAPL"}"#).unwrap();
    assert_eq!(nothing.trace, TraceContext::default());
    assert_eq!(
        serde_json::to_string(&nothing).unwrap(),
        r#"{"symbol":"AAPL"}"#
    );
    let outside = serde_json::to_string(&TraceContext::current()).unwrap();
    assert_eq!(outside, "{}");
}

/// Trace state and baggage reach whatever belongs to the trace.
fn hand_around() {
    let remote = propagate::extract(&headers());
    remote.run(|| {
        let _outer = stage!("outer");
        let _inner = stage!("inner");
        let context = Context::current();
        thread::scope(|scope| {
            scope.spawn(|| {
                context.run(|| {
                    let _stage = stage!("on_a_thread");
                    assert_carried();
                });
            });
        });
        block_on(context.clone().attach(async {
            let _stage = stage!("attached");
            assert_carried();
        }));
        block_on(stage!("future", async {
            pending_once().await;
            let _stage = stage!("in_a_future");
            assert_carried();
        }));
        tracing::info_span!("of_another_library").in_scope(|| {
            let _stage = stage!("in_a_span");
            assert_carried();
        });
        Context::default().run(|| {
            let _stage = stage!("in_an_empty_context");
        });
    });
    let _own = stage!("own");
    assert_eq!(propagate::baggage("desk"), None);
}

fn assert_carried() {
    assert_eq!(propagate::baggage("desk").as_deref(), Some("fx"));
    assert_eq!(propagate::baggage("region").as_deref(), Some("eu west"));
    assert_eq!(propagate::baggage("symbol"), None);
    assert_eq!(Context::current().baggage("desk").as_deref(), Some("fx"));
    let out: HashMap<_, _> = propagate::headers().collect();
    assert_eq!(out["tracestate"], STATE);
    assert_eq!(out["baggage"], "desk=fx,region=eu%20west;ttl=5");
}

async fn pending_once() {
    let mut waited = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut waited, true) {
            return std::task::Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

#[test]
fn trace_state_and_baggage_reach_all_of_the_trace() {
    on_both_routes(
        "trace_state_and_baggage_reach_all_of_the_trace",
        hand_around,
        |spans| {
            assert_eq!(spans.len(), 10);
            for span in spans {
                let state = span.span_context.trace_state().header();
                let expected = if span.name == "own" { "" } else { STATE };
                assert_eq!(state, expected, "{}", span.name);
                assert_eq!(span.attributes, [], "{}", span.name);
                assert_eq!(span.parent_span_is_remote, span.name == "outer");
            }
        },
    );
}

#[test]
fn baggage_alone_goes_with_a_trace_that_starts_here() {
    on_both_routes(
        "baggage_alone_goes_with_a_trace_that_starts_here",
        || {
            let headers = [("baggage", "desk=fx")];
            propagate::extract(&headers[..]).run(|| {
                let _stage = stage!("work");
                assert_eq!(propagate::baggage("desk").as_deref(), Some("fx"));
                let out: HashMap<_, _> = propagate::headers().collect();
                assert_eq!(out["baggage"], "desk=fx");
                assert!(out.contains_key("traceparent"));
            });
        },
        |spans| assert_eq!(spans[0].parent_span_id, SpanId::INVALID),
    );
}

#[derive(AttributeValue)]
enum Desk {
    Fx,
}

#[traced_stage(parent = context)]
fn under(context: &Context) {
    assert_eq!(propagate::baggage("desk").as_deref(), Some("Fx"));
}

#[test]
fn baggage_of_the_program_reaches_the_stages_below() {
    on_both_routes(
        "baggage_of_the_program_reaches_the_stages_below",
        || {
            let _stage = stage!("outer");
            let context = Context::current().with_baggage("desk", &Desk::Fx);
            under(&context);
            context.run(|| {
                let _stage = stage!("inner");
                record!(
                    desk = public!(
                        propagate::baggage("desk"),
                        reason = "names of desks are no secret"
                    )
                );
                assert_eq!(propagate::baggage("desk").as_deref(), Some("Fx"));
                let more = Context::current().with_baggage("orders", &3_u64);
                assert_eq!(more.baggage("orders").as_deref(), Some("3"));
                let mut out = HashMap::<String, String>::new();
                more.inject(&mut out);
                assert_eq!(out["baggage"], "desk=Fx,orders=3");
            });
            assert_eq!(propagate::baggage("desk"), None);
        },
        |spans| {
            let outer = spans.iter().find(|span| span.name == "outer").unwrap();
            for name in ["under", "inner"] {
                let span = spans.iter().find(|span| span.name == name).unwrap();
                assert_eq!(span.parent_span_id, outer.span_context.span_id(), "{name}");
                assert!(!span.parent_span_is_remote, "{name}");
            }
        },
    );
}

#[test]
fn current_span_goes_into_headers() {
    on_both_routes(
        "current_span_goes_into_headers",
        || {
            assert_eq!(propagate::headers().count(), 0);
            let mut forwarded = headers();
            propagate::inject(&mut forwarded);
            assert_eq!(forwarded, headers(), "outside of any stage");
            let mut out = HashMap::<String, String>::new();
            receive(&propagate::extract(&headers()), &mut out);
            assert_ne!(out["traceparent"], PARENT);
            propagate::extract(&out).run(|| _ = stage!("below"));
            // In a context from elsewhere, without a stage.
            propagate::extract(&headers()).run(|| {
                let sent: HashMap<_, _> = propagate::headers().collect();
                assert_eq!(sent, headers());
            });
        },
        |spans| {
            let [receive, below] = ["receive", "below"]
                .map(|name| spans.iter().find(|span| span.name == name).unwrap());
            assert_below_the_caller(receive);
            assert_eq!(below.parent_span_id, receive.span_context.span_id());
            assert!(below.parent_span_is_remote);
        },
    );
}

#[test]
fn where_no_span_goes_anywhere_what_was_made_current_goes_through() {
    Child::of(
        "where_no_span_goes_anywhere_what_was_made_current_goes_through",
        || {
            let _telemetry = tickspan::builder().with_summary(false).init().unwrap();
            let caller = propagate::extract(&headers());
            let sent = |context: Option<&Context>| {
                let _stage = stage!(parent: context, "send");
                propagate::headers().collect::<HashMap<_, _>>()
            };
            assert!(sent(None).is_empty());
            assert!(sent(Some(&caller)).is_empty());
            let through = caller.run(|| {
                let _stage = stage!("send");
                propagate::headers().collect::<HashMap<_, _>>()
            });
            assert_eq!(through.get("traceparent").map(String::as_str), Some(PARENT));
        },
    )
    .run();
}

#[test]
fn sampling_of_the_caller_is_followed() {
    on_both_routes(
        "sampling_of_the_caller_is_followed",
        || {
            let unsampled = format!("{}00", &PARENT[..53]);
            let headers = [("traceparent", unsampled.as_str()), ("tracestate", STATE)];
            propagate::extract(&headers[..]).run(|| {
                let _stage = stage!("unsampled");
                let out: HashMap<_, _> = propagate::headers().collect();
                assert!(
                    out["traceparent"].starts_with(&PARENT[..36])
                        && out["traceparent"].ends_with("-00")
                );
                assert_eq!(out["tracestate"], STATE);
            });
            _ = stage!("own");
        },
        |spans| {
            assert_eq!(spans.len(), 1);
            assert_eq!(spans[0].name, "own");
        },
    );
}

#[test]
fn what_is_malformed_starts_a_trace_and_is_counted() {
    Child::of("what_is_malformed_starts_a_trace_and_is_counted", || {
        let mut twice = http::HeaderMap::new();
        twice.append("traceparent", PARENT.parse().unwrap());
        twice.append("traceparent", PARENT.parse().unwrap());
        let mut no_text = http::HeaderMap::new();
        no_text.append(
            "traceparent",
            http::HeaderValue::from_bytes(&[0xff; 55]).unwrap(),
        );
        for headers in [twice, no_text] {
            assert_eq!(format!("{:?}", propagate::extract(&headers)), "Context");
        }
        let malformed = [("traceparent", "00-zz"), ("tracestate", STATE)];
        assert_eq!(
            format!("{:?}", propagate::extract(&malformed[..])),
            "Context"
        );
        let health = tickspan::health();
        assert_eq!(
            (health.traceparents_malformed, health.tracestates_dropped),
            (3, 0)
        );

        let state = [("traceparent", PARENT), ("tracestate", "=")];
        let baggage = [("baggage", "a=1,b,c=\u{7f}")];
        _ = (
            propagate::extract(&state[..]),
            propagate::extract(&baggage[..]),
        );
        assert_eq!(
            propagate::extract(&baggage[..]).baggage("a").as_deref(),
            Some("1")
        );
        _ = Context::default().with_baggage("no token", &1_u64);
        let long = "v".repeat(9_000);
        let context = Context::default()
            .with_baggage("long", &public!(&long, reason = "a long text of a test"));
        assert_eq!(context.baggage("long"), None);
        let health = tickspan::health();
        assert_eq!((health.tracestates_dropped, health.baggage_dropped), (1, 6));
        assert_eq!(
            health.to_string(),
            "0 spans ended; traceparents_malformed 3, tracestates_dropped 1, baggage_dropped 6"
        );
    })
    .run();
}

#[test]
fn variable_says_what_travels() {
    let child = Child::of("variable_says_what_travels", || {
        let telemetry = tickspan::builder()
            .with_span_exporter(Kept::default())
            .with_console(false)
            .init();
        let _telemetry = match telemetry {
            Ok(telemetry) => telemetry,
            Err(error) => {
                println!("{error}");
                return;
            }
        };
        let context = propagate::extract(&headers());
        println!("in: {context:?} {:?}", context.baggage("desk"));
        let context = Context::from_span_context(&SpanContext::new(
            TraceId::from(1),
            SpanId::from(2),
            TraceFlags::SAMPLED,
            true,
            "a=1".parse().unwrap(),
        ));
        context.with_baggage("desk", &Desk::Fx).run(|| {
            let mut names: Vec<_> = propagate::headers().map(|(name, _)| name).collect();
            names.sort();
            println!("out: {names:?}");
        });
    });
    let trace = format!("Context({TRACE:032x}/{SPAN:016x})");
    for (value, expected) in [
        ("", format!("in: {trace} Some(\"fx\")\nout: [\"baggage\", \"traceparent\", \"tracestate\"]\n")),
        ("tracecontext", format!("in: {trace} None\nout: [\"traceparent\", \"tracestate\"]\n")),
        ("BAGGAGE , baggage", "in: Context Some(\"fx\")\nout: [\"baggage\"]\n".to_owned()),
        ("none", "in: Context None\nout: []\n".to_owned()),
        (
            "tracecontext,b3",
            "`OTEL_PROPAGATORS` is `tracecontext,b3`; accepted: `tracecontext`, `baggage`, both separated by a comma, \
             or `none`; another propagator is given to `with_propagator`\n"
                .to_owned(),
        ),
    ] {
        let finished = child.with("OTEL_PROPAGATORS", value).run();
        assert!(finished.stdout.contains(&expected), "{value:?}: {}", finished.stdout);
        // The specification: propagators work where the SDK is disabled.
        let disabled = child.with("OTEL_PROPAGATORS", value).with("OTEL_SDK_DISABLED", "true").run();
        assert!(disabled.stdout.contains(&expected), "{value:?}: {}", disabled.stdout);
    }
}

/// The ids in one header, as some older systems have it.
#[derive(Debug)]
struct OneHeader([String; 1]);

impl TextMapPropagator for OneHeader {
    fn inject_context(&self, context: &opentelemetry::Context, injector: &mut dyn Injector) {
        let span = context.span();
        let span = span.span_context();
        injector.set("x-trace", format!("{}/{}", span.trace_id(), span.span_id()));
    }

    fn extract_with_context(
        &self,
        context: &opentelemetry::Context,
        extractor: &dyn Extractor,
    ) -> opentelemetry::Context {
        let Some((trace, span)) = extractor.get("x-trace").and_then(|ids| ids.split_once('/'))
        else {
            return context.clone();
        };
        context.with_remote_span_context(SpanContext::new(
            TraceId::from_hex(trace).unwrap(),
            SpanId::from_hex(span).unwrap(),
            TraceFlags::SAMPLED,
            true,
            opentelemetry::trace::TraceState::NONE,
        ))
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.0)
    }
}

#[test]
fn propagator_of_the_program_takes_the_place_of_w3c() {
    Child::of("propagator_of_the_program_takes_the_place_of_w3c", || {
        let kept = Kept::default();
        let telemetry = tickspan::builder()
            .with_span_exporter(kept.clone())
            .with_propagator(OneHeader(["x-trace".to_owned()]))
            .with_console(false)
            .init()
            .unwrap();
        let headers = vec![("X-Trace".to_owned(), format!("{TRACE:032x}/{SPAN:016x}"))];
        let mut out: Vec<(String, String)> = Vec::new();
        receive(&propagate::extract(&headers), &mut out);
        telemetry.flush(Duration::from_mins(1)).unwrap();
        let span = kept.the("receive");
        assert_eq!(span.parent_span_id, SpanId::from(SPAN));
        let sent = format!("{TRACE:032x}/{}", span.span_context.span_id());
        assert_eq!(out, [("x-trace".to_owned(), sent)]);
    })
    .run();
}

#[test]
fn propagator_of_the_program_is_given_no_baggage_that_is_withheld() {
    Child::of(
        "propagator_of_the_program_is_given_no_baggage_that_is_withheld",
        || {
            let _telemetry = tickspan::builder()
                .with_propagator(BaggagePropagator::new())
                .with_console(false)
                .init()
                .unwrap();
            let received = [("baggage", "password=hunter2,desk=fx;api_key=k-123;ttl=5")];
            let mut out: Vec<(String, String)> = Vec::new();
            receive(&propagate::extract(&received[..]), &mut out);
            assert_eq!(out, [("baggage".to_owned(), "desk=fx;ttl=5".to_owned())]);
            let withheld = tickspan::withheld();
            let counted: Vec<_> = withheld.iter().map(|it| (&*it.key, it.count)).collect();
            assert_eq!(counted, [("api_key", 1), ("password", 1)]);
        },
    )
    .run();
}

#[test]
fn other_libraries_may_use_the_propagator() {
    let propagator = propagate::Propagator::default();
    let context = propagator.extract(&headers());
    let mut out = HashMap::new();
    propagator.inject_context(&context, &mut out);
    assert_eq!(out, headers());
    let fields: Vec<_> = propagator.fields().collect();
    assert_eq!(fields, ["traceparent", "tracestate", "baggage"]);
}
