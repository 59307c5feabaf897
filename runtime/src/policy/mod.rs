//! What is exported of other crates' data.
//!
//! What stages record is proven when they are compiled. What other crates record with `tracing`, or set through the API
//! of OpenTelemetry, nobody can prove; so the policy of the program ([`ForeignData`]) decides by the keys. A key
//! is judged once for each callsite ([`callsites`]). On the lane route a value that is withheld is not even
//! written into the lane; on the tracing route, and for console lines and log records, the layer that sees it
//! is given a copy without it. What comes from no callsite is judged where spans end.
//!
//! Nothing here may look at what stages record, but to see that it is theirs.

mod baggage;
mod callsites;
mod conventions;
mod foreign_data;
mod layer;
mod own;
mod resource;
mod rewrite;
mod rules;
mod spans;
mod trades;
mod visit;
mod withheld;

pub(crate) use baggage::{baggage_leaves, leaving, leaving_properties, puts_into_baggage};
pub(crate) use callsites::{Whole, of};
pub use foreign_data::ForeignData;
pub(crate) use foreign_data::Policy;
pub use layer::{Policed, policed};
pub(crate) use own::recording;
pub(crate) use resource::resource;
pub(crate) use rules::set;
pub(crate) use spans::span;
pub(crate) use trades::unmark;
pub(crate) use visit::Checked;
pub(crate) use withheld::total;
pub use withheld::{Why, Withheld, withheld};
