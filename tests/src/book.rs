//! The README and the book: their code is compiled and run, and their lists are those of the source.
//!
//! `cargo test -p tickspan-tests --doc` runs the code, `cargo test -p tickspan-tests --lib` compares the
//! lists. Nothing here exists otherwise.

#[cfg(doctest)]
mod code {
    macro_rules! pages {
        ($($name:ident: $file:literal;)+) => {$(
            #[doc = include_str!($file)]
            struct $name;
        )+};
    }

    pages! {
        Readme: "../../README.md";
        Contributing: "../../CONTRIBUTING.md";
        Index: "../../docs/README.md";
        TracedStage: "../../docs/traced-stage.md";
        InsideBodies: "../../docs/inside-bodies.md";
        AttributesAndPrivacy: "../../docs/attributes-and-privacy.md";
        Names: "../../docs/names.md";
        Marks: "../../docs/marks.md";
        CompileErrors: "../../docs/compile-errors.md";
        Inventory: "../../docs/inventory.md";
        OtherCrates: "../../docs/other-crates.md";
        Logs: "../../docs/logs.md";
        Setup: "../../docs/setup.md";
        Routes: "../../docs/routes.md";
        Propagation: "../../docs/propagation.md";
        Recorder: "../../docs/recorder.md";
        Command: "../../docs/command.md";
        Report: "../../docs/report.md";
        Latency: "../../docs/latency.md";
        Metrics: "../../docs/metrics.md";
        Edges: "../../docs/edges.md";
        Performance: "../../docs/performance.md";
        PerformanceIntelXeon: "../../docs/performance/intel-xeon.md";
        PerformanceAmdEpyc: "../../docs/performance/amd-epyc.md";
        SemanticConventions: "../../docs/semantic-conventions.md";
        UsingWithTracing: "../../docs/using-with-tracing.md";
        Design: "../../docs/design.md";
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    fn read(path: impl AsRef<Path>) -> String {
        let path = root().join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The string literals of a piece of source, which has none with a quote inside.
    fn literals(source: &str) -> BTreeSet<&str> {
        source.split('"').skip(1).step_by(2).collect()
    }

    /// What stands between the first `from` and the next `to`.
    fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
        let (_, rest) = text
            .split_once(from)
            .unwrap_or_else(|| panic!("no {from:?}"));
        rest.split_once(to)
            .unwrap_or_else(|| panic!("no {to:?} after {from:?}"))
            .0
    }

    #[test]
    fn every_option_has_a_row_and_a_section() {
        let page = read("docs/traced-stage.md");
        let source = read("macros/src/options.rs");
        let names: Vec<&str> = source
            .split("option(")
            .filter_map(|call| call.trim_start().strip_prefix('"'))
            .filter_map(|call| call.split('"').next())
            .collect();
        assert!(names.len() > 10, "{names:?}");
        for name in names {
            assert!(page.contains(&format!("\n### `{name}`\n")), "{name}");
            assert!(
                page.contains(&format!("\n| [`{name}`](#{name}) |")),
                "{name}"
            );
        }
    }

    #[test]
    fn market_vocabulary_is_that_of_the_macros() {
        let page = read("docs/attributes-and-privacy.md");
        let source = read("macros/src/names/rules.rs");
        let listed: BTreeSet<&str> = between(
            between(&page, "## The market vocabulary", "\n## "),
            "```text",
            "```",
        )
        .split_whitespace()
        .collect();
        assert_eq!(listed, literals(between(&source, "const MARKET", "];")));
    }

    /// Text with `_` for what stands between backticks.
    fn without_names(text: &str) -> String {
        let parts = text.split('`').enumerate();
        parts
            .map(|(place, part)| if place % 2 == 0 { part } else { "_" })
            .collect()
    }

    /// What a row of the chapter says of a message: parts that stand in it in this order, the first at its begin.
    fn row(line: &str) -> Option<Vec<String>> {
        let cell = line.strip_prefix("| ")?;
        let message = match cell.strip_prefix("`` ") {
            Some(message) => message.split(" ``").next()?,
            None => cell.strip_prefix('`')?.split("` |").next()?,
        };
        let parts = without_names(message);
        Some(
            parts
                .split("..")
                .map(|part| part.trim().to_owned())
                .collect(),
        )
    }

    fn is_said_by(message: &str, row: &[String]) -> bool {
        let mut rest = message;
        row.iter().enumerate().all(|(place, part)| {
            let Some(at) = rest.find(part.as_str()) else {
                return false;
            };
            rest = &rest[at + part.len()..];
            place > 0 || at == 0
        })
    }

    #[test]
    fn every_message_of_privacy_has_a_row() {
        let page = read("docs/compile-errors.md");
        let rows: Vec<Vec<String>> = page.lines().filter_map(row).collect();
        assert!(rows.len() > 40, "{rows:?}");
        // The compiler's own words.
        let foreign = [
            "expected ",
            "unexpected ",
            "cannot find ",
            "this is empty",
            "implementation of an ",
            "the trait bound ",
        ];
        let mut seen = 0;
        for entry in fs::read_dir(root().join("tests/ui")).expect("there are cases") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let is_ours = [
                "gate_",
                "mark_",
                "name_",
                "derive_public",
                "derive_shapes",
                "derive_types",
                "inline_public",
            ]
            .iter()
            .any(|begin| name.starts_with(begin));
            if !is_ours || !name.ends_with(".stderr") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("the text can be read");
            for line in text.lines() {
                let line = line
                    .strip_prefix("error: ")
                    .or_else(|| line.strip_prefix("error[E0277]: "));
                let Some(message) = line.map(without_names) else {
                    continue;
                };
                if foreign.iter().any(|begin| message.starts_with(begin)) {
                    continue;
                }
                seen += 1;
                assert!(
                    rows.iter().any(|row| is_said_by(&message, row)),
                    "{name}: no row for {message:?}"
                );
            }
        }
        assert!(seen > 100, "{seen} messages were looked at");
    }

    #[test]
    fn every_variable_is_listed() {
        let page = read("docs/setup.md");
        let mut variables = Vec::new();
        for file in ["environment/mod.rs", "environment/batching.rs", "preset.rs"] {
            let source = read(format!("runtime/src/setup/{file}"));
            let source = source.split("#[cfg(test)]").next().unwrap_or_default();
            variables.extend(
                source
                    .split('"')
                    .filter(|text| {
                        ["OTEL_", "TICKSPAN_", "HYPERDX_"]
                            .iter()
                            .any(|prefix| text.starts_with(prefix))
                            || ["RUST_LOG", "NO_COLOR"].contains(text)
                    })
                    .filter(|text| {
                        !text.ends_with('_')
                            && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
                    })
                    .map(str::to_owned),
            );
        }
        // What each signal has a form of, and the signals.
        let source = read("runtime/src/setup/environment/signal.rs");
        variables.extend(
            source
                .split("names!($signal, \"")
                .skip(1)
                .filter_map(|text| text.split('"').next())
                .map(|what| format!("OTEL_EXPORTER_OTLP_{what}")),
        );
        variables.extend(
            source
                .split("Names = names!(\"")
                .skip(1)
                .filter_map(|text| text.split('"').next())
                .map(|signal| format!("OTEL_{signal}_EXPORTER")),
        );
        assert!(variables.len() > 40, "{variables:?}");
        for variable in variables {
            assert!(page.contains(&format!("`{variable}`")), "{variable}");
        }
    }

    #[test]
    fn every_loss_is_listed() {
        let page = read("docs/routes.md") + &read("docs/propagation.md");
        let source = read("runtime/src/collect/health.rs");
        let losses = literals(between(&source, "pub(crate) fn losses", "\n    }"));
        assert!(losses.len() > 8, "{losses:?}");
        for loss in losses {
            assert!(page.contains(&format!("\n| `{loss}` |")), "{loss}");
        }
    }

    #[test]
    fn links_lead_somewhere() {
        let mut pages: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
            .map(PathBuf::from)
            .to_vec();
        let docs = fs::read_dir(root().join("docs")).expect("there is a book");
        pages
            .extend(docs.map(|entry| Path::new("docs").join(entry.expect("an entry").file_name())));
        for page in pages
            .iter()
            .filter(|page| page.extension().is_some_and(|e| e == "md"))
        {
            let text = read(page);
            let links = text
                .split("](")
                .skip(1)
                .filter_map(|link| link.split(')').next());
            for link in links.filter(|link| !link.contains("://")) {
                let (file, heading) = link.split_once('#').unwrap_or((link, ""));
                let target = match file {
                    "" => page.clone(),
                    file => page.with_file_name(file),
                };
                assert!(root().join(&target).exists(), "{}: {link}", page.display());
                assert!(
                    heading.is_empty() || headings(&read(&target)).contains(heading),
                    "{}: {link}",
                    page.display()
                );
            }
        }
    }

    /// The headings of a page as the last parts of links.
    fn headings(page: &str) -> BTreeSet<String> {
        page.lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| line.trim_start_matches('#').trim())
            .map(|heading| {
                heading
                    .to_lowercase()
                    .chars()
                    .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                    .map(|c| if c == ' ' { '-' } else { c })
                    .collect()
            })
            .collect()
    }
}
