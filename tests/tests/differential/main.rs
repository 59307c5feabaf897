//! Programs are run over both routes, and must export the same spans.
//!
//! The tracing route through `tracing-opentelemetry` is the oracle. Where the routes differ on purpose is told in
//! `docs/routes.md`; programs are made so that they stay away from it, or it is evened out in [`spans`].

mod cases;
mod differences;
mod program;
mod routes;
mod run;
mod sites;
mod spans;
mod values;

use proptest::prelude::*;

#[test]
fn both_routes_export_the_same_spans() {
    // A program that fails becomes one of the cases.
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    run::deep(|| {
        proptest!(config, |(program in program::program())| {
            let difference = spans::difference(|| run::run(&program));
            prop_assert!(difference.is_empty(), "{difference}");
        });
    });
}
