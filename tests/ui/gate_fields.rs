use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use tickspan::{Sensitive, traced_stage};

type Note = String;

struct Trader {
    name: String,
}

#[traced_stage(skip_all, fields(note))]
fn text(note: String) -> usize {
    note.len()
}

#[traced_stage(skip_all, fields(note))]
fn borrowed_text(note: &str) -> usize {
    note.len()
}

#[traced_stage(skip_all, fields(note))]
fn text_under_an_alias(note: Note) -> usize {
    note.len()
}

#[traced_stage(skip_all, fields(symbol = trader.name))]
fn text_under_a_public_key(trader: &Trader) -> usize {
    trader.name.len()
}

#[traced_stage(skip_all, fields(note = Some(note)))]
fn text_in_an_option(note: &str) -> usize {
    note.len()
}

#[traced_stage(skip_all, fields(note = format!("{trader}!")))]
fn formatted_text(trader: u64) -> u64 {
    trader
}

#[traced_stage(skip_all, fields(notes))]
fn list_of_text(notes: Vec<String>) -> usize {
    notes.len()
}

#[traced_stage(skip_all, fields(notes))]
fn nested_lists_of_text(notes: &[Vec<String>]) -> usize {
    notes.len()
}

#[traced_stage(skip_all, fields(positions))]
fn text_as_map_key(positions: HashMap<String, f64>) -> usize {
    positions.len()
}

#[traced_stage(skip_all, fields(positions))]
fn text_as_map_value(positions: BTreeMap<u64, String>) -> usize {
    positions.len()
}

#[traced_stage(skip_all, fields(wide))]
fn wide_integer(wide: u128) -> u128 {
    wide
}

#[traced_stage(skip_all, fields(file, folder))]
fn paths(file: PathBuf, folder: &Path) -> bool {
    file.starts_with(folder)
}

#[traced_stage(skip_all, fields(ip, address))]
fn network_addresses(ip: IpAddr, address: SocketAddr) -> bool {
    address.ip() == ip
}

#[traced_stage(skip_all, fields(api_key))]
fn sensitive(api_key: &Sensitive<String>) {
    let _ = api_key;
}

#[traced_stage(skip_all, fields(api = api_key, code, symbol = code))]
fn sensitive_under_other_names(api_key: Sensitive<String>, code: Option<&Sensitive<String>>) {
    let _ = (api_key, code);
}

#[traced_stage(skip_all, fields(value, error))]
fn trait_objects(value: &dyn Debug, error: Box<dyn Error>) {
    let _ = (value, error);
}

#[traced_stage(skip_all, fields(trader))]
fn a_type_without_proof(trader: &Trader) -> usize {
    trader.name.len()
}

#[traced_stage(skip_all, fields(pair))]
fn a_tuple(pair: (u64, u64)) -> u64 {
    pair.0
}

#[traced_stage(skip_all, fields(note))]
fn text_in_a_cow(note: std::borrow::Cow<'_, str>) -> usize {
    note.len()
}

fn main() {}
