//! What a backend answered to a request that it took.

use super::Target;
use super::words::told;
use crate::export::deliver::Delivered;

/// The most of an answer that is read: the rest is nobody's business.
pub(super) const LONGEST: usize = 1 << 20;

/// An answer that says the request was taken.
#[derive(Debug)]
pub(super) enum Answer {
    Read(Delivered),
    /// Taken, but the answer is none of OTLP: this is why.
    Unreadable(String),
}

impl Answer {
    /// What came of the request to `target`.
    pub(super) fn into_delivered(self, target: &Target) -> Delivered {
        match self {
            Self::Read(Delivered { rejected, remark }) => Delivered {
                rejected,
                remark: told(&remark, target),
            },
            Self::Unreadable(why) => Delivered {
                rejected: 0,
                remark: format!(
                    "it takes everything, but its answer is none of OTLP ({}): is the address right?",
                    told(&why, target)
                ),
            },
        }
    }
}
