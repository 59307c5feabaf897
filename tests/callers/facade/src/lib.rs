//! What the crates of a team use in the place of tickspan.

pub use tickspan::*;
