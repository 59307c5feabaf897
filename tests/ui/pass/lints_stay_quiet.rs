#![deny(
    warnings,
    deprecated_in_future,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    future_incompatible,
    keyword_idents,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    non_ascii_idents,
    nonstandard_style,
    redundant_lifetimes,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![forbid(unsafe_code)]
//! No lint fires because of a macro.

use std::future::Future;
use std::pin::Pin;

use tickspan::{AttributeValue, event, public, record, stage, traced_stage};

#[derive(AttributeValue, Debug, Clone, Copy)]
struct Price(f64);

#[derive(AttributeValue, Debug, Clone)]
#[public(reason = "exchange ticker, public listing")]
struct Symbol(String);

#[derive(AttributeValue, Debug, Clone, Copy)]
enum Side {
    Buy,
}

#[derive(AttributeValue, Debug, Clone, Copy)]
struct Of<T>(T);

#[traced_stage]
fn nothing() {}

#[traced_stage]
fn never(quantity: u64) -> ! {
    std::process::exit(i32::try_from(quantity).unwrap_or(1))
}

#[traced_stage]
fn never_comes_to_its_end(quantity: u64) -> u64 {
    unreachable!("{quantity}")
}

#[traced_stage]
fn returns_early(quantity: u64) -> u64 {
    return quantity;
}

#[traced_stage(ret, err)]
fn many(
    symbol: &Symbol,
    mut price: Price,
    (side, of): (Side, Of<u64>),
    _unused: u64,
) -> Result<f64, Box<dyn std::error::Error>> {
    price.0 += 1.0;
    record!(of);
    event!(
        "placed",
        symbol,
        side,
        memo = public!(symbol.0, reason = "exchange ticker, public listing")
    );
    let _stage = stage!("settle", price);
    if symbol.0.is_empty() {
        Err("no symbol")?;
    }
    Ok(price.0)
}

#[traced_stage]
fn by_reference(ref mut quantity: u64, ref price: f64) -> Option<u64> {
    *quantity += 1;
    (*price > 0.0).then_some(*quantity)
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, u64>> + Send + 'a>>;

#[traced_stage]
fn aliased(quantity: &u64) -> BoxFuture<'_, u64> {
    Box::pin(async move { Ok(*quantity) })
}

#[traced_stage]
async fn later(mut quantity: u64) -> Option<u64> {
    quantity += 1;
    let _: u64 = stage!("wait", async { quantity }).await;
    Some(quantity)
}

#[traced_stage]
async fn forever(quantity: u64) -> ! {
    loop {
        std::future::pending::<()>().await;
        event!("woken", quantity);
    }
}

#[traced_stage]
fn opaque(quantity: u64) -> impl Future<Output = Result<u64, u64>> {
    async move { Ok(quantity) }
}

#[traced_stage]
fn boxed<'a>(quantity: &'a u64) -> Pin<Box<dyn Future<Output = &'a u64> + Send + 'a>> {
    Box::pin(async move { quantity })
}

#[must_use]
#[traced_stage]
fn iterator<'a>(quantities: &'a [u64]) -> impl Iterator<Item = &'a u64> {
    quantities.iter()
}

struct Engine;

#[traced_stage(prefix = "engine")]
impl Engine {
    fn run(&mut self, quantity: u64) -> &mut Self {
        if quantity > 5 {
            return self;
        }
        self
    }

    async fn settle(self: Box<Self>, quantity: u64) -> u64 {
        quantity
    }
}

fn main() {
    let symbol = Symbol(String::new());
    nothing();
    drop(many(&symbol, Price(1.0), (Side::Buy, Of(5)), 5));
    drop((by_reference(5, 1.0), aliased(&5)));
    drop((later(5), forever(5), opaque(5), boxed(&5), iterator(&[5])));
    drop(Box::new(Engine).settle(5));
    let _: &mut Engine = Engine.run(5);
    if returns_early(5) == 6 {
        let _: u64 = never_comes_to_its_end(5);
        never(5);
    }
}
