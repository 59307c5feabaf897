//! The command `tickspan` on recordings, as people and scripts use it: the real program, on real files, pipes and terminals.

#[cfg(unix)]
mod book;
#[cfg(unix)]
mod browser;
mod compare;
mod edges;
mod hostile;
mod program;
mod replay;
mod report;
mod summary;
mod tail;
#[cfg(unix)]
mod terminal;
mod traced;
mod traces;
