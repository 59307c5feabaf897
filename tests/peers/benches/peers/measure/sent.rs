//! What a tick costs all threads together, until a receiver in another process has answered for its spans: each
//! library with the exporter that its users have.

use std::error::Error;

use serde::{Deserialize, Serialize};

use super::cpu::{self, Cpu};
use super::{Effort, Repeated};
use crate::library::Sends;
use crate::receiver::Receiver;

/// The cost for all threads, and how it was sent.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Sent {
    /// The cost. What it delivered is what the receiver counted.
    pub(crate) cpu: Cpu,
    /// The requests that the receiver answered.
    pub(crate) requests: u64,
}

impl Sent {
    /// How many spans a request brought, on average.
    pub(crate) fn spans_per_request(&self) -> Option<u64> {
        self.cpu.delivered?.spans.checked_div(self.requests)
    }
}

impl Repeated for Sent {
    fn least(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.least(other.cpu),
            requests: self.requests + other.requests,
        }
    }
}

/// Makes ticks as [`cpu`] does, and asks the receiver what came.
pub(crate) fn measure<L: Sends>(effort: Effort) -> Result<Sent, Box<dyn Error>> {
    let receiver = Receiver::start()?;
    let sending = L::start_sending(receiver.url());
    let used = cpu::until::<L>(effort, || {
        L::finish_sending(sending);
        None
    });
    let counted = receiver.finish()?;
    Ok(Sent {
        cpu: Cpu {
            delivered: Some(counted.delivered),
            ..used
        },
        requests: counted.requests,
    })
}
