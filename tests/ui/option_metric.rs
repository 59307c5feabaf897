use tickspan::traced_stage;

#[traced_stage(metric)]
fn without_labels(symbol: &str) {
    let _ = symbol;
}

#[traced_stage(metric(symbol))]
fn not_called_labels(symbol: &str) {
    let _ = symbol;
}

#[traced_stage(metric(labels()))]
fn no_label(symbol: &str) {
    let _ = symbol;
}

#[traced_stage(metric(labels(symbl)))]
fn misspelt(symbol: &str, venue: &str) {
    let _ = (symbol, venue);
}

#[traced_stage(metric(labels(symbol)), skip_all)]
fn no_attributes(symbol: &str) {
    let _ = symbol;
}

#[traced_stage(metric(labels(symbol)), skip(symbol))]
fn skipped(symbol: &str, venue: &str) {
    let _ = (symbol, venue);
}

#[traced_stage(metric(labels(symbol, symbol)))]
fn same_label_twice(symbol: &str) {
    let _ = symbol;
}

#[traced_stage(metric(labels(symbol), buckets(1, 2)))]
fn more_than_labels(symbol: &str) {
    let _ = symbol;
}

#[traced_stage(metric(labels(symbol)), metric(labels(symbol)))]
fn twice(symbol: &str) {
    let _ = symbol;
}

struct Order {
    symbol: String,
}

#[traced_stage(metric(labels(order.symbol)))]
fn no_attribute_of_an_argument(order: &Order) {
    let _ = &order.symbol;
}

#[traced_stage(metric(labels(5)))]
fn no_key(symbol: &str) {
    let _ = symbol;
}

fn main() {}
