//! The files of `docs/stack` agree with each other: names, ports, folders, and what one engine says of another.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;
use tickspan_tests::stack::{dashboards, path, yaml};

use super::model::{Kind, Registry};

const DATASOURCES: &str = "grafana/provisioning/datasources/datasources.yaml";
const COLLECTORS: [&str; 3] = [
    "collector/agent.yaml",
    "collector/balancer.yaml",
    "collector/sampler.yaml",
];

/// What the Collector of one machine has besides `agent.yaml`.
const JAEGER: &str = "collector/jaeger.yaml";

/// The ports of images that no file here sets.
const PORTS_OF_IMAGES: &[(&str, &[u16])] = &[
    ("jaeger", &[4317, 4318, 16686]),
    ("prometheus", &[9090]),
    ("grafana", &[3000]),
];

fn list(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value
        .as_object()
        .map(|map| map.keys().cloned().collect())
        .unwrap_or_default()
}

/// Every text in a file, wherever it stands.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(texts).collect(),
        Value::Object(all) => all.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn port(endpoint: &Value) -> u16 {
    let endpoint = endpoint.as_str().unwrap();
    endpoint.rsplit(':').next().unwrap().parse().unwrap()
}

/// The ports at which each service of the one machine listens.
fn ports() -> BTreeMap<String, BTreeSet<u16>> {
    let otlp = &yaml(COLLECTORS[0])["receivers"]["otlp"]["protocols"];
    let (tempo, loki) = (yaml("tempo.yaml"), yaml("loki.yaml"));
    let number = |value: &Value| u16::try_from(value.as_u64().unwrap()).unwrap();
    let mut ports = BTreeMap::from([
        (
            "collector".to_owned(),
            BTreeSet::from([
                port(&otlp["grpc"]["endpoint"]),
                port(&otlp["http"]["endpoint"]),
            ]),
        ),
        (
            "tempo".to_owned(),
            BTreeSet::from([
                number(&tempo["server"]["http_listen_port"]),
                port(&tempo["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"]),
            ]),
        ),
        (
            "loki".to_owned(),
            BTreeSet::from([number(&loki["server"]["http_listen_port"])]),
        ),
    ]);
    for (service, of_image) in PORTS_OF_IMAGES {
        ports.insert((*service).to_owned(), of_image.iter().copied().collect());
    }
    ports
}

/// The service and the port in `http://service:port/path`, or without a scheme; nothing where it is no address.
fn address(text: &str) -> Option<(String, u16)> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (host, rest) = rest.split_once(':')?;
    let port = rest.split('/').next()?.parse().ok()?;
    Some((host.to_owned(), port))
}

#[test]
fn services_are_called_by_names_and_ports_that_they_have() {
    let compose = yaml("docker-compose.yml");
    let ports = ports();
    assert_eq!(keys(&compose["services"]), ports.keys().cloned().collect());
    let environment = &compose["services"]["collector"]["environment"];
    let called = [environment, &yaml(DATASOURCES), &yaml(JAEGER)["exporters"]].map(texts);
    let mut found = BTreeSet::new();
    for (service, port) in called.iter().flatten().filter_map(|text| address(text)) {
        assert!(
            ports[&service].contains(&port),
            "{service} does not listen at {port}"
        );
        found.insert(service);
    }
    for service in ["tempo", "jaeger", "prometheus", "loki"] {
        assert!(found.contains(service), "nobody calls {service}");
    }
    for (name, service) in compose["services"].as_object().unwrap() {
        for published in list(&service["ports"]) {
            let [host, outside, inside] = published.split(':').collect::<Vec<_>>()[..] else {
                panic!("{published}");
            };
            assert_eq!(host, "127.0.0.1", "{name} is for this machine alone");
            assert_eq!(outside, inside);
            assert!(
                ports[name].contains(&inside.parse().unwrap()),
                "{name} does not listen at {inside}"
            );
        }
        for other in list(&service["depends_on"]) {
            assert!(ports.contains_key(&other), "{other}");
        }
    }
}

#[test]
fn containers_find_the_files_and_folders_that_they_are_told_of() {
    let compose = yaml("docker-compose.yml");
    let volumes = keys(&compose["volumes"]);
    let mut used = BTreeSet::new();
    for (name, service) in compose["services"].as_object().unwrap() {
        let known = [
            "image",
            "command",
            "environment",
            "volumes",
            "ports",
            "depends_on",
            "restart",
            "user",
            "extra_hosts",
        ];
        assert!(
            keys(service)
                .iter()
                .all(|key| known.contains(&key.as_str())),
            "{name}"
        );
        let image = service["image"].as_str().unwrap();
        let version = image.split_once(':').unwrap().1.trim_start_matches('v');
        assert_eq!(version.split('.').count(), 3, "{image}: a whole version");
        let mut targets = Vec::new();
        for mount in list(&service["volumes"]) {
            let (source, target) = mount.split_once(':').unwrap();
            if let Some(file) = source.strip_prefix("./") {
                assert!(path(file).exists(), "{name}: there is no {file}");
                assert!(target.ends_with(":ro"), "{name} only reads {file}");
            } else {
                assert!(volumes.contains(source), "{source}");
                used.insert(source.to_owned());
            }
            targets.push(target.trim_end_matches(":ro").to_owned());
        }
        for argument in list(&service["command"]) {
            if let Some((option, file)) = argument.split_once('=') {
                let is_file = option.ends_with("config") || option.ends_with("config.file");
                assert!(
                    !is_file || targets.iter().any(|target| target == file),
                    "{name}: {argument}"
                );
            }
        }
    }
    assert_eq!(used, volumes);
    let prometheus = &compose["services"]["prometheus"];
    let mounted = list(&prometheus["volumes"]).concat();
    for rules in list(&yaml("prometheus.yml")["rule_files"]) {
        assert!(path(&rules).is_file() && mounted.contains(&format!("/etc/prometheus/{rules}:ro")));
    }
    let dashboards = &yaml("grafana/provisioning/dashboards/dashboards.yaml")["providers"][0];
    let folder = dashboards["options"]["path"].as_str().unwrap();
    let mounted = list(&compose["services"]["grafana"]["volumes"]);
    assert!(
        mounted.contains(&format!("./grafana/dashboards:{folder}:ro")),
        "{mounted:?}"
    );
    // What keeps data keeps it in a volume.
    let tempo = yaml("tempo.yaml");
    for folder in [
        &tempo["storage"]["trace"]["local"]["path"],
        &tempo["storage"]["trace"]["wal"]["path"],
    ] {
        assert!(folder.as_str().unwrap().starts_with("/var/tempo/"));
    }
    assert_eq!(yaml("loki.yaml")["common"]["path_prefix"], "/loki");
}

#[test]
fn prometheus_takes_what_is_sent_and_scrapes_the_usual_port() {
    let compose = yaml("docker-compose.yml");
    let prometheus = &compose["services"]["prometheus"];
    let options = list(&prometheus["command"]);
    for option in [
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage",
    ] {
        assert!(options.iter().any(|it| it == option), "{option}");
    }
    let config = yaml("prometheus.yml");
    let target = config["scrape_configs"][0]["static_configs"][0]["targets"][0]
        .as_str()
        .unwrap();
    let (host, port) = address(target).unwrap();
    // That of `OTEL_EXPORTER_PROMETHEUS_PORT`.
    assert_eq!(port, 9464);
    assert!(list(&prometheus["extra_hosts"]).contains(&format!("{host}:host-gateway")));
    assert!(
        fs::read_to_string(path("README.md"))
            .unwrap()
            .contains("9464")
    );
}

#[test]
fn collectors_define_what_they_use_and_use_what_they_define() {
    for file in COLLECTORS {
        let config = yaml(file);
        let sections = [
            "receivers",
            "processors",
            "exporters",
            "extensions",
            "service",
        ];
        assert_eq!(keys(&config), sections.map(str::to_owned).into());
        let service = &config["service"];
        assert_eq!(
            list(&service["extensions"])
                .into_iter()
                .collect::<BTreeSet<_>>(),
            keys(&config["extensions"]),
            "{file}"
        );
        let pipelines = service["pipelines"].as_object().unwrap();
        for section in &sections[..3] {
            let used: BTreeSet<_> = pipelines
                .values()
                .flat_map(|pipeline| list(&pipeline[*section]))
                .collect();
            assert_eq!(used, keys(&config[*section]), "{file}: {section}");
        }
        for (name, pipeline) in pipelines {
            assert!(
                ["traces", "metrics", "logs"].contains(&name.as_str()),
                "{file}: {name}"
            );
            assert_eq!(
                list(&pipeline["processors"])[0],
                "memory_limiter",
                "{file}: {name}"
            );
        }
        for exporter in config["exporters"].as_object().unwrap().values() {
            if let Some(storage) = exporter["sending_queue"]["storage"].as_str() {
                assert!(
                    keys(&config["extensions"]).contains(storage),
                    "{file}: {storage}"
                );
            }
        }
        // Each tier listens where the one before it sends.
        assert_eq!(
            port(&config["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"]),
            4317
        );
    }
    // Whoever uses these files says where they send.
    for exporters in COLLECTORS.map(|file| yaml(file)["exporters"].clone()) {
        for endpoint in texts(&exporters).iter().filter(|text| text.contains(':')) {
            assert!(endpoint.starts_with("${env:"), "{endpoint}");
        }
    }
    let balancer = yaml(COLLECTORS[1]);
    let resolver = &balancer["exporters"]["loadbalancing"]["resolver"]["dns"];
    assert_eq!(resolver["port"], "4317");
    assert_eq!(
        balancer["exporters"]["loadbalancing"]["routing_key"],
        "traceID"
    );
}

#[test]
fn jaeger_is_added_to_where_traces_go() {
    let traces = |file| list(&yaml(file)["service"]["pipelines"]["traces"]["exporters"]);
    let mut exporters = traces(COLLECTORS[0]);
    exporters.extend(keys(&yaml(JAEGER)["exporters"]));
    assert_eq!(traces(JAEGER), exporters);
    let command = list(&yaml("docker-compose.yml")["services"]["collector"]["command"]);
    let last = command.last().unwrap();
    assert!(last.ends_with("/jaeger.yaml"), "{last}");
}

/// The names in `${env:NAME}`.
fn variables(file: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(path(file)).unwrap();
    let variables = text.split("${env:").skip(1);
    variables
        .map(|rest| rest.split('}').next().unwrap().to_owned())
        .collect()
}

#[test]
fn variables_of_collectors_are_set_or_told() {
    let compose = yaml("docker-compose.yml");
    assert_eq!(
        keys(&compose["services"]["collector"]["environment"]),
        variables(COLLECTORS[0])
    );
    let readme = fs::read_to_string(path("README.md")).unwrap();
    for variable in COLLECTORS.iter().flat_map(|file| variables(file)) {
        assert!(
            readme.contains(&format!("`{variable}`")),
            "the README does not tell {variable}"
        );
    }
}

#[test]
fn the_sampler_keeps_by_what_spans_say() {
    let registry = Registry::read();
    let config = yaml(COLLECTORS[2]);
    for policy in config["processors"]["tail_sampling"]["policies"]
        .as_array()
        .unwrap()
    {
        let kind = policy["type"].as_str().unwrap();
        assert!(policy[kind].is_object(), "{policy}");
        if kind != "string_attribute" {
            continue;
        }
        let key = policy[kind]["key"].as_str().unwrap();
        assert!(
            registry.spans["span.tickspan.stage"]
                .attributes
                .iter()
                .any(|it| it.id == key)
        );
        let Kind::Enum { members } = &registry.attributes[key].kind else {
            panic!("{key} has no closed list");
        };
        for value in list(&policy[kind]["values"]) {
            assert!(
                members.iter().any(|member| member.value == value),
                "{key}: {value}"
            );
        }
    }
}

#[test]
fn dashboards_are_whole() {
    let sources = yaml(DATASOURCES);
    let sources = sources["datasources"].as_array().unwrap();
    let uids: BTreeSet<&str> = sources
        .iter()
        .map(|source| source["uid"].as_str().unwrap())
        .collect();
    assert_eq!(uids.len(), sources.len());
    for text in sources
        .iter()
        .flat_map(|source| datasource_uids(&source["jsonData"]))
    {
        assert!(uids.contains(text.as_str()), "{text}");
    }
    let dashboards = dashboards();
    let of_dashboards: BTreeSet<_> = dashboards
        .iter()
        .map(|it| it.json["uid"].to_string())
        .collect();
    assert_eq!(of_dashboards.len(), dashboards.len());
    for dashboard in &dashboards {
        let variables: Vec<String> = dashboard
            .variables()
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let mut ids = BTreeSet::new();
        let mut cells = BTreeSet::new();
        for panel in dashboard.panels() {
            let of = format!("{}, {}", dashboard.file, panel["title"]);
            assert!(ids.insert(panel["id"].to_string()), "{of}: its id");
            assert!(
                uids.contains(panel["datasource"]["uid"].as_str().unwrap()),
                "{of}"
            );
            let side = |name: &str| panel["gridPos"][name].as_u64().unwrap();
            assert!(side("x") + side("w") <= 24, "{of} is too wide");
            for x in side("x")..side("x") + side("w") {
                for y in side("y")..side("y") + side("h") {
                    assert!(cells.insert((x, y)), "{of} lies over another");
                }
            }
        }
        for query in dashboard.queries() {
            for name in query.expression.split('$').skip(1) {
                let end = name.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                let name = &name[..end.unwrap_or(name.len())];
                let is_known = ["__rate_interval", "__range", "1"].contains(&name)
                    || variables.iter().any(|it| it == name);
                assert!(is_known, "{}: there is no ${name}", query.of);
            }
            assert!(
                !query
                    .with_all_chosen("1m")
                    .replace("\"$1\"", "")
                    .contains('$'),
                "{}",
                query.of
            );
        }
    }
}

fn datasource_uids(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(datasource_uids).collect(),
        Value::Object(all) => {
            let own = all
                .get("datasourceUid")
                .and_then(Value::as_str)
                .map(str::to_owned);
            own.into_iter()
                .chain(all.values().flat_map(datasource_uids))
                .collect()
        }
        _ => Vec::new(),
    }
}
