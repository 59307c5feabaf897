//! What is kept of the spans inside the process: a row of statistics for each stage.
//!
//! Nothing here sends, prints or allocates threads; it only measures. The span processor in
//! [`crate::export`] feeds it, and the guard in [`crate::setup`] reads it.

pub(crate) mod human;
mod summary;

pub(crate) use summary::StageTable;
pub use summary::{StageSummary, Summary};
