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

/// Of a size that is known when the program runs.
#[derive(::tickspan::Redacted)]
struct Login<T: ?::core::marker::Sized> {
    #[sensitive]
    password: u64,
    rest: T,
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

/// Methods and types of the names that an expansion might use.
mod names_of_others {
    use ::core::clone::Clone;
    use ::core::marker::Copy;
    use ::core::prelude::v1::derive;

    #[allow(dead_code)]
    pub(crate) trait Measured {
        fn len(&self) {}
        fn new(&self) {}
        fn record(&self) {}
        fn finish(&self) {}
    }

    impl<T> Measured for T {}

    type Text = ::core::primitive::str;

    #[allow(non_camel_case_types, dead_code)]
    struct str;

    #[derive(::tickspan::EdgeBreakdown)]
    pub(crate) struct Leg<'a> {
        #[edge(gross)]
        pub(crate) gross: f64,
        #[edge(cost)]
        pub(crate) fees: f64,
        #[edge(context)]
        pub(crate) symbol: &'a Text,
    }

    #[derive(::tickspan::EdgeBreakdown)]
    pub(crate) struct Edge<'a> {
        #[edge(leg)]
        pub(crate) buy: Leg<'a>,
        #[edge(threshold)]
        pub(crate) least: f64,
    }

    #[derive(::tickspan::TradeEvent, ::tickspan::Redacted)]
    pub(crate) struct Pulled<'a> {
        pub(crate) symbol: &'a Text,
        #[sensitive]
        pub(crate) session: u64,
    }

    #[derive(::tickspan::Labels)]
    pub(crate) struct Series<'a> {
        pub(crate) venue: &'a Text,
    }

    #[derive(::tickspan::LatencyStages, Clone, Copy)]
    pub(crate) enum Path {
        Received,
        Sent,
    }
}

fn main() {
    use ::tickspan::{EdgeBreakdown as _, TradeEvent as _};
    use names_of_others::{Edge, Leg, Path, Pulled, Series};

    let leg = Leg { gross: 2.0, fees: 1.0, symbol: "AAPL" };
    let edge = Edge { buy: leg, least: 0.5 };
    _ = edge.record(&edge.decide());
    let pulled = Pulled { symbol: "AAPL", session: 7 };
    _ = (pulled.record(), pulled.session);
    _ = Series { venue: "XNAS" }.venue;
    let login: &Login<[u64]> = &Login { password: 7, rest: [1, 2] };
    _ = (login.password, &login.rest);
    ::tickspan::mark(Path::Received);
    ::tickspan::mark(Path::Sent);
    let symbol = Symbol(::std::string::String::new());
    _ = place(&symbol, Price(585.33));
    ::core::mem::drop((place_later(585.33), boxed(585.33), opaque(585.33)));
}
