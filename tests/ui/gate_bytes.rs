use std::collections::{BTreeMap, HashSet};

use tickspan::traced_stage;

#[traced_stage(skip_all, fields(key))]
fn bytes(key: Vec<u8>) -> usize {
    key.len()
}

#[traced_stage(skip_all, fields(key))]
fn array_of_bytes(key: [u8; 32]) -> usize {
    key.len()
}

#[traced_stage(skip_all, fields(key))]
fn borrowed_bytes(key: &[u8]) -> usize {
    key.len()
}

#[traced_stage(skip_all, fields(key))]
fn characters(key: Vec<char>) -> usize {
    key.len()
}

#[traced_stage(skip_all, fields(key))]
fn wide_characters(key: &[u16]) -> usize {
    key.len()
}

#[traced_stage(skip_all, fields(key))]
fn set_of_bytes(key: HashSet<u8>) -> usize {
    key.len()
}

#[traced_stage(skip_all, fields(key))]
fn bytes_as_map_values(key: BTreeMap<u64, u8>) -> usize {
    key.len()
}

#[traced_stage(skip_all, fields(key))]
fn list_of_lists(key: Vec<Vec<u64>>) -> usize {
    key.len()
}

fn main() {}
