//! The numbers in what the example prints.

/// What it prints.
#[derive(Debug, Default)]
pub(crate) struct Printed {
    pub(crate) stages: Vec<Stage>,
    /// Edges that were accepted, and those that were refused by reason.
    pub(crate) decisions: Vec<(String, u64)>,
    /// What gross edges, each cost and net edges come to.
    pub(crate) amounts: Vec<(String, f64)>,
    pub(crate) hops: Vec<Hop>,
    pub(crate) clocks: Vec<(String, u64)>,
    pub(crate) ended: u64,
    pub(crate) exported: Vec<(String, u64)>,
}

/// A row of the table of stages.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) count: u64,
    pub(crate) errors: u64,
    /// In seconds.
    pub(crate) median: f64,
}

/// A row of the table of a path.
#[derive(Debug)]
pub(crate) struct Hop {
    pub(crate) name: String,
    pub(crate) count: u64,
    /// Over its budget, if it has one.
    pub(crate) over: Option<u64>,
}

impl Printed {
    /// Reads the report.
    pub(crate) fn read(report: &str) -> Self {
        let mut printed = Self::default();
        let mut table = "";
        for line in report.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match &words[..] {
                ["stage", "count", "errors", ..] => table = "stages",
                ["edge", "count", ..] => table = "edges",
                ["path", _, "count", ..] => table = "path",
                [] => table = "",
                [count, "finished,", dropped, "dropped" | "dropped;", ..] => {
                    printed.clocks = vec![
                        ("finished".to_owned(), number(count)),
                        ("dropped".to_owned(), number(dropped)),
                    ];
                }
                [count, "spans", "ended"] => printed.ended = number(count),
                [
                    _,
                    exported,
                    "exported,",
                    failed,
                    "failed,",
                    dropped,
                    "dropped",
                ] => {
                    printed.exported = vec![
                        ("exported".to_owned(), number(exported)),
                        ("failed".to_owned(), number(failed)),
                        ("dropped".to_owned(), number(dropped)),
                    ];
                }
                words => printed.add_row(table, line, words),
            }
        }
        printed
    }

    fn add_row(&mut self, table: &str, line: &str, words: &[&str]) {
        match (table, words) {
            ("stages", [name, count, errors, median, unit, ..]) => self.stages.push(Stage {
                name: (*name).to_owned(),
                count: number(count),
                errors: number(errors),
                median: median.parse::<f64>().expect("a number") * seconds(unit),
            }),
            ("edges", [name, count]) if line.starts_with(' ') => {
                self.decisions.push(((*name).to_owned(), number(count)));
            }
            ("edges", [name, _, "%", total]) => {
                let total = total.replace(',', "").parse().expect("a number");
                self.amounts.push(((*name).to_owned(), total));
            }
            ("path", [name, count, over, ..]) => self.hops.push(Hop {
                name: (*name).to_owned(),
                count: number(count),
                over: (*over != "–").then(|| number(over)),
            }),
            _ => {}
        }
    }
}

/// `1,234`
fn number(text: &str) -> u64 {
    text.replace(',', "")
        .parse()
        .unwrap_or_else(|_| panic!("{text} is no count"))
}

fn seconds(unit: &str) -> f64 {
    match unit {
        "ns" => 1e-9,
        "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        unit => panic!("{unit} is no unit of time"),
    }
}
