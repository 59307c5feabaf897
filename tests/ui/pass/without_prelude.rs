#![deny(warnings)]
#![forbid(unsafe_code)]
#![no_implicit_prelude]

#[derive(::tickspan::AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
struct Symbol(::std::string::String);

#[derive(::tickspan::AttributeValue)]
struct Price<T>(T);

#[derive(::tickspan::AttributeValue)]
enum Side {
    Buy,
}

#[::tickspan::traced_stage(ret, err, fields(side = Side::Buy, filled = ::tickspan::Empty))]
fn place(symbol: &Symbol, price: Price<f64>) -> ::core::result::Result<f64, u64> {
    let _ = symbol;
    ::tickspan::record!(filled = price.0);
    let _stage = ::tickspan::stage!("settle", price = price.0);
    ::tickspan::event!(
        "settled",
        memo = ::tickspan::public!("memo", reason = "text of the public trade tape")
    );
    ::core::result::Result::Ok(price.0)
}

#[::tickspan::traced_stage]
async fn place_later(mut price: f64) -> ::core::option::Option<f64> {
    price += 1.0;
    ::tickspan::stage!("wait", async { price }).await;
    ::core::option::Option::Some(price)
}

#[::tickspan::traced_stage]
fn boxed(
    price: f64,
) -> ::core::pin::Pin<::std::boxed::Box<dyn ::core::future::Future<Output = f64>>> {
    ::std::boxed::Box::pin(async move { price })
}

#[::tickspan::traced_stage]
fn opaque(price: f64) -> impl ::core::future::Future<Output = f64> {
    async move { price }
}

fn main() {
    let symbol = Symbol(::std::string::String::new());
    _ = place(&symbol, Price(585.33));
    ::core::mem::drop((place_later(585.33), boxed(585.33), opaque(585.33)));
}
