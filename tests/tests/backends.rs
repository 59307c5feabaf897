//! Backends that misbehave on purpose, over gRPC and over HTTP: what is delivered, what is counted, what is told.

use std::time::{Duration, Instant};

use tickspan::{Report, traced_stage};
use tickspan_tests::child::{Child, Finished};
use tickspan_tests::frames::unreadable_details;
use tickspan_tests::misbehaving::{Misbehaviour, Nobody, misbehave};
use tickspan_tests::receiver::{Answer, Receiver};
use tickspan_tests::tap::Tap;

/// Much longer than any deadline given to tickspan here, much shorter than for ever.
const SOON: Duration = Duration::from_secs(30);

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
/// How many seconds the end may take, where it takes them.
const DEADLINE: &str = "DEADLINE";
const PROTOCOLS: [&str; 2] = ["grpc", "http/protobuf"];

#[traced_stage]
fn price(quantity: u64) -> u64 {
    quantity
}

/// Two spans, sent when they are asked for; and what became of them, for the parent to read.
fn trade() {
    let telemetry = tickspan::builder()
        .with_summary(false)
        .with_metrics(false)
        .init()
        .unwrap();
    price(1);
    price(2);
    let start = Instant::now();
    let deadline = std::env::var(DEADLINE).map_or(60, |seconds| seconds.parse().unwrap());
    let deadline = Duration::from_secs(deadline);
    let report = telemetry.shutdown(deadline);
    assert!(start.elapsed() < deadline + SOON, "{:?}", start.elapsed());
    tell(&report);
}

fn tell(report: &Report) {
    let exporter = &report.exporters[0];
    println!(
        "exported {} failed {} dropped {}; {}",
        exporter.exported,
        exporter.failed,
        exporter.dropped,
        exporter.last_failure.as_deref().unwrap_or_default()
    );
    assert_eq!(exporter.exported + exporter.lost(), report.made, "{report}");
}

fn receiver(protocol: &str) -> Receiver {
    match protocol {
        "grpc" => Receiver::grpc(),
        _ => Receiver::http(),
    }
}

/// Runs [`trade`] against a backend that gives these answers.
fn run(child: &Child, protocol: &str, answers: &[Answer]) -> (Finished, Receiver) {
    let receiver = receiver(protocol).answering(answers.iter().cloned());
    let finished = child
        .with(ENDPOINT, &receiver.url())
        .with(PROTOCOL, protocol)
        .run();
    (finished, receiver)
}

#[track_caller]
fn assert_told(finished: &Finished, expected: &str) {
    assert!(finished.stdout.contains(expected), "{}", finished.stdout);
}

#[test]
fn what_can_be_tried_again_is_and_arrives_once() {
    let child = Child::of("what_can_be_tried_again_is_and_arrives_once", trade);
    for protocol in PROTOCOLS {
        for answers in [
            vec![Answer::Status(503)],
            vec![Answer::Status(503), Answer::Status(502)],
            vec![Answer::TryAgain(503, 1)],
            vec![Answer::TryAgain(429, 1)],
        ] {
            let (finished, receiver) = run(&child, protocol, &answers);
            assert_told(&finished, "exported 2 failed 0 dropped 0");
            assert_eq!(receiver.spans().len(), 2, "{answers:?} over {protocol}");
            assert_eq!(receiver.requests().len(), answers.len() + 1);
            assert_eq!(
                finished.stderr.matches("tickspan: spans do not").count(),
                1,
                "{}",
                finished.stderr
            );
        }
    }
}

#[test]
fn the_wait_that_is_asked_for_is_kept() {
    let child = Child::of("the_wait_that_is_asked_for_is_kept", trade);
    for protocol in PROTOCOLS {
        let start = Instant::now();
        run(&child, protocol, &[Answer::TryAgain(429, 2)]);
        assert!(start.elapsed() >= Duration::from_secs(2), "{protocol}");
    }
}

#[test]
fn a_wait_beyond_the_deadline_is_not_waited_for() {
    let child = Child::of("a_wait_beyond_the_deadline_is_not_waited_for", trade);
    for protocol in PROTOCOLS {
        let (finished, receiver) = run(&child, protocol, &[Answer::TryAgain(429, 3_600)]);
        assert_told(&finished, "exported 0 failed 2 dropped 0");
        assert!(finished.stdout.contains("3600s"), "{}", finished.stdout);
        assert_eq!(receiver.requests().len(), 1);
    }
}

/// A backend that asks for no wait gets the one that it would get without asking.
#[test]
fn a_wait_of_nothing_is_no_loop() {
    let child = Child::of("a_wait_of_nothing_is_no_loop", trade).with(DEADLINE, "3");
    for protocol in PROTOCOLS {
        for status in [429, 503] {
            let receiver = receiver(protocol);
            receiver.always(Answer::TryAgain(status, 0));
            let finished = child
                .with(ENDPOINT, &receiver.url())
                .with(PROTOCOL, protocol)
                .run();
            assert_told(&finished, "exported 0 failed 2 dropped 0");
            // At least 0.1, 0.2, 0.4, 0.8 and 1.6 s lie between them.
            let requests = receiver.requests().len();
            assert!(
                (2..=6).contains(&requests),
                "{requests} for {status} over {protocol}"
            );
        }
    }
}

/// The details of a status that are not base64, in the head and in the trailers: the code counts without them.
#[test]
fn details_that_cannot_be_read_are_left_out() {
    let child = Child::of("details_that_cannot_be_read_are_left_out", trade);
    let address = unreadable_details();
    let finished = child
        .with(ENDPOINT, &format!("http://{address}"))
        .with(PROTOCOL, "grpc")
        .run();
    assert_told(&finished, "exported 2 failed 0 dropped 0");
    assert!(
        finished.stderr.contains("Unavailable: not now") && !finished.stderr.contains("panicked"),
        "{}",
        finished.stderr
    );
}

#[test]
fn what_is_given_up_says_why_it_was_not_taken() {
    let child = Child::of("what_is_given_up_says_why_it_was_not_taken", trade).with(DEADLINE, "4");
    for protocol in PROTOCOLS {
        let receiver = receiver(protocol);
        receiver.always(Answer::Status(503));
        let finished = child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .run();
        assert_told(&finished, "exported 0 failed 2 dropped 0");
        assert_told(&finished, "given up at the deadline of the shutdown");
        assert_told(&finished, "not now");
    }
}

#[test]
fn what_will_never_be_taken_is_sent_once_and_counted() {
    let child = Child::of("what_will_never_be_taken_is_sent_once_and_counted", trade);
    for protocol in PROTOCOLS {
        for (status, code) in [
            (400, "InvalidArgument"),
            (401, "Unauthenticated"),
            (403, "PermissionDenied"),
            (404, "Unimplemented"),
        ] {
            let (finished, receiver) = run(&child, protocol, &[Answer::Status(status)]);
            assert_told(&finished, "exported 0 failed 2 dropped 0");
            let word = match protocol {
                "grpc" => code.to_owned(),
                _ => format!("HTTP status {status}"),
            };
            assert_told(&finished, &word);
            assert_told(&finished, "not now");
            assert_eq!(receiver.requests().len(), 1);
        }
    }
}

#[test]
fn what_a_backend_rejects_is_counted_and_told() {
    let child = Child::of("what_a_backend_rejects_is_counted_and_told", trade);
    for protocol in [PROTOCOLS[0], PROTOCOLS[1], "http/json"] {
        let (finished, receiver) = run(&child, protocol, &[Answer::Partly(1, "too old")]);
        assert_told(&finished, "exported 1 failed 1 dropped 0");
        assert_told(&finished, "the backend rejected 1 of 2: too old");
        assert_eq!(receiver.requests().len(), 1, "it is not sent again");
        assert!(finished.stderr.contains("too old"), "{}", finished.stderr);
    }
}

/// Words of a backend may repeat what was sent, and may hold anything.
#[test]
fn what_a_backend_says_is_short_and_holds_no_secret() {
    let child = Child::of("what_a_backend_says_is_short_and_holds_no_secret", trade).with(
        "OTEL_EXPORTER_OTLP_HEADERS",
        "authorization=Bearer%20hunter2-secret",
    );
    let words = format!("hunter2-secret is old \x1b[2J{}", "x".repeat(5_000));
    let words: &str = Box::leak(words.into_boxed_str());
    for protocol in PROTOCOLS {
        let (finished, _) = run(&child, protocol, &[Answer::Partly(1, words)]);
        assert_told(&finished, "the backend rejected 1 of 2: *** is old");
        for text in [&finished.stdout, &finished.stderr] {
            assert!(
                !text.contains("hunter2") && !text.contains('\x1b'),
                "{text}"
            );
            assert!(text.lines().all(|line| line.len() < 500), "{text}");
        }
    }
}

#[test]
fn what_is_refused_as_too_large_is_lost() {
    let child = Child::of("what_is_refused_as_too_large_is_lost", trade).with(DEADLINE, "2");
    for protocol in PROTOCOLS {
        let receiver = receiver(protocol);
        receiver.always(Answer::TooLarge);
        let finished = child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .run();
        assert_told(&finished, "exported 0 failed 2 dropped 0");
    }
}

#[test]
fn a_slow_backend_gets_its_time() {
    let child = Child::of("a_slow_backend_gets_its_time", trade);
    for protocol in PROTOCOLS {
        let slowly = Answer::Slowly(Duration::from_millis(700));
        let (finished, receiver) = run(&child, protocol, &[slowly]);
        assert_told(&finished, "exported 2 failed 0 dropped 0");
        assert_eq!(receiver.requests().len(), 1);
        assert!(!finished.stderr.contains("tickspan"), "{}", finished.stderr);
    }
}

#[test]
fn a_backend_that_never_answers_costs_its_time_out() {
    let child = Child::of("a_backend_that_never_answers_costs_its_time_out", trade);
    for protocol in PROTOCOLS {
        let child = child.with("OTEL_EXPORTER_OTLP_TIMEOUT", "300");
        let (finished, _) = run(&child, protocol, &[Answer::Never]);
        assert_told(
            &finished,
            "exported 0 failed 2 dropped 0; no answer in 300 ms",
        );
    }
}

#[test]
fn a_gigabyte_of_an_answer_is_not_read() {
    let child = Child::of("a_gigabyte_of_an_answer_is_not_read", trade);
    for protocol in PROTOCOLS {
        let (finished, receiver) = run(&child, protocol, &[Answer::Huge]);
        // It was taken: to send it again would make it twice.
        assert_told(&finished, "exported 2 failed 0 dropped 0");
        assert_eq!(receiver.requests().len(), 1);
        assert!(
            finished.stderr.contains("more than 1048576 bytes"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn an_answer_that_is_none_of_otlp_is_told() {
    let child = Child::of("an_answer_that_is_none_of_otlp_is_told", trade);
    for (answer, word) in [
        (Answer::Page, "text/html"),
        (Answer::HalfSaid, "is none of OTLP"),
    ] {
        let (finished, _) = run(&child, "http/protobuf", &[answer]);
        assert_told(&finished, "exported 2 failed 0 dropped 0");
        assert!(finished.stderr.contains(word), "{}", finished.stderr);
        assert_eq!(
            finished.stderr.matches("tickspan: ").count(),
            1,
            "{}",
            finished.stderr
        );
    }
}

/// The status has come, and counts.
#[test]
fn an_answer_without_an_end_is_told_and_what_it_took_is_not_sent_again() {
    let child = Child::of(
        "an_answer_without_an_end_is_told_and_what_it_took_is_not_sent_again",
        trade,
    )
    .with("OTEL_EXPORTER_OTLP_TIMEOUT", "300");
    for protocol in ["http/protobuf", "http/json"] {
        let (finished, receiver) = run(&child, protocol, &[Answer::NeverSaid]);
        assert_told(&finished, "exported 2 failed 0 dropped 0");
        assert_eq!(receiver.requests().len(), 1, "{protocol}");
        assert!(
            finished.stderr.contains("no end in 300 ms"),
            "{}",
            finished.stderr
        );
    }
}

#[test]
fn a_refusal_without_an_end_is_the_refusal() {
    let child = Child::of("a_refusal_without_an_end_is_the_refusal", trade)
        .with("OTEL_EXPORTER_OTLP_TIMEOUT", "300");
    let (finished, receiver) = run(&child, "http/protobuf", &[Answer::NeverRefused(400, 0)]);
    assert_told(&finished, "exported 0 failed 2 dropped 0; HTTP status 400");
    assert_eq!(receiver.requests().len(), 1);
    let start = Instant::now();
    let (finished, receiver) = run(&child, "http/protobuf", &[Answer::NeverRefused(503, 2)]);
    assert_told(&finished, "exported 2 failed 0 dropped 0");
    assert_eq!(receiver.requests().len(), 2);
    assert!(
        start.elapsed() >= Duration::from_secs(2),
        "its wait is kept"
    );
}

#[test]
fn a_server_that_speaks_something_else_costs_counters() {
    let child = Child::of("a_server_that_speaks_something_else_costs_counters", trade);
    let child = child.with(DEADLINE, "4");
    for how in [
        Misbehaviour::Closes,
        Misbehaviour::ClosesInTheMiddle,
        Misbehaviour::ClosesInTheAnswer,
        Misbehaviour::Babbles,
        Misbehaviour::IsSilent,
    ] {
        let url = format!("http://{}", misbehave(how));
        for protocol in PROTOCOLS {
            let finished = child
                .with(ENDPOINT, &url)
                .with(PROTOCOL, protocol)
                .with("OTEL_EXPORTER_OTLP_TIMEOUT", "500")
                .run();
            // The status had come: to send again would double what was taken.
            let was_taken = how == Misbehaviour::ClosesInTheAnswer && protocol != "grpc";
            assert_told(
                &finished,
                if was_taken {
                    "exported 2 failed 0 dropped 0"
                } else {
                    "exported 0 failed 2 dropped 0"
                },
            );
        }
    }
}

/// Where nobody listens, the end does not wait for its deadline.
#[test]
fn nobody_costs_counters_and_no_time() {
    let child = Child::of("nobody_costs_counters_and_no_time", || {
        let telemetry = tickspan::init().unwrap();
        price(1);
        let report = telemetry.shutdown(Duration::from_mins(5));
        assert!(!report.deadline_passed, "{report}");
        assert_eq!(report.exporters[0].failed, 1, "{report}");
        let reason = report.exporters[0].last_failure.as_deref().unwrap();
        assert!(reason.contains("onnection refused"), "{reason}");
    });
    let nobody = Nobody::new();
    let url = nobody.url();
    for protocol in PROTOCOLS {
        let start = Instant::now();
        child.with(ENDPOINT, &url).with(PROTOCOL, protocol).run();
        assert!(start.elapsed() < SOON * 2, "{:?}", start.elapsed());
    }
}

/// What tickspan says of backends.
fn told(finished: &Finished) -> Vec<&str> {
    let lines = finished.stderr.lines();
    lines.filter(|line| line.contains("do not reach")).collect()
}

#[test]
fn a_place_where_nobody_is_is_told_once_with_all_that_goes_there() {
    let child = Child::of(
        "a_place_where_nobody_is_is_told_once_with_all_that_goes_there",
        || {
            let telemetry = tickspan::init().unwrap();
            price(1);
            tracing::info!("said");
            let report = telemetry.shutdown(Duration::from_secs(4));
            let all = report.exporters.iter().chain(&report.metrics);
            for exporter in all.chain(&report.logs) {
                assert!(exporter.failed > 0, "{report}");
            }
        },
    );
    let (nobody, nobody_else) = (Nobody::new(), Nobody::new());
    let (dead, other) = (nobody.address(), nobody_else.address());
    let silent = misbehave(Misbehaviour::IsSilent);
    for address in [dead, silent] {
        for protocol in PROTOCOLS {
            let child = child
                .with(ENDPOINT, &format!("http://{address}"))
                .with(PROTOCOL, protocol)
                .with("OTEL_LOGS_EXPORTER", "otlp");
            let finished = child.run();
            let lines = told(&finished);
            assert_eq!(lines.len(), 1, "{}", finished.stderr);
            assert!(
                lines[0].starts_with(
                    "tickspan: spans, metrics and log records do not reach OTLP over "
                ) && lines[0].contains(&format!(" at http://{address}: ")),
                "{lines:#?}"
            );
        }
    }
    // Another place is told apart, and one signal by its own address.
    let finished = child
        .with(ENDPOINT, &format!("http://{dead}"))
        .with(
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
            &format!("http://{other}/logs"),
        )
        .run();
    let mut lines = told(&finished);
    lines.sort_unstable();
    assert_eq!(lines.len(), 2, "{}", finished.stderr);
    assert!(
        lines[0].starts_with("tickspan: log records do not reach OTLP over HTTP")
            && lines[0].contains(&format!("http://{other}/logs: "))
            && lines[1].starts_with("tickspan: spans and metrics do not reach"),
        "{lines:#?}"
    );
    // What answers is told for each signal: one may be taken and another not.
    let receiver = Receiver::http();
    receiver.always(Answer::Status(400));
    let finished = child.with(ENDPOINT, &receiver.url()).run();
    let mut lines = told(&finished);
    lines.sort_unstable();
    assert_eq!(lines.len(), 2, "{}", finished.stderr);
    assert!(
        lines[0].contains("/v1/metrics: ") && lines[1].contains("/v1/traces: "),
        "{lines:#?}"
    );
}

#[test]
fn a_backend_that_comes_back_gets_what_waits() {
    Child::of("a_backend_that_comes_back_gets_what_waits", || {
        let nobody = Nobody::new();
        let telemetry = tickspan::builder()
            .with_endpoint(nobody.url())
            .with_metrics(false)
            .init()
            .unwrap();
        price(1);
        // The first attempt fails, in the time that the batch has.
        let until = Instant::now() + SOON;
        while telemetry.summary().stages.is_empty() {
            assert!(Instant::now() < until, "the span does not arrive");
            std::thread::yield_now();
        }
        let receiver = Receiver::http_at(nobody);
        telemetry.flush(SOON).unwrap_or_else(|error| {
            // An attempt that was made before the backend came is counted; the next is delivered.
            println!("{error}");
        });
        price(2);
        telemetry.flush(SOON).unwrap();
        assert!(!receiver.wait_for_spans(1).is_empty());
        let report = telemetry.shutdown(SOON);
        assert_eq!(
            report.exporters[0].exported,
            receiver.spans().len() as u64,
            "{report}"
        );
    })
    .run();
}

/// A connection that a firewall has forgotten, or whose other end stands still, costs what was sent on it and no more.
#[test]
fn a_connection_on_which_nobody_answers_is_given_up() {
    let child = Child::of("a_connection_on_which_nobody_answers_is_given_up", || {
        let receiver = receiver(&std::env::var(PROTOCOL).unwrap());
        let tap = Tap::to(&receiver.url());
        let telemetry = tickspan::builder()
            .with_endpoint(tap.url())
            .with_timeout(Duration::from_secs(2))
            .with_metrics(false)
            .init()
            .unwrap();
        price(1);
        telemetry.flush(SOON).unwrap();
        tap.kill_connections();
        price(2);
        let error = telemetry.flush(SOON).unwrap_err().to_string();
        assert!(error.contains("no answer in"), "{error}");
        price(3);
        telemetry.flush(SOON).unwrap();
        assert_eq!(receiver.spans().len(), 2);
    });
    for protocol in PROTOCOLS {
        child.with(PROTOCOL, protocol).run();
    }
}

/// The thread that trades meets none of it: it fills its lane and the queue, and all that is lost is counted.
#[test]
fn stages_go_on_beside_a_backend_that_never_answers() {
    const STAGES: u64 = 50_000;
    let child = Child::of("stages_go_on_beside_a_backend_that_never_answers", || {
        let telemetry = tickspan::builder()
            .with_console(false)
            .with_lane_capacity(8 << 20)
            .init()
            .unwrap();
        for quantity in 0..STAGES {
            price(quantity);
        }
        let report = telemetry.shutdown(Duration::from_secs(3));
        assert_eq!(report.made, STAGES, "{report}");
        let exporter = &report.exporters[0];
        assert_eq!(exporter.exported, 0, "{report}");
        assert_eq!(report.lost(), STAGES, "{report}");
    });
    for protocol in PROTOCOLS {
        let receiver = receiver(protocol);
        receiver.always(Answer::Never);
        child
            .with(ENDPOINT, &receiver.url())
            .with(PROTOCOL, protocol)
            .run();
    }
}
