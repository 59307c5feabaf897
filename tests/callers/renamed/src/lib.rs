//! Expanded code names the crate it is told to, and needs nothing of the caller's scope.

#![no_implicit_prelude]

/// A module of the name that is not the crate's: expanded code must not meet it.
pub mod tickspan {}

/// A side.
#[derive(::spans::AttributeValue, ::core::clone::Clone, ::core::marker::Copy)]
#[tickspan(crate = ::spans)]
pub enum Side {
    /// To buy.
    Buy,
}

/// A price.
#[derive(::spans::AttributeValue)]
#[tickspan(crate = ::spans)]
pub struct Price(pub f64);

/// A listing.
#[derive(::spans::AttributeValue)]
#[tickspan(crate = ::spans)]
#[public(reason = "exchange ticker, public listing", via = Display)]
pub struct Listing(pub &'static str);

/// A function.
///
/// # Errors
///
/// Never.
#[::spans::traced_stage(crate = ::spans, ret, err, fields(side, total = ::spans::Empty))]
pub fn place(
    side: Side,
    price: Price,
    timeout: ::core::time::Duration,
) -> ::core::result::Result<u64, Side> {
    ::spans::event!("placed", price = &price);
    ::spans::record!(total = ::spans::public!(price.0, reason = "a price of the public feed"));
    let _stage = ::spans::stage!("inner", timeout_seconds = timeout);
    match side {
        Side::Buy => ::core::result::Result::Ok(1),
    }
}

/// Why it was not.
#[derive(::spans::SafeError)]
#[tickspan(crate = ::spans)]
pub enum Refused {
    /// It was late.
    Late,
}

/// A function with sensitive names.
///
/// # Errors
///
/// Always.
#[::spans::traced_stage(crate = ::spans, err)]
pub fn check_pin(
    pin: u64,
    password_len: usize,
    has_password: bool,
) -> ::core::result::Result<usize, Refused> {
    ::spans::event!(
        "checked",
        pin = ::spans::public!(pin, reason = "a pin of the public demo", allow_name = true),
    );
    let _ = (has_password, password_len);
    ::core::result::Result::Err(Refused::Late)
}

/// An asynchronous function.
#[::spans::traced_stage(crate = ::spans)]
pub async fn fill(quantity: u64, listing: Listing) -> u64 {
    ::spans::stage!("wait", quantity, async {
        ::core::future::ready(listing.0).await
    })
    .await;
    quantity
}

/// A venue.
pub struct Venue;

#[::spans::traced_stage(crate = ::spans, prefix = "venue")]
impl Venue {
    /// Sends.
    pub fn send(&self, quantity: u64) -> u64 {
        quantity
    }
}
