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
use proptest::test_runner::RngSeed;

#[test]
fn both_routes_export_the_same_spans() {
    // A program that fails becomes one of the cases.
    let mut config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    // The same programs in each run, unless more are asked for.
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.rng_seed = RngSeed::Fixed(1);
    }
    run::deep(|| {
        proptest!(config, |(program in program::program())| {
            let difference = spans::difference(|| run::run(&program));
            prop_assert!(difference.is_empty(), "{difference}");
        });
    });
}
