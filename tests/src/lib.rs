//! What the integration tests share: receivers for what is exported, and processes to export from.

#[cfg(any(doctest, test))]
mod book;
pub mod capture;
pub mod certificates;
pub mod child;
pub mod example;
pub mod exported;
pub mod frames;
pub mod misbehaving;
pub mod receiver;
pub mod stack;
pub mod tap;
