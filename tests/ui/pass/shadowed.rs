//! A scope in which every name means something else: modules, macros, types of the prelude, primitive types, constants of the names
//! that are given to locals, and a trait whose methods all types have.
#![deny(warnings)]
#![allow(
    dead_code,
    non_camel_case_types,
    non_upper_case_globals,
    unused_macros,
    unused_variables,
    clippy::all
)]
#![forbid(unsafe_code)]

mod alloc {}
mod core {}
mod std {}
mod support {}
mod tickspan {}

macro_rules! shadowed {
    (macros $dollar:tt: $($name:ident)*) => {$(
        macro_rules! $name {
            ($dollar($dollar any:tt)*) => { ::core::compile_error!("another macro of this name") };
        }
    )*};
    (types: $($name:ident)*) => { $(struct $name;)* };
    (constants: $($name:ident)*) => { $(const $name: () = ();)* };
    (methods: $($name:ident)*) => {
        trait Everywhere {
            $(fn $name(&self) {})*
        }
        impl<T: ?::core::marker::Sized> Everywhere for T {}
    };
}

shadowed!(macros $: assert cfg column concat env event file format_args include_str line matches module_path panic public record stage
    stringify unreachable vec write);
shadowed!(types: AsRef Box Clone Copy Default Drop Err Fn FnOnce From Into Iterator None Ok Option Result Send Sized Some String Sync ToString
    Vec bool char f64 i32 i64 isize str u16 u32 u64 u8 usize);
shadowed!(constants: CALLSITE FIELDS KEYS KIND NAME SITE amount clock costs decision edge error formatter guard leg net other part reason
    result site take this unit value);
shadowed!(methods: amount as_ref attribute bucket clone decide end enter expose finish fmt get into into_future is_enabled iter kind
    map mark name new poll record seen set start take unwrap with write);

#[derive(
    ::tickspan::AttributeValue, ::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug,
)]
enum Side {
    Buy,
    Sell,
}
#[derive(::tickspan::AttributeValue)]
#[tickspan(crate = ::tickspan)]
#[public(reason = "exchange ticker, public listing")]
struct Listing(::std::string::String);
#[derive(::tickspan::AttributeValue)]
#[public(reason = "exchange ticker, public listing", via = Display)]
struct Shown(&'static ::core::primitive::str);
#[derive(::tickspan::AttributeValue)]
struct Price(::core::primitive::f64);

#[derive(::tickspan::EdgeBreakdown)]
#[edge(name = "cross", unit = "USD")]
struct Edge<'a> {
    #[edge(gross)]
    gross: ::core::primitive::f64,
    #[edge(cost)]
    fees: ::core::primitive::f64,
    #[edge(threshold)]
    min: ::core::primitive::f64,
    #[edge(context)]
    symbol: &'a ::core::primitive::str,
    #[edge(context)]
    #[pii(AccountNumber, export = last4)]
    account: ::core::primitive::u64,
}
#[derive(::tickspan::EdgeBreakdown)]
struct Two<'a> {
    #[edge(leg)]
    buy: Edge<'a>,
    #[edge(leg)]
    sell: Edge<'a>,
    #[edge(cost)]
    transfer: ::core::primitive::f64,
}
#[derive(::tickspan::LatencyStages, ::core::clone::Clone, ::core::marker::Copy)]
#[latency(name = "order", budget = "2ms")]
enum Path {
    A,
    #[latency(budget = "50us")]
    B,
    C,
}

#[derive(::tickspan::TradeEvent, ::tickspan::Redacted)]
#[trade_event(name = "sent", level = "warn", target = "quoting")]
struct Sent<'a> {
    symbol: &'a ::core::primitive::str,
    #[pii(AccountNumber, export = last4)]
    account: ::core::primitive::u64,
    #[pii(Email, export = domain)]
    mail: &'a ::core::primitive::str,
    #[sensitive]
    session: &'a ::core::primitive::str,
    side: ::core::option::Option<Side>,
}
#[derive(::tickspan::Redacted)]
enum Login {
    Unit,
    Tuple(::core::primitive::u32, #[sensitive] ::core::primitive::u32),
    Named {
        desk: ::core::primitive::u32,
        #[pii(Email)]
        email: ::core::primitive::u32,
    },
}
#[derive(::tickspan::Labels)]
struct L<'a> {
    side: Side,
    symbol: &'a ::core::primitive::str,
    #[pii(BirthDate, export = bucket(10))]
    born: ::core::primitive::u16,
    #[pii(AccountNumber, export = hmac)]
    acc: ::core::primitive::u64,
    #[pii(Name, export = redacted)]
    who: ::core::primitive::u64,
}

#[derive(::tickspan::SafeError, ::core::fmt::Debug)]
enum Refused {
    Late,
    #[safe_error(kind = "venue_halted")]
    Halted(::core::primitive::u32),
    Inner {
        why: ::core::primitive::u32,
    },
}
impl ::core::fmt::Display for Refused {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.write_str("x")
    }
}
impl ::core::error::Error for Refused {}

#[::tickspan::traced_stage(name = "s", target = "t", level = "info", kind = "client", ret, err(level = "warn", map = |_e: &Refused| 5_i32), mark(Path::A, always), metric(labels(symbol)), fields(depth = levels.len(), total = ::tickspan::Empty))]
fn place(
    symbol: &::core::primitive::str,
    side: Side,
    levels: &[::core::primitive::f64],
    timeout: ::core::time::Duration,
    #[sensitive] key: ::core::primitive::u64,
    #[pii(Email, export = domain)] mail: &::core::primitive::str,
) -> ::core::result::Result<::core::primitive::u64, Refused> {
    ::tickspan::event!(level: "warn", target: "x", "placed", side, depth = levels.len());
    ::tickspan::record!(
        total = ::tickspan::public!(levels.len(), reason = "a number of the public feed")
    );
    let _stage = ::tickspan::stage!(level: "debug", "inner", timeout_seconds = timeout);
    if key > 5 {
        return ::core::result::Result::Err(Refused::Late);
    }
    ::core::result::Result::Ok(1)
}
#[::tickspan::traced_stage(err, fields(n = quantity))]
async fn fill(
    quantity: ::core::primitive::u64,
    listing: Listing,
) -> ::core::result::Result<::core::primitive::u64, Refused> {
    ::tickspan::stage!("wait", quantity, async {
        ::tickspan::record!(late = quantity);
        ::core::future::ready(listing.0.len()).await
    })
    .await;
    ::core::result::Result::Ok(quantity)
}
#[::tickspan::traced_stage]
fn boxed(
    quantity: ::core::primitive::u64,
) -> ::core::pin::Pin<
    ::std::boxed::Box<
        dyn ::core::future::Future<Output = ::core::primitive::u64> + ::core::marker::Send,
    >,
> {
    ::std::boxed::Box::pin(async move { quantity })
}
#[::tickspan::traced_stage]
fn future(
    quantity: ::core::primitive::u64,
) -> impl ::core::future::Future<Output = ::core::primitive::u64> {
    ::core::future::ready(quantity)
}
#[::tickspan::traced_stage(ret)]
fn number(quantity: ::core::primitive::u64) -> ::core::primitive::u64 {
    quantity
}
#[::tickspan::traced_stage]
fn generic<T>(one: T, two: &T, listing: &::core::option::Option<Listing>)
where
    T: ::core::clone::Clone,
{
    let _ = one.clone();
}
struct Venue(::core::primitive::u64);
#[::tickspan::traced_stage(prefix = "venue", skip_all)]
impl Venue {
    #[::tickspan::traced_stage(parent = c, follows_from = [c])]
    fn send(
        &self,
        quantity: ::core::primitive::u64,
        c: &::tickspan::Context,
    ) -> ::core::primitive::u64 {
        quantity
    }
    async fn later(
        &mut self,
        quantity: ::core::primitive::u64,
    ) -> ::core::option::Option<::core::primitive::u64> {
        self.0 = quantity;
        ::core::option::Option::Some(self.0)
    }
    #[::tickspan::traced_stage(root)]
    fn own(self) -> Self {
        self
    }
}

fn main() {}
