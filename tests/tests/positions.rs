//! `#[traced_stage]` wherever a function can stand, and what its span then says.

#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "functions of every shape, as users write them"
)]

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use futures::executor::block_on;
use futures::future::{BoxFuture, FutureExt as _, LocalBoxFuture};
use futures::stream::{BoxStream, Stream, StreamExt as _};
use tickspan::{AttributeValue, event, public, record, stage, traced_stage};
use tickspan_tests::capture::Capture;

#[derive(AttributeValue, Debug, Clone, Copy, PartialEq)]
enum Side {
    Sell,
}

#[derive(Debug, PartialEq)]
struct Refused(u64);

/// What the spans of `f` look like.
fn tree(f: impl FnOnce()) -> String {
    let capture = Capture::new();
    capture.run(f);
    capture.tree()
}

#[traced_stage]
fn plain(quantity: u64, price: f64, side: Side, note: &str) -> u64 {
    let _ = (price, side, note);
    quantity + 1
}

#[test]
fn function_records_its_proven_arguments() {
    let tree = tree(|| assert_eq!(plain(100, 585.33, Side::Sell, "secret"), 101));
    assert_eq!(tree, "plain quantity=100 price=585.33 side=\"Sell\"\n");
}

#[traced_stage]
fn no_arguments_no_return() {}

#[traced_stage]
fn diverges(depth: u32) -> ! {
    panic!("depth {depth}")
}

#[traced_stage]
fn panics_before_a_value(depth: u32) -> u32 {
    panic!("depth {depth}")
}

#[test]
fn functions_that_do_not_return_are_panicked() {
    let tree = tree(|| {
        no_arguments_no_return();
        std::panic::catch_unwind(|| diverges(3)).unwrap_err();
        std::panic::catch_unwind(|| panics_before_a_value(4)).unwrap_err();
    });
    assert_eq!(
        tree,
        "no_arguments_no_return\n\
         diverges depth=3 otel.status_code=\"ERROR\" tickspan.outcome=\"panicked\" error.type=\"panic\"\n\
         panics_before_a_value depth=4 otel.status_code=\"ERROR\" tickspan.outcome=\"panicked\" error.type=\"panic\"\n"
    );
}

#[traced_stage]
fn refuse(quantity: u64) -> Result<u64, Refused> {
    let doubled = checked(quantity)?;
    if doubled == 4 {
        return Ok(0);
    }
    Ok(doubled)
}

fn checked(quantity: u64) -> Result<u64, Refused> {
    if quantity > 10 {
        Err(Refused(quantity))
    } else {
        Ok(quantity * 2)
    }
}

#[test]
fn results_are_classified_through_question_marks_and_returns() {
    let tree = tree(|| {
        assert_eq!(refuse(1), Ok(2));
        assert_eq!(refuse(2), Ok(0));
        assert_eq!(refuse(11), Err(Refused(11)));
    });
    assert_eq!(
        tree,
        "refuse quantity=1\n\
         refuse quantity=2\n\
         refuse quantity=11 otel.status_code=\"ERROR\" tickspan.outcome=\"error\" error.type=\"positions::Refused\"\n"
    );
}

type Alias<T> = Result<T, Refused>;

#[traced_stage]
fn aliased(quantity: u64) -> Alias<()> {
    Err(Refused(quantity))
}

#[traced_stage]
fn boxed_error(text: &str) -> Result<u64, Box<dyn std::error::Error>> {
    Ok(text.parse::<u64>()?)
}

#[test]
fn aliases_and_coercions_are_seen_through() {
    let tree = tree(|| {
        aliased(1).unwrap_err();
        boxed_error("x").unwrap_err();
    });
    assert_eq!(
        tree,
        "aliased quantity=1 otel.status_code=\"ERROR\" tickspan.outcome=\"error\" error.type=\"positions::Refused\"\n\
         boxed_error otel.status_code=\"ERROR\" tickspan.outcome=\"error\" \
         error.type=\"alloc::boxed::Box<dyn core::error::Error>\"\n"
    );
}

#[traced_stage]
async fn asynchronous(quantity: u64) -> Result<u64, Refused> {
    let inner = nested(quantity).await;
    checked(inner)
}

#[traced_stage]
async fn nested(mut quantity: u64) -> u64 {
    yield_once().await;
    quantity += 1;
    quantity
}

async fn yield_once() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            std::task::Poll::Ready(())
        } else {
            cx.waker().wake_by_ref();
            std::task::Poll::Pending
        }
    })
    .await;
}

#[test]
fn async_functions_nest_and_are_classified() {
    let tree = tree(|| {
        assert_eq!(block_on(asynchronous(2)), Ok(6));
        assert_eq!(block_on(asynchronous(10)), Err(Refused(11)));
    });
    assert_eq!(
        tree,
        "asynchronous quantity=2\n  \
           nested quantity=2\n\
         asynchronous quantity=10 otel.status_code=\"ERROR\" tickspan.outcome=\"error\" error.type=\"positions::Refused\"\n  \
           nested quantity=10\n"
    );
}

#[test]
fn async_stage_starts_with_the_first_poll() {
    let tree = tree(|| drop(asynchronous(2)));
    assert_eq!(tree, "");
}

#[test]
fn interleaved_futures_keep_their_own_stages() {
    let tree = tree(|| {
        let both = futures::future::join(asynchronous(1), asynchronous(2));
        assert_eq!(block_on(both), (Ok(4), Ok(6)));
    });
    assert_eq!(
        tree,
        "asynchronous quantity=1\n  nested quantity=1\nasynchronous quantity=2\n  nested quantity=2\n"
    );
}

#[traced_stage]
async fn never_done(quantity: u64) {
    let _guard = DropsInStage;
    let _ = quantity;
    std::future::pending::<()>().await;
}

struct DropsInStage;

impl Drop for DropsInStage {
    fn drop(&mut self) {
        tickspan::event!("dropped");
    }
}

#[test]
fn dropped_future_is_cancelled_and_drops_within_its_stage() {
    let tree = tree(|| {
        let mut future = Box::pin(never_done(5));
        assert!(future.as_mut().now_or_never().is_none());
        drop(future);
    });
    assert_eq!(
        tree,
        "never_done quantity=5 tickspan.outcome=\"cancelled\"\n  - dropped message=<dropped>\n"
    );
}

/// A function of each shape that leaves its arguments to their end.
mod leaves {
    use super::{DropsInStage, Refused};
    use tickspan::traced_stage;

    #[traced_stage]
    pub(super) fn nothing(_one: DropsInStage, (two, _): (DropsInStage, u64)) {
        let _ = &two;
    }

    #[traced_stage]
    pub(super) fn number(one: DropsInStage, _two: DropsInStage) -> u64 {
        let _ = &one;
        5
    }

    #[traced_stage]
    pub(super) fn classified(one: DropsInStage, _two: DropsInStage) -> Result<u64, Refused> {
        let _ = &one;
        Ok(5)
    }

    #[traced_stage]
    pub(super) async fn asynchronous(one: DropsInStage, _two: DropsInStage) -> u64 {
        let _ = &one;
        5
    }
}

#[test]
fn arguments_are_dropped_within_their_stage() {
    let argument = || DropsInStage;
    let tree = tree(|| {
        leaves::nothing(argument(), (argument(), 5));
        leaves::number(argument(), argument());
        leaves::classified(argument(), argument()).unwrap();
        block_on(leaves::asynchronous(argument(), argument()));
    });
    let both = "  - dropped message=<dropped>\n".repeat(2);
    let expected =
        ["nothing", "number", "classified", "asynchronous"].map(|stage| format!("{stage}\n{both}"));
    assert_eq!(tree, expected.concat());
}

#[traced_stage]
async fn panics_when_polled(first: bool) {
    if !first {
        yield_once().await;
    }
    panic!("as asked")
}

#[test]
fn panicking_future_is_panicked_in_its_first_and_later_polls() {
    let tree = tree(|| {
        for first in [true, false] {
            let poll = std::panic::AssertUnwindSafe(|| block_on(panics_when_polled(first)));
            std::panic::catch_unwind(poll).unwrap_err();
        }
        no_arguments_no_return();
    });
    assert_eq!(
        tree,
        "panics_when_polled first=true otel.status_code=\"ERROR\" tickspan.outcome=\"panicked\" error.type=\"panic\"\n\
         panics_when_polled first=false otel.status_code=\"ERROR\" tickspan.outcome=\"panicked\" error.type=\"panic\"\n\
         no_arguments_no_return\n"
    );
}

struct Engine {
    filled: u64,
}

impl Engine {
    #[traced_stage]
    fn by_reference(&self, quantity: u64) -> u64 {
        self.filled + quantity
    }

    #[traced_stage]
    fn by_mutable_reference(&mut self, quantity: u64) -> Result<&mut u64, Refused> {
        self.filled += quantity;
        Ok(&mut self.filled)
    }

    #[traced_stage]
    fn by_value(self) -> Option<u64> {
        Some(self.filled)
    }

    #[traced_stage]
    fn by_box(self: Box<Self>) -> u64 {
        self.filled
    }

    #[traced_stage]
    async fn asynchronous(&mut self, quantity: u64) -> Result<&u64, Refused> {
        self.filled += quantity;
        Ok(&self.filled)
    }
}

#[test]
fn methods_of_each_receiver() {
    let tree = tree(|| {
        let mut engine = Engine { filled: 1 };
        assert_eq!(engine.by_reference(1), 2);
        *engine.by_mutable_reference(1).unwrap() += 1;
        assert_eq!(block_on(engine.asynchronous(1)), Ok(&4));
        assert_eq!(Box::new(Engine { filled: 5 }).by_box(), 5);
        assert_eq!(engine.by_value(), Some(4));
    });
    assert_eq!(
        tree,
        "by_reference quantity=1\nby_mutable_reference quantity=1\nasynchronous quantity=1\nby_box\nby_value\n"
    );
}

trait Venue {
    async fn native(&self, quantity: u64) -> Result<u64, Refused>;

    #[traced_stage]
    fn default_method(&self, quantity: u64) -> u64 {
        quantity
    }

    #[traced_stage]
    async fn default_async_method(&self, quantity: u64) -> u64 {
        self.default_method(quantity)
    }
}

impl Venue for Engine {
    #[traced_stage]
    async fn native(&self, quantity: u64) -> Result<u64, Refused> {
        checked(quantity)
    }
}

#[async_trait::async_trait]
trait BoxedVenue: Send + Sync {
    async fn submit(&self, symbol: &str, quantity: u64) -> Result<u64, Refused>;

    #[traced_stage]
    async fn default_boxed(&self, quantity: u64) -> u64 {
        quantity
    }
}

#[async_trait::async_trait]
impl BoxedVenue for Engine {
    #[traced_stage(err)]
    async fn submit(&self, symbol: &str, quantity: u64) -> Result<u64, Refused> {
        let _ = symbol;
        yield_once().await;
        checked(quantity)
    }
}

#[test]
fn trait_methods_of_each_kind() {
    let tree = tree(|| {
        let engine = Engine { filled: 0 };
        assert_eq!(block_on(engine.native(2)), Ok(4));
        assert_eq!(block_on(engine.default_async_method(3)), 3);
        let boxed: &dyn BoxedVenue = &engine;
        assert_eq!(block_on(boxed.submit("AAPL", 11)), Err(Refused(11)));
        assert_eq!(block_on(boxed.default_boxed(4)), 4);
    });
    assert_eq!(
        tree,
        "native quantity=2\n\
         default_async_method quantity=3\n  \
           default_method quantity=3\n\
         submit symbol=\"AAPL\" quantity=11 otel.status_code=\"ERROR\" tickspan.outcome=\"error\" \
         error.type=\"positions::Refused\"\n  \
           - error error.type=\"positions::Refused\"\n\
         default_boxed quantity=4\n"
    );
}

#[traced_stage]
fn returns_impl_future(quantity: u64) -> impl Future<Output = Result<u64, Refused>> {
    async move {
        yield_once().await;
        nested(quantity).await;
        checked(quantity)
    }
}

#[traced_stage]
fn returns_pinned_box(
    quantity: u64,
    early: bool,
) -> Pin<Box<dyn Future<Output = Result<u64, Refused>> + Send>> {
    if early {
        return Box::pin(async { Ok(0) });
    }
    match quantity {
        0 => async { Ok(1) }.boxed(),
        _ => Box::pin(async move { checked(quantity) }),
    }
}

#[traced_stage]
fn returns_box_future(quantity: u64) -> BoxFuture<'static, u64> {
    async move { quantity }.boxed()
}

#[traced_stage]
fn returns_local_box_future<'a>(quantity: &'a u64) -> LocalBoxFuture<'a, &'a u64> {
    async move { quantity }.boxed_local()
}

#[test]
fn returned_futures_are_inside_the_stage() {
    let tree = tree(|| {
        assert_eq!(block_on(returns_impl_future(11)), Err(Refused(11)));
        assert_eq!(block_on(returns_pinned_box(1, true)), Ok(0));
        assert_eq!(block_on(returns_pinned_box(0, false)), Ok(1));
        assert_eq!(block_on(returns_pinned_box(11, false)), Err(Refused(11)));
        assert_eq!(block_on(returns_box_future(1)), 1);
        assert_eq!(block_on(returns_local_box_future(&2)), &2);
        drop(returns_box_future(3));
    });
    let error =
        "otel.status_code=\"ERROR\" tickspan.outcome=\"error\" error.type=\"positions::Refused\"";
    assert_eq!(
        tree,
        format!(
            "returns_impl_future quantity=11 {error}\n  \
               nested quantity=11\n\
             returns_pinned_box quantity=1 early=true\n\
             returns_pinned_box quantity=0 early=false\n\
             returns_pinned_box quantity=11 early=false {error}\n\
             returns_box_future quantity=1\n\
             returns_local_box_future quantity=2\n\
             returns_box_future quantity=3 tickspan.outcome=\"cancelled\"\n"
        )
    );
}

#[traced_stage]
fn returns_impl_stream(quantity: u64) -> impl Stream<Item = u64> {
    async_stream::stream! {
        for item in 0..quantity {
            no_arguments_no_return();
            yield item;
        }
    }
}

#[traced_stage]
fn returns_box_stream(quantity: u64) -> BoxStream<'static, u64> {
    futures::stream::iter(0..quantity).boxed()
}

#[test]
fn returned_streams_are_inside_the_stage() {
    let tree = tree(|| {
        assert_eq!(block_on(returns_impl_stream(2).collect::<Vec<_>>()), [0, 1]);
        assert_eq!(block_on(returns_box_stream(2).collect::<Vec<_>>()), [0, 1]);
        let mut stream = Box::pin(returns_impl_stream(2));
        assert_eq!(block_on(stream.next()), Some(0));
        assert_eq!(stream.size_hint(), (0, None));
        drop(stream);
    });
    assert_eq!(
        tree,
        "returns_impl_stream quantity=2\n  \
           no_arguments_no_return\n  \
           no_arguments_no_return\n\
         returns_box_stream quantity=2\n\
         returns_impl_stream quantity=2 tickspan.outcome=\"cancelled\"\n  \
           no_arguments_no_return\n"
    );
}

#[traced_stage]
fn generic<T: AttributeValue, U>(proven: T, unproven: U, symbol: impl AsRef<str>) -> usize
where
    U: Into<u64>,
{
    let _: u64 = unproven.into();
    drop(proven);
    symbol.as_ref().len()
}

#[traced_stage]
fn lifetimes<'a>(symbols: &'a [String], venue: &'a str) -> Result<&'a str, &'a str> {
    symbols.first().map(String::as_str).ok_or(venue)
}

#[traced_stage]
fn elided(venue: &str) -> Result<&str, std::fmt::Error> {
    Ok(venue)
}

#[traced_stage]
fn returns_impl(quantity: u64) -> impl Fn(u64) -> u64 {
    move |more| quantity + more
}

#[traced_stage]
fn returns_nested_impl(quantity: u64) -> Result<impl Iterator<Item = u64>, Refused> {
    if quantity > 10 {
        return Err(Refused(quantity));
    }
    Ok(0..quantity)
}

#[traced_stage]
async fn async_returns_nested_impl(quantity: u64) -> Result<impl Iterator<Item = u64>, Refused> {
    Ok(0..quantity)
}

#[test]
fn generics_lifetimes_and_impl_trait() {
    let tree = tree(|| {
        assert_eq!(generic(1.5, 2_u32, "AAPL"), 4);
        assert_eq!(lifetimes(&["a".to_owned()], "nasdaq"), Ok("a"));
        assert_eq!(elided("nasdaq"), Ok("nasdaq"));
        assert_eq!(returns_impl(1)(1), 2);
        assert_eq!(returns_nested_impl(3).unwrap().count(), 3);
        assert!(returns_nested_impl(11).is_err());
        assert_eq!(block_on(async_returns_nested_impl(3)).unwrap().count(), 3);
    });
    assert_eq!(
        tree,
        "generic proven=1.5\n\
         lifetimes venue=\"nasdaq\"\n\
         elided venue=\"nasdaq\"\n\
         returns_impl quantity=1\n\
         returns_nested_impl quantity=3\n\
         returns_nested_impl quantity=11 otel.status_code=\"ERROR\" tickspan.outcome=\"error\" \
         error.type=\"positions::Refused\"\n\
         async_returns_nested_impl quantity=3\n"
    );
}

struct Level {
    price: f64,
    quantity: u64,
}

#[traced_stage]
fn patterns(
    (bid, mut ask): (f64, f64),
    Level {
        price,
        quantity: ref size,
    }: Level,
    &depth: &u32,
    [first, ..]: [u8; 3],
    _ignored: u64,
    r#type: u8,
    mut total: u64,
    _: u64,
) -> f64 {
    ask += 1.0;
    total += *size;
    bid + ask + price + f64::from(depth) + f64::from(first) + f64::from(r#type) + total as f64
}

#[test]
fn patterns_bind_attributes() {
    let level = Level {
        price: 3.0,
        quantity: 4,
    };
    let tree = tree(|| {
        patterns((1.0, 2.0), level, &5, [6, 7, 8], 9, 10, 11, 12);
    });
    assert_eq!(
        tree,
        "patterns bid=1.0 ask=2.0 price=3.0 size=4 depth=5 first=6 type=10 total=11\n"
    );
}

/// # Safety
///
/// `quantity` is null or points to an integer.
#[traced_stage]
unsafe fn is_unsafe(quantity: *const u64) -> Option<u64> {
    // SAFETY: the caller's promise.
    unsafe { quantity.as_ref() }.copied()
}

#[traced_stage]
extern "C" fn is_extern(quantity: u64) -> u64 {
    quantity
}

#[traced_stage]
fn inner_attributes(quantity: u64) -> Result<u64, Refused> {
    #![deny(warnings)]
    #![allow(unused_variables)]
    let unused = quantity;
    Ok(quantity)
}

#[traced_stage]
#[track_caller]
fn tracks_its_caller(quantity: u64) -> Result<u32, Refused> {
    let _ = quantity;
    Ok(std::panic::Location::caller().line())
}

#[test]
fn qualifiers_and_attributes_are_kept() {
    let tree = tree(|| {
        let quantity = 5;
        // SAFETY: it points to an integer.
        assert_eq!(unsafe { is_unsafe(&raw const quantity) }, Some(5));
        assert_eq!(is_extern(6), 6);
        assert_eq!(inner_attributes(6), Ok(6));
        assert_eq!(tracks_its_caller(7), Ok(line!()));
    });
    assert_eq!(
        tree,
        "is_unsafe\nis_extern quantity=6\ninner_attributes quantity=6\ntracks_its_caller quantity=7\n"
    );
}

#[traced_stage]
fn cfgs(#[cfg(test)] present: u64, #[cfg(not(test))] absent: u64) -> u64 {
    present
}

#[traced_stage]
fn durations(
    timeout: Duration,
    delay: Option<&Duration>,
    ttl_seconds: Duration,
    quantities: &[u64],
) -> usize {
    let _ = (timeout, delay, ttl_seconds);
    quantities.len()
}

/// The unit of the key makes no measure of what the name says.
#[traced_stage]
fn sensitive_durations(dob: Duration, otp: Option<Duration>, password_age: Duration) {
    let _ = (dob, otp, password_age);
}

type Patience = Duration;

#[traced_stage]
fn aliased_duration(patience: Patience) -> bool {
    patience.is_zero()
}

#[test]
fn durations_are_in_seconds_and_say_so() {
    let tree = tree(|| {
        assert_eq!(cfgs(1), 1);
        durations(
            Duration::from_millis(1500),
            Some(&Duration::from_secs(2)),
            Duration::from_secs(3),
            &[1, 2],
        );
        aliased_duration(Duration::from_secs(1));
        sensitive_durations(
            Duration::from_secs(1),
            Some(Duration::from_secs(2)),
            Duration::from_secs(3),
        );
    });
    assert_eq!(
        tree,
        "cfgs present=1\n\
         durations timeout_seconds=1.5 delay_seconds=2.0 ttl_seconds=3.0\n\
         aliased_duration\n\
         sensitive_durations password_age_seconds=3.0\n"
    );
}

// The guard of a lock lives in the last expression of the body: it must end before what it borrows.
#[traced_stage]
fn borrows_an_argument_to_the_end(book: Mutex<Vec<u64>>) -> usize {
    book.lock().unwrap().len()
}

#[traced_stage]
fn borrows_in_a_result(book: Mutex<Vec<u64>>) -> Result<usize, Refused> {
    Ok(book.lock().unwrap().len())
}

#[traced_stage]
fn moves_its_argument(book: Vec<u64>, quantity: Box<u64>) -> (Vec<u64>, Box<u64>) {
    (book, quantity)
}

#[test]
fn arguments_may_be_borrowed_to_the_end_or_moved() {
    let tree = tree(|| {
        assert_eq!(borrows_an_argument_to_the_end(Mutex::new(vec![1])), 1);
        assert_eq!(borrows_in_a_result(Mutex::new(vec![1])), Ok(1));
        assert_eq!(
            moves_its_argument(vec![1], Box::new(2)),
            (vec![1], Box::new(2))
        );
    });
    assert_eq!(
        tree,
        "borrows_an_argument_to_the_end\nborrows_in_a_result\nmoves_its_argument quantity=2\n"
    );
}

macro_rules! stages {
    ($($name:ident($argument:ident: $ty:ty) -> $ret:ty $body:block)*) => {$(
        #[traced_stage]
        fn $name($argument: $ty) -> $ret $body
    )*};
}

stages! {
    from_a_macro(quantity: u64) -> Result<u64, Refused> { checked(quantity) }
    another_from_a_macro(symbol: &str) -> usize { symbol.len() }
}

#[test]
fn macro_rules_may_write_stages() {
    let tree = tree(|| {
        assert_eq!(from_a_macro(1), Ok(2));
        assert_eq!(another_from_a_macro("AAPL"), 4);
    });
    assert_eq!(
        tree,
        "from_a_macro quantity=1\nanother_from_a_macro symbol=\"AAPL\"\n"
    );
}

/// Each place that takes an expression, given one by another macro.
macro_rules! doubles {
    ($amount:expr) => {{
        #[traced_stage(fields(field = $amount * 2_i64), err(map = |()| $amount * 2_i64))]
        fn boxed() -> Pin<Box<dyn Future<Output = Result<i64, ()>>>> {
            let doubled = $amount * 2_i64;
            if doubled == 4 {
                return Box::pin(async move { Ok($amount * 2_i64) });
            }
            Box::pin(async { Err(()) })
        }

        event!(
            "event",
            doubled = $amount * 2_i64,
            negative = -$amount,
            of_a_macro = identity!($amount * 2_i64)
        );
        let around = stage!("around", doubled = $amount * 2_i64, async {
            record!(
                late = $amount * 2_i64,
                public = public!($amount * 2_i64, reason = "a number of this test")
            );
            $amount * 2_i64
        });
        (block_on(boxed()), block_on(around))
    }};
}

macro_rules! identity {
    ($amount:expr) => {
        $amount
    };
}

#[test]
fn an_expression_that_macro_rules_hands_on_stays_one() {
    let tree = tree(|| assert_eq!(doubles!(1_i64 + 1_i64), (Ok(4), 4)));
    assert_eq!(
        tree,
        "- event message=<event> doubled=4 negative=-2 of_a_macro=4\n\
         around doubled=4 late=4 public=4\nboxed field=4\n"
    );
}

#[traced_stage]
fn infers_a_future(quantities: Vec<u64>) -> impl Future<Output = Vec<u64>> {
    async move { quantities.into_iter().collect() }
}

#[traced_stage]
fn infers_a_boxed_future(text: String) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { text.parse().unwrap() })
}

#[traced_stage]
fn infers_a_box_future() -> BoxFuture<'static, u64> {
    async { Default::default() }.boxed()
}

#[test]
fn the_output_of_a_returned_future_is_known_to_its_body() {
    let tree = tree(|| {
        assert_eq!(block_on(infers_a_future(vec![1])), [1]);
        assert_eq!(block_on(infers_a_boxed_future("2".to_owned())), 2);
        assert_eq!(block_on(infers_a_box_future()), 0);
    });
    assert_eq!(
        tree,
        "infers_a_future\ninfers_a_boxed_future\ninfers_a_box_future\n"
    );
}

#[traced_stage]
fn prepares_a_future(quantity: u64) -> impl Future<Output = u64> {
    no_arguments_no_return();
    record!(asked = quantity);
    async move { quantity }
}

#[traced_stage]
fn prepares_a_box(quantity: u64) -> BoxFuture<'static, u64> {
    record!(asked = quantity);
    if quantity == 0 {
        event!("nothing_asked");
        return Box::pin(async move { quantity });
    }
    prepares_a_future(quantity).boxed()
}

#[traced_stage]
fn prepares_a_stream(quantity: u64) -> BoxStream<'static, u64> {
    record!(asked = quantity);
    returns_impl_stream(quantity).boxed()
}

#[test]
fn what_makes_a_future_or_stream_runs_inside_the_stage() {
    let tree = tree(|| {
        let _around = stage!("around");
        drop(prepares_a_future(1));
        block_on(prepares_a_box(0));
        block_on(prepares_a_box(2));
        block_on(prepares_a_stream(1).collect::<Vec<_>>());
    });
    assert_eq!(
        tree,
        "around\n  \
           prepares_a_future quantity=1 asked=1 tickspan.outcome=\"cancelled\"\n    \
             no_arguments_no_return\n  \
           prepares_a_box quantity=0 asked=0\n    \
             - nothing_asked message=<nothing_asked>\n  \
           prepares_a_box quantity=2 asked=2\n    \
             prepares_a_future quantity=2 asked=2\n      \
               no_arguments_no_return\n  \
           prepares_a_stream quantity=1 asked=1\n    \
             returns_impl_stream quantity=1\n      \
               no_arguments_no_return\n"
    );
}

#[traced_stage]
fn panics_before_its_future(quantity: u64) -> impl Future<Output = u64> {
    assert!(quantity < 10, "as asked");
    async move { quantity }
}

#[test]
fn a_panic_before_the_future_is_a_panic_of_the_stage() {
    let tree = tree(|| {
        std::panic::catch_unwind(|| drop(panics_before_its_future(10))).unwrap_err();
    });
    assert_eq!(
        tree,
        "panics_before_its_future quantity=10 otel.status_code=\"ERROR\" tickspan.outcome=\"panicked\" \
         error.type=\"panic\"\n"
    );
}

/// Says when it is dropped.
struct Noisy<'a>(&'static str, &'a Mutex<Vec<&'static str>>);

impl Drop for Noisy<'_> {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0);
    }
}

/// A function of each shape, with the attribute and without.
macro_rules! drops {
    ($($module:ident: $(#[$attribute:meta])*;)*) => {$(
        mod $module {
            use super::{Noisy, Refused};

            $(#[$attribute])*
            pub(super) fn plain<'a>(first: Noisy<'a>, _second: Noisy<'a>, third: Noisy<'a>) {
                let _ = (&first, &third);
            }

            $(#[$attribute])*
            pub(super) fn classified<'a>(
                first: Noisy<'a>,
                _second: Noisy<'a>,
                third: Noisy<'a>,
            ) -> Result<(), Refused> {
                let _ = (&first, &third);
                Ok(())
            }

            $(#[$attribute])*
            pub(super) async fn asynchronous<'a>(first: Noisy<'a>, _second: Noisy<'a>, third: Noisy<'a>) {
                let _ = (&third, &first);
            }
        }
    )*};
}

drops! {
    traced: #[tickspan::traced_stage];
    skipped: #[tickspan::traced_stage(skip_all)];
    partly: #[tickspan::traced_stage(skip(third))];
    bare: ;
}

#[test]
fn arguments_are_dropped_in_their_order() {
    let order = |run: &dyn Fn([Noisy<'_>; 3])| {
        let dropped = Mutex::new(Vec::new());
        run(["first", "second", "third"].map(|name| Noisy(name, &dropped)));
        dropped.into_inner().unwrap()
    };
    let expected = ["third", "second", "first"];
    macro_rules! assert_order {
        ($($module:ident)*) => {$(
            assert_eq!(order(&|[a, b, c]| $module::plain(a, b, c)), expected);
            assert_eq!(
                order(&|[a, b, c]| $module::classified(a, b, c).unwrap()),
                expected
            );
            assert_eq!(
                order(&|[a, b, c]| block_on($module::asynchronous(a, b, c))),
                expected
            );
        )*};
    }
    assert_order!(bare traced skipped partly);
}

/// Methods that take `self` whole and use one of its fields.
macro_rules! consumed {
    ($($module:ident: $(#[$attribute:meta])*;)*) => {$(
        mod $module {
            use super::{Noisy, Refused};

            pub(super) struct Pair<'a>(pub(super) Noisy<'a>, pub(super) Noisy<'a>);

            impl<'a> Pair<'a> {
                $(#[$attribute])*
                pub(super) fn classified(self, _third: Noisy<'a>) -> Result<(), Refused> {
                    let _ = &self.1;
                    Ok(())
                }

                $(#[$attribute])*
                pub(super) async fn asynchronous(self, _third: Noisy<'a>) {
                    let _ = &self.1;
                }
            }
        }
    )*};
}

consumed! {
    consumed: #[tickspan::traced_stage];
    consumed_bare: ;
}

#[test]
fn a_receiver_is_dropped_as_a_whole() {
    macro_rules! order {
        ($module:ident: |$pair:ident, $third:ident| $run:expr) => {{
            let dropped = Mutex::new(Vec::new());
            let [first, second, $third] =
                ["first", "second", "third"].map(|name| Noisy(name, &dropped));
            let $pair = $module::Pair(first, second);
            let _ = &$pair.0;
            _ = $run;
            dropped.into_inner().unwrap()
        }};
    }
    let expected = ["third", "first", "second"];
    assert_eq!(
        order!(consumed_bare: |pair, third| pair.classified(third)),
        expected
    );
    assert_eq!(
        order!(consumed: |pair, third| pair.classified(third)),
        expected
    );
    assert_eq!(
        order!(consumed_bare: |pair, third| block_on(pair.asynchronous(third))),
        expected
    );
    assert_eq!(
        order!(consumed: |pair, third| block_on(pair.asynchronous(third))),
        expected
    );
}

mod an_alias_of_the_teams_own {
    use std::future::Future;
    use std::pin::Pin;

    use super::{Refused, traced_stage};

    pub(super) type BoxFuture<'a, T> =
        Pin<Box<dyn Future<Output = Result<T, Refused>> + Send + 'a>>;

    #[traced_stage]
    pub(super) fn connect(port: &u64) -> BoxFuture<'_, u64> {
        Box::pin(async move { Err(Refused(*port)) })
    }
}

#[test]
fn an_alias_says_itself_what_its_future_gives() {
    let tree = tree(|| {
        assert_eq!(
            block_on(an_alias_of_the_teams_own::connect(&7)),
            Err(Refused(7))
        )
    });
    assert_eq!(
        tree,
        "connect port=7 otel.status_code=\"ERROR\" tickspan.outcome=\"error\" error.type=\"positions::Refused\"\n"
    );
}

#[traced_stage]
fn returns_while_it_boxes(quantity: u64) -> BoxFuture<'static, u64> {
    Box::pin(std::future::ready(match quantity {
        0 => return Box::pin(async { 7 }),
        quantity => quantity,
    }))
}

#[traced_stage]
fn returns_while_it_boxes_a_stream(quantity: u64) -> BoxStream<'static, u64> {
    Box::pin(futures::stream::iter(match quantity {
        0 => return futures::stream::empty().boxed(),
        quantity => 0..quantity,
    }))
}

#[test]
fn what_is_boxed_may_return_before() {
    let tree = tree(|| {
        assert_eq!(block_on(returns_while_it_boxes(0)), 7);
        assert_eq!(block_on(returns_while_it_boxes(2)), 2);
        assert_eq!(block_on(returns_while_it_boxes_a_stream(0).count()), 0);
        assert_eq!(block_on(returns_while_it_boxes_a_stream(2).count()), 2);
    });
    assert_eq!(
        tree,
        "returns_while_it_boxes quantity=0\nreturns_while_it_boxes quantity=2\n\
         returns_while_it_boxes_a_stream quantity=0\nreturns_while_it_boxes_a_stream quantity=2\n"
    );
}

struct Attributed;

#[traced_stage]
impl Attributed {
    //! What is said of the block within it.
    #![allow(dead_code)]

    fn traced(&self, quantity: u64) -> u64 {
        quantity
    }

    #[traced_stage(off)]
    fn left_out(&self, #[sensitive] quantity: u64) -> u64 {
        quantity
    }

    const fn constant(#[pii(Phone)] quantity: u64) -> u64 {
        quantity
    }
}

macro_rules! methods {
    ($($name:ident($quantity:ident) $body:block)*) => {
        #[traced_stage]
        impl Written {
            $(fn $name(&self, $quantity: u64) -> u64 $body)*
        }
    };
}

struct Written;

methods! {
    first(quantity) { quantity }
    second(quantity) { quantity + 1 }
}

#[test]
fn blocks_hold_attributes_marks_and_what_macros_write() {
    let tree = tree(|| {
        assert_eq!(Attributed.traced(1), 1);
        assert_eq!(Attributed.left_out(2), 2);
        assert_eq!(Attributed::constant(3), 3);
        assert_eq!(Written.first(4), 4);
        assert_eq!(Written.second(5), 6);
    });
    assert_eq!(
        tree,
        "traced quantity=1\nfirst quantity=4\nsecond quantity=5\n"
    );
}

mod a_stream_of_the_teams_own {
    use super::traced_stage;

    pub(super) trait Stream {
        fn read(&self) -> u64;
    }

    impl Stream for u64 {
        fn read(&self) -> u64 {
            *self
        }
    }

    #[traced_stage]
    pub(super) fn connect(port: u64) -> impl Stream {
        port
    }
}

#[test]
fn a_trait_of_the_users_called_stream_is_no_stream() {
    use a_stream_of_the_teams_own::Stream as _;
    let tree = tree(|| assert_eq!(a_stream_of_the_teams_own::connect(7).read(), 7));
    assert_eq!(tree, "connect port=7\n");
}
