//! Each option of `#[traced_stage]`, and the macros for use inside a body.

#![allow(
    clippy::all,
    clippy::pedantic,
    reason = "functions of every shape, as users write them"
)]

use std::cell::Cell;
use std::time::Duration;

use futures::executor::block_on;
use tickspan::{AttributeValue, Context, event, public, record, stage, traced_stage};
use tickspan_tests::capture::{Capture, Value};
use tracing::Level;
use tracing::field::Empty;

/// What the spans of `f` look like.
fn tree(f: impl FnOnce()) -> String {
    let capture = Capture::new();
    capture.run(f);
    capture.tree()
}

#[derive(Debug, PartialEq)]
enum Rejected {
    TooLarge,
    Expected,
}

#[derive(AttributeValue)]
enum Code {
    TooLarge,
}

impl Rejected {
    fn code(&self) -> Option<Code> {
        match self {
            Self::TooLarge => Some(Code::TooLarge),
            Self::Expected => None,
        }
    }
}

const VENUE: &str = "nasdaq";
const TARGET: &str = "engine";

#[traced_stage(name = "place order", target = "engine::orders", level = "debug")]
fn named() {}

#[traced_stage(name = VENUE, target = TARGET, level = Level::WARN)]
fn named_by_constants() {}

#[traced_stage(level = 1)]
fn level_by_number() {}

#[test]
fn name_target_and_level() {
    let capture = Capture::new();
    capture.run(|| {
        named();
        named_by_constants();
        level_by_number();
    });
    let named = capture.one("place order");
    assert_eq!(
        (named.metadata.target(), *named.metadata.level()),
        ("engine::orders", Level::DEBUG)
    );
    let constants = capture.one("nasdaq");
    assert_eq!(
        (constants.metadata.target(), *constants.metadata.level()),
        ("engine", Level::WARN)
    );
    let number = capture.one("level_by_number");
    assert_eq!(
        (number.metadata.target(), *number.metadata.level()),
        (module_path!(), Level::TRACE)
    );
}

#[test]
fn metadata_names_file_line_and_module() {
    let capture = Capture::new();
    capture.run(named);
    let metadata = capture.one("place order").metadata;
    assert!(
        metadata
            .file()
            .is_some_and(|file| file.ends_with("options.rs"))
    );
    assert_eq!(metadata.module_path(), Some(module_path!()));
    // The line of the function's name.
    let source = include_str!("options.rs")
        .lines()
        .position(|line| line == "fn named() {}");
    assert_eq!(metadata.line().map(|line| line as usize - 1), source);
}

#[traced_stage(skip(quantity))]
fn skips(quantity: u64, price: f64) -> f64 {
    quantity as f64 * price
}

/// An argument of this name is never recorded.
#[traced_stage(skip(message))]
fn skips_a_message(message: u64, price: f64) -> f64 {
    message as f64 * price
}

#[traced_stage(skip_all, fields(notional = quantity as f64 * price))]
fn skips_all(quantity: u64, price: f64) -> f64 {
    quantity as f64 * price
}

#[test]
fn skip_and_skip_all() {
    let tree = tree(|| {
        skips(2, 1.5);
        skips_a_message(2, 1.5);
        skips_all(2, 1.5);
    });
    assert_eq!(
        tree,
        "skips price=1.5\nskips_a_message price=1.5\nskips_all notional=3.0\n"
    );
}

struct Order {
    symbol: String,
    quantity: u64,
}

#[traced_stage(fields(
    order.quantity,
    symbol = order.symbol.as_str(),
    venue = VENUE,
    kind = "limit",
    "order size" = order.quantity * 2,
    level = 'a',
    levels = [1_u64, 2, 3],
    price = 585.33,
    big = u64::MAX,
    nothing = None::<u64>,
    filled = Empty,
))]
fn fields(order: &Order, levels: &str) -> usize {
    record!(filled = order.quantity, quantity = 7_u64);
    levels.len()
}

#[test]
fn fields_arrive_with_their_types() {
    let capture = Capture::new();
    let order = Order {
        symbol: "AAPL".to_owned(),
        quantity: 100,
    };
    capture.run(|| assert_eq!(fields(&order, "abc"), 3));
    let span = capture.one("fields");
    for (key, value) in [
        ("order.quantity", Value::I64(100)),
        ("symbol", Value::Text("AAPL".to_owned())),
        ("venue", Value::Text("nasdaq".to_owned())),
        ("kind", Value::Text("limit".to_owned())),
        ("order size", Value::I64(200)),
        ("level", Value::Written("a".to_owned())),
        ("levels", Value::Written("[1,2,3]".to_owned())),
        ("price", Value::F64(585.33)),
        ("big", Value::U64(u64::MAX)),
        ("filled", Value::I64(100)),
        ("quantity", Value::I64(7)),
    ] {
        assert_eq!(span.field(key), Some(&value), "{key}");
    }
    assert_eq!(span.field("nothing"), None);
}

thread_local! {
    static EVALUATED: Cell<u32> = const { Cell::new(0) };
}

fn evaluated(value: u64) -> u64 {
    EVALUATED.set(EVALUATED.get() + 1);
    value
}

#[traced_stage(fields(value = evaluated(value)))]
fn evaluates(value: u64) -> u64 {
    // Before the body, and once.
    assert!(EVALUATED.get() <= 1);
    value
}

#[test]
fn field_values_are_evaluated_once_and_only_when_enabled() {
    Capture::up_to(Level::ERROR).run(|| evaluates(1));
    assert_eq!(EVALUATED.get(), 0);
    assert_eq!(tree(|| _ = evaluates(2)), "evaluates value=2\n");
    assert_eq!(EVALUATED.get(), 1);
}

#[traced_stage]
fn submit() -> Context {
    Context::current()
}

#[traced_stage(parent = context)]
fn child_of(context: &Context) {
    inner();
}

#[traced_stage]
fn inner() {}

#[traced_stage(root)]
fn new_trace() {
    inner();
}

#[traced_stage(parent = None)]
fn new_trace_as_in_tracing() {}

#[traced_stage(parent = span)]
fn child_of_span(span: &tracing::Span) {}

#[traced_stage(parent = span.clone())]
async fn child_of_id(span: tracing::Span) {}

#[traced_stage(follows_from = [first, second])]
fn follows(first: &Context, second: &Context) {}

#[test]
fn parents_roots_and_links() {
    let tree = tree(|| {
        let first = submit();
        let second = submit();
        let outer = tracing::info_span!("outer");
        let _entered = outer.enter();
        child_of(&first);
        child_of(&Context::default());
        new_trace();
        new_trace_as_in_tracing();
        child_of_span(&outer);
        block_on(child_of_id(outer.clone()));
        follows(&first, &second);
    });
    assert_eq!(
        tree,
        "submit\n  \
           child_of\n    \
             inner\n\
         submit\n\
         outer\n  \
           child_of_span\n  \
           child_of_id\n  \
           follows follows:submit follows:submit\n\
         child_of\n  \
           inner\n\
         new_trace\n  \
           inner\n\
         new_trace_as_in_tracing\n"
    );
}

#[test]
fn context_is_current_where_it_is_run_and_attached() {
    let tree = tree(|| {
        let context = submit();
        context.run(inner);
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        let there = context.clone();
        let thread = std::thread::spawn(move || {
            tracing::dispatcher::with_default(&dispatch, || there.run(inner));
        });
        thread.join().unwrap();
        block_on(context.attach(async { inner() }));
    });
    assert_eq!(tree, "submit\n  inner\n  inner\n  inner\n");
}

#[traced_stage(ret)]
fn returns_value(quantity: u64) -> u64 {
    quantity * 2
}

#[traced_stage(ret(level = "warn"), err(level = "debug"))]
fn returns_result(quantity: u64) -> Result<u64, Rejected> {
    if quantity > 10 {
        Err(Rejected::TooLarge)
    } else {
        Ok(quantity)
    }
}

#[traced_stage(ret, err)]
async fn returns_result_later(quantity: u64) -> Result<u64, Rejected> {
    returns_result(quantity)
}

#[test]
fn ret_and_err_are_events_with_levels() {
    let capture = Capture::new();
    capture.run(|| {
        returns_value(2);
        returns_result(1).unwrap();
        returns_result(11).unwrap_err();
        block_on(returns_result_later(3)).unwrap();
    });
    assert_eq!(
        capture.tree(),
        "returns_value quantity=2\n  \
           - return return=4\n\
         returns_result quantity=1\n  \
           - return return=1\n\
         returns_result quantity=11 otel.status_code=\"ERROR\" tickspan.outcome=\"error\" \
         error.type=\"options::Rejected\"\n  \
           - error error.type=\"options::Rejected\"\n\
         returns_result_later quantity=3\n  \
           returns_result quantity=3\n    \
             - return return=3\n  \
           - return return=3\n"
    );
    let levels: Vec<Level> = capture
        .recorded()
        .iter()
        .filter(|recorded| recorded.metadata.is_event())
        .map(|event| *event.metadata.level())
        .collect();
    assert_eq!(
        levels,
        [
            Level::INFO,
            Level::WARN,
            Level::DEBUG,
            Level::WARN,
            Level::INFO
        ]
    );
}

#[traced_stage(err(map = Rejected::code))]
fn maps_by_path(expected: bool) -> Result<(), Rejected> {
    Err(if expected {
        Rejected::Expected
    } else {
        Rejected::TooLarge
    })
}

#[traced_stage(err(level = "info", map = |error| error.code()))]
async fn maps_by_closure(expected: bool) -> Result<(), Rejected> {
    maps_by_path(expected)
}

#[test]
fn errors_are_mapped_and_expected_ones_are_none() {
    let tree = tree(|| {
        maps_by_path(true).unwrap_err();
        block_on(maps_by_closure(false)).unwrap_err();
    });
    let error = "otel.status_code=\"ERROR\" tickspan.outcome=\"error\" error.type=\"TooLarge\"";
    assert_eq!(
        tree,
        format!(
            "maps_by_path expected=true\n\
             maps_by_closure expected=false {error}\n  \
               maps_by_path expected=false {error}\n    \
                 - error error.type=\"TooLarge\"\n  \
               - error error.type=\"TooLarge\"\n"
        )
    );
}

#[traced_stage(kind = "client")]
fn calls_a_server() {}

#[traced_stage(kind = "internal")]
fn calls_nobody() {}

#[test]
fn kind_is_said_unless_internal() {
    let tree = tree(|| {
        calls_a_server();
        calls_nobody();
    });
    assert_eq!(tree, "calls_a_server otel.kind=\"client\"\ncalls_nobody\n");
}

#[derive(tickspan::LatencyStages)]
enum Path {
    OrderSent,
    OrderFilled,
}

#[traced_stage(mark = Path::OrderSent, metric(labels(symbol, quantity)))]
fn marks(symbol: &str, quantity: u64) -> u64 {
    quantity
}

#[traced_stage(mark(Path::OrderFilled, always))]
async fn marks_always() {}

#[test]
fn marks_and_labels_are_taken() {
    let clock = tickspan::StageClock::new().enter();
    let tree = tree(|| {
        marks("AAPL", 1);
        block_on(marks_always());
    });
    assert_eq!(tree, "marks symbol=\"AAPL\" quantity=1\nmarks_always\n");
    let clock = clock.into_clock();
    assert!(clock.is_marked(Path::OrderSent) && clock.is_marked(Path::OrderFilled));
}

struct Engine;

#[traced_stage(prefix = "engine", level = "debug", target = "engines")]
impl Engine {
    const LIMIT: u64 = { 10 };

    const fn new() -> Self {
        Self
    }

    /// Documented.
    fn match_order(&self, quantity: u64) -> u64 {
        quantity.min(Self::LIMIT)
    }

    #[traced_stage(name = "risk", level = "warn", skip(quantity))]
    async fn check_risk(&self, quantity: u64) -> Result<u64, Rejected> {
        Ok(quantity)
    }

    #[traced_stage(off)]
    fn hot(&self, quantity: u64) -> u64 {
        quantity
    }
}

#[test]
fn impl_block_passes_its_options_on() {
    let capture = Capture::new();
    capture.run(|| {
        let engine = Engine::new();
        assert_eq!(engine.match_order(11), 10);
        assert_eq!(block_on(engine.check_risk(1)), Ok(1));
        assert_eq!(engine.hot(1), 1);
    });
    assert_eq!(capture.tree(), "engine.match_order quantity=11\nrisk\n");
    let metadata = capture.one("engine.match_order").metadata;
    assert_eq!(
        (metadata.target(), *metadata.level()),
        ("engines", Level::DEBUG)
    );
    let metadata = capture.one("risk").metadata;
    assert_eq!(
        (metadata.target(), *metadata.level()),
        ("engines", Level::WARN)
    );
}

#[traced_stage]
fn body_macros(symbol: &str, note: &str, timeout: Duration) -> u64 {
    event!("order_accepted", symbol, price = 585.33);
    event!(level: "warn", target: "audit", "order_late", delay_seconds = timeout);
    record!(
        filled = 100_u64,
        memo = public!(note, reason = "text of the public trade tape")
    );
    let total = {
        let _stage = stage!("match levels", depth = 3_u32, total = Empty);
        record!(total = 9_u64);
        9
    };
    let done: Result<u64, Rejected> = block_on(stage!(kind: "producer", "send", total, async {
        record!(filled = 1_u64);
        Err(Rejected::TooLarge)
    }));
    done.unwrap_err();
    total
}

#[test]
fn macros_inside_a_body() {
    let capture = Capture::new();
    capture.run(|| assert_eq!(body_macros("AAPL", "a note", Duration::from_secs(2)), 9));
    assert_eq!(
        capture.tree(),
        "body_macros symbol=\"AAPL\" timeout_seconds=2.0 filled=100 memo=\"a note\"\n  \
           - order_accepted message=<order_accepted> symbol=\"AAPL\" price=585.33\n  \
           - order_late message=<order_late> delay_seconds=2.0\n  \
           match levels depth=3 total=9\n  \
           send total=9 otel.kind=\"producer\" filled=1 otel.status_code=\"ERROR\" tickspan.outcome=\"error\" \
         error.type=\"options::Rejected\"\n"
    );
}

fn records_from_elsewhere(quantity: u64) {
    record!(elsewhere = quantity);
}

#[traced_stage(fields(elsewhere = Empty))]
fn declares() {
    records_from_elsewhere(5);
}

#[traced_stage]
fn does_not_declare() {
    records_from_elsewhere(6);
    records_from_elsewhere(7);
}

#[test]
fn undeclared_late_key_is_told_once() {
    let capture = Capture::new();
    capture.run(|| {
        records_from_elsewhere(4);
        declares();
        does_not_declare();
    });
    assert_eq!(
        capture.one("declares").field("elsewhere"),
        Some(&Value::I64(5))
    );
    let told: Vec<_> = capture
        .recorded()
        .into_iter()
        .filter(|recorded| recorded.metadata.target() == "tickspan")
        .collect();
    let [told] = told.as_slice() else {
        panic!("told {} times", told.len());
    };
    assert_eq!(*told.metadata.level(), Level::WARN);
    assert_eq!(
        told.field("key"),
        Some(&Value::Text("elsewhere".to_owned()))
    );
    assert_eq!(
        told.field("stage"),
        Some(&Value::Text("does_not_declare".to_owned()))
    );
    let message = format!("{:?}", told.field("message"));
    for way in [
        "`fields(elsewhere = Empty)`",
        "or `elsewhere = Empty` to its `stage!`",
    ] {
        assert!(message.contains(way), "{message}");
    }
}

#[traced_stage(level = "trace", fields(total = Empty))]
fn filtered_out() {
    record!(total = 1_u64);
}

#[traced_stage(fields(total = Empty))]
fn around_filtered_out() {
    filtered_out();
    block_on(filtered_out_later());
}

#[traced_stage(level = "trace", fields(total = Empty))]
async fn filtered_out_later() {
    record!(total = 2_u64);
}

#[test]
fn late_attributes_of_a_filtered_stage_do_not_reach_the_stage_around_it() {
    let capture = Capture::up_to(Level::INFO);
    capture.run(around_filtered_out);
    assert_eq!(capture.tree(), "around_filtered_out\n");
}

#[test]
fn guards_may_be_dropped_in_any_order() {
    #[traced_stage(fields(total = Empty))]
    fn outer() {
        let first = stage!("first");
        let second = stage!("second", total = Empty);
        drop(first);
        record!(total = 1_u64);
        drop(second);
        record!(total = 2_u64);
    }

    assert_eq!(tree(outer), "outer total=2\n  first\n    second total=1\n");
}

#[test]
fn late_attributes_go_to_the_stage_also_under_another_subscriber() {
    #[traced_stage(fields(total = Empty))]
    fn outer() {
        let other = Capture::new();
        other.run(|| record!(total = 1_u64));
        assert_eq!(other.tree(), "");
    }

    assert_eq!(tree(outer), "outer total=1\n");
}

#[test]
fn a_parent_of_another_subscriber_keeps_the_whole_trace_there() {
    let (here, there) = (Capture::new(), Capture::new());
    let context = here.run(submit);
    there.run(|| child_of(&context));
    drop(context);
    assert_eq!(here.tree(), "submit\n  child_of\n    inner\n");
    assert_eq!(there.tree(), "");
}

#[test]
fn late_attributes_in_a_context_stay_there() {
    #[traced_stage(fields(total = Empty))]
    fn outer(context: Context) {
        context.run(|| record!(total = 1_u64));
        block_on(context.attach(async { record!(total = 2_u64) }));
    }

    assert_eq!(tree(|| outer(submit())), "submit\nouter\n");
}

#[traced_stage(level = "trace", fields(total = Empty))]
fn declares_and_lets_a_helper_record() {
    records_total();
}

fn records_total() {
    record!(total = 1_u64);
}

#[traced_stage(fields(total = Empty))]
fn around_filtered_blocks() {
    declares_and_lets_a_helper_record();
    {
        let _block = stage!(level: "trace", "block", total = Empty);
        record!(total = 2_u64);
    }
    block_on(stage!(level: "trace", "future", total = Empty, async {
        record!(total = 3_u64);
    }));
}

#[test]
fn late_attributes_of_filtered_blocks_do_not_reach_the_stage_around_them() {
    let capture = Capture::up_to(Level::INFO);
    capture.run(around_filtered_blocks);
    assert_eq!(capture.tree(), "around_filtered_blocks\n");
}

macro_rules! through_a_macro {
    ($name:literal, $level:literal, $kind:literal, $value:expr, $label:expr) => {
        #[traced_stage(name = $name, level = $level, kind = $kind, fields(value = $value, later = $label))]
        fn from_macro_arguments(symbol: &str) -> usize {
            event!($label, value = $value, symbol = symbol);
            symbol.len()
        }
    };
}

through_a_macro!("from macro", "debug", "client", 7_u64, VENUE);

#[test]
fn macro_arguments_are_taken_where_tokens_are() {
    assert_eq!(
        tree(|| _ = from_macro_arguments("AAPL")),
        "from macro symbol=\"AAPL\" value=7 later=\"nasdaq\" otel.kind=\"client\"\n  \
           - nasdaq message=<nasdaq> value=7 symbol=\"AAPL\"\n"
    );
}

#[traced_stage(ret)]
fn returns_duration() -> Result<Duration, Rejected> {
    Ok(Duration::from_millis(1_500))
}

#[test]
fn a_returned_duration_says_its_unit() {
    assert_eq!(
        tree(|| _ = returns_duration()),
        "returns_duration\n  - return return_seconds=1.5\n"
    );
}

#[derive(AttributeValue)]
enum Book {
    Empty,
}

#[traced_stage(fields(book = Book::Empty))]
fn a_variant_named_empty() {}

#[test]
fn a_variant_named_empty_is_a_value() {
    assert_eq!(
        tree(a_variant_named_empty),
        "a_variant_named_empty book=\"Empty\"\n"
    );
}

mod with_a_greedy_trait {
    use super::{record, traced_stage};

    /// Methods of the names that expanded code calls, for every type.
    trait Greedy: Sized {
        fn value(&self) -> u64 {
            1
        }
        fn start(self) -> u64 {
            2
        }
        fn is_enabled(self) -> u64 {
            3
        }
        fn enter(self) -> u64 {
            4
        }
        fn outcome(self) -> u64 {
            5
        }
        fn end(self) -> u64 {
            6
        }
    }

    impl<T> Greedy for T {}

    #[traced_stage(err, fields(total = tickspan::Empty))]
    pub(super) fn greedy(quantity: u64, account: &str) -> Result<u64, String> {
        record!(total = quantity);
        let _ = (
            account.value(),
            1.start(),
            1.is_enabled(),
            1.enter(),
            1.outcome(),
            1.end(),
        );
        Ok(quantity)
    }
}

#[test]
fn a_trait_of_the_users_does_not_come_between() {
    assert_eq!(
        tree(|| _ = with_a_greedy_trait::greedy(1, "x")),
        "greedy quantity=1 total=1\n"
    );
}

#[traced_stage(fields(k0 = 0_u64, k1 = 1_u64, k2 = 2_u64, k3 = 3_u64, k4 = 4_u64, k5 = 5_u64, k6 = 6_u64, k7 = 7_u64, k8 = 8_u64, k9 = 9_u64, k10 = 10_u64, k11 = 11_u64, k12 = 12_u64, k13 = 13_u64, k14 = 14_u64, k15 = 15_u64, k16 = 16_u64, k17 = 17_u64, k18 = 18_u64, k19 = 19_u64, k20 = 20_u64, k21 = 21_u64, k22 = 22_u64, k23 = 23_u64, k24 = 24_u64, k25 = 25_u64, k26 = 26_u64, k27 = 27_u64, k28 = 28_u64, k29 = 29_u64, k30 = 30_u64, later = Empty))]
fn as_many_keys_as_a_record_holds() {
    record!(later = 32_u64);
    event!(
        "full",
        k0 = 0_u64,
        k1 = 1_u64,
        k2 = 2_u64,
        k3 = 3_u64,
        k4 = 4_u64,
        k5 = 5_u64,
        k6 = 6_u64,
        k7 = 7_u64,
        k8 = 8_u64,
        k9 = 9_u64,
        k10 = 10_u64,
        k11 = 11_u64,
        k12 = 12_u64,
        k13 = 13_u64,
        k14 = 14_u64,
        k15 = 15_u64,
        k16 = 16_u64,
        k17 = 17_u64,
        k18 = 18_u64,
        k19 = 19_u64,
        k20 = 20_u64,
        k21 = 21_u64,
        k22 = 22_u64,
        k23 = 23_u64,
        k24 = 24_u64,
        k25 = 25_u64,
        k26 = 26_u64,
        k27 = 27_u64,
        k28 = 28_u64,
        k29 = 29_u64,
        k30 = 30_u64,
        k31 = 31_u64
    );
}

#[test]
fn the_macros_limit_of_keys_fits_the_record() {
    let capture = Capture::new();
    capture.run(as_many_keys_as_a_record_holds);
    let span = capture.one("as_many_keys_as_a_record_holds");
    assert_eq!(span.fields.len(), 32);
    assert_eq!(span.field("later"), Some(&Value::I64(32)));
    assert_eq!(capture.one("full").fields.len(), 33);
}
