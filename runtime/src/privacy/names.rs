//! Which names are sensitive, and which are public in the trade.
//!
//! The rules are those of the macros, from the same source: `macros/src/names/rules.rs`. Expanded code asks them of
//! constants while it compiles, and the policy for other crates' data asks them of keys while the program runs.

tickspan_macros::__name_rules!();
