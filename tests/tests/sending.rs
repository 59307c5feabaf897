//! How spans travel: encodings, compression, TLS, headers, presets.

use std::time::Duration;

use tickspan::traced_stage;
use tickspan_tests::certificates::Certificates;
use tickspan_tests::child::{Child, Finished};
use tickspan_tests::receiver::{Receiver, text};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";

/// Nothing here waits for its end: what is taken and what is refused ends before.
const DEADLINE: Duration = Duration::from_mins(1);

#[traced_stage]
fn price(quantity: u64) -> u64 {
    quantity
}

fn trade() {
    let telemetry = tickspan::builder()
        .with_summary(false)
        .with_shutdown_deadline(DEADLINE)
        .init();
    match telemetry {
        Ok(_telemetry) => {
            price(1);
        }
        Err(error) => {
            println!("{error}");
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                println!("{error}");
                source = error.source();
            }
        }
    }
}

#[track_caller]
fn assert_span(receiver: &Receiver) {
    let spans = receiver.wait_for_spans(1);
    assert_eq!((spans.len(), spans[0].span.name.as_str()), (1, "price"));
}

fn receiver(protocol: &str) -> Receiver {
    match protocol {
        "grpc" => Receiver::grpc(),
        _ => Receiver::http(),
    }
}

#[test]
fn each_protocol_and_compression_arrives() {
    let child = Child::of("each_protocol_and_compression_arrives", trade);
    for (protocol, content_type) in [
        ("grpc", "application/grpc"),
        ("http/protobuf", "application/x-protobuf"),
        ("http/json", "application/json"),
    ] {
        for compression in ["none", "gzip", "zstd"] {
            let receiver = receiver(protocol);
            child
                .with(ENDPOINT, &receiver.url())
                .with(PROTOCOL, protocol)
                .with("OTEL_EXPORTER_OTLP_COMPRESSION", compression)
                .run();
            assert_span(&receiver);
            for request in [&receiver.requests()[0], &receiver.metric_requests()[0]] {
                assert_eq!(request.header("content-type"), Some(content_type));
                let name = match protocol {
                    "grpc" => "grpc-encoding",
                    _ => "content-encoding",
                };
                let expected = Some(compression).filter(|word| *word != "none");
                assert_eq!(request.header(name), expected, "{protocol}");
            }
        }
    }
}

#[test]
fn each_signal_has_its_own_form_of_each_variable() {
    let child = Child::of("each_signal_has_its_own_form_of_each_variable", trade);
    let (spans, metrics) = (Receiver::http(), Receiver::grpc());
    child
        .with("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &spans.url())
        .with("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json")
        .with("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "gzip")
        .with("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", &metrics.url())
        .with("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "grpc")
        .with("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "zstd")
        .with("OTEL_EXPORTER_OTLP_METRICS_HEADERS", "x-desk=fx")
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-desk=rates")
        .run();
    assert_span(&spans);
    let request = &spans.requests()[0];
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-encoding"), Some("gzip"));
    assert_eq!(request.header("x-desk"), Some("rates"));
    metrics.wait_for_metric("tickspan.span.ended");
    let request = &metrics.metric_requests()[0];
    assert_eq!(request.header("grpc-encoding"), Some("zstd"));
    assert_eq!(request.header("x-desk"), Some("fx"));
}

/// The two servers, over TLS.
fn over_tls(certificates: &Certificates, clients: bool) -> [(&'static str, Receiver); 2] {
    [
        ("grpc", Receiver::grpc_over_tls(certificates, clients)),
        (
            "http/protobuf",
            Receiver::http_over_tls(certificates, clients),
        ),
    ]
}

#[test]
fn own_certificates_are_trusted() {
    let child = Child::of("own_certificates_are_trusted", trade);
    let certificates = Certificates::new("own");
    for (protocol, receiver) in over_tls(&certificates, false) {
        child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .with(
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                &certificates.path("authority.pem"),
            )
            .run();
        assert_span(&receiver);
    }
}

fn refusal(finished: &Finished) -> &str {
    finished
        .stderr
        .lines()
        .find(|line| line.starts_with("tickspan: spans") && line.contains(" do not reach"))
        .unwrap_or_else(|| panic!("{}", finished.stderr))
}

#[test]
fn a_wrong_certificate_is_refused_and_told() {
    let child = Child::of("a_wrong_certificate_is_refused_and_told", trade);
    let (certificates, others) = (Certificates::new("right"), Certificates::new("wrong"));
    for (protocol, receiver) in over_tls(&certificates, false) {
        let finished = child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .with(
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                &others.path("authority.pem"),
            )
            .run();
        assert!(
            refusal(&finished).contains("certificate"),
            "{}",
            finished.stderr
        );
        assert!(receiver.spans().is_empty());
    }
}

#[test]
fn a_client_shows_its_certificate() {
    let child = Child::of("a_client_shows_its_certificate", trade);
    let certificates = Certificates::new("client");
    for (protocol, receiver) in over_tls(&certificates, true) {
        let child = child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .with(
                "OTEL_EXPORTER_OTLP_CERTIFICATE",
                &certificates.path("authority.pem"),
            );
        // The server's alert may come too late to be told: the connection ends on its way.
        let finished = child.run();
        let reason = "a client certificate, and none is set";
        assert!(refusal(&finished).contains(reason), "{}", finished.stderr);
        let lost = finished
            .stderr
            .lines()
            .find(|line| line.contains("(last failure: "));
        assert!(
            lost.is_some_and(|line| line.contains(reason)),
            "{}",
            finished.stderr
        );
        assert!(receiver.spans().is_empty());
        child
            .with(
                "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
                &certificates.path("client.pem"),
            )
            .with(
                "OTEL_EXPORTER_OTLP_CLIENT_KEY",
                &certificates.path("client.key"),
            )
            .run();
        assert_span(&receiver);
    }
}

#[test]
fn a_file_without_a_certificate_is_an_error_of_init() {
    let child = Child::of("a_file_without_a_certificate_is_an_error_of_init", trade);
    let certificates = Certificates::new("damaged");
    let (key, pem) = (
        certificates.path("server.key"),
        certificates.path("server.pem"),
    );
    for protocol in ["grpc", "http/protobuf"] {
        let child = child
            .with(ENDPOINT, "https://localhost:1")
            .with(PROTOCOL, protocol);
        let told = child
            .with("OTEL_EXPORTER_OTLP_CERTIFICATE", &key)
            .run()
            .stdout;
        assert!(
            told.contains(&format!("`{key}` holds no certificate")),
            "{told}"
        );
        let told = child
            .with("OTEL_EXPORTER_OTLP_CERTIFICATE", &pem)
            .with("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", &pem)
            .with("OTEL_EXPORTER_OTLP_CLIENT_KEY", &pem)
            .run()
            .stdout;
        assert!(told.contains(&format!("the key in `{pem}`")), "{told}");
    }
}

#[test]
fn redirects_are_not_followed() {
    let child = Child::of("redirects_are_not_followed", trade);
    let receiver = Receiver::http();
    receiver.always(tickspan_tests::receiver::Answer::Status(307));
    let finished = child
        .with(ENDPOINT, &receiver.url())
        .with("OTEL_METRICS_EXPORTER", "none")
        .run();
    assert!(
        refusal(&finished).contains("redirects are not followed"),
        "{}",
        finished.stderr
    );
    assert_eq!(receiver.requests().len(), 1);
}

#[test]
fn the_builder_sets_the_same_things() {
    let child = Child::of("the_builder_sets_the_same_things", || {
        let folder = std::path::PathBuf::from(std::env::var("FOLDER").unwrap());
        let _telemetry = tickspan::builder()
            .with_endpoint(std::env::var("URL").unwrap())
            .with_protocol(tickspan::Protocol::HttpJson)
            .with_compression(tickspan::Compression::Zstd)
            .with_certificate(folder.join("authority.pem"))
            .with_client_certificate(folder.join("client.pem"), folder.join("client.key"))
            .with_header("X-Desk", "fx")
            .with_timeout(Duration::from_secs(3))
            .init()
            .unwrap();
        price(1);
    });
    let certificates = Certificates::new("builder");
    let receiver = Receiver::http_over_tls(&certificates, true);
    child
        .with("URL", &receiver.url())
        .with("FOLDER", &certificates.folder().display().to_string())
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-desk=rates,x-team=one")
        .with("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        .run();
    assert_span(&receiver);
    let request = &receiver.requests()[0];
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.header("content-encoding"), Some("zstd"));
    assert_eq!(request.header("x-desk"), Some("fx"));
    assert_eq!(request.header("x-team"), Some("one"));
}

#[test]
fn wrong_settings_of_the_builder_are_named_and_secrets_are_not_shown() {
    Child::of(
        "wrong_settings_of_the_builder_are_named_and_secrets_are_not_shown",
        || {
            let builder = tickspan::builder;
            for (builder, name) in [
                (builder().with_header("a b", "hunter2"), "`with_header`"),
                (builder().with_header("a", "hunter2\n"), "`with_header`"),
                (builder().with_certificate("/no/file"), "`with_certificate`"),
                (
                    builder().with_client_certificate("/no/file", "/no/key"),
                    "`with_client_certificate`",
                ),
                (builder().with_timeout(Duration::ZERO), "`with_timeout`"),
                (
                    builder().with_metric_interval(Duration::MAX),
                    "`with_metric_interval`",
                ),
            ] {
                let shown = format!("{builder:?}");
                let error = builder.init().unwrap_err();
                let told = format!("{error} {error:?} {shown}");
                assert!(told.contains(name), "{told}");
                assert!(!told.contains("hunter2"), "{told}");
            }
        },
    )
    .run();
}

#[test]
fn hyperdx_gets_its_key_without_bearer_and_its_name() {
    let child = Child::of("hyperdx_gets_its_key_without_bearer_and_its_name", trade);
    for protocol in ["grpc", "http/protobuf"] {
        let receiver = receiver(protocol);
        let child = child
            .with("TICKSPAN_PRESET", "hyperdx")
            .with("HYPERDX_API_KEY", "hunter2")
            .with("HYPERDX_SERVICE_NAME", "hedging-bot")
            .with(PROTOCOL, protocol);
        let finished = child.with("HYPERDX_ENDPOINT", &receiver.url()).run();
        assert_span(&receiver);
        assert_eq!(
            receiver.spans()[0].resource_attribute("service.name"),
            Some(&text("hedging-bot"))
        );
        let request = &receiver.requests()[0];
        assert_eq!(request.header("authorization"), Some("hunter2"));
        assert!(!finished.stderr.contains("hunter2"));
        // The key goes to the backend that it is for, and nowhere else.
        let other = self::receiver(protocol);
        child
            .with("HYPERDX_ENDPOINT", &receiver.url())
            .with(ENDPOINT, &other.url())
            .run();
        assert_span(&other);
        assert_eq!(other.requests()[0].header("authorization"), None);
    }
}

#[test]
fn hyperdx_without_its_key_lets_the_program_run() {
    let child = Child::of("hyperdx_without_its_key_lets_the_program_run", trade);
    let finished = child.with("TICKSPAN_PRESET", "hyperdx").run();
    assert_eq!(
        finished.stderr,
        "tickspan: HYPERDX_API_KEY is not set, so nothing is sent to HyperDX\n"
    );
}

#[test]
fn a_secret_is_not_told_when_a_backend_repeats_it() {
    let child = Child::of("a_secret_is_not_told_when_a_backend_repeats_it", trade);
    let finished = child
        .with(ENDPOINT, "http://user:hunter2@127.0.0.1:1")
        .with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=refused-12345")
        .run();
    assert!(!finished.stderr.contains("hunter2"), "{}", finished.stderr);
    let receiver = Receiver::http();
    receiver.always(tickspan_tests::receiver::Answer::Status(403));
    // The backend says "not now"; were that the key, it would be masked.
    let finished = child
        .with(ENDPOINT, &receiver.url())
        .with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=not%20now")
        .run();
    assert!(
        refusal(&finished).contains("403") && !finished.stderr.contains("not now"),
        "{}",
        finished.stderr
    );
}
