use tickspan::{event, traced_stage};

const NOTES: [&str; 2] = ["a", "b"];

#[traced_stage(fields(notes = NOTES))]
fn constant_list_of_text() {}

#[allow(non_snake_case)]
#[traced_stage(skip_all, fields(note = NOTE))]
fn argument_that_looks_like_a_constant(NOTE: &str) -> usize {
    NOTE.len()
}

fn main() {
    #[allow(non_snake_case)]
    let NOTE = String::new();
    event!("noted", note = NOTE);
    argument_that_looks_like_a_constant(&NOTE);
    constant_list_of_text();
}
