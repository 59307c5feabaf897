//! What is exported of the data that other crates record with `tracing`, or through the API of OpenTelemetry.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use opentelemetry::trace::{
    SpanContext, SpanId, Status, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use tickspan::testing::capture;
use tickspan::{ForeignData, Route, Why, event, traced_stage};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, attribute, on_both_routes_with};
use tower::{Layer as _, ServiceExt as _};
use tracing::{Level, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const SENSITIVE: &str = "[redacted: secret]";
const ERROR_TEXT: &str = "[redacted: error text]";

#[traced_stage]
fn around(quantity: u64, inside: impl FnOnce()) {
    let _ = quantity;
    inside();
}

/// What `init` says of a policy that cannot be.
fn refusal(data: ForeignData) -> String {
    let builder = tickspan::builder().with_foreign_data(data);
    builder.init().unwrap_err().to_string()
}

fn text(value: &str) -> Value {
    Value::from(value.to_owned())
}

fn keys(attributes: &[KeyValue]) -> Vec<&str> {
    // `tracing-opentelemetry` adds these two to each event.
    let own = attributes.iter().map(|it| it.key.as_str());
    own.filter(|key| !["level", "target"].contains(key))
        .collect()
}

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("account DU123 refused")
    }
}

impl Error for Refused {}

#[test]
fn a_sensitive_key_keeps_its_place_with_a_marker() {
    let ((), seen) = capture(|| {
        let span = info_span!(
            "login",
            user = "u7",
            password = "hunter2",
            session_password = tracing::field::Empty
        );
        span.record("session_password", "hunter3");
        span.in_scope(|| info!(api_key = %"k-123", attempt = 2, "logged in"));
    });
    let span = seen.span("login");
    assert_eq!(
        keys(&span.attributes),
        ["user", "password", "session_password"]
    );
    assert_eq!(attribute(span, "user"), Some(&text("u7")));
    assert_eq!(attribute(span, "password"), Some(&text(SENSITIVE)));
    assert_eq!(attribute(span, "session_password"), Some(&text(SENSITIVE)));
    let event = span.events.iter().next().unwrap();
    assert_eq!(event.name, "logged in");
    assert_eq!(event.attributes[0].value, text(SENSITIVE));
    assert_eq!(event.attributes[1].value, Value::I64(2));
}

#[test]
fn a_truth_value_under_a_sensitive_key_is_exported() {
    let ((), seen) = capture(|| drop(info_span!("login", password = true)));
    assert_eq!(
        attribute(seen.span("login"), "password"),
        Some(&Value::Bool(true))
    );
}

#[test]
fn the_text_of_an_error_is_not_exported_and_its_code_is() {
    let ((), seen) = capture(|| {
        let span = info_span!(
            "request",
            error = %Refused,
            err = ?Refused,
            e = %Refused,
            innocent = &Refused as &(dyn Error + 'static),
            error.type = "Refused",
            error_code = 7,
            exception.message = "account DU123",
            otel.status_code = "error",
            otel.status_description = "account DU123",
        );
        span.in_scope(|| tracing::error!(error = false, last_error = 3, "refused"));
    });
    let span = seen.span("request");
    for key in ["error", "err", "e", "innocent", "exception.message"] {
        assert_eq!(attribute(span, key), Some(&text(ERROR_TEXT)), "{key}");
    }
    assert_eq!(attribute(span, "error.type"), Some(&text("Refused")));
    assert_eq!(attribute(span, "error_code"), Some(&Value::I64(7)));
    assert_eq!(span.status, Status::error(ERROR_TEXT));
    let event = span.events.iter().next().unwrap();
    assert_eq!(event.attributes[0].value, Value::Bool(false));
    assert_eq!(event.attributes[1].value, Value::I64(3));
    assert!(!format!("{span:?}").contains("DU123"));
}

#[test]
fn what_is_withheld_is_counted_by_key() {
    Child::of("what_is_withheld_is_counted_by_key", || {
        let ((), _) = capture(|| {
            for _ in 0..3 {
                drop(info_span!("login", password = "hunter2"));
            }
            drop(info_span!("request", password = 7, error = "refused"));
        });
        let withheld = tickspan::withheld();
        let counted: Vec<_> = withheld
            .iter()
            .map(|it| (it.key.as_str(), it.why, it.count))
            .collect();
        assert_eq!(
            counted,
            [
                ("password", Why::SensitiveKey, 4),
                ("error", Why::ErrorText, 1)
            ]
        );
        assert_eq!(withheld[0].to_string(), "4 password: sensitive");
        assert_eq!(tickspan::health().withheld, 5);
        assert_eq!(tickspan::health().lost(), 0);
    })
    .run();
}

/// Runs `f` under a policy on a route, and gives what is exported.
fn exported(route: Route, data: ForeignData, f: impl FnOnce()) -> Kept {
    let kept = Kept::default();
    let telemetry = tickspan::builder()
        .with_route(route)
        .with_foreign_data(data)
        .with_summary(false)
        .with_span_exporter(kept.clone())
        .init()
        .unwrap();
    f();
    telemetry.flush(Duration::from_mins(1)).unwrap();
    kept
}

/// Runs a test of its own process on each route.
fn on_each_route(test: &str, body: impl FnOnce(Route)) {
    const ROUTE: &str = "ROUTE_OF_THIS_TEST";
    let child = Child::of(test, || {
        body(match std::env::var(ROUTE).as_deref() {
            Ok("tracing") => Route::Tracing,
            _ => Route::Lane,
        });
    });
    for route in ["lane", "tracing"] {
        child.with(ROUTE, route).run();
    }
}

/// What other crates do, on any route: in a stage, in a span of their own, and alone.
fn others() {
    around(5, || {
        info!(quantity = 6, note = "from the desk", "order {}", 7);
        event!("checked", quantity = 7);
    });
    let span = info_span!(
        "request",
        http.request.method = "GET",
        url.full = "https://venue/?key=k-123",
        retries = 3,
        note = "from the desk",
        password = "hunter2",
        otel.kind = "client",
        otel.name = "GET /orders/7",
        is_filled = true,
        sequence = 7_u64,
        offset = 7_i128,
        position = 7_u128,
        share = 0.5,
        passwords = 0.5,
        frame = b"8=FIX.4.4".as_slice(),
    );
    span.in_scope(|| {
        tracing::event!(target: "feed::session", Level::INFO, "session 7");
        tracing::event!(target: "other", Level::ERROR, retries = 4, "session 8");
    });
    drop(span);
}

#[test]
fn the_same_is_withheld_on_both_routes() {
    on_each_route("the_same_is_withheld_on_both_routes", |route| {
        let kept = exported(route, ForeignData::checked(), others);
        let request = kept.the("GET /orders/7");
        assert_eq!(attribute(&request, "password"), Some(&text(SENSITIVE)));
        assert_eq!(attribute(&request, "note"), Some(&text("from the desk")));
        assert_eq!(attribute(&request, "passwords"), Some(&text(SENSITIVE)));
        let withheld = tickspan::withheld();
        let counted: Vec<_> = withheld.iter().map(|it| (&*it.key, it.count)).collect();
        // Once for the exporter, and once for console lines.
        let keys = ["password", "passwords", "url.full"];
        assert_eq!(counted, keys.map(|key| (key, 2)));
        let around = kept.the("around");
        let names: Vec<_> = around.events.iter().map(|event| &*event.name).collect();
        assert_eq!(names, ["order 7", "checked"]);
    });
}

#[test]
fn allow_list_exports_what_is_listed() {
    on_each_route("allow_list_exports_what_is_listed", |route| {
        let data = ForeignData::allow_list()
            .with_keys(["retries"])
            .with_messages_from(["feed"]);
        let kept = exported(route, data, others);
        let around = kept.the("around");
        assert_eq!(attribute(&around, "quantity"), Some(&Value::I64(5)));
        let events: Vec<_> = around.events.iter().collect();
        assert!(events[0].name.starts_with("event "), "{}", events[0].name);
        assert_eq!(keys(&events[0].attributes), ["quantity"]);
        assert_eq!(events[1].name, "checked");
        assert_eq!(keys(&events[1].attributes), ["quantity"]);

        let request = kept.the("request");
        assert_eq!(
            keys(&request.attributes),
            ["http.request.method", "retries"]
        );
        assert_eq!(request.span_kind, opentelemetry::trace::SpanKind::Client);
        let events: Vec<_> = request.events.iter().collect();
        assert_eq!(events[0].name, "session 7");
        assert!(events[1].name.starts_with("event "), "{}", events[1].name);
        assert_eq!(keys(&events[1].attributes), ["retries"]);
        assert_eq!(request.status, Status::error(""));
    });
}

#[test]
fn records_of_the_log_crate_are_listed_by_their_own_targets() {
    let test = "records_of_the_log_crate_are_listed_by_their_own_targets";
    on_each_route(test, |route| {
        let data = ForeignData::allow_list().with_messages_from(["feed"]);
        let kept = exported(route, data, || {
            around(5, || {
                log::warn!(target: "feed::session", "logon accepted");
                log::warn!(target: "gateway", "account DU123 refused");
            });
        });
        let events = kept.the("around").events;
        let names: Vec<&str> = events.iter().map(|event| &*event.name).collect();
        assert_eq!(names, ["logon accepted", "log event"]);
    });
}

#[test]
fn text_under_a_key_of_stages_is_not_listed_by_that() {
    let test = "text_under_a_key_of_stages_is_not_listed_by_that";
    on_each_route(test, |route| {
        let kept = exported(route, ForeignData::allow_list(), || {
            around(5, || ());
            drop(info_span!(
                "request",
                quantity = "DU123",
                otel.kind = "DU123"
            ));
        });
        let request = kept.the("request");
        assert_eq!(keys(&request.attributes), [""; 0]);
        assert!(!format!("{request:?}").contains("DU123"), "{request:#?}");
    });
}

#[test]
fn a_policy_holds_for_callsites_that_were_met_before_it() {
    let test = "a_policy_holds_for_callsites_that_were_met_before_it";
    on_each_route(test, |route| {
        let request = || drop(info_span!("request", note = "from the desk"));
        let ((), _) = capture(request);
        let kept = exported(route, ForeignData::allow_list(), request);
        assert_eq!(keys(&kept.the("request").attributes), [""; 0]);
    });
}

#[test]
fn an_error_is_withheld_whatever_its_key_on_both_routes() {
    let test = "an_error_is_withheld_whatever_its_key_on_both_routes";
    on_each_route(test, |route| {
        let kept = exported(route, ForeignData::checked(), || {
            let cause = &Refused as &(dyn Error + 'static);
            drop(info_span!("request", innocent = cause));
        });
        let request = kept.the("request");
        assert_eq!(attribute(&request, "innocent"), Some(&text(ERROR_TEXT)));
    });
}

#[test]
fn an_event_of_which_something_is_withheld_keeps_its_parent() {
    let test = "an_event_of_which_something_is_withheld_keeps_its_parent";
    on_each_route(test, |route| {
        let kept = exported(route, ForeignData::checked(), || {
            let request = info_span!("request");
            info_span!("other").in_scope(|| {
                info!(parent: &request, password = "hunter2", "signed");
                info!(parent: None, password = "hunter2", "alone");
            });
        });
        let spans = kept.take();
        let events = |name: &str| {
            let span = spans.iter().find(|span| span.name == name).unwrap();
            let events = span.events.iter();
            events
                .map(|event| event.name.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(events("request"), ["signed"]);
        assert_eq!(events("other"), [""; 0]);
    });
}

#[test]
fn none_exports_names_and_times() {
    on_each_route("none_exports_names_and_times", |route| {
        let kept = exported(route, ForeignData::none().with_keys(["retries"]), others);
        let around = kept.the("around");
        assert_eq!(attribute(&around, "quantity"), Some(&Value::I64(5)));
        let names: Vec<_> = around.events.iter().map(|event| &*event.name).collect();
        assert_eq!(names, ["checked"]);
        let request = kept.the("request");
        assert_eq!(keys(&request.attributes), [""; 0]);
        assert_eq!(request.events.len(), 0);
        assert_eq!(request.status, Status::Unset);
        assert_eq!(request.span_kind, opentelemetry::trace::SpanKind::Internal);
        assert!(request.end_time >= request.start_time);
    });
}

#[test]
fn the_variable_makes_the_policy_stricter_and_never_more_open() {
    const TEST: &str = "the_variable_makes_the_policy_stricter_and_never_more_open";
    const CHOSEN: &str = "CHOSEN_BY_THIS_TEST";
    let child = Child::of(TEST, || {
        let data = match std::env::var(CHOSEN).as_deref() {
            Ok("none") => ForeignData::none(),
            _ => ForeignData::checked(),
        };
        let kept = exported(Route::Lane, data, || {
            drop(info_span!("request", note = "n"));
        });
        println!("<{}>", kept.the("request").attributes.len());
    });
    for (chosen, variable, attributes) in [
        ("checked", "checked", 1),
        ("checked", "allow-list", 0),
        ("none", "checked", 0),
        ("none", "", 0),
        ("checked", "", 1),
    ] {
        let finished = child
            .with(CHOSEN, chosen)
            .with("TICKSPAN_FOREIGN_DATA", variable)
            .run();
        assert!(
            finished.stdout.contains(&format!("<{attributes}>")),
            "{chosen} {variable}: {}",
            finished.stdout
        );
    }
}

#[test]
fn a_wrong_variable_and_a_sensitive_key_are_refused() {
    Child::of("a_wrong_variable_and_a_sensitive_key_are_refused", || {
        let error = tickspan::init().unwrap_err().to_string();
        assert!(
            error.contains("`TICKSPAN_FOREIGN_DATA`") && error.contains("`allow-list`"),
            "{error}"
        );
    })
    .with("TICKSPAN_FOREIGN_DATA", "open")
    .run();
    let data = ForeignData::allow_list().with_keys(["note", "password"]);
    let error = refusal(data);
    assert!(
        error.contains("`with_foreign_data`") && error.contains("`password`"),
        "{error}"
    );
}

#[test]
fn a_sensitive_name_that_is_something_else_is_opened_with_a_reason() {
    on_each_route(
        "a_sensitive_name_that_is_something_else_is_opened_with_a_reason",
        |route| {
            let data = ForeignData::allow_list()
                .with_allowed_name("pin", "number of a contact on the circuit board");
            let kept = exported(route, data, || {
                drop(info_span!("request", pin = 17, otp = 18, board = 19));
            });
            let span = kept.the("request");
            assert_eq!(attribute(&span, "pin"), Some(&Value::I64(17)));
            assert_eq!(attribute(&span, "otp"), None);
            assert_eq!(attribute(&span, "board"), None);
        },
    );
    for reason in ["", "it is public", "todo todo todo todo"] {
        let data = ForeignData::checked().with_allowed_name("pin", reason);
        let error = refusal(data);
        assert!(
            error.contains("`pin`") && error.contains("three words"),
            "{error}"
        );
    }
}

#[test]
fn a_named_key_opens_the_text_of_an_error() {
    on_each_route("a_named_key_opens_the_text_of_an_error", |route| {
        let data = ForeignData::checked().with_keys(["error"]);
        let kept = exported(route, data, || {
            drop(info_span!("request", error = %Refused, err = %Refused));
        });
        let span = kept.the("request");
        assert_eq!(
            attribute(&span, "error"),
            Some(&text("account DU123 refused"))
        );
        assert_eq!(attribute(&span, "err"), Some(&text(ERROR_TEXT)));
    });
}

fn set_through_opentelemetry() {
    let span = info_span!("request");
    span.set_attribute("password", "hunter2");
    span.set_attribute("note", "from the desk");
    span.add_event("DU123 refused", vec![KeyValue::new("api_key", "k-123")]);
    span.set_status(Status::error("DU123"));
    span.add_link_with_attributes(
        SpanContext::new(
            TraceId::from(7),
            SpanId::from(7),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        ),
        vec![KeyValue::new("secret", "k-123")],
    );
    let current = span.context();
    current.span().update_name("request of DU123");
}

fn the_request(kept: &Kept) -> SpanData {
    let mut spans = kept.take();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    spans.remove(0)
}

#[test]
fn what_is_set_through_the_api_of_opentelemetry_is_judged_by_its_key() {
    Child::of(
        "what_is_set_through_the_api_of_opentelemetry_is_judged_by_its_key",
        || {
            let kept = exported(
                Route::Tracing,
                ForeignData::checked(),
                set_through_opentelemetry,
            );
            let span = the_request(&kept);
            assert_eq!(attribute(&span, "password"), Some(&text(SENSITIVE)));
            assert_eq!(attribute(&span, "note"), Some(&text("from the desk")));
            let event = span.events.iter().next().unwrap();
            assert_eq!(event.attributes[0].value, text(SENSITIVE));
            let link = span.links.iter().next().unwrap();
            assert_eq!(link.attributes[0].value, text(SENSITIVE));
            assert_eq!(span.status, Status::error(ERROR_TEXT));
            let withheld = tickspan::withheld();
            let counted: Vec<_> = withheld.iter().map(|it| (&*it.key, it.count)).collect();
            let keys = ["api_key", "otel.status_description", "password", "secret"];
            assert_eq!(counted, keys.map(|key| (key, 1)));
        },
    )
    .run();
}

#[test]
fn allow_list_holds_for_the_api_of_opentelemetry() {
    Child::of("allow_list_holds_for_the_api_of_opentelemetry", || {
        let kept = exported(
            Route::Tracing,
            ForeignData::allow_list(),
            set_through_opentelemetry,
        );
        let span = the_request(&kept);
        assert_eq!(span.name, "[redacted: name]");
        assert_eq!(keys(&span.attributes), [""; 0]);
        let event = span.events.iter().next().unwrap();
        assert_eq!(event.name, "[redacted: name]");
        assert!(!format!("{span:?}").contains("DU123"), "{span:#?}");
        let unlisted = tickspan::withheld().remove(0);
        // Four attributes, and the names of the event and of the span.
        assert_eq!((&*unlisted.key, unlisted.count), ("(other keys)", 6));
    })
    .run();
}

#[test]
fn none_holds_for_the_api_of_opentelemetry() {
    Child::of("none_holds_for_the_api_of_opentelemetry", || {
        let kept = exported(
            Route::Tracing,
            ForeignData::none(),
            set_through_opentelemetry,
        );
        let span = the_request(&kept);
        assert_eq!(span.name, "[redacted: name]");
        assert_eq!(keys(&span.attributes), [""; 0]);
        assert_eq!(span.events.len(), 0);
        assert_eq!(span.links.len(), 1);
        assert_eq!(span.status, Status::Unset);
    })
    .run();
}

#[test]
fn what_is_set_under_a_key_of_the_events_of_tracing_is_not_listed_by_that() {
    const POLICY: &str = "POLICY_OF_THIS_TEST";
    let test = "what_is_set_under_a_key_of_the_events_of_tracing_is_not_listed_by_that";
    let child = Child::of(test, || {
        let data = match std::env::var(POLICY).as_deref() {
            Ok("none") => ForeignData::none(),
            _ => ForeignData::allow_list(),
        };
        let kept = exported(Route::Tracing, data, || {
            let span = info_span!("request");
            span.set_attribute("target", "account DU123");
            span.set_attribute("level", "DU123");
            span.set_attribute("busy_ns", 4711);
            span.add_event("sent", vec![KeyValue::new("target", "account DU123")]);
        });
        let span = the_request(&kept);
        assert_eq!(span.attributes.len(), 0, "{span:#?}");
        assert!(!format!("{span:?}").contains("DU123"), "{span:#?}");
    });
    for policy in ["allow-list", "none"] {
        child.with(POLICY, policy).run();
    }
}

#[test]
fn keys_that_are_counted_are_bounded_and_every_value_is_counted() {
    let test = "keys_that_are_counted_are_bounded_and_every_value_is_counted";
    Child::of(test, || {
        let kept = exported(Route::Tracing, ForeignData::checked(), || {
            for key in 0..300 {
                let span = info_span!("request");
                span.set_attribute(format!("key{key}.password"), "hunter2");
                span.set_attribute("key0.password", "hunter2");
            }
        });
        assert_eq!(kept.take().len(), 300);
        let withheld = tickspan::withheld();
        let count = |key| withheld.iter().find(|it| it.key == key).unwrap().count;
        assert_eq!((count("key0.password"), count("(other keys)")), (301, 44));
        assert_eq!(tickspan::health().withheld, 600);
    })
    .run();
}

#[test]
fn lines_hold_what_is_exported() {
    const ROUTE: &str = "ROUTE_OF_THIS_TEST";
    let child = Child::of("lines_hold_what_is_exported", || {
        let route = if std::env::var(ROUTE).is_ok() {
            Route::Tracing
        } else {
            Route::Lane
        };
        exported(route, ForeignData::checked(), others);
    });
    for finished in [child.run(), child.with(ROUTE, "tracing").run()] {
        let lines = finished.stderr;
        assert!(
            lines.contains("session 8") && lines.contains("password=[redacted: secret]"),
            "{lines}"
        );
        assert!(!lines.contains("hunter2"), "{lines}");
    }
    for strict in ["allow-list", "none"] {
        let lines = child.with("TICKSPAN_FOREIGN_DATA", strict).run().stderr;
        assert!(lines.contains("checked"), "{lines}");
        for text in ["hunter2", "session 7", "session 8", "k-123", "desk"] {
            assert!(!lines.contains(text), "{strict}: {lines}");
        }
    }
}

#[test]
fn a_name_made_of_a_route_is_the_layers_own() {
    for policy in ["checked", "allow-list", "none"] {
        on_both_routes_with(
            "a_name_made_of_a_route_is_the_layers_own",
            &[("TICKSPAN_FOREIGN_DATA", policy)],
            || {
                let service = tower::service_fn(|_: http::Request<String>| async {
                    Ok::<_, Infallible>(http::Response::new(String::new()))
                });
                let layer = tickspan::tower::ServerLayer::new()
                    .with_route(|_| Some("/orders/{id}".to_owned().into()));
                let request = http::Request::get("/orders/7").body(String::new());
                let answer = layer.layer(service).oneshot(request.unwrap());
                futures::executor::block_on(answer).unwrap();
            },
            |spans| {
                assert_eq!(spans.len(), 1);
                assert_eq!(spans[0].name, "GET /orders/{id}");
                let route = attribute(&spans[0], "http.route");
                assert_eq!(route, Some(&text("/orders/{id}")));
            },
        );
    }
}

#[test]
fn resource_of_the_environment_is_policed() {
    const TEST: &str = "resource_of_the_environment_is_policed";
    let child = Child::of(TEST, || {
        let _telemetry = tickspan::builder()
            .with_span_exporter(PrintResource)
            .init()
            .unwrap();
        around(5, || ());
    });
    let child = child.with(
        "OTEL_RESOURCE_ATTRIBUTES",
        "service.name=desk,password=hunter2,desk=fx",
    );
    let checked = child.run().stdout;
    assert!(checked.contains("password=[redacted: secret]"), "{checked}");
    assert!(checked.contains("desk=fx"), "{checked}");
    for policy in ["allow-list", "none"] {
        let strict = child.with("TICKSPAN_FOREIGN_DATA", policy).run().stdout;
        assert!(strict.contains("service.name=desk"), "{strict}");
        assert!(strict.contains("telemetry.sdk.language=rust"), "{strict}");
        assert!(
            !strict.contains("password") && !strict.contains("fx"),
            "{strict}"
        );
    }
}

#[derive(Debug)]
struct PrintResource;

impl opentelemetry_sdk::trace::SpanExporter for PrintResource {
    async fn export(&self, _: Vec<SpanData>) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }

    fn set_resource(&mut self, resource: &opentelemetry_sdk::Resource) {
        for (key, value) in resource {
            println!("{key}={value}");
        }
    }
}
