//! What a stage may hold and how deep stages may lie, and that what is beyond is counted.

use std::thread;
use std::time::Duration;

use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanExporter;
use rust_decimal::Decimal;
use tickspan::support::{LateCallsite, record_late};
use tickspan::{
    AttributeValue, EdgeBreakdown, Empty, Telemetry, event, health, public, record, stage,
    traced_stage,
};
use tickspan_tests::child::Child;
use tickspan_tests::exported::{Kept, attribute, integer, is_child};

/// Much longer than anything here takes, much shorter than for ever.
const SOON: Duration = Duration::from_mins(1);

fn start(exporter: impl SpanExporter + 'static) -> Telemetry {
    tickspan::builder()
        .with_summary(false)
        .with_console(false)
        .with_span_exporter(exporter)
        .init()
        .unwrap()
}

#[traced_stage]
fn descend(level: u64) {
    record!(reached = level);
    if level > 1 {
        descend(level - 1);
    }
}

#[test]
fn stages_deeper_than_the_limit_are_counted_and_touch_no_other() {
    const DEEP: u64 = 5_000;
    let child = Child::of(
        "stages_deeper_than_the_limit_are_counted_and_touch_no_other",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let thread = thread::Builder::new().stack_size(256 << 20).spawn(|| {
                descend(DEEP);
                drop(stage!("afterwards"));
            });
            thread.unwrap().join().unwrap();
            telemetry.flush(SOON).unwrap();
            assert_eq!(health().too_deep, DEEP - 4_096);
            let report = telemetry.shutdown(SOON);
            assert_eq!(
                (report.made, report.open, report.lost()),
                (DEEP + 1, 0, DEEP - 4_096),
                "{report}"
            );
            let mut spans = kept.named("descend");
            spans.sort_by_key(|span| integer(span, "level"));
            assert_eq!(spans.len(), 4_096);
            for (child, parent) in spans.iter().zip(&spans[1..]) {
                assert!(is_child(child, parent));
            }
            for span in &spans {
                assert_eq!(integer(span, "reached"), integer(span, "level"));
            }
            let afterwards = kept.the("afterwards");
            assert_eq!(
                afterwards.parent_span_id,
                opentelemetry::trace::SpanId::INVALID
            );
        },
    );
    child.with("OTEL_BSP_MAX_QUEUE_SIZE", "10000").run();
}

#[traced_stage]
fn listed(symbol: &str) {
    let _ = symbol;
}

#[test]
fn text_is_cut_at_a_character_and_counted() {
    Child::of("text_is_cut_at_a_character_and_counted", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let text = |before: usize| "x".repeat(before) + &"€".repeat(1_000);
        for before in 0..3 {
            listed(&text(before));
        }
        listed(&"x".repeat(1_024));
        assert_eq!(health().texts_cut, 3, "what fits is not cut");
        telemetry.flush(SOON).unwrap();
        let spans = kept.named("listed");
        for (before, span) in spans[..3].iter().enumerate() {
            let kept = before + (1_024 - before) / 3 * 3;
            assert_eq!(
                attribute(span, "symbol"),
                Some(&text(before)[..kept].to_owned().into())
            );
        }
        assert_eq!(
            attribute(&spans[3], "symbol"),
            Some(&"x".repeat(1_024).into())
        );
    })
    .run();
}

#[traced_stage]
fn all_kinds(symbol: &str, price: f64, offset: i64, qty: u64, is_bid: bool, fee: Decimal) {
    event!("seen", symbol = symbol, price, offset, qty, is_bid, fee);
    event!(
        "seen_behind_others",
        a = 1,
        b = 2,
        c = 3,
        d = 4,
        e = 5,
        f = 6,
        symbol = symbol,
        price,
        offset,
        qty,
        is_bid,
        fee
    );
}

#[traced_stage]
fn one(symbol: &str) {
    let _ = symbol;
}

#[traced_stage]
fn two(fee: Decimal, symbol: &str) {
    let _ = (fee, symbol);
}

#[traced_stage]
fn three(symbol: &str, limit: Option<f64>, fee: Decimal) {
    let _ = (symbol, limit, fee);
}

#[traced_stage]
fn four(venue: &str, is_bid: bool, symbol: &str, fee: Decimal) {
    let _ = (venue, is_bid, symbol, fee);
}

/// More values than most stages have.
#[traced_stage(fields(
    a = 1,
    b = 2,
    c = 3,
    d = 4,
    e = 5,
    f = 6,
    g = 7,
    h = 8,
    i = 9,
    j = 10,
    k = 11,
    l = 12,
    m = 13,
    n = 14,
    o = 15,
    p = 16
))]
fn many(symbol: &str) {
    let _ = symbol;
}

#[test]
fn values_of_every_kind_and_length_arrive_whole() {
    let child = Child::of("values_of_every_kind_and_length_arrive_whole", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        // Each length of a word or less, and characters of all lengths.
        let text = "one-symbol-of-many-letters".to_owned() + &"a€𝄞".repeat(124);
        let texts: Vec<&str> = (0..=text.len()).filter_map(|len| text.get(..len)).collect();
        let prices = [0.0, -0.0, f64::MIN_POSITIVE, f64::INFINITY, 1e300];
        let offsets = [0, -1, i64::MIN, i64::MAX];
        let fees = [Decimal::MIN, Decimal::MAX, Decimal::new(-1, 28)];
        let of = |number: usize| {
            (
                texts[number],
                prices[number % prices.len()],
                offsets[number % offsets.len()],
                (number as u64).wrapping_mul(0x0123_4567_89ab_cdef) >> 1,
                number.is_multiple_of(2),
                fees[number % fees.len()],
            )
        };
        for number in 0..texts.len() {
            let (symbol, price, offset, qty, is_bid, fee) = of(number);
            all_kinds(symbol, price, offset, qty, is_bid, fee);
            many(symbol);
            let _around = stage!("around");
            all_kinds(symbol, price, offset, qty, is_bid, fee);
            one(symbol);
            two(fee, symbol);
            three(symbol, is_bid.then_some(price), fee);
            four(texts[texts.len() - 1 - number], is_bid, symbol, fee);
            // The lane has room for the next.
            telemetry.flush(SOON).unwrap();
        }
        let report = telemetry.shutdown(SOON);
        assert_eq!(report.lost(), 0, "{report}");
        let in_order = |name| {
            let mut spans = kept.named(name);
            // A whole batch overtakes one that is being filled.
            spans.sort_by_key(|span| span.start_time);
            spans
        };
        let spans = in_order("all_kinds");
        assert_eq!(spans.len(), 2 * texts.len());
        for (number, span) in spans.iter().enumerate() {
            let (symbol, price, offset, qty, is_bid, fee) = of(number / 2);
            let expected = [
                KeyValue::new("symbol", symbol.to_owned()),
                KeyValue::new("price", price),
                KeyValue::new("offset", offset),
                KeyValue::new("qty", i64::try_from(qty).unwrap()),
                KeyValue::new("is_bid", is_bid),
                KeyValue::new("fee", fee.to_string()),
            ];
            assert_eq!(span.attributes, expected);
            assert_eq!(span.events[0].attributes, expected);
            let others = ["a", "b", "c", "d", "e", "f"].into_iter().zip(1_i64..);
            let behind_others: Vec<_> = others
                .map(|(key, value)| KeyValue::new(key, value))
                .chain(expected)
                .collect();
            assert_eq!(span.events[1].attributes, behind_others);
        }
        for (span, symbol) in in_order("many").iter().zip(&texts) {
            assert_eq!(
                attribute(span, "symbol"),
                Some(&(*symbol).to_owned().into())
            );
            assert_eq!(integer(span, "p"), Some(16));
        }
        let few = ["one", "two", "three", "four"].map(in_order);
        for number in 0..texts.len() {
            let (symbol, price, _, _, is_bid, fee) = of(number);
            let symbol = KeyValue::new("symbol", symbol.to_owned());
            let fee = KeyValue::new("fee", fee.to_string());
            let venue = KeyValue::new("venue", texts[texts.len() - 1 - number].to_owned());
            let limit = is_bid.then(|| KeyValue::new("limit", price));
            let expected = [
                vec![symbol.clone()],
                vec![fee.clone(), symbol.clone()],
                [symbol.clone()]
                    .into_iter()
                    .chain(limit)
                    .chain([fee.clone()])
                    .collect(),
                vec![venue, KeyValue::new("is_bid", is_bid), symbol, fee],
            ];
            for (spans, expected) in few.iter().zip(expected) {
                assert_eq!(spans[number].attributes, expected, "{}", spans[number].name);
            }
        }
    });
    child.with("OTEL_BSP_MAX_QUEUE_SIZE", "10000").run();
}

#[traced_stage]
fn far(symbol: &str, qty: u64) {
    event!("far", symbol = symbol, qty);
    near();
}

#[traced_stage]
fn near() {}

#[test]
fn a_program_of_more_places_than_short_numbers_is_recorded_as_others_are() {
    let test = "a_program_of_more_places_than_short_numbers_is_recorded_as_others_are";
    Child::of(test, || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        near();
        for _ in 0..64 {
            let _stage = stage!("of many places");
            for _ in 0..1_024 {
                let place = Box::leak(Box::new(LateCallsite::new(&[])));
                record_late(place, &[]);
            }
            // The lane has room for the next.
            telemetry.flush(SOON).unwrap();
        }
        {
            let _around = stage!("around");
            far("ETHUSDT", 7);
            far("ETHUSDT", 7);
        }
        let report = telemetry.shutdown(SOON);
        assert_eq!(report.lost(), 0, "{report}");
        let around = kept.the("around");
        let (far, near) = (kept.named("far"), kept.named("near"));
        assert_eq!((far.len(), near.len()), (2, 3));
        for (far, near) in far.iter().zip(&near[1..]) {
            assert!(is_child(near, far) && is_child(far, &around));
            let expected = [KeyValue::new("symbol", "ETHUSDT"), KeyValue::new("qty", 7)];
            assert_eq!(far.attributes, expected);
            assert_eq!(far.events[0].attributes, expected);
        }
    })
    .run();
}

/// Writes much, in pieces, whether or not anybody listens.
struct Endless;

impl std::fmt::Display for Endless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for _ in 0..100_000 {
            _ = f.write_str("€€€");
        }
        Ok(())
    }
}

#[test]
fn displayed_text_is_cut_and_counted_once() {
    Child::of("displayed_text_is_cut_and_counted_once", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        drop(stage!(
            "shown",
            memo = public!(Endless, reason = "text of the public trade tape")
        ));
        assert_eq!(health().texts_cut, 1);
        telemetry.flush(SOON).unwrap();
        assert_eq!(
            attribute(&kept.the("shown"), "memo"),
            Some(&"€".repeat(341).into())
        );
    })
    .run();
}

#[derive(EdgeBreakdown)]
struct Basis<'a> {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fee: f64,
    #[edge(context)]
    symbol: &'a str,
}

#[test]
fn a_text_that_is_written_twice_is_cut_once() {
    Child::of("a_text_that_is_written_twice_is_cut_once", || {
        let telemetry = start(Kept::default());
        let symbol = "x".repeat(2_000);
        let symbol = symbol.as_str();
        // What is displayed is written while nothing is borrowed, and the text with it.
        let stage = stage!(
            "shown",
            symbol,
            fee = public!(Fee, reason = "fee of a public venue")
        );
        assert_eq!(health().texts_cut, 1);
        event!(
            "seen",
            symbol,
            fee = public!(Fee, reason = "fee of a public venue")
        );
        assert_eq!(health().texts_cut, 2);
        drop(stage);
        let _logged = stage!("logged");
        let basis = Basis {
            gross: 1.0,
            fee: 0.5,
            symbol,
        };
        basis.record(&basis.decide());
        assert_eq!(health().texts_cut, 3);
        drop(telemetry);
    })
    .run();
}

/// Is displayed in few letters.
struct Fee;

impl std::fmt::Display for Fee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("1 bp")
    }
}

/// A late attribute of many values is as many as it has.
#[test]
fn attributes_that_do_not_fit_are_counted_each() {
    Child::of("attributes_that_do_not_fit_are_counted_each", || {
        let telemetry = start(Kept::default());
        let symbol = "x".repeat(2_000);
        let symbols: Vec<Symbol> = (0..64).map(|_| Symbol(symbol.clone())).collect();
        let lost = || {
            let before = health().items_lost;
            record!(bids = symbols, asks = symbols);
            health().items_lost - before
        };
        let logged = stage!("logged", bids = Empty, asks = Empty);
        assert_eq!(lost(), 2);
        drop(logged);
        let begun = stage!("begun", symbol, bids = Empty, asks = Empty);
        assert_eq!(lost(), 2);
        drop(begun);
        drop(telemetry);
    })
    .run();
}

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
struct Symbol(String);

/// Larger than a lane.
#[test]
fn a_span_keeps_its_place_when_its_values_are_too_large() {
    Child::of(
        "a_span_keeps_its_place_when_its_values_are_too_large",
        || {
            let kept = Kept::default();
            let telemetry = tickspan::builder()
                .with_lane_capacity(128 << 10)
                .with_span_exporter(kept.clone())
                .init()
                .unwrap();
            let symbols: Vec<Symbol> = (0..64).map(|_| Symbol("x".repeat(1_024))).collect();
            let book = stage!("book", bids = symbols, asks = symbols, quotes = symbols);
            record!(depth = 64);
            drop(book);
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.made, report.lost()), (1, 0), "{report}");
            assert_eq!(health().items_lost, 3);
            assert_eq!(integer(&kept.the("book"), "depth"), Some(64));
        },
    )
    .run();
}

#[traced_stage]
fn eventful(events: u64) {
    for number in 0..events {
        event!("tick", number, venue = "XNAS");
    }
    record!(last = events);
}

#[test]
fn a_stage_with_thousands_of_events_keeps_them_in_order() {
    const EVENTS: u64 = 10_000;
    let child = Child::of(
        "a_stage_with_thousands_of_events_keeps_them_in_order",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let around = stage!("around");
            eventful(EVENTS);
            event!("done");
            drop(around);
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.made, report.lost()), (2, 0), "{report}");
            assert_eq!((health().items_lost, health().parts_lost), (0, 0));
            let span = kept.the("eventful");
            let numbers: Vec<_> = span
                .events
                .iter()
                .map(|event| event.attributes[0].value.clone())
                .collect();
            let expected: Vec<Value> = (0..10_000_i64).map(Value::I64).collect();
            assert_eq!(numbers, expected);
            assert_eq!(
                (integer(&span, "events"), integer(&span, "last")),
                (Some(10_000), Some(10_000))
            );
            assert_eq!(kept.the("around").events.len(), 1);
        },
    );
    child.with("OTEL_SPAN_EVENT_COUNT_LIMIT", "20000").run();
}

#[test]
fn events_without_end_are_bounded_and_counted() {
    let child = Child::of("events_without_end_are_bounded_and_counted", || {
        let kept = Kept::default();
        let telemetry = start(kept.clone());
        let stage = stage!("endless");
        for number in 0..100_000 {
            event!("tick", number = number, venue = "XNAS");
        }
        // Behind them there is room for its end.
        telemetry.flush(SOON).unwrap();
        drop(stage);
        telemetry.flush(SOON).unwrap();
        let health = health();
        let span = kept.the("endless");
        assert_eq!(
            span.events.len() as u64 + health.items_lost + health.parts_lost,
            100_000,
            "{health}"
        );
        assert!(
            span.events.len() > 10_000 && span.events.len() < 100_000,
            "{}",
            span.events.len()
        );
        let report = telemetry.shutdown(SOON);
        assert_eq!((report.made, report.lost()), (1, 0), "{report}");
    });
    child.with("OTEL_SPAN_EVENT_COUNT_LIMIT", "1000000").run();
}

#[traced_stage]
fn nested(depth: u64, symbol: &str) {
    for number in 0..12 {
        event!("before", number, symbol = symbol);
    }
    if depth > 1 {
        nested(depth - 1, symbol);
    }
    event!("after", depth);
    record!(done = depth);
}

/// All together they hold more than a thread keeps.
#[test]
fn stages_in_each_other_that_hold_much_are_bounded_and_whole() {
    const DEPTH: u64 = 300;
    Child::of(
        "stages_in_each_other_that_hold_much_are_bounded_and_whole",
        || {
            let kept = Kept::default();
            // They end faster than they are read.
            let telemetry = tickspan::builder()
                .with_lane_capacity(8 << 20)
                .with_console(false)
                .with_span_exporter(kept.clone())
                .init()
                .unwrap();
            // The first stages of a thread, and others.
            for made in [0, DEPTH + 1] {
                let items_lost = health().items_lost;
                nested(DEPTH, &"x".repeat(1_000));
                drop(stage!("afterwards", venue = "XNAS"));
                telemetry.flush(SOON).unwrap();
                let exported = kept.take();
                let named = |name: &str| {
                    let spans = exported.iter().filter(|span| span.name == name);
                    spans.cloned().collect::<Vec<_>>()
                };
                let mut spans = named("nested");
                // Those that have lost their depth are the innermost, and end first.
                spans.sort_by_key(|span| integer(span, "depth"));
                assert_eq!(spans.len() as u64, DEPTH);
                let mut events = 0;
                for (child, parent) in spans.iter().zip(spans[1..].iter().map(Some).chain([None])) {
                    assert!(parent.is_none_or(|parent| is_child(child, parent)));
                    events += child.events.len() as u64;
                }
                // Each of the two attributes of the start, each event, and each late attribute is there or counted.
                let there = |key| {
                    spans
                        .iter()
                        .filter(|span| attribute(span, key).is_some())
                        .count() as u64
                };
                let (given, late) = (there("depth"), there("done"));
                let health = health();
                assert!(given < DEPTH && late < DEPTH, "{health}");
                assert_eq!(
                    2 * given + events + late + health.items_lost - items_lost,
                    DEPTH * 16,
                    "{health}"
                );
                assert_eq!(
                    attribute(&named("afterwards")[0], "venue"),
                    Some(&"XNAS".into())
                );
                assert_eq!(telemetry.report().made, made + DEPTH + 1);
            }
            let report = telemetry.shutdown(SOON);
            assert_eq!((report.open, report.lost()), (0, 0), "{report}");
        },
    )
    .run();
}

#[test]
fn limits_of_the_environment_are_obeyed_and_what_is_beyond_is_counted() {
    let child = Child::of(
        "limits_of_the_environment_are_obeyed_and_what_is_beyond_is_counted",
        || {
            let kept = Kept::default();
            let telemetry = start(kept.clone());
            let other = stage!("other");
            let context = tickspan::Context::current();
            drop(other);
            follower(&context, 1, 2, 3);
            telemetry.flush(SOON).unwrap();
            let span = kept.the("follower");
            assert_eq!(
                (span.attributes.len(), span.dropped_attributes_count),
                (2, 1)
            );
            assert_eq!((span.events.len(), span.events.dropped_count), (3, 2));
            assert_eq!((span.links.len(), span.links.dropped_count), (1, 1));
            let event = &span.events.events[0];
            assert_eq!(
                (event.attributes.len(), event.dropped_attributes_count),
                (1, 1)
            );
            // An attribute of the span, one of each of its five events, two events, a link.
            assert_eq!(health().items_lost, 9);
        },
    );
    child
        .with("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "2")
        .with("OTEL_SPAN_EVENT_COUNT_LIMIT", "3")
        .with("OTEL_SPAN_LINK_COUNT_LIMIT", "1")
        .with("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "1")
        .run();
}

#[traced_stage(follows_from = [context, context], skip(context))]
fn follower(context: &tickspan::Context, bid: u64, ask: u64, depth: u64) {
    for number in 0..5 {
        event!("step", number, sum = bid + ask + depth);
    }
}

#[test]
fn a_wrong_limit_is_an_error_that_names_it() {
    let child = Child::of("a_wrong_limit_is_an_error_that_names_it", || {
        println!("{}", tickspan::init().unwrap_err());
    });
    for name in [
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_SPAN_EVENT_COUNT_LIMIT",
        "OTEL_SPAN_LINK_COUNT_LIMIT",
        "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    ] {
        for value in ["-1", "many", "4294967296"] {
            let said = child.with(name, value).run().stdout;
            assert!(
                said.contains(&format!("`{name}` is `{value}`; accepted: ")),
                "{said}"
            );
        }
    }
}
