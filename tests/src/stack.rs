//! The files of `docs/stack`, as their engines read them.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder, or a file in it.
pub fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs/stack")
        .join(file)
}

/// A file in YAML.
///
/// # Panics
///
/// When it is not there, or is no YAML.
pub fn yaml(file: &str) -> Value {
    serde_saphyr::from_str(&text(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn text(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// A dashboard of Grafana.
#[derive(Clone, Debug)]
pub struct Dashboard {
    /// Its file.
    pub file: String,
    /// What the file says.
    pub json: Value,
}

/// All dashboards.
///
/// # Panics
///
/// When one of them is no JSON, or there is none.
pub fn dashboards() -> Vec<Dashboard> {
    let folder = "grafana/dashboards";
    let files = fs::read_dir(path(folder)).expect("there are dashboards");
    let mut dashboards: Vec<_> = files
        .map(|file| {
            let name = file.expect("it can be read").file_name();
            let file = format!("{folder}/{}", name.display());
            let json = serde_json::from_str(&text(&file));
            let json = json.unwrap_or_else(|error| panic!("{file}: {error}"));
            Dashboard { file, json }
        })
        .collect();
    assert!(!dashboards.is_empty());
    dashboards.sort_by(|a, b| a.file.cmp(&b.file));
    dashboards
}

/// What a panel asks for.
#[derive(Clone, Debug)]
pub struct Query {
    /// The file and the title of the panel.
    pub of: String,
    /// In the language of Prometheus, with the variables of Grafana.
    pub expression: String,
    /// What the line is called.
    pub legend: String,
}

impl Query {
    /// As Grafana sends it, with everything chosen in each variable, for a dashboard of the last `window`.
    pub fn with_all_chosen(&self, window: &str) -> String {
        let times = ["$__rate_interval", "$__range"];
        let query = times.iter().fold(self.expression.clone(), |query, time| {
            query.replace(time, window)
        });
        ["$job", "$stage", "$path", "$edge"]
            .iter()
            .fold(query, |query, variable| query.replace(variable, ".*"))
    }
}

impl Dashboard {
    /// The panels.
    pub fn panels(&self) -> impl Iterator<Item = &Value> {
        self.json["panels"].as_array().into_iter().flatten()
    }

    /// What its panels ask for.
    pub fn queries(&self) -> Vec<Query> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of_panel = |panel: &Value| {
            let of = format!("{}, {}", self.file, text(&panel["title"]));
            let targets = panel["targets"].as_array().cloned().unwrap_or_default();
            targets.into_iter().map(move |target| Query {
                of: of.clone(),
                expression: text(&target["expr"]),
                legend: text(&target["legendFormat"]),
            })
        };
        self.panels().flat_map(of_panel).collect()
    }

    /// Its variables, and the query of each.
    pub fn variables(&self) -> Vec<(String, String)> {
        let variables = self.json["templating"]["list"].as_array();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        variables
            .into_iter()
            .flatten()
            .map(|variable| (text(&variable["name"]), text(&variable["query"]["query"])))
            .collect()
    }
}

/// The expressions of the alerts, by name.
pub fn alerts() -> Vec<(String, String)> {
    let rules = yaml("rules.yml");
    let groups = rules["groups"].as_array().cloned().unwrap_or_default();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rules
        .map(|rule| (text(&rule["alert"]), text(&rule["expr"])))
        .collect()
}
