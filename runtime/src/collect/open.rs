//! Spans of which a part has come: those that a future carries from poll to poll, and those to which other
//! threads add.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::decode::Author;
use crate::record::lane::health::{Loss, count, count_many};
use crate::record::lane::wire::Header;

/// How many parts of spans are kept.
const MOST: usize = 1 << 16;

/// The most bytes that are kept of one span.
const MOST_BYTES: usize = 1 << 20;

/// For how many passes parts are kept whose span has not been heard of.
const PASSES: u64 = 12_000;

/// What has come of a span.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The first record, if it has come: the number of values in it, and the bytes behind its header.
    pub(super) first: Option<(u8, Vec<u8>, Author)>,
    pub(super) more: Vec<Vec<u8>>,
    bytes: usize,
    since: u64,
}

/// Span ids are random: they are their own hash.
#[derive(Debug, Default)]
pub(super) struct Identity(u64);

impl std::hash::Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// The parts of all spans that have not ended.
#[derive(Debug, Default)]
pub(super) struct Open {
    parts: HashMap<u64, Part, BuildHasherDefault<Identity>>,
    pass: u64,
}

impl Open {
    /// Keeps the first record of a span.
    pub(super) fn open(&mut self, header: &Header, bytes: &[u8], author: &Author) {
        if let Some(part) = self.part(header.span) {
            part.first = Some((header.values, bytes.to_vec(), author.clone()));
        }
    }

    /// Keeps a further record of a span.
    pub(super) fn more(&mut self, header: &Header, bytes: &[u8]) {
        if let Some(part) = self.part(header.span) {
            part.bytes += bytes.len();
            if part.bytes > MOST_BYTES {
                count(Loss::ItemTooMany);
            } else {
                part.more.push(bytes.to_vec());
            }
        }
    }

    fn part(&mut self, span: u64) -> Option<&mut Part> {
        let full = self.parts.len() >= MOST;
        let pass = self.pass;
        match self.parts.entry(span) {
            std::collections::hash_map::Entry::Occupied(known) => Some(known.into_mut()),
            std::collections::hash_map::Entry::Vacant(_) if full => {
                count(Loss::OpenForgotten);
                None
            }
            std::collections::hash_map::Entry::Vacant(new) => Some(new.insert(Part {
                since: pass,
                ..Part::default()
            })),
        }
    }

    /// What has come of a span that has ended.
    pub(super) fn take(&mut self, span: u64) -> Option<Part> {
        self.parts.remove(&span)
    }

    /// Forgets, from time to time, what came too late: parts of spans that had ended.
    pub(super) fn next_pass(&mut self) {
        self.pass += 1;
        if self.pass % 1_000 == 0 {
            let before = self.parts.len();
            let pass = self.pass;
            self.parts
                .retain(|_, part| part.first.is_some() || pass - part.since < PASSES);
            count_many(Loss::TooLate, (before - self.parts.len()) as u64);
        }
    }
}
