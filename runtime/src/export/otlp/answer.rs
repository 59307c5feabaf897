//! What a backend answered to a request that it took.

use super::message::Message;
use crate::export::deliver::Delivered;

/// The most of an answer that is read: the rest is nobody's business.
pub(super) const LONGEST: usize = 1 << 20;

/// An answer that says the request was taken.
#[derive(Debug)]
pub(super) enum Answer<R> {
    Read(R),
    /// Taken, but the answer is none of OTLP: this is why.
    Unreadable(String),
}

impl<R> Answer<R> {
    pub(super) fn into_delivered<M: Message<Response = R>>(self) -> Delivered {
        match self {
            Self::Read(response) => M::delivered(response),
            Self::Unreadable(why) => Delivered {
                rejected: 0,
                remark: format!(
                    "it takes everything, but its answer is none of OTLP ({why}): is the address right?"
                ),
            },
        }
    }
}
