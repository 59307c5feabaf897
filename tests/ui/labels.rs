use tickspan::{AttributeValue, Labels};

#[derive(Labels)]
struct Text {
    venue: String,
    note: String,
}

#[derive(AttributeValue)]
struct Price(f64);

#[derive(Labels)]
struct Tuple(Price);

#[derive(Labels)]
struct Nothing;

#[derive(Labels)]
enum Status {
    Ok,
    Failed,
}

#[derive(Labels)]
struct Options {
    #[label(renamed = "a")]
    price: f64,
    #[label(rename = "not a name")]
    size: u64,
    #[label(rename = "price")]
    level: u64,
}

static PLAIN: tickspan::Counter<Price> = tickspan::Counter::new("prices");
static WRONG: tickspan::Counter = tickspan::Counter::new("not a name");

static UNIT: tickspan::Gauge = tickspan::Gauge::new("lag").with_unit("µs");

static BOUNDS: tickspan::Histogram = tickspan::Histogram::new("size").with_bounds(&[10.0, 1.0]);

fn main() {
    PLAIN.add(1, &Price(1.0));
    WRONG.add(1, &());
}
