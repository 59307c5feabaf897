//! The type gate: what may leave the process, decided by type.
//!
//! [`AttributeValue`] is the only way by which a value is recorded. The rest of the crate asks this
//! module for [`Value`]s and never formats a user's data by itself.

mod class;
pub(crate) mod form;
mod implementations;
pub(crate) mod inventory;
pub(crate) mod mark;
pub mod names;
pub(crate) mod probe;
mod safe_error;
mod sensitive;
pub(crate) mod strict;
pub(crate) mod text;
mod value;

pub use class::{Class, Confidential, Secret, financial, pii};
pub use safe_error::SafeError;
pub use sensitive::Sensitive;
pub use value::{AttributeValue, Value};
pub(crate) use value::{Repr, Slot, WriteText};
