//! What tickspan emits, held together with what is written about it: the registry of semantic conventions, the docs, and
//! the dashboards, alerts and configuration of `docs/stack`.

mod everything;
mod model;
mod promql;
mod queries;
mod registry;
mod stack;
