//! Which traces are exported: decided at the root, from the trace id.
//!
//! The answers are those of the samplers in OpenTelemetry's SDK specification (`AlwaysOn`, `AlwaysOff`,
//! `TraceIdRatioBased`, and `ParentBased` around them), so that all services of a trace decide alike.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use opentelemetry_sdk::trace::Sampler;

use super::wire::flags;

/// Decides about traces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct HeadSampler {
    /// The share of the traces that is kept, from 0 to 1.
    pub(crate) ratio: f64,
    /// Whether a span with a parent follows it.
    pub(crate) parent_based: bool,
}

impl Default for HeadSampler {
    /// `parentbased_always_on`.
    fn default() -> Self {
        Self {
            ratio: 1.0,
            parent_based: true,
        }
    }
}

impl HeadSampler {
    /// The same decisions, as the SDK makes them.
    pub(crate) fn to_sdk(self) -> Sampler {
        let root = if self.ratio >= 1.0 {
            Sampler::AlwaysOn
        } else if self.ratio <= 0.0 {
            Sampler::AlwaysOff
        } else {
            Sampler::TraceIdRatioBased(self.ratio)
        };
        if self.parent_based {
            Sampler::ParentBased(Box::new(root))
        } else {
            root
        }
    }

    /// The 63 bits of a trace id below which it is kept.
    fn threshold(&self) -> u64 {
        if self.ratio >= 1.0 {
            return u64::MAX;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "from 0 to 2^63, as the SDK computes it"
        )]
        let threshold = (self.ratio.max(0.0) * (1_u64 << 63) as f64) as u64;
        threshold
    }
}

// Relaxed: set once, before the first stage takes the lane route.
static THRESHOLD: AtomicU64 = AtomicU64::new(u64::MAX);
/// Whether each span is decided about by itself, not as its parent was. By its trace id it is decided alike for all of a trace in this
/// process: only below what another began there is something to ask.
static DECIDES_EACH: AtomicBool = AtomicBool::new(false);

/// Sets how traces are decided from now on.
pub(crate) fn configure(sampler: HeadSampler) {
    THRESHOLD.store(sampler.threshold(), Ordering::Relaxed);
    DECIDES_EACH.store(!sampler.parent_based, Ordering::Relaxed);
}

/// Whether a trace that starts here is kept.
#[inline]
pub(super) fn of_root(trace: [u64; 2]) -> bool {
    below(trace, THRESHOLD.load(Ordering::Relaxed))
}

/// The flag of a child.
#[inline]
pub(super) fn of_child(parent_is_sampled: bool, captured: bool, trace: [u64; 2]) -> u8 {
    let sampled = if captured || !DECIDES_EACH.load(Ordering::Relaxed) {
        parent_is_sampled
    } else {
        of_root(trace)
    };
    if sampled { flags::SAMPLED } else { 0 }
}

/// Whether the last eight bytes of a trace id, without their lowest bit, are below the threshold.
#[inline]
pub(crate) fn below(trace: [u64; 2], threshold: u64) -> bool {
    trace[1] >> 1 < threshold
}

/// Whether a trace belongs to the share `ratio` of all traces.
pub(crate) fn is_in(trace: [u64; 2], ratio: f64) -> bool {
    let sampler = HeadSampler {
        ratio,
        parent_based: false,
    };
    below(trace, sampler.threshold())
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanKind, TraceId};
    use opentelemetry_sdk::trace::{SamplingDecision, ShouldSample as _};
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn the_sdk_decides_alike(trace: [u64; 2], ratio in 0.0..=1.0) {
            let id = TraceId::from_bytes(
                [trace[0].to_be_bytes(), trace[1].to_be_bytes()]
                    .concat()
                    .try_into()
                    .expect("sixteen bytes"),
            );
            let decision = Sampler::TraceIdRatioBased(ratio)
                .should_sample(None, id, "", &SpanKind::Internal, &[], &[])
                .decision;
            prop_assert_eq!(is_in(trace, ratio), decision == SamplingDecision::RecordAndSample);
        }
    }
}
