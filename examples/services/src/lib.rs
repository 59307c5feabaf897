//! What programs share that are several services.

pub mod roles;
