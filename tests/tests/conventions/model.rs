//! A registry of semantic conventions, as the syntax of OpenTelemetry's `weaver` has it (groups, version 1). What the
//! syntax does not know is a fault.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    pub(crate) description: String,
    pub(crate) schema_url: String,
    #[serde(rename = "stability")]
    _stability: Stability,
    pub(crate) dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dependency {
    pub(crate) schema_url: String,
    pub(crate) registry_path: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    imports: Imports,
    groups: Vec<Group>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Imports {
    metrics: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
enum Group {
    #[serde(rename = "attribute_group")]
    Attributes {
        id: String,
        #[serde(rename = "display_name")]
        _display_name: String,
        brief: String,
        attributes: Vec<Attribute>,
    },
    Metric(Metric),
    Span(Span),
    Event(Event),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metric {
    pub(crate) id: String,
    #[serde(rename = "metric_name")]
    pub(crate) name: String,
    pub(crate) instrument: Instrument,
    pub(crate) unit: String,
    #[serde(rename = "stability")]
    _stability: Stability,
    pub(crate) brief: String,
    #[serde(default, rename = "note")]
    _note: String,
    #[serde(default)]
    pub(crate) attributes: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Span {
    pub(crate) id: String,
    #[serde(rename = "span_kind")]
    pub(crate) kind: SpanKind,
    #[serde(rename = "stability")]
    _stability: Stability,
    pub(crate) brief: String,
    #[serde(default, rename = "note")]
    _note: String,
    pub(crate) attributes: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(rename = "stability")]
    _stability: Stability,
    pub(crate) brief: String,
    #[serde(default, rename = "note")]
    _note: String,
    pub(crate) attributes: Vec<Reference>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Attribute {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    #[serde(rename = "stability")]
    _stability: Stability,
    pub(crate) brief: String,
    #[serde(default)]
    pub(crate) examples: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Kind {
    Named(String),
    Enum { members: Vec<Member> },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Member {
    pub(crate) id: String,
    pub(crate) value: String,
    #[serde(default, rename = "brief")]
    _brief: String,
    #[serde(rename = "stability")]
    _stability: Stability,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reference {
    #[serde(rename = "ref")]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) requirement_level: Requirement,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Requirement {
    Required,
    ConditionallyRequired(String),
    #[default]
    Recommended,
    OptIn,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stability {
    Development,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Instrument {
    Counter,
    Gauge,
    Histogram,
    UpDownCounter,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SpanKind {
    Client,
    Internal,
    Server,
}

/// All files together.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    pub(crate) attributes: BTreeMap<String, Attribute>,
    pub(crate) metrics: BTreeMap<String, Metric>,
    pub(crate) imported_metrics: BTreeSet<String>,
    pub(crate) spans: BTreeMap<String, Span>,
    pub(crate) events: BTreeMap<String, Event>,
}

const FOLDER: &str = "../docs/registry";

impl Manifest {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
        let text = fs::read_to_string(path.join("manifest.yaml")).unwrap();
        serde_saphyr::from_str(&text).unwrap()
    }
}

impl Registry {
    /// Reads the registry, in which nothing is said twice.
    pub(crate) fn read() -> Self {
        let mut registry = Self::default();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
        let mut ids = BTreeSet::new();
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.file_name().unwrap() == "manifest.yaml" {
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let file: File = serde_saphyr::from_str(&text)
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            registry.imported_metrics.extend(file.imports.metrics);
            for group in file.groups {
                let id = registry.add(group);
                assert!(ids.insert(id.clone()), "{id} stands there twice");
            }
        }
        registry
    }

    fn add(&mut self, group: Group) -> String {
        let (id, brief, replaced) = match group {
            Group::Attributes {
                id,
                brief,
                attributes,
                ..
            } => {
                let mut replaced = false;
                for attribute in attributes {
                    let id = attribute.id.clone();
                    replaced |= self.attributes.insert(id, attribute).is_some();
                }
                (id, brief, replaced)
            }
            Group::Metric(metric) => {
                let (id, brief) = (metric.id.clone(), metric.brief.clone());
                let name = metric.name.clone();
                (id, brief, self.metrics.insert(name, metric).is_some())
            }
            Group::Span(span) => {
                let (id, brief) = (span.id.clone(), span.brief.clone());
                (id.clone(), brief, self.spans.insert(id, span).is_some())
            }
            Group::Event(event) => {
                let (id, brief) = (event.id.clone(), event.brief.clone());
                let name = event.name.clone();
                (id, brief, self.events.insert(name, event).is_some())
            }
        };
        assert!(!replaced, "{id} says something twice");
        assert!(
            brief.ends_with('.') || brief.ends_with("parentheses."),
            "{id}: {brief}"
        );
        id
    }

    /// Every reference to an attribute.
    pub(crate) fn references(&self) -> BTreeSet<&str> {
        let metrics = self.metrics.values().flat_map(|metric| &metric.attributes);
        let spans = self.spans.values().flat_map(|span| &span.attributes);
        let events = self.events.values().flat_map(|event| &event.attributes);
        let all = metrics.chain(spans).chain(events);
        all.map(|reference| reference.id.as_str()).collect()
    }
}

/// The names of references.
pub(crate) fn ids(references: &[Reference]) -> BTreeSet<String> {
    references.iter().map(|it| it.id.clone()).collect()
}
