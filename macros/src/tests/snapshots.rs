//! Expansions as they are written, one for each shape. A change of one is read before it is
//! accepted.

use proc_macro2::TokenStream;
use quote::quote;

use super::{stage, tokens};
use crate::attribute_value::attribute_value;
use crate::edge_breakdown::edge_breakdown;
use crate::inline;
use crate::latency_stages::latency_stages;
use crate::public::public;
use crate::trade_event::trade_event;

/// Compares an expansion, laid out as a file, with the stored one.
fn hold(name: &str, input: &str, expansion: &TokenStream) {
    let file: syn::File =
        syn::parse2(expansion.clone()).unwrap_or_else(|error| panic!("{error}: {expansion}"));
    let mut settings = insta::Settings::clone_current();
    settings.set_description(input);
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(name, prettyplease::unparse(&file)));
}

macro_rules! stages {
    ($($name:ident: ($($options:literal)?) $item:literal;)+) => {$(
        #[test]
        fn $name() {
            let options = concat!($($options)?);
            let input = format!("#[traced_stage({options})]\n{}", $item);
            hold(stringify!($name), &input, &stage(options, $item));
        }
    )+};
}

macro_rules! inlines {
    ($($name:ident: $macro:ident($input:literal);)+) => {$(
        #[test]
        fn $name() {
            let expansion = inline::$macro(tokens(concat!("(::tickspan) ", $input)));
            let input = format!("{}!({})", stringify!($macro), $input);
            hold(stringify!($name), &input, &quote!(fn body() { let value = #expansion; }));
        }
    )+};
}

macro_rules! derives {
    ($derive:ident as $trait:literal: $($name:ident: $item:literal;)+) => {$(
        #[test]
        fn $name() {
            let input = format!("#[derive({})]\n{}", $trait, $item);
            hold(stringify!($name), &input, &$derive(tokens($item)));
        }
    )+};
}

stages! {
    plain: () "fn submit(quantity: u64, price: f64) -> u64 { quantity }";
    plain_without_a_value: () "pub(crate) fn submit(quantity: u64) { drop(quantity); }";
    plain_with_ret: ("ret") "fn submit(quantity: u64) -> u64 { quantity }";
    diverging: () "fn submit(quantity: u64) -> ! { panic!() }";
    opaque: () "fn submit(quantity: u64) -> impl Iterator<Item = u64> { 0..quantity }";
    classified: () "fn submit(quantity: u64) -> Result<u64, Refused> { check(quantity)?; Ok(quantity) }";
    classified_with_opaque_parts: ()
        "fn submit(quantity: u64) -> Result<impl Iterator<Item = u64>, Refused> { Ok(0..quantity) }";
    classified_with_ret_and_err: ("ret, err")
        "fn submit(quantity: u64) -> Result<u64, Refused> { Ok(quantity) }";
    track_caller: () "#[track_caller] fn submit(quantity: u64) -> Result<u64, Refused> { Ok(quantity) }";
    asynchronous: () "async fn submit(quantity: u64) -> Result<u64, Refused> { check(quantity).await }";
    asynchronous_without_a_value: () "async fn submit(quantity: u64) { check(quantity).await; }";
    asynchronous_with_ret_and_err: ("ret(level = \"debug\"), err(level = \"warn\", map = Refused::code)")
        "async fn submit(mut quantity: u64) -> Result<u64, Refused> { quantity += 1; Ok(quantity) }";
    asynchronous_diverging: () "async fn submit(quantity: u64) -> ! { loop {} }";
    returns_a_future: ("err")
        "fn submit(quantity: u64) -> impl Future<Output = Result<u64, Refused>> + Send { async move { Ok(quantity) } }";
    returns_a_stream: () "fn levels(depth: u64) -> impl Stream<Item = u64> { stream::iter(0..depth) }";
    returns_a_boxed_future: ("ret")
        "fn submit(quantity: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
            if quantity == 0 {
                return Box::pin(async { 0 });
            }
            match quantity {
                1 => async { 1 }.boxed(),
                _ => Box::pin(async move { quantity }),
            }
        }";
    returns_a_boxed_stream: () "fn levels(depth: u64) -> BoxStream<'static, u64> { stream::iter(0..depth).boxed() }";
    method_of_async_trait: ()
        "fn submit<'a, 'b, 'async_trait>(&'a self, quantity: &'b u64) -> ::core::pin::Pin<Box<
            dyn ::core::future::Future<Output = Result<u64, Refused>> + ::core::marker::Send + 'async_trait,
        >>
        where
            'a: 'async_trait,
            Self: 'async_trait,
        {
            Box::pin(async move {
                let __self = self;
                let quantity = quantity;
                let __ret: Result<u64, Refused> = { Ok(*quantity) };
                __ret
            })
        }";
    sensitive_names: ("fields(last_digits = client.account_number % 10_000)")
        "fn withdraw(account_number: u64, password_len: usize) { drop(account_number); }";
    every_option: (
        "name = \"place_order\", target = \"engine\", level = \"debug\", skip(book, config), \
         fields(depth = book.depth(), filled = Empty, \"book side\" = \"bid\"), parent = &order.context, \
         follows_from = [&batch.context], ret(level = \"trace\"), err(level = \"warn\", map = Rejected::code), \
         kind = \"client\", mark(Path::OrderSent, always), metric(labels(symbol)), crate = my_facade::tickspan"
    )
        "fn submit(symbol: &str, order: Order, book: &Book, config: u64) -> Result<u64, Rejected> { Ok(config) }";
    constants_as_options: ("name = NAME, target = names::TARGET, level = Level::DEBUG, root, skip_all")
        "fn submit(quantity: u64) -> u64 { quantity }";
    late_keys: ("fields(filled = Empty, depth)")
        "fn submit(depth: u64) -> u64 {
            record!(filled = 1);
            if depth > 5 {
                tickspan::record!(deep = true, note);
            }
            println!(\"{}\", { record!(inner.key = 5); 5 });
            depth
        }";
    late_keys_of_a_future: ()
        "async fn submit(depth: u64) -> u64 { record!(filled = 1); depth }";
    skipped: ("skip(price)") "fn submit(quantity: u64, price: f64, _unused: u64) -> u64 { quantity }";
    patterns: ()
        "fn submit(
            (bid, mut ask): (f64, f64),
            Level { price, quantity: ref size }: Level,
            &depth: &u32,
            [first, ..]: [u8; 3],
            whole @ Whole(part): Whole,
            r#type: u8,
            mut total: u64,
            _: u64,
        ) -> f64 { bid }";
    conditional_arguments: ("fields(more = 5)")
        "fn submit(#[cfg(test)] quantity: u64, #[cfg(not(test))] #[allow(unused)] price: f64) -> u64 { 5 }";
    names_and_units: ("fields(limit_seconds = limit, VENUE, held = order.symbol.as_str(), sum = a + b)")
        "fn submit(symbol: &str, timeout: Duration, patience: Option<&Duration>, ttl_seconds: Duration) -> u64 { 5 }";
    qualifiers: ()
        "/// Submits.
        #[inline]
        #[must_use]
        pub unsafe extern \"C\" fn r#try<'a, const N: usize, T: Copy + 'a>(self: Box<Self>, lots: [T; N]) -> T
        where
            T: Into<u64>,
        {
            lots[0]
        }";
    block: ("prefix = \"engine\", level = \"debug\"")
        "#[allow(unused)]
        impl<'a, T> Venue<T> for Engine<'a> where T: Copy {
            const LIMIT: u64 = 5;
            type Order = T;
            /// Submits.
            pub fn submit(&self, quantity: u64) -> u64 { quantity }
            #[traced_stage(off)]
            fn quiet(&self) {}
            #[tickspan::traced_stage(level = \"info\", ret)]
            async fn settle(&self) -> u64 { 5 }
            #[traced_stage]
            fn plain(&self) {}
            const fn limit() -> u64 { Self::LIMIT }
            macros! {}
        }";
    method_of_a_block: ("__inherited(prefix = \"engine\", level = \"debug\", skip_all), level = \"info\"")
        "fn submit(&self, quantity: u64) -> u64 { quantity }";
    faults_and_the_item: ("nam = \"a\", level = \"loud\"")
        "/// Submits.
        pub fn submit(quantity: u64) -> u64 { quantity }";
}

inlines! {
    inline_stage: stage("\"match\"");
    inline_stage_with_everything: stage(
        "level: \"debug\", target: \"engine\", kind: \"client\", parent: &order.context, NAME, depth = 5, symbol, \
         filled = Empty"
    );
    inline_stage_around_a_future: stage("\"match\", depth = levels.len(), async move { work(depth).await }");
    inline_event: event("\"accepted\", price, order.symbol, memo = public!(memo, reason = \"..\")");
    inline_record: record("filled = quantity, order.price");
    inline_fault: record("");
}

#[test]
fn inline_public() {
    let input = "order.memo, reason = \"text printed on the public trade tape\"";
    let expansion = public(tokens(&format!("(::tickspan) {input}")));
    let expansion = quote!(fn body() { let value = #expansion; });
    hold("inline_public", &format!("public!({input})"), &expansion);
}

derives! { attribute_value as "AttributeValue":
    derive_newtype: "pub struct Price(f64);";
    derive_named_field: "struct Price { price: f64, marker: PhantomData<u64> }";
    derive_generic: "struct Of<'a, T: Copy, const N: usize>(&'a [T; N]) where T: Send;";
    derive_public: "#[public(reason = \"exchange ticker, public listing\")] struct Symbol(String);";
    derive_displayed:
        "#[public(reason = \"transaction hash on a public chain\", via = Display)] struct TxHash(Hash);";
    derive_enum: "enum Side { Buy, r#Sell }";
    derive_in_a_facade: "#[tickspan(crate = my_facade::tickspan)] struct Price(f64);";
    derive_fault: "struct Order<T> { price: f64, quantity: T }";
}

derives! { latency_stages as "LatencyStages":
    latency_path: "enum Path { WsReceived, BookUpdated, r#Sent = 7 }";
    latency_path_with_every_option:
        "#[tickspan(crate = my_facade::tickspan)] #[latency(name = \"orders\", budget = \"2ms\")] pub(crate) enum Path {
            In, #[latency(budget = \"50us\")] #[latency(name = \"out\")] Out }";
    latency_path_with_a_fault: "enum Path<T> { Received, Sent(T) }";
}

derives! { edge_breakdown as "EdgeBreakdown":
    edge: "struct Edge { #[edge(gross)] gross: f64, #[edge(cost)] fees: f64 }";
    edge_with_marks: "struct Edge { #[edge(gross)] gross: f64, #[edge(cost)] fees: f64,
        #[edge(context)] #[pii(Email, export = domain)] email: String, #[edge(context)] #[sensitive] pin: u32 }";
    edge_with_every_option:
        "#[tickspan(crate = my_facade::tickspan)] #[edge(name = \"cross_venue\", unit = \"USD\")]
        pub(crate) struct Edge<N: EdgeAmount> {
            #[edge(gross)] gross: N, #[edge(cost, rename = \"network\")] gas: N, #[edge(threshold)] least: N,
            #[edge(context)] symbol: &'static str, #[edge(skip)] note: String }";
    edge_of_legs: "struct Pair { #[edge(leg)] buy: Leg, #[edge(leg)] sell: Leg, #[edge(cost)] transfer: i64 }";
    edge_with_a_fault: "struct Edge { #[edge(gross)] gross: f64, #[edge(gross)] other: f64, fees: f64 }";
}

derives! { trade_event as "TradeEvent":
    trade_event_of_fields: "struct QuotePulled { symbol: Symbol, price: f64 }";
    trade_event_with_every_option:
        "#[trade_event(name = \"pulled\", level = \"debug\", target = \"quotes\")]
        struct QuotePulled<'a, N: AttributeValue> {
            #[trade_event(rename = \"quote.price\")] price: N, symbol: &'a str, #[trade_event(skip)] note: String }";
    trade_event_without_fields: "struct CircuitBreakerHit;";
    trade_event_with_a_fault: "enum Pulled { One(u64) }";
}

stages! {
    marked: ("mark = Path::Sent") "fn submit(quantity: u64) -> Option<u64> { Some(quantity) }";
    marked_in_place: ("mark = Path::Sent") "fn submit(quantity: u64) -> u64 { quantity }";
    marked_always: ("mark(Path::Sent, always)") "fn submit(quantity: u64) -> Option<u64> { Some(quantity) }";
    marked_later: ("mark = Path::Sent") "async fn submit(quantity: u64) -> Option<u64> { Some(quantity) }";
    marked_stream: ("mark(Path::Sent, always)") "fn submit(quantity: u64) -> impl Stream<Item = u64> { iter(0..quantity) }";
}
