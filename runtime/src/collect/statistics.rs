//! What is counted inside the process, whatever is exported of it.

use std::sync::Arc;

use super::{EdgeTable, LatencyTable, StageTable, Summary};

/// The tables that the collector, or on the tracing route the threads of stages, fill. One that nobody wants is not there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statistics {
    pub(crate) stages: Option<Arc<StageTable>>,
    pub(crate) edges: Option<Arc<EdgeTable>>,
    pub(crate) latency: Option<Arc<LatencyTable>>,
}

impl Statistics {
    /// Whether nobody wants any.
    pub(crate) fn is_empty(&self) -> bool {
        self.stages.is_none() && self.edges.is_none() && self.latency.is_none()
    }

    /// Reads every table.
    pub(crate) fn summary(&self) -> Summary {
        Summary {
            stages: self
                .stages
                .as_ref()
                .map(|stages| stages.summary())
                .unwrap_or_default(),
            edges: self
                .edges
                .as_ref()
                .map(|edges| edges.summary())
                .unwrap_or_default(),
            paths: self
                .latency
                .as_ref()
                .map(|latency| latency.summary())
                .unwrap_or_default(),
        }
    }
}
