//! What is written is what is read.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, TraceId};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::*;

fn text() -> impl Strategy<Value = Cow<'static, str>> {
    ".{0,12}".prop_map(Cow::Owned)
}

fn time() -> impl Strategy<Value = SystemTime> {
    (0..253_402_207_200_u64, 0..1_000_000_000_u32)
        .prop_map(|(seconds, nanos)| UNIX_EPOCH + Duration::new(seconds, nanos))
}

fn value() -> impl Strategy<Value = Value<'static>> {
    let finite = || {
        any::<f64>().prop_filter("a list tells integers and others apart by a point", |it| {
            it.is_finite()
        })
    };
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::I64),
        any::<f64>().prop_map(Value::F64),
        text().prop_map(Value::Text),
        vec(any::<bool>(), 1..4).prop_map(Value::Bools),
        vec(any::<i64>(), 1..4).prop_map(Value::I64s),
        vec(finite(), 1..4).prop_map(Value::F64s),
        vec(text(), 0..4).prop_map(Value::Texts),
    ]
}

fn attributes() -> impl Strategy<Value = Attributes<'static>> {
    vec((text(), value()), 0..4).prop_map(Attributes)
}

fn span() -> impl Strategy<Value = Span<'static>> {
    let words = (
        prop_oneof![Just(Kind::Server), text().prop_map(Kind::from)],
        prop_oneof![Just(Status::Error), text().prop_map(Status::from)],
        prop_oneof![Just(Outcome::Cancelled), text().prop_map(Outcome::from)],
    );
    let event = (text(), time(), attributes(), any::<u32>()).prop_map(
        |(name, timestamp, attributes, dropped_attributes)| SpanEvent {
            name,
            timestamp,
            attributes,
            dropped_attributes,
        },
    );
    let link =
        (1..=u128::MAX, 1..=u64::MAX, attributes()).prop_map(|(trace, span, attributes)| Link {
            trace_id: TraceId::from(trace),
            span_id: SpanId::from(span),
            attributes,
        });
    (
        (
            text(),
            words,
            proptest::option::of(1..=u64::MAX),
            any::<bool>(),
        ),
        (
            time(),
            time(),
            any::<u64>(),
            proptest::option::of(text()),
            proptest::option::of(text()),
        ),
        (attributes(), vec(event, 0..3), vec(link, 0..3)),
        any::<[u32; 3]>(),
    )
        .prop_map(|(head, times, parts, dropped)| {
            let (name, (kind, status, outcome), parent, parent_is_remote) = head;
            let (start, end, duration, status_message, trace_state) = times;
            let (attributes, events, links) = parts;
            Span {
                name,
                kind,
                parent_span_id: parent.map(SpanId::from),
                parent_is_remote,
                start,
                end,
                duration: Duration::from_nanos(duration),
                status,
                status_message,
                outcome,
                attributes,
                events,
                links,
                trace_state,
                dropped_attributes: dropped[0],
                dropped_events: dropped[1],
                dropped_links: dropped[2],
            }
        })
}

fn edge() -> impl Strategy<Value = Edge<'static>> {
    let maybe = || proptest::option::of(text());
    (
        (text(), maybe(), text(), maybe()),
        proptest::option::of(value()),
        proptest::option::of(value()),
        (attributes(), attributes()),
    )
        .prop_map(
            |((name, unit, decision, reason), total_cost, net, (amounts, context))| Edge {
                name,
                unit,
                total_cost,
                net,
                decision,
                reason,
                amounts,
                context,
            },
        )
}

fn latency() -> impl Strategy<Value = Latency<'static>> {
    let maybe = || proptest::option::of(any::<u64>().prop_map(Duration::from_nanos));
    let names = || vec(text(), 0..3);
    let mark = (text(), any::<i64>()).prop_map(|(name, offset_ns)| Mark { name, offset_ns });
    let hop = (text(), any::<u64>(), maybe()).prop_map(|(name, duration, budget)| Hop {
        name,
        duration: Duration::from_nanos(duration),
        budget,
    });
    (
        (text(), time(), vec(mark, 0..4), vec(hop, 0..4)),
        (maybe(), maybe()),
        (names(), names(), names(), names()),
    )
        .prop_map(
            |((name, start, marks, hops), (end_to_end, budget), names)| {
                let (over_budget, unmarked, repeated, backwards) = names;
                Latency {
                    name,
                    start,
                    marks,
                    hops,
                    end_to_end,
                    budget,
                    over_budget,
                    unmarked,
                    repeated,
                    backwards,
                }
            },
        )
}

fn data() -> impl Strategy<Value = Data<'static>> {
    prop_oneof![
        span().prop_map(|span| Data::Span(Box::new(span))),
        latency().prop_map(Data::Latency),
        edge().prop_map(Data::Edge),
        (text(), attributes())
            .prop_map(|(name, attributes)| Data::Trade(Trade { name, attributes })),
        (text(), any::<u32>(), text(), attributes()).prop_map(
            |(schema_version, process_id, tickspan_version, resource)| Data::Recording(Recording {
                schema_version,
                process_id,
                tickspan_version,
                resource,
            })
        ),
        value().prop_map(|value| Data::Unknown(Unknown {
            event_type: "position".into(),
            data: serde_json::to_string(&value).unwrap().into(),
        })),
    ]
}

fn record() -> impl Strategy<Value = Line<'static>> {
    let trace = proptest::option::of((1..=u128::MAX).prop_map(TraceId::from));
    let span = proptest::option::of((1..=u64::MAX).prop_map(SpanId::from));
    (time(), trace, span, data()).prop_map(|(timestamp, trace_id, span_id, data)| Line {
        timestamp,
        trace_id,
        span_id,
        data,
    })
}

/// As `==`, where not-a-number is itself.
fn is_same(one: &Line<'_>, other: &Line<'_>) -> bool {
    format!("{one:?}") == format!("{other:?}")
}

/// Adds a field to an object, and to those in its lists.
fn add_later_field(json: &mut serde_json::Value, more: &serde_json::Value) {
    let Some(fields) = json.as_object_mut() else {
        return;
    };
    let lists = fields.values_mut().filter_map(|it| it.as_array_mut());
    lists.flatten().for_each(|item| add_later_field(item, more));
    fields.insert("later_field".to_owned(), more.clone());
}

proptest! {
    #[test]
    fn what_is_written_is_read(record in record()) {
        let line = record.to_json().unwrap();
        prop_assert!(!line.contains('\n'), "{line}");
        let read = Line::from_json(&line).unwrap();
        prop_assert!(is_same(&read, &record), "{record:?}\n{read:?}\n{line}");
        prop_assert_eq!(read.to_json().unwrap(), line);
    }

    #[test]
    fn fields_of_a_later_version_are_skipped(record in record(), more in value()) {
        let of_this: serde_json::Value = serde_json::from_str(&record.to_json().unwrap()).unwrap();
        let more = serde_json::to_value(&more).unwrap();
        let mut json = of_this.clone();
        json["later_field"] = more.clone();
        if !matches!(record.data, Data::Unknown(_)) {
            add_later_field(&mut json["data"], &more);
        }
        let read = Line::from_json(&json.to_string()).unwrap();
        let read: serde_json::Value = serde_json::from_str(&read.to_json().unwrap()).unwrap();
        prop_assert_eq!(read, of_this);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(line in "\\PC{0,80}", record in record(), cut: u16, flip: u8) {
        _ = Line::from_json(&line);
        let whole = record.to_json().unwrap();
        let mut bytes = whole.into_bytes();
        let place = usize::from(cut) % bytes.len();
        bytes[place] ^= flip;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            _ = Line::from_json(text);
        }
        bytes.truncate(place);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            prop_assert!(Line::from_json(text).is_err());
        }
    }
}

#[test]
fn numbers_keep_their_types_and_digits() {
    for (value, json) in [
        (Value::I64(i64::MIN), "-9223372036854775808"),
        (Value::F64(1.0), "1.0"),
        (Value::F64(-0.0), "-0.0"),
        (Value::F64(0.1 + 0.2), "0.30000000000000004"),
        (Value::F64(f64::NEG_INFINITY), r#"{"double":"-Infinity"}"#),
        (
            Value::F64s(vec![1.0, f64::INFINITY]),
            r#"[1.0,{"double":"Infinity"}]"#,
        ),
        (Value::Text("585.330000".into()), r#""585.330000""#),
        (Value::Texts(Vec::new()), "[]"),
    ] {
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        assert_eq!(serde_json::from_str::<Value<'_>>(json).unwrap(), value);
    }
    let huge: Value<'_> = serde_json::from_str("18446744073709551615").unwrap();
    assert_eq!(huge, Value::Text("18446744073709551615".into()));
    let later: Value<'_> = serde_json::from_str(r#"{"complex":[1,2]}"#).unwrap();
    assert_eq!(
        serde_json::to_string(&later).unwrap(),
        r#"{"complex":[1,2]}"#
    );
}

#[test]
fn ids_are_those_of_opentelemetry() {
    for (trace, span) in [
        ("00000000000000000000000000000000", "00f067aa0ba902b7"),
        ("2f581398e5419f71a66d53f090545c2", "00f067aa0ba902b7"),
        ("+f581398e5419f71a66d53f090545c27", "00f067aa0ba902b7"),
        ("2f581398e5419f71a66d53f090545c27", "0f067aa0ba902b7"),
    ] {
        let line = format!(
            r#"{{"event_type":"later","timestamp":"2026-11-21T05:43:44Z","trace_id":"{trace}","span_id":"{span}","data":0}}"#
        );
        Line::from_json(&line).unwrap_err();
    }
}

#[test]
fn only_the_first_number_of_a_version_decides() {
    let supports = |version: &str| {
        Recording {
            schema_version: version.to_owned().into(),
            process_id: 1,
            tickspan_version: "9.9.9".into(),
            resource: Attributes::default(),
        }
        .is_supported()
    };
    assert!(supports(VERSION) && supports("1.17") && supports("1"));
    assert!(!supports("2.0") && !supports("10.0") && !supports(""));
}
