use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Environment, Error> {
    Environment::read(&|name| {
        variables
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| OsString::from(value))
    })
}

fn read_tracing(variables: &[(&str, &str)]) -> TracingEnvironment {
    read(variables).unwrap().tracing.unwrap()
}

#[test]
fn nothing_set_says_nothing() {
    let environment = read_tracing(&[]);
    assert!(
        environment.traces.endpoint.is_none()
            && environment.traces.exporters.is_none()
            && environment.metrics.endpoint.is_none()
            && environment.sampler.is_none()
    );
    let BatchChoices {
        queue,
        size,
        delay,
        timeout,
    } = environment.batches;
    assert_eq!((queue, size, delay, timeout), (None, None, None, None));
}

#[test]
fn empty_variables_count_as_unset() {
    let names = [
        SDK_DISABLED,
        SERVICE_NAME,
        RESOURCE_ATTRIBUTES,
        "OTEL_TRACES_EXPORTER",
        TRACES_SAMPLER,
        TRACES_SAMPLER_ARG,
        "OTEL_BSP_MAX_QUEUE_SIZE",
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "RUST_LOG",
    ];
    let environment = read(&names.map(|name| (name, ""))).unwrap();
    assert!(environment.filters.all.is_none());
    let tracing = environment.tracing.unwrap();
    assert!(
        tracing.traces.endpoint.is_none()
            && tracing.traces.exporters.is_none()
            && tracing.service_name.is_none()
    );
}

#[test]
fn what_may_be_a_secret_is_not_told_of_a_wrong_resource() {
    let text = "desk=fx,api_key=hunter,2";
    let error = read(&[("OTEL_RESOURCE_ATTRIBUTES", text)]).unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(
        told.contains("OTEL_RESOURCE_ATTRIBUTES") && !told.contains("hunter"),
        "{told}"
    );
}

#[test]
fn a_key_in_place_of_its_file_is_not_told() {
    let key = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----";
    let error = read(&[("OTEL_EXPORTER_OTLP_CLIENT_KEY", key)]).unwrap_err();
    let told = format!("{error} {error:?}");
    assert!(
        told.contains("OTEL_EXPORTER_OTLP_CLIENT_KEY") && !told.contains("hunter2"),
        "{told}"
    );
}

#[test]
fn each_wrong_variable_is_named_with_its_value_and_what_is_accepted() {
    for (name, value, accepted) in [
        ("OTEL_SDK_DISABLED", "yes", "`true`, `false`"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=1,b", "`key=value` pairs"),
        ("OTEL_RESOURCE_ATTRIBUTES", "a=%zz", "percent-encoded"),
        ("OTEL_RESOURCE_ATTRIBUTES", "=1", "`key=value` pairs"),
        ("OTEL_TRACES_EXPORTER", "zipkin", "`otlp`, `console`"),
        ("OTEL_TRACES_EXPORTER", "otlp,none", "`none`"),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "localhost:4318",
            "a URL such as",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
            "ftp://host",
            "a URL such as",
        ),
        (
            "OTEL_EXPORTER_OTLP_PROTOCOL",
            "http/xml",
            "`grpc`, `http/protobuf`, `http/json`",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
            "thrift",
            "`grpc`, `http/protobuf`",
        ),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "a whole number from 1"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "0", "(milliseconds)"),
        (
            "OTEL_TRACES_SAMPLER",
            "sometimes",
            "`parentbased_traceidratio`",
        ),
        (
            "OTEL_METRICS_EXPORTER",
            "statsd",
            "`otlp`, `console`, `prometheus`",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
            "localhost",
            "a URL such as",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
            "udp",
            "`grpc`, `http/protobuf`",
        ),
        ("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "1s", "(milliseconds)"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "lz4", "`gzip`, `zstd`"),
        (
            "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION",
            "br",
            "`none`, `gzip`",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION",
            "br",
            "`none`, `gzip`",
        ),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/no/such.pem", "a file"),
        (
            "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
            "/no/such.pem",
            "a file",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE",
            "/no/such.pem",
            "a file",
        ),
        ("OTEL_EXPORTER_OTLP_CLIENT_KEY", "/no/such.key", "a file"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "0", "(milliseconds)"),
        ("OTEL_METRIC_EXPORT_TIMEOUT", "long", "(milliseconds)"),
        (
            "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
            "weekly",
            "`cumulative`, `delta`, `lowmemory`",
        ),
        (
            "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
            "none",
            "`explicit_bucket_histogram`",
        ),
        ("TICKSPAN_PRESET", "datadog", "`hyperdx`"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.5", "from 0 to 1"),
        ("OTEL_TRACES_SAMPLER_ARG", "NaN", "from 0 to 1"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "from 1 to 1,048,576"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0", "from 1 to 1,048,576"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1", "(milliseconds)"),
        ("OTEL_BSP_EXPORT_TIMEOUT", "1e3", "(milliseconds)"),
    ] {
        assert_named(name, value, accepted);
    }
}

/// Whether the error for a variable says which, what it holds, and what is accepted.
fn assert_named(name: &str, value: &str, accepted: &str) {
    let message = read(&[(name, value)]).unwrap_err().to_string();
    for part in [name, value, accepted] {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
}

#[test]
fn each_wrong_variable_of_log_records_limits_and_propagators_is_named() {
    for (name, value, accepted) in [
        ("OTEL_LOGS_EXPORTER", "syslog", "`otlp`, `console`"),
        (
            "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
            "host:1",
            "a URL such as",
        ),
        ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "udp", "`grpc`"),
        ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "1s", "(milliseconds)"),
        ("OTEL_EXPORTER_OTLP_LOGS_COMPRESSION", "br", "`gzip`"),
        ("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", "/no.pem", "a file"),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", "0", "from 1 to"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "many", "from 1 to"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "soon", "(milliseconds)"),
        ("OTEL_BLRP_EXPORT_TIMEOUT", "-1", "(milliseconds)"),
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "all", "a whole number"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "-1", "a whole number"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "1.5", "a whole number"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "x", "a whole number"),
        ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "y", "a whole number"),
        ("OTEL_ATTRIBUTE_COUNT_LIMIT", "z", "a whole number"),
        ("OTEL_PROPAGATORS", "b3", "`tracecontext`"),
    ] {
        assert_named(name, value, accepted);
    }
}

#[test]
fn wrong_headers_are_named_but_never_shown() {
    for value in [
        "authorization",
        "authorization=",
        "a b=hunter2",
        "a=hunter2%0a",
        "a=hunter2\u{e9}",
        "=hunter2",
    ] {
        let error = read(&[("OTEL_EXPORTER_OTLP_HEADERS", value)]).unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains("OTEL_EXPORTER_OTLP_HEADERS"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(
        read(&[(
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Basic%20abc==,x-team=one,"
        )])
        .is_ok()
    );
}

#[test]
fn each_form_of_each_variable_of_sending_is_named_when_it_is_wrong() {
    for (what, value, accepted) in [
        ("ENDPOINT", "localhost:4318", "a URL such as"),
        ("PROTOCOL", "udp", "`grpc`, `http/protobuf`"),
        ("TIMEOUT", "1s", "(milliseconds)"),
        ("COMPRESSION", "br", "`none`, `gzip`, `zstd`"),
        ("CERTIFICATE", "/no/such.pem", "a file"),
        ("CLIENT_CERTIFICATE", "/no/such.pem", "a file"),
        ("CLIENT_KEY", "/no/such.key", "a file"),
    ] {
        for signal in ["", "TRACES_", "METRICS_", "LOGS_"] {
            assert_named(
                &format!("OTEL_EXPORTER_OTLP_{signal}{what}"),
                value,
                accepted,
            );
        }
    }
    for signal in ["TRACES_", "METRICS_", "LOGS_"] {
        let name = format!("OTEL_EXPORTER_OTLP_{signal}HEADERS");
        let message = read(&[(&*name, "hunter2")]).unwrap_err().to_string();
        assert!(
            message.contains(&name) && message.contains("`name=value`"),
            "{message}"
        );
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn the_limit_of_text_for_spans_wins_over_the_one_for_all() {
    const SPANS: &str = "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT";
    const ALL: &str = "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT";
    for (variables, longest) in [
        (&[][..], None),
        (&[(ALL, "7")], Some(7)),
        (&[(ALL, "7"), (SPANS, "3")], Some(3)),
    ] {
        assert_eq!(read_tracing(variables).longest_text, longest);
    }
    for name in [SPANS, ALL] {
        assert_named(name, "long", "a whole number");
    }
}

#[test]
fn each_sampler_is_told_by_its_name() {
    for (name, ratio, parent_based) in [
        ("always_on", 1.0, false),
        ("always_off", 0.0, false),
        ("traceidratio", 0.25, false),
        ("parentbased_always_on", 1.0, true),
        ("parentbased_always_off", 0.0, true),
        ("parentbased_traceidratio", 0.25, true),
    ] {
        let variables = [(TRACES_SAMPLER, name), (TRACES_SAMPLER_ARG, "0.25")];
        let expected = HeadSampler {
            ratio,
            parent_based,
        };
        let sampler = read_tracing(&variables).sampler;
        assert_eq!(
            format!("{sampler:?}"),
            format!("{:?}", Some(expected)),
            "{name}"
        );
    }
}

#[test]
fn client_certificate_and_key_belong_together() {
    let file = env!("CARGO_MANIFEST_PATH");
    for (name, other) in [
        (
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
            "OTEL_EXPORTER_OTLP_CLIENT_KEY",
        ),
        (
            "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY",
            "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE",
        ),
    ] {
        let message = read(&[(name, file)]).unwrap_err().to_string();
        assert!(
            message.contains(name) && message.contains(other),
            "{message}"
        );
    }
}

#[cfg(unix)]
#[test]
fn text_that_is_not_unicode_is_refused() {
    use std::os::unix::ffi::OsStringExt as _;
    let error = Environment::read(&|name| {
        (name == SERVICE_NAME).then(|| OsString::from_vec(vec![b'a', 0xff]))
    })
    .unwrap_err()
    .to_string();
    assert!(
        error.contains("OTEL_SERVICE_NAME") && error.contains("Unicode"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn what_may_hold_a_secret_is_not_told_where_it_is_not_unicode() {
    use std::os::unix::ffi::OsStringExt as _;
    for secret in [
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_HEADERS",
        "HYPERDX_ENDPOINT",
        "HYPERDX_API_KEY",
    ] {
        let error = Environment::read(&|name| {
            (name == secret).then(|| OsString::from_vec(b"http://user:hunter2@h\xff:4318".to_vec()))
        })
        .unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(
            told.contains(secret) && told.contains("not shown") && !told.contains("hunter2"),
            "{told}"
        );
    }
}

#[test]
fn the_form_for_traces_wins() {
    let environment = read_tracing(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all:1"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:2/here"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "HTTP/protobuf"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "1"),
        ("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2"),
    ]);
    let url = environment
        .traces
        .endpoint
        .unwrap()
        .url(Signal::Traces, Protocol::HttpProtobuf)
        .unwrap();
    assert_eq!(url, "http://traces:2/here");
    let protocol = environment.traces.protocol.unwrap();
    assert_eq!(
        (protocol.setting, protocol.value),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", Protocol::HttpProtobuf)
    );
    let metrics = environment.metrics.endpoint.unwrap();
    assert_eq!(
        metrics
            .url(Signal::Metrics, Protocol::HttpProtobuf)
            .unwrap(),
        "http://all:1/v1/metrics"
    );
    assert_eq!(environment.traces.timeout, Some(Duration::from_millis(2)));
}

#[test]
fn values_are_read() {
    let environment = read_tracing(&[
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=prod, desk = a%2Cb,",
        ),
        ("OTEL_TRACES_EXPORTER", "console, otlp,console"),
        ("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"),
        ("OTEL_TRACES_SAMPLER_ARG", "0.25"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "100"),
    ]);
    let pairs = [("deployment.environment.name", "prod"), ("desk", "a,b")];
    assert_eq!(
        environment.resource_attributes,
        pairs.map(|(k, v)| (k.to_owned(), v.to_owned()))
    );
    assert_eq!(
        environment.traces.exporters,
        Some(vec![NamedExporter::Console, NamedExporter::Otlp])
    );
    assert_eq!(
        format!("{:?}", environment.sampler.unwrap()),
        "HeadSampler { ratio: 0.25, parent_based: true }"
    );
    assert_eq!(environment.batches.queue, Some(100));
}

#[test]
fn disabled_sdk_reads_no_other_variable_of_opentelemetry() {
    let environment = read(&[
        ("OTEL_SDK_DISABLED", "TRUE"),
        ("OTEL_TRACES_SAMPLER", "nonsense"),
    ])
    .unwrap();
    assert!(environment.tracing.is_none());
}

#[test]
fn the_page_is_at_the_host_and_port_that_are_set() {
    const HOST: &str = "OTEL_EXPORTER_PROMETHEUS_HOST";
    const PORT: &str = "OTEL_EXPORTER_PROMETHEUS_PORT";
    for (variables, address) in [
        (&[][..], "localhost:9464"),
        (&[(HOST, "0.0.0.0")], "0.0.0.0:9464"),
        (&[(HOST, "::1"), (PORT, "0")], "[::1]:0"),
        (&[(HOST, " node-1.desk "), (PORT, "80")], "node-1.desk:80"),
    ] {
        assert_eq!(read_tracing(variables).page, address);
    }
    for (name, value, accepted) in [
        (HOST, "http://localhost", "without a port"),
        (HOST, "localhost:9464", "without a port"),
        (PORT, "65536", "from 0 to 65,535"),
        ("OTEL_METRICS_EXPORTER", "prometheus,none", "`none`"),
        ("OTEL_TRACES_EXPORTER", "prometheus", "`otlp`, `console`"),
    ] {
        let error = read(&[(name, value)]).unwrap_err().to_string();
        for part in [name, value, accepted] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}

fn misspelt(set: &[&str]) -> Result<Vec<String>, String> {
    let environment = read(&[]).unwrap();
    environment
        .misspelt(set.iter().map(OsString::from))
        .map(|misspelt| {
            let meant = misspelt.into_iter().map(|error| match error {
                Error::Misspelt { meant, .. } => meant,
                other => panic!("{other}"),
            });
            meant.collect()
        })
        .map_err(|error| error.to_string())
}

#[test]
fn what_is_nearly_a_variable_of_opentelemetry_is_told() {
    for (name, meant) in [
        ("OTEL_EXPORTER_OLTP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("OTEL_TRACE_EXPORTER", "OTEL_TRACES_EXPORTER"),
        (
            "OTEL_EXPORTER_OTLP_TRACE_HEADERS",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
        ),
        ("OTLE_SERVICE_NAME", "OTEL_SERVICE_NAME"),
        ("otel_service_name", "OTEL_SERVICE_NAME"),
        ("OTEL_SERVICENAME", "OTEL_SERVICE_NAME"),
        ("OTEL-SERVICE-NAME", "OTEL_SERVICE_NAME"),
    ] {
        assert_eq!(misspelt(&[name]), Ok(vec![meant.to_owned()]), "{name}");
    }
}

#[test]
fn what_is_nearly_a_variable_of_tickspan_is_refused() {
    for (name, meant) in [
        ("TICKSPAN_FOREIGN_DATE", "TICKSPAN_FOREIGN_DATA"),
        ("TICKSPAN_FOREIGNDATA", "TICKSPAN_FOREIGN_DATA"),
        ("TICKSPAN_HAMC_KEY", "TICKSPAN_HMAC_KEY"),
        ("TICKSPAN_LOGS_FILTER", "TICKSPAN_LOG_FILTER"),
        ("tickspan_recorder", "TICKSPAN_RECORDER"),
        ("TICKSPAN_CONSOLE\u{1b}", "TICKSPAN_CONSOLE"),
    ] {
        let error = misspelt(&["PATH", name]).unwrap_err();
        assert!(
            error.ends_with(&format!("is `{meant}` meant?")) && !error.contains('\u{1b}'),
            "{error}"
        );
    }
}

#[test]
fn what_others_read_is_left_alone() {
    let others = [
        "PATH",
        "RUST_LOGS",
        "NO_COLOUR",
        // What Kubernetes sets for a service named `tickspan`.
        "TICKSPAN_SERVICE_HOST",
        "TICKSPAN_PORT_4317_TCP_PROTO",
        // Of the specification, and not read.
        "OTEL_LOG_LEVEL",
        "OTEL_ENTITIES",
        "OTEL_METRICS_EXEMPLAR_FILTER",
        "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_EXPORTER_OTLP_INSECURE",
        "OTEL_EXPORTER_OTLP_TRACES_INSECURE",
        "OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT",
        "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
        "OTEL_EXPERIMENTAL_CONFIG_FILE",
        // Of other languages.
        "OTEL_JAVAAGENT_ENABLED",
        "OTEL_NODE_RESOURCE_DETECTORS",
        "OTEL_PYTHON_LOG_LEVEL",
        "OTEL_GO_X_EXEMPLAR",
        // Set, and read.
        "TICKSPAN_HMAC_KEY",
        "OTEL_SERVICE_NAME",
    ];
    assert_eq!(misspelt(&others), Ok(Vec::new()));
}
