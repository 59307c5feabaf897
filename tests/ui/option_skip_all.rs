use tickspan::traced_stage;

#[traced_stage(skip_all, skip(book))]
fn contradicts_skip(book: u64) -> u64 {
    book
}

#[traced_stage(skip_all, skip_all)]
fn twice() {}

#[traced_stage(skip_all = true)]
fn with_a_value() {}

#[traced_stage(skipall)]
fn misspelt() {}

fn main() {}
