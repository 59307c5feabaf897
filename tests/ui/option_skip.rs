use tickspan::traced_stage;

#[traced_stage(skip(bok))]
fn misspelt(book: u64, config: u64) -> u64 {
    book + config
}

#[traced_stage(skip(book))]
fn no_arguments() {}

#[traced_stage(skip(book, book))]
fn twice_in_one(book: u64) -> u64 {
    book
}

#[traced_stage(skip(book), skip(config))]
fn twice(book: u64, config: u64) -> u64 {
    book + config
}

#[traced_stage(skip = book)]
fn with_an_equals_sign(book: u64) -> u64 {
    book
}

#[traced_stage(skip)]
fn without_names(book: u64) -> u64 {
    book
}

#[traced_stage(skip("book"))]
fn quoted(book: u64) -> u64 {
    book
}

struct Order {
    id: u64,
}

#[traced_stage(skip(order.id))]
fn a_part_of_an_argument(order: &Order) -> u64 {
    order.id
}

fn main() {}
