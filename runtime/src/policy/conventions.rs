//! Keys of the OpenTelemetry semantic conventions whose values are known to be safe.
//!
//! Safe is what comes from a closed list of words, is a number, or stands in the source or the deployment of the
//! program: `http.request.method`, `http.response.status_code`, `http.route`, `service.name`. What a request, a user
//! or a peer may choose is not: `url.full`, `server.address`, `user_agent.original`, `db.query.text`. Among them are
//! the keys under which the bridge from the `log` crate tells where a record comes from.

/// Sorted.
const SAFE: &[&str] = &[
    "cloud.availability_zone",
    "cloud.platform",
    "cloud.provider",
    "cloud.region",
    "code.column.number",
    "code.file.path",
    "code.function.name",
    "code.line.number",
    "code.module.name",
    "container.image.name",
    "container.runtime.name",
    "cpu.mode",
    "db.client.connection.state",
    "db.operation.batch.size",
    "db.response.returned_rows",
    "db.response.status_code",
    "db.system.name",
    "deployment.environment",
    "deployment.environment.name",
    "error.type",
    "exception.type",
    "faas.coldstart",
    "faas.name",
    "faas.trigger",
    "faas.version",
    "gen_ai.operation.name",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "host.arch",
    "host.type",
    "http.connection.state",
    "http.request.body.size",
    "http.request.method",
    "http.request.resend_count",
    "http.request.size",
    "http.response.body.size",
    "http.response.size",
    "http.response.status_code",
    "http.route",
    "k8s.cluster.name",
    "k8s.container.name",
    "k8s.container.restart_count",
    "k8s.cronjob.name",
    "k8s.daemonset.name",
    "k8s.deployment.name",
    "k8s.job.name",
    "k8s.namespace.name",
    "k8s.node.name",
    "k8s.pod.name",
    "k8s.pod.uid",
    "k8s.replicaset.name",
    "k8s.statefulset.name",
    "log.file",
    "log.line",
    "log.module_path",
    "log.target",
    "messaging.batch.message_count",
    "messaging.destination.anonymous",
    "messaging.destination.partition.id",
    "messaging.destination.template",
    "messaging.destination.temporary",
    "messaging.kafka.offset",
    "messaging.message.body.size",
    "messaging.message.envelope.size",
    "messaging.operation.name",
    "messaging.operation.type",
    "messaging.system",
    "network.connection.state",
    "network.connection.type",
    "network.io.direction",
    "network.local.port",
    "network.peer.port",
    "network.protocol.name",
    "network.protocol.version",
    "network.transport",
    "network.type",
    "os.name",
    "os.type",
    "os.version",
    "otel.component.name",
    "otel.component.type",
    "otel.scope.name",
    "otel.scope.version",
    "process.pid",
    "process.runtime.name",
    "process.runtime.version",
    "rpc.grpc.status_code",
    "rpc.message.compressed_size",
    "rpc.message.id",
    "rpc.message.type",
    "rpc.message.uncompressed_size",
    "rpc.method",
    "rpc.response.status_code",
    "rpc.service",
    "rpc.system",
    "rpc.system.name",
    "server.port",
    "service.criticality",
    "service.instance.id",
    "service.name",
    "service.namespace",
    "service.version",
    "telemetry.distro.name",
    "telemetry.distro.version",
    "telemetry.sdk.language",
    "telemetry.sdk.name",
    "telemetry.sdk.version",
    "thread.id",
    "thread.name",
    "tls.cipher",
    "tls.curve",
    "tls.established",
    "tls.next_protocol",
    "tls.protocol.name",
    "tls.protocol.version",
    "tls.resumed",
    "url.port",
    "url.scheme",
    "url.template",
    "user_agent.synthetic.type",
];

/// Keys that say something of a span itself, in words of a closed list.
const IN_WORDS: [&str; 2] = ["otel.kind", "otel.status_code"];
const WORDS: [&str; 8] = [
    "client", "consumer", "error", "internal", "ok", "producer", "server", "unset",
];

/// Whether values of `key` are words of a closed list, or nothing to anybody.
pub(super) fn is_in_words(key: &str) -> bool {
    IN_WORDS.contains(&key)
}

/// Whether `value` is one of those words.
pub(super) fn is_word(value: &str) -> bool {
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// Whether the values of `key` are known to be safe.
pub(super) fn is_safe(key: &str) -> bool {
    SAFE.binary_search(&key).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn list_is_sorted_and_holds_nothing_that_a_request_may_choose() {
        assert!(SAFE.is_sorted());
        for chosen_outside in [
            "url.full",
            "url.path",
            "url.query",
            "server.address",
            "client.address",
            "user_agent.original",
            "db.query.text",
            "http.request.header.authorization",
            "exception.message",
            "enduser.id",
        ] {
            assert!(!is_safe(chosen_outside), "{chosen_outside}");
        }
    }
}
