//! One file for each library: the functions of a tick, and how it is turned on and off.

pub(crate) mod with_emit;
pub(crate) mod with_fastrace;
pub(crate) mod with_micromegas;
pub(crate) mod with_micromegas_properties;
pub(crate) mod with_nothing;
pub(crate) mod with_tickspan;
pub(crate) mod with_tracing;
