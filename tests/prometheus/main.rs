//! Has a real Prometheus scrape the example, and asks it for everything that the dashboards ask for, and for the numbers
//! that the example prints.
//!
//! `.ci/prometheus` runs it with the path of the example, where `prometheus` and `promtool` are installed. It panics at
//! what is not as it should be.

mod page;
mod printed;
mod program;
mod server;

use std::env;
use std::path::Path;

use tickspan_tests::stack::{alerts, dashboards, path};

use printed::Printed;
use program::Program;
use server::{Server, promtool};

/// Panels for which the example has nothing: it sends no log records and no metrics, it records no files, and its other crates say nothing that
/// is withheld.
const NOTHING_TO_SHOW: &[&str] = &[
    "Exporters: log records and latency clocks a second, by what became of them",
    "Exporters: data points of metrics a second, by what became of them",
    "Values that the policy withheld, by key",
];

/// What `promtool` has against the names that OpenTelemetry's conventions give to metrics of a process.
const NAMES_OF_OPENTELEMETRY: &[&str] = &[
    "process_thread_count non-histogram and non-summary metrics should not have \"_count\" suffix",
    "process_unix_file_descriptor_count non-histogram and non-summary metrics should not have \"_count\" suffix",
];

fn main() {
    let mut arguments = env::args_os().skip(1);
    let (Some(example), Some(folder)) = (arguments.next(), arguments.next()) else {
        panic!("the path of the example, and a folder for Prometheus");
    };
    check_files();
    let mut program = Program::start(Path::new(&example));
    check_page(program.address());
    let server = Server::start(program.address(), Path::new(&folder));
    program.wait_until_done();
    server.wait_for(
        "tickspan_span_ended_total == on (job, instance) sum by (job, instance) \
         (tickspan_export_span_total{tickspan_outcome=\"exported\"}) and time() - timestamp(tickspan_span_ended_total) < 1.5",
    );
    check_page(program.address());
    check_dashboards(&server);
    check_alerts(&server);
    check_exemplars(&server);
    let asked = Asked::of(&server);
    let printed = Printed::read(&program.end());
    asked.compare(&printed);
    println!("Prometheus says what the program printed");
}

/// The files of `docs/stack`, in the eyes of Prometheus.
fn check_files() {
    for (what, file) in [("config", "prometheus.yml"), ("rules", "rules.yml")] {
        let file = path(file).display().to_string();
        promtool(&["check", what, &file], "", &[]);
    }
    // Alerts fire at the first panic and the first loss, and only then.
    let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/prometheus/rules_test.yml");
    promtool(&["test", "rules", tests], "", &[]);
}

/// `promtool`, which reads the older format, has nothing else to say against the page.
fn check_page(address: &str) {
    let text = page::get(address, "/metrics", "text/plain;version=0.0.4");
    promtool(&["check", "metrics"], &text, NAMES_OF_OPENTELEMETRY);
    println!("promtool is content with the page");
}

fn check_dashboards(server: &Server) {
    let mut answered = 0;
    for dashboard in dashboards() {
        for query in dashboard.queries() {
            let found = server.ask(&query.with_all_chosen("1m"));
            let may_be_empty = NOTHING_TO_SHOW
                .iter()
                .any(|title| query.of.ends_with(title));
            assert_eq!(found.is_empty(), may_be_empty, "{}: {found:?}", query.of);
            for sample in &found {
                assert!(!sample.value.is_nan(), "{}: {sample:?}", query.of);
            }
            answered += 1;
        }
        for (name, query) in dashboard.variables() {
            let inside = query
                .trim_start_matches("label_values(")
                .trim_end_matches(')');
            let (metric, label) = inside.split_once(", ").expect("a metric and a label");
            let found = server.ask(&format!("count by ({label}) ({metric})"));
            assert!(
                !found.is_empty(),
                "${name} of {} has no values",
                dashboard.file
            );
            answered += 1;
        }
    }
    println!("{answered} queries of dashboards are answered");
}

/// Alerts can be evaluated, and none of them fires: the example loses nothing, and nothing panics.
fn check_alerts(server: &Server) {
    for (alert, expression) in alerts() {
        let found = server.ask(&expression);
        assert!(found.is_empty(), "{alert}: {found:?}");
    }
    let rules = server.get("/api/v1/rules");
    assert!(
        rules["data"]["groups"][0]["rules"]
            .as_array()
            .is_some_and(|rules| rules.len() == alerts().len()),
        "{rules}"
    );
}

/// Exemplars are kept, of stages and of hops.
fn check_exemplars(server: &Server) {
    for metric in [
        "tickspan_stage_duration_seconds_bucket",
        "tickspan_latency_duration_seconds_bucket",
    ] {
        let found = server.get(&format!("/api/v1/query_exemplars?query={metric}"));
        let first = &found["data"][0]["exemplars"][0]["labels"];
        assert_eq!(
            first["trace_id"].as_str().map(str::len),
            Some(32),
            "{metric}: {found}"
        );
    }
}

/// What Prometheus says of each number that the example prints.
struct Asked {
    calls: Vec<server::Sample>,
    errors: Vec<server::Sample>,
    medians: Vec<server::Sample>,
    decisions: Vec<server::Sample>,
    amounts: Vec<server::Sample>,
    hops: Vec<server::Sample>,
    over_budget: Vec<server::Sample>,
    clocks: Vec<server::Sample>,
    ended: Vec<server::Sample>,
    exported: Vec<server::Sample>,
}

impl Asked {
    /// While the program runs: when it has ended, its series end.
    fn of(server: &Server) -> Self {
        Self {
            calls: server.ask("sum by (tickspan_stage) (tickspan_stage_calls_total)"),
            errors: server.ask(
                "sum by (tickspan_stage) (tickspan_stage_calls_total{tickspan_outcome=~\"error|panicked\"})",
            ),
            medians: server.ask(
                "histogram_quantile(0.5, sum by (le, tickspan_stage) (tickspan_stage_duration_seconds_bucket))",
            ),
            decisions: server.ask(
                "label_replace(tickspan_edge_decisions_total, \"edge_reason\", \"accepted\", \"edge_decision\", \"accept\")",
            ),
            amounts: server.ask(
                "label_replace(tickspan_edge_gross_USD, \"edge_component\", \"gross\", \"\", \"\") \
                 or tickspan_edge_cost_USD \
                 or label_replace(sum by (edge_name) (tickspan_edge_net_USD), \"edge_component\", \"net\", \"\", \"\")",
            ),
            hops: server.ask("tickspan_latency_duration_seconds_count"),
            over_budget: server.ask("tickspan_latency_over_budget_total"),
            clocks: server.ask("tickspan_latency_clocks_total"),
            ended: server.ask("tickspan_span_ended_total"),
            exported: server.ask("tickspan_export_span_total"),
        }
    }

    fn compare(&self, printed: &Printed) {
        assert!(
            printed.stages.len() > 5 && printed.hops.len() > 2 && printed.amounts.len() > 3,
            "{printed:?}"
        );
        for stage in &printed.stages {
            let of =
                |samples: &[server::Sample]| server::of(samples, "tickspan_stage", &stage.name);
            equal(&stage.name, of(&self.calls), Some(stage.count));
            equal(
                &stage.name,
                of(&self.errors).or(Some(0.0)),
                Some(stage.errors),
            );
            // Within the buckets 1, 2, 5, 10, .., of which the first ends at 100 ns: the printed one is exact.
            let median = of(&self.medians).expect("it has a median");
            assert!(
                median.max(stage.median) <= 1e-7 || (0.4..=2.5).contains(&(median / stage.median)),
                "{}: {median} s",
                stage.name
            );
        }
        for (reason, count) in &printed.decisions {
            equal(
                reason,
                server::of(&self.decisions, "edge_reason", reason),
                Some(*count),
            );
        }
        for (component, total) in &printed.amounts {
            let asked =
                server::of(&self.amounts, "edge_component", component).expect("it is there");
            // Four digits are printed.
            assert!(
                (asked - total).abs() <= total.abs() * 1e-3,
                "{component}: {asked} and {total}"
            );
        }
        for hop in &printed.hops {
            let of =
                |samples: &[server::Sample]| server::of(samples, "tickspan_latency_hop", &hop.name);
            equal(&hop.name, of(&self.hops), Some(hop.count));
            equal(&hop.name, of(&self.over_budget), hop.over);
        }
        for (end, count) in &printed.clocks {
            equal(
                end,
                server::of(&self.clocks, "tickspan_latency_end", end),
                Some(*count),
            );
        }
        equal(
            "spans ended",
            self.ended.first().map(|sample| sample.value),
            Some(printed.ended),
        );
        for (outcome, count) in &printed.exported {
            equal(
                outcome,
                server::of(&self.exported, "tickspan_outcome", outcome),
                Some(*count),
            );
        }
    }
}

/// Whether both have the same number, which is a count.
#[track_caller]
fn equal(of: &str, asked: Option<f64>, printed: Option<u64>) {
    let asked = asked.map(|number| format!("{number}"));
    let printed = printed.map(|number| number.to_string());
    assert_eq!(
        asked, printed,
        "{of}: what Prometheus says, and what was printed"
    );
}
