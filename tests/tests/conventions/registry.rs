//! The registry and the code say the same, both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use opentelemetry::trace::SpanKind as Emitted;
use opentelemetry_sdk::trace::SpanData;
use opentelemetry_semantic_conventions::{attribute as semconv, metric as semconv_metric};
use tickspan::TradeEvent;
use tickspan::trade::{
    EventReceived, OpportunityDetected, OrderBookSnapshot, OrderRequest, OrderResult,
    OrderSubmitted, RiskPassed, Signal,
};
use tickspan_tests::child::Child;

use super::everything::{Everything, OWN, emitted};
use super::model::{Attribute, Kind, Manifest, Registry, Requirement, SpanKind, ids};

/// The attributes that are OpenTelemetry's own.
const ATTRIBUTES_OF_OPENTELEMETRY: &[&str] = &[
    semconv::CODE_FILE_PATH,
    semconv::CODE_FUNCTION_NAME,
    semconv::CODE_LINE_NUMBER,
    semconv::ERROR_TYPE,
    semconv::HTTP_REQUEST_METHOD,
    semconv::HTTP_RESPONSE_STATUS_CODE,
    semconv::HTTP_ROUTE,
    semconv::NETWORK_PROTOCOL_VERSION,
    semconv::RPC_RESPONSE_STATUS_CODE,
    semconv::SERVER_ADDRESS,
    semconv::SERVER_PORT,
    semconv::THREAD_ID,
    semconv::THREAD_NAME,
    semconv::URL_SCHEME,
    semconv::URL_TEMPLATE,
];

/// The metrics that are OpenTelemetry's own, with their attributes.
const METRICS_OF_OPENTELEMETRY: &[(&str, &[&str])] = &[
    (semconv_metric::PROCESS_CPU_TIME, &[semconv::CPU_MODE]),
    (semconv_metric::PROCESS_MEMORY_USAGE, &[]),
    (semconv_metric::PROCESS_MEMORY_VIRTUAL, &[]),
    (
        semconv_metric::PROCESS_PAGING_FAULTS,
        &[semconv::SYSTEM_PAGING_FAULT_TYPE],
    ),
    (semconv_metric::PROCESS_THREAD_COUNT, &[]),
    (semconv_metric::PROCESS_UNIX_FILE_DESCRIPTOR_COUNT, &[]),
];

fn set<T: Into<String>>(words: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    words.into_iter().map(Into::into).collect()
}

/// The keys that are not the program's own.
fn keys<'a>(attributes: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    set(attributes.into_iter().filter(|key| !key.starts_with(OWN)))
}

#[test]
fn metrics_are_those_of_the_registry() {
    Child::of("registry::metrics_are_those_of_the_registry", || {
        let (everything, registry) = (emitted(), Registry::read());
        let mut names = set(registry.metrics.keys());
        if cfg!(target_os = "linux") {
            names.extend(registry.imported_metrics.clone());
        }
        assert_eq!(set(everything.metrics.keys()), names);
        for (name, written) in &registry.metrics {
            let metric = &everything.metrics[name];
            assert_eq!(metric.instrument, written.instrument, "{name}");
            assert_eq!(metric.description, written.brief, "{name}");
            assert_eq!(written.id, format!("metric.{name}"));
            let attributes = metric.attributes.keys().map(String::as_str);
            assert_eq!(keys(attributes), ids(&written.attributes), "{name}");
            let unit = |of_edge: Option<&str>| {
                (
                    of_edge.unwrap_or(&written.unit).to_owned(),
                    of_edge.map(str::to_owned),
                )
            };
            let units = if name.starts_with("tickspan.edge.") && name != "tickspan.edge.decisions" {
                BTreeSet::from([unit(None), unit(Some("USD"))])
            } else {
                BTreeSet::from([unit(None)])
            };
            assert_eq!(metric.units, units, "{name}");
        }
        for (name, attributes) in METRICS_OF_OPENTELEMETRY {
            let metric = &everything.metrics[*name];
            let emitted = metric.attributes.keys().map(String::as_str);
            assert_eq!(keys(emitted), set(attributes.iter().copied()), "{name}");
        }
    })
    .run();
}

#[test]
fn spans_and_events_have_the_attributes_of_the_registry() {
    Child::of(
        "registry::spans_and_events_have_the_attributes_of_the_registry",
        || {
            let (everything, registry) = (emitted(), Registry::read());
            let mut by_kind: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for span in &everything.spans {
                let attributes = span.attributes.iter().map(|it| it.key.as_str());
                let id = id_of(span);
                assert_eq!(kind_of(span), registry.spans[id].kind, "{id}");
                by_kind.entry(id).or_default().extend(keys(attributes));
            }
            let written = registry.spans.iter();
            let written: BTreeMap<&str, _> = written
                .map(|(id, span)| (id.as_str(), ids(&span.attributes)))
                .collect();
            assert_eq!(by_kind, written);

            let mut events = trade_events();
            for event in everything.spans.iter().flat_map(|span| &span.events.events) {
                if event.name.starts_with(OWN) {
                    continue;
                }
                let attributes = event.attributes.iter().map(|it| it.key.as_str());
                let attributes = keys(attributes)
                    .into_iter()
                    .map(|key| written_as(&registry, key));
                events
                    .entry(event.name.to_string())
                    .or_default()
                    .extend(attributes);
            }
            let written = registry.events.iter();
            let written: BTreeMap<_, _> = written
                .map(|(name, event)| (name.clone(), ids(&event.attributes)))
                .collect();
            assert_eq!(events, written);
            for (name, event) in &registry.events {
                let id = event.id.strip_prefix("event.tickspan.").unwrap();
                assert_eq!(id.strip_prefix("trade.").unwrap_or(id), name);
            }
        },
    )
    .run();
}

/// Costs are attributes of their own names, which the registry has as a template.
fn written_as(registry: &Registry, key: String) -> String {
    match key.split_once('.') {
        Some((template, _))
            if !registry.attributes.contains_key(&key)
                && registry.attributes.contains_key(template) =>
        {
            template.to_owned()
        }
        _ => key,
    }
}

fn id_of(span: &SpanData) -> &'static str {
    let is_hop = span
        .attributes
        .iter()
        .any(|it| it.key.as_str() == "tickspan.latency.path");
    match span.span_kind {
        Emitted::Server => "span.tickspan.http.server",
        Emitted::Client => "span.tickspan.http.client",
        _ if is_hop => "span.tickspan.latency.hop",
        _ => "span.tickspan.stage",
    }
}

fn kind_of(span: &SpanData) -> SpanKind {
    match span.span_kind {
        Emitted::Server => SpanKind::Server,
        Emitted::Client => SpanKind::Client,
        _ => SpanKind::Internal,
    }
}

/// The events of `tickspan::trade`, with their keys.
fn trade_events() -> BTreeMap<String, BTreeSet<String>> {
    fn event<E: TradeEvent>() -> (String, BTreeSet<String>) {
        (E::NAME.to_owned(), set(E::KEYS.iter().copied()))
    }
    BTreeMap::from([
        event::<EventReceived<'_>>(),
        event::<OrderBookSnapshot<'_, f64>>(),
        event::<Signal<'_, f64>>(),
        event::<OpportunityDetected<'_, f64>>(),
        event::<RiskPassed<'_, f64>>(),
        event::<OrderRequest<'_, f64>>(),
        event::<OrderSubmitted<'_>>(),
        event::<OrderResult<'_, f64>>(),
    ])
}

#[test]
fn words_of_a_closed_list_are_those_of_the_registry() {
    const WHY: &str = "tickspan.withheld.why";
    let child = Child::of(
        "registry::words_of_a_closed_list_are_those_of_the_registry",
        || {
            let emitted = values(&emitted());
            for (id, written) in closed_lists() {
                let emitted = emitted.get(&id).cloned().unwrap_or_default();
                if id == WHY {
                    // Depends on the policy: see below.
                    for why in emitted {
                        println!("why {why}");
                    }
                } else if id.starts_with("tickspan.") || id == "edge.decision" {
                    assert_eq!(emitted, written, "{id}");
                } else {
                    // Those of FIX.
                    assert!(emitted.is_subset(&written), "{id}: {emitted:?}");
                }
            }
        },
    );
    let mut whys = BTreeSet::new();
    for policy in ["checked", "allow-list"] {
        let printed = child.with("TICKSPAN_FOREIGN_DATA", policy).run().stdout;
        let found = printed.lines().filter_map(|line| line.strip_prefix("why "));
        whys.extend(found.map(str::to_owned));
    }
    assert_eq!(whys, closed_lists()[WHY]);
}

/// The attributes that have one of some words, and these.
fn closed_lists() -> BTreeMap<String, BTreeSet<String>> {
    let attributes = Registry::read().attributes.into_values();
    attributes
        .filter_map(|attribute| match attribute.kind {
            Kind::Enum { members } => {
                let words = set(members.iter().map(|member| member.value.as_str()));
                assert_eq!(words.len(), members.len(), "{}", attribute.id);
                Some((attribute.id, words))
            }
            Kind::Named(_) => None,
        })
        .collect()
}

/// The values of each attribute, wherever it stands.
fn values(everything: &Everything) -> BTreeMap<String, BTreeSet<String>> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for metric in everything.metrics.values() {
        for (key, of_metric) in &metric.attributes {
            values
                .entry(key.clone())
                .or_default()
                .extend(of_metric.clone());
        }
    }
    let spans = everything.spans.iter();
    let events = spans.clone().flat_map(|span| &span.events.events);
    let attributes = spans
        .flat_map(|span| &span.attributes)
        .chain(events.flat_map(|event| &event.attributes));
    for attribute in attributes {
        let values = values.entry(attribute.key.to_string()).or_default();
        values.insert(attribute.value.to_string());
    }
    values
}

#[test]
fn references_are_to_what_is_there_and_all_of_it_is_used() {
    let registry = Registry::read();
    let own = set(registry.attributes.keys());
    let others = set(ATTRIBUTES_OF_OPENTELEMETRY.iter().copied());
    assert!(own.is_disjoint(&others));
    // The unit of an edge is an attribute of a scope, too, and metrics have none of their own.
    let references = set(registry.references());
    assert_eq!(references, own.union(&others).cloned().collect());
    let metrics = METRICS_OF_OPENTELEMETRY.iter().map(|(name, _)| *name);
    assert_eq!(registry.imported_metrics, set(metrics));
}

#[test]
fn the_registry_is_as_the_syntax_asks() {
    let (registry, manifest) = (Registry::read(), Manifest::read());
    assert!(!manifest.description.is_empty());
    assert!(
        manifest
            .schema_url
            .ends_with(concat!("/", env!("CARGO_PKG_VERSION_MAJOR"), ".1.0")),
        "{}",
        manifest.schema_url
    );
    let [opentelemetry] = &manifest.dependencies[..] else {
        panic!("{manifest:?}");
    };
    // That of the constants in this file.
    assert_eq!(
        opentelemetry.schema_url,
        opentelemetry_semantic_conventions::SCHEMA_URL
    );
    let version = opentelemetry.schema_url.rsplit('/').next().unwrap();
    assert!(
        opentelemetry
            .registry_path
            .contains(&format!("/v{version}.zip[model]"))
    );
    for Attribute {
        id,
        kind,
        brief,
        examples,
        ..
    } in registry.attributes.values()
    {
        assert!(brief.ends_with(['.', ')']), "{id}: {brief}");
        match kind {
            Kind::Named(kind) => {
                let known = ["any", "string", "int", "double", "template[any]"];
                assert!(known.contains(&kind.as_str()), "{id}: {kind}");
                assert_eq!(
                    examples.is_empty(),
                    !["string", "template[any]"].contains(&kind.as_str()),
                    "{id}"
                );
            }
            Kind::Enum { members } => {
                let ids = set(members.iter().map(|member| member.id.as_str()));
                assert_eq!(ids.len(), members.len(), "{id}");
            }
        }
    }
    let metrics = registry
        .metrics
        .values()
        .flat_map(|metric| &metric.attributes);
    for reference in metrics {
        assert_ne!(
            reference.requirement_level,
            Requirement::OptIn,
            "{}",
            reference.id
        );
    }
    for span in registry.spans.values() {
        assert!(!span.brief.is_empty() && !span.id.is_empty());
    }
    for event in registry.events.values() {
        assert!(!event.brief.is_empty());
    }
}

/// Each word in backticks.
fn in_backticks(text: &str) -> BTreeSet<String> {
    set(text.split('`').skip(1).step_by(2))
}

#[test]
fn the_docs_name_what_is_in_the_registry_and_nothing_else() {
    let registry = Registry::read();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let read = |page: &str| in_backticks(&fs::read_to_string(docs.join(page)).unwrap());
    let page = read("semantic-conventions.md");
    let of_trade: BTreeSet<String> = trade_events().into_values().flatten().collect();
    let names = registry.metrics.keys().chain(&registry.imported_metrics);
    let names = names
        .chain(registry.attributes.keys())
        .chain(registry.events.keys());
    for name in names.filter(|name| !of_trade.contains(*name) && *name != "edge") {
        assert!(
            page.contains(name),
            "docs/semantic-conventions.md does not say `{name}`"
        );
    }
    let scopes = ["tickspan.test", "tickspan.instruments"];
    for word in page.iter().filter(|word| word.starts_with("tickspan.")) {
        let known = registry.metrics.contains_key(word) || registry.attributes.contains_key(word);
        assert!(
            known || scopes.contains(&word.as_str()),
            "`{word}` is not in the registry"
        );
    }
}
