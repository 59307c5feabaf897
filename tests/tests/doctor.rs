//! What the doctor says of backends that work, and of those that do not.

use std::time::Duration;

use tickspan::doctor::Verdict;
use tickspan_tests::certificates::Certificates;
use tickspan_tests::child::{Child, Finished};
use tickspan_tests::misbehaving::{Misbehaviour, Nobody, misbehave};
use tickspan_tests::receiver::{Answer, Receiver, text};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
const PROTOCOLS: [&str; 2] = ["grpc", "http/protobuf"];

fn examine() {
    let diagnosis = tickspan::doctor::examine(Duration::from_mins(1));
    println!("{diagnosis}\n{:?}", diagnosis.verdict);
}

#[track_caller]
fn assert_says(finished: &Finished, verdict: Verdict, parts: &[&str]) {
    let told = &finished.stdout;
    assert!(told.contains(&format!("\n{verdict:?}\n")), "{told}");
    for part in parts {
        assert!(told.contains(part), "`{part}` is missing in\n{told}");
    }
}

fn receiver(protocol: &str) -> Receiver {
    match protocol {
        "grpc" => Receiver::grpc(),
        _ => Receiver::http(),
    }
}

#[test]
fn a_backend_that_works_gets_a_test_of_each_signal_that_is_on() {
    let child = Child::of(
        "a_backend_that_works_gets_a_test_of_each_signal_that_is_on",
        examine,
    );
    for protocol in [PROTOCOLS[0], PROTOCOLS[1], "http/json"] {
        let receiver = receiver(protocol);
        let finished = child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .with("OTEL_SERVICE_NAME", "market-maker")
            .with("OTEL_LOGS_EXPORTER", "otlp")
            .with("TICKSPAN_LOG_FILTER", "debug")
            .with("TICKSPAN_CONSOLE_FILTER", "warn")
            .with("TICKSPAN_CONSOLE", "json")
            .with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")
            .run();
        assert_says(
            &finished,
            Verdict::Taken,
            &[
                "service  market-maker",
                "headers authorization (values are not shown)",
                "traces   taken in",
                "metrics  taken in",
                "logs     taken in",
                "console  json of warn",
                "logs     debug: OTLP over ",
            ],
        );
        assert!(!finished.stdout.contains("hunter2"), "{}", finished.stdout);
        assert_eq!(receiver.wait_for_spans(1)[0].span.name, "tickspan.doctor");
        receiver.wait_for_metric("tickspan.doctor");
        let logs = receiver.logs();
        assert_eq!(logs.len(), 1, "{logs:#?}");
        let body = logs[0].body.as_ref().and_then(|body| body.value.clone());
        assert_eq!(body, Some(text("tickspan.doctor")));
        assert_eq!(
            receiver.requests()[0].header("authorization"),
            Some("hunter2")
        );
    }
}

#[test]
fn a_refusal_is_told_with_its_likely_cause_and_fix() {
    let child = Child::of("a_refusal_is_told_with_its_likely_cause_and_fix", examine);
    for protocol in PROTOCOLS {
        for (status, likely, fix) in [
            (401, "does not accept the key", "OTEL_EXPORTER_OTLP_HEADERS"),
            (403, "does not accept the key", "OTEL_EXPORTER_OTLP_HEADERS"),
            (404, "takes no metrics", "OTEL_METRICS_EXPORTER=none"),
            (404, "takes no logs", "OTEL_LOGS_EXPORTER=none"),
            (429, "limit is reached", "sample less"),
        ] {
            let receiver = receiver(protocol);
            receiver.always(Answer::Status(status));
            let finished = child
                .with(ENDPOINT, &receiver.url())
                .with(PROTOCOL, protocol)
                .with("OTEL_LOGS_EXPORTER", "otlp")
                .run();
            assert_says(
                &finished,
                Verdict::NotTaken,
                &["NOT TAKEN after", likely, fix],
            );
        }
    }
}

#[test]
fn a_rejection_and_a_page_are_told() {
    let child = Child::of("a_rejection_and_a_page_are_told", examine);
    let receiver = Receiver::http();
    receiver.always(Answer::Partly(1, "too old"));
    let finished = child.with(ENDPOINT, &receiver.url()).run();
    assert_says(
        &finished,
        Verdict::NotTaken,
        &["rejected what was in it: too old"],
    );
    let receiver = Receiver::http();
    receiver.always(Answer::Page);
    let finished = child.with(ENDPOINT, &receiver.url()).run();
    assert_says(
        &finished,
        Verdict::Taken,
        &["remark it takes everything, but its answer is none of OTLP"],
    );
}

#[test]
fn mixed_up_ports_are_found_out() {
    let child = Child::of("mixed_up_ports_are_found_out", examine);
    let (grpc, http) = (Receiver::grpc(), Receiver::http());
    let finished = child
        .with(ENDPOINT, &grpc.url())
        .with(PROTOCOL, "http/protobuf")
        .run();
    assert_says(
        &finished,
        Verdict::NotTaken,
        &[
            "the server speaks gRPC, and the protocol is HTTP",
            "OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
        ],
    );
    let finished = child
        .with(ENDPOINT, &http.url())
        .with(PROTOCOL, "grpc")
        .run();
    assert_says(
        &finished,
        Verdict::NotTaken,
        &[
            "the server speaks plain HTTP, and the protocol is gRPC",
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
        ],
    );
}

#[test]
fn http_and_https_mixed_up_are_found_out() {
    let child = Child::of("http_and_https_mixed_up_are_found_out", examine);
    let certificates = Certificates::new("doctor-mixed");
    for (protocol, tls, plain) in [
        (
            "grpc",
            Receiver::grpc_over_tls(&certificates, false),
            Receiver::grpc(),
        ),
        (
            "http/protobuf",
            Receiver::http_over_tls(&certificates, false),
            Receiver::http(),
        ),
    ] {
        let child = child.with(PROTOCOL, protocol).with(
            "OTEL_EXPORTER_OTLP_CERTIFICATE",
            &certificates.path("authority.pem"),
        );
        let finished = child
            .with(ENDPOINT, &tls.url().replace("https", "http"))
            .run();
        assert_says(
            &finished,
            Verdict::NotTaken,
            &["the server speaks TLS", "write `https://127.0.0.1:"],
        );
        let finished = child
            .with(ENDPOINT, &plain.url().replace("http", "https"))
            .run();
        assert_says(
            &finished,
            Verdict::NotTaken,
            &["the server does not speak TLS", "write `http://127.0.0.1:"],
        );
    }
}

#[test]
fn certificates_are_told_apart() {
    let child = Child::of("certificates_are_told_apart", examine);
    let (right, wrong) = (
        Certificates::new("doctor-right"),
        Certificates::new("doctor-wrong"),
    );
    for (protocol, receiver) in [
        ("grpc", Receiver::grpc_over_tls(&right, false)),
        ("http/protobuf", Receiver::http_over_tls(&right, false)),
    ] {
        let child = child.with(PROTOCOL, protocol);
        let finished = child
            .with(ENDPOINT, &receiver.url())
            .with(
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                &wrong.path("authority.pem"),
            )
            .run();
        assert_says(
            &finished,
            Verdict::NotTaken,
            &["not trusted here", "OTEL_EXPORTER_OTLP_CERTIFICATE"],
        );
        let finished = child
            .with(ENDPOINT, &receiver.url().replace("127.0.0.1", "127.0.0.2"))
            .with(
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                &right.path("authority.pem"),
            )
            .run();
        assert_says(&finished, Verdict::NotTaken, &[]);
    }
    for (protocol, receiver) in [
        ("grpc", Receiver::grpc_over_tls(&right, true)),
        ("http/protobuf", Receiver::http_over_tls(&right, true)),
    ] {
        let finished = child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .with(
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                &right.path("authority.pem"),
            )
            .run();
        assert_says(
            &finished,
            Verdict::NotTaken,
            &["wants a certificate of the client", "CLIENT_KEY"],
        );
    }
}

#[test]
fn nobody_nameless_and_silent_are_told_apart() {
    let child = Child::of("nobody_nameless_and_silent_are_told_apart", examine);
    for protocol in PROTOCOLS {
        let child = child
            .with(PROTOCOL, protocol)
            .with("OTEL_EXPORTER_OTLP_TIMEOUT", "1000");
        let nobody = Nobody::new();
        let finished = child.with(ENDPOINT, &nobody.url()).run();
        assert_says(
            &finished,
            Verdict::NotTaken,
            &["nobody listens at `127.0.0.1`", "start the backend"],
        );
        let finished = child
            .with(ENDPOINT, "http://no.such.host.invalid:4317")
            .run();
        assert_says(
            &finished,
            Verdict::NotTaken,
            &["the name `no.such.host.invalid` is not known here"],
        );
        for how in [Misbehaviour::IsSilent, Misbehaviour::Babbles] {
            let finished = child
                .with(ENDPOINT, &format!("http://{}", misbehave(how)))
                .run();
            assert_says(&finished, Verdict::NotTaken, &["another program"]);
        }
        let receiver = receiver(protocol);
        receiver.always(Answer::Never);
        let finished = child.with(ENDPOINT, &receiver.url()).run();
        assert_says(
            &finished,
            Verdict::NotTaken,
            &["does not answer in time", "OTEL_EXPORTER_OTLP_TIMEOUT"],
        );
    }
}

#[test]
fn nothing_wrong_and_disabled_are_told() {
    let child = Child::of("nothing_wrong_and_disabled_are_told", examine);
    assert_says(
        &child.run(),
        Verdict::NothingIsSent,
        &["nothing is sent: set"],
    );
    assert_says(
        &child.with("OTEL_SDK_DISABLED", "true").run(),
        Verdict::NothingIsSent,
        &["off (`OTEL_SDK_DISABLED`)"],
    );
    assert_says(
        &child.with("OTEL_TRACES_SAMPLER", "maybe").run(),
        Verdict::WrongSettings,
        &["`OTEL_TRACES_SAMPLER` is `maybe`"],
    );
    assert_says(
        &child.with("TICKSPAN_HMAC_KEY", "too short").run(),
        Verdict::WrongSettings,
        &["`TICKSPAN_HMAC_KEY` is wrong"],
    );
    assert_says(
        &child.with("TICKSPAN_PRESET", "hyperdx").run(),
        Verdict::NothingIsSent,
        &["HYPERDX_API_KEY is not set"],
    );
}
