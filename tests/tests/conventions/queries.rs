//! Dashboards and alerts ask for what is on the page for Prometheus.

use std::collections::{BTreeMap, BTreeSet};

use tickspan_tests::child::Child;
use tickspan_tests::stack::{alerts, dashboards, yaml};

use super::everything::emitted;
use super::promql::{Names, Selector, names};

/// What Prometheus adds to each sample of a target.
const OF_TARGETS: &[&str] = &["job", "instance"];

/// The labels of the samples of one name, and their values.
type Labels = BTreeMap<String, BTreeSet<String>>;

/// A page, by the names of samples.
struct Page(BTreeMap<String, Labels>);

impl Page {
    fn read(text: &str) -> Self {
        let mut samples: BTreeMap<String, Labels> = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let end = line.find(['{', ' ']).unwrap();
            let labels = samples.entry(line[..end].to_owned()).or_default();
            let mut rest = line[end..].strip_prefix('{').unwrap_or_default();
            while let Some((label, after)) = rest.split_once("=\"") {
                let (value, after) = value(after);
                labels.entry(label.to_owned()).or_default().insert(value);
                match after.strip_prefix(',') {
                    Some(more) => rest = more,
                    None => break,
                }
            }
        }
        Self(samples)
    }

    /// The labels of all that a selector may find.
    fn labels(&self, metric: &str) -> Labels {
        let mut labels = Labels::new();
        for (_, found) in self.0.iter().filter(|(name, _)| matches(metric, name)) {
            for (label, values) in found {
                labels
                    .entry(label.clone())
                    .or_default()
                    .extend(values.clone());
            }
        }
        labels
    }

    /// Whether a metric with these labels is there.
    fn check(&self, of: &str, Selector { metric, matchers }: &Selector) -> Labels {
        assert!(
            self.0.keys().any(|name| matches(metric, name)),
            "{of}: nothing emits `{metric}`"
        );
        let labels = self.labels(metric);
        for matcher in matchers
            .iter()
            .filter(|it| !OF_TARGETS.contains(&it.label.as_str()))
        {
            let values = labels.get(&matcher.label);
            let values =
                values.unwrap_or_else(|| panic!("{of}: `{metric}` has no `{}`", matcher.label));
            let is_word = ["=", "!="].contains(&matcher.operator.as_str());
            assert!(
                !is_word || values.contains(&matcher.value),
                "{of}: {matcher:?} of {values:?}"
            );
        }
        labels
    }

    fn check_all(&self, of: &str, expression: &str) -> Names {
        let found = names(expression);
        assert!(!found.selectors.is_empty(), "{of} asks for nothing");
        let mut known: BTreeSet<String> =
            OF_TARGETS.iter().map(|label| (*label).to_owned()).collect();
        for selector in &found.selectors {
            known.extend(self.check(of, selector).into_keys());
        }
        known.extend(found.made.clone());
        assert!(
            found.labels.is_subset(&known),
            "{of}: {:?} of {known:?}",
            found.labels
        );
        found
    }
}

/// The value at the beginning, which ends with a quote, and what is behind it.
fn value(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    panic!("{text} does not end");
}

/// Whether a name is the metric, or one of those of an edge in each unit.
fn matches(metric: &str, name: &str) -> bool {
    match metric.strip_suffix("(_.+)?") {
        Some(begin) => name
            .strip_prefix(begin)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('_')),
        None => name == metric,
    }
}

#[test]
fn every_query_asks_for_metrics_and_labels_that_are_emitted() {
    Child::of(
        "queries::every_query_asks_for_metrics_and_labels_that_are_emitted",
        || {
            let page = Page::read(&emitted().page);
            let mut asked = BTreeSet::new();
            for dashboard in dashboards() {
                for query in dashboard.queries() {
                    let found = page.check_all(&query.of, &query.expression);
                    for label in query.legend.split("{{").skip(1) {
                        let label = label.split("}}").next().unwrap();
                        let remains = found.labels.contains(label) || found.made.contains(label);
                        assert!(remains, "{}: `{label}` is not grouped by", query.of);
                    }
                    asked.extend(found.selectors.into_iter().map(|selector| selector.metric));
                }
                for (name, query) in dashboard.variables() {
                    let of = format!("{}, ${name}", dashboard.file);
                    let inside = query
                        .strip_prefix("label_values(")
                        .and_then(|rest| rest.strip_suffix(')'));
                    let (metric, label) =
                        inside.and_then(|inside| inside.split_once(", ")).unwrap();
                    page.check_all(&of, &format!("sum by ({label}) ({metric})"));
                }
            }
            for (alert, expression) in alerts() {
                page.check_all(&alert, &expression);
            }
            // What telemetry tells of itself and of stages is shown somewhere.
            for name in page.0.keys().filter(|name| name.starts_with("tickspan_")) {
                let begin = ["_bucket", "_count", "_sum"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end));
                let begin = begin.unwrap_or(name);
                assert!(
                    asked
                        .iter()
                        .any(|metric| matches(metric, name) || metric.starts_with(begin)),
                    "no dashboard shows `{name}`"
                );
            }
        },
    )
    .run();
}

#[test]
fn from_a_trace_to_its_metrics_and_back() {
    Child::of("queries::from_a_trace_to_its_metrics_and_back", || {
        let text = emitted().page;
        let page = Page::read(&text);
        let sources = yaml("grafana/provisioning/datasources/datasources.yaml");
        let sources = sources["datasources"].as_array().unwrap();
        let the = |kind: &str| {
            sources
                .iter()
                .find(|source| source["type"] == kind)
                .unwrap()
        };
        let to_metrics = &the("tempo")["jsonData"]["tracesToMetrics"];
        for query in to_metrics["queries"].as_array().unwrap() {
            let expression = query["query"].as_str().unwrap();
            let found = page.check_all("tracesToMetrics", expression);
            for tag in to_metrics["tags"].as_array().unwrap() {
                let label = tag["value"].as_str().unwrap();
                assert!(page.labels(&found.selectors[0].metric).contains_key(label));
            }
        }
        for exemplars in the("prometheus")["jsonData"]["exemplarTraceIdDestinations"]
            .as_array()
            .unwrap()
        {
            let name = exemplars["name"].as_str().unwrap();
            assert!(text.contains(&format!("# {{{name}=\"")), "{name}");
        }
    })
    .run();
}

#[test]
fn a_query_for_what_is_not_there_is_found() {
    let page =
        Page::read("calls_total{outcome=\"ok\",stage=\"a\\\"b\"} 7\nnet_USD{name=\"x\"} 1\n");
    let labels = page.labels("calls_total");
    assert_eq!(labels["stage"], BTreeSet::from(["a\"b".to_owned()]));
    for good in [
        "sum by (outcome, job) (rate(calls_total{job=~\"$job\",outcome=\"ok\"}[5m]))",
        "sum by (name) ({__name__=~\"net(_.+)?\"})",
    ] {
        page.check_all("good", good);
    }
    for bad in [
        "rate(call_total[5m])",
        "rate(calls_total{outcom=\"ok\"}[5m])",
        "rate(calls_total{outcome=\"okay\"}[5m])",
        "sum by (venue) (calls_total)",
        "{__name__=~\"gross(_.+)?\"}",
        "1",
    ] {
        let found = std::panic::catch_unwind(|| page.check_all("bad", bad));
        assert!(found.is_err(), "{bad}");
    }
}
