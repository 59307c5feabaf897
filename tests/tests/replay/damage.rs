//! Kinds of damaged lines: each costs itself and nothing else.

use std::collections::BTreeMap;
use std::io::Read as _;

use proptest::collection::vec;
use proptest::prelude::{Just, any, prop_assert, prop_oneof, proptest};
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tickspan::recorded::Line;
use tickspan::replay::Replay;

use super::{line, open, read, write};

/// A line of each event type, with every field that it may have.
const WHOLE: [&str; 5] = [
    r#"{"event_type":"recording","timestamp":"2026-11-21T00:00:00.000000001Z","data":{"schema_version":"1.1","process_id":7,"tickspan_version":"9.9.9","resource":{"service.name":"desk"}}}"#,
    r#"{"event_type":"span","timestamp":"2026-11-21T00:00:00.000000005Z","trace_id":"2f581398e5419f71a66d53f090545c27","span_id":"00f067aa0ba902b7","data":{"name":"submit","kind":"client","parent_span_id":"00f067aa0ba902b8","parent_is_remote":true,"start":"2026-11-21T00:00:00.000000001Z","end":"2026-11-21T00:00:00.000000005Z","duration_ns":4,"status":"error","status_message":"no","outcome":"error","attributes":{"quantity":5},"events":[{"name":"acknowledged","timestamp":"2026-11-21T00:00:00.000000002Z","attributes":{"attempt":1},"dropped_attributes":1}],"links":[{"trace_id":"2f581398e5419f71a66d53f090545c28","span_id":"00f067aa0ba902b9","attributes":{"why":"batch"}}],"trace_state":"vendor=1","dropped_attributes":1,"dropped_events":2,"dropped_links":3}}"#,
    r#"{"event_type":"latency","timestamp":"2026-11-21T00:00:00.000000009Z","trace_id":"2f581398e5419f71a66d53f090545c27","span_id":"00f067aa0ba902b7","data":{"name":"order","start":"2026-11-21T00:00:00.000000001Z","marks":[{"name":"received","offset_ns":0},{"name":"sent","offset_ns":8}],"hops":[{"name":"received_to_sent","duration_ns":8,"budget_ns":5}],"end_to_end_ns":8,"budget_ns":7,"over_budget":["received_to_sent","end_to_end"],"unmarked":["checked"],"repeated":["sent"],"backwards":["booked"]}}"#,
    r#"{"event_type":"edge","timestamp":"2026-11-21T00:00:00.000000003Z","trace_id":"2f581398e5419f71a66d53f090545c27","span_id":"00f067aa0ba902b7","data":{"name":"spread","unit":"USD","total_cost":"0.2500","net":"-0.10","decision":"reject","reason":"not_positive","amounts":{"gross":"0.15"},"context":{"venue":"NASDAQ"}}}"#,
    r#"{"event_type":"trade","timestamp":"2026-11-21T00:00:00.000000004Z","trace_id":"2f581398e5419f71a66d53f090545c27","span_id":"00f067aa0ba902b7","data":{"name":"filled","attributes":{"number":1}}}"#,
];

/// Fields without which a line is none: of every line, and of an event type.
const REQUIRED: [&str; 26] = [
    "/event_type",
    "/timestamp",
    "/data",
    "recording/data/schema_version",
    "recording/data/process_id",
    "recording/data/tickspan_version",
    "span/data/name",
    "span/data/kind",
    "span/data/start",
    "span/data/end",
    "span/data/duration_ns",
    "span/data/status",
    "span/data/outcome",
    "span/data/events/0/name",
    "span/data/events/0/timestamp",
    "span/data/links/0/trace_id",
    "span/data/links/0/span_id",
    "latency/data/name",
    "latency/data/start",
    "latency/data/marks/0/name",
    "latency/data/marks/0/offset_ns",
    "latency/data/hops/0/name",
    "latency/data/hops/0/duration_ns",
    "edge/data/name",
    "edge/data/decision",
    "trade/data/name",
];

/// Objects whose values may be of any type, and amounts.
const FREE: [&str; 6] = [
    "attributes",
    "resource",
    "amounts",
    "context",
    "net",
    "total_cost",
];

/// Every field in a line, by its place.
fn places(json: &Json, at: &str, all: &mut Vec<String>) {
    let mut under = |key: String, value: &Json| {
        let place = format!("{at}/{key}");
        if !FREE.contains(&key.as_str()) {
            places(value, &place, all);
        }
        if !matches!(key.as_str(), "net" | "total_cost") {
            all.push(place);
        }
    };
    match json {
        Json::Object(fields) => fields
            .iter()
            .for_each(|(key, value)| under(key.clone(), value)),
        Json::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(place, item)| under(place.to_string(), item)),
        _ => {}
    }
}

fn changed(whole: &Json, place: &str, to: Json) -> Vec<u8> {
    let mut changed = whole.clone();
    *changed.pointer_mut(place).unwrap() = to;
    changed.to_string().into_bytes()
}

fn removed(whole: &Json, place: &str) -> Vec<u8> {
    let mut changed = whole.clone();
    let (parent, key) = place.rsplit_once('/').unwrap();
    let parent = changed.pointer_mut(parent).unwrap();
    parent.as_object_mut().unwrap().remove(key).unwrap();
    changed.to_string().into_bytes()
}

/// What no field of that type can be.
fn wrong_types(value: &Json) -> Vec<(&'static str, Json)> {
    match value {
        Json::String(_) => vec![("a number", json!(7)), ("a list", json!([]))],
        Json::Number(_) => vec![("text", json!("seven")), ("a fraction", json!(0.5))],
        Json::Bool(_) => vec![("text", json!("true"))],
        Json::Array(_) => vec![("an object", json!({}))],
        _ => vec![("a list", json!([])), ("text", json!("text"))],
    }
}

/// Damage of what a line says: fields that are missing, of a wrong type, or out of range.
fn damaged_fields(kinds: &mut BTreeMap<String, Vec<u8>>) {
    for whole in WHOLE {
        let whole: Json = serde_json::from_str(whole).unwrap();
        let event_type = whole["event_type"].as_str().unwrap();
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        for place in all {
            let name = format!("{event_type}{place}");
            let value = whole.pointer(&place).unwrap();
            for (what, wrong) in wrong_types(value) {
                // The event type itself is a word like others.
                kinds.insert(format!("{name} is {what}"), changed(&whole, &place, wrong));
            }
            if REQUIRED.contains(&name.as_str()) || REQUIRED.contains(&place.as_str()) {
                kinds.insert(format!("{name} is missing"), removed(&whole, &place));
            }
            let key = place.rsplit('/').next().unwrap_or_default();
            let out_of_range = match key {
                "timestamp" | "start" | "end" => json!("2026-13-21T00:00:00Z"),
                "trace_id" | "span_id" | "parent_span_id" => json!("0000000000000000"),
                "duration_ns" | "budget_ns" | "end_to_end_ns" | "process_id"
                | "dropped_attributes" | "dropped_events" | "dropped_links" => json!(-1),
                "offset_ns" => json!(u64::MAX),
                _ => continue,
            };
            let bytes = changed(&whole, &place, out_of_range);
            kinds.insert(format!("{name} is out of range"), bytes);
        }
    }
}

/// Damage of bytes: what is no JSON, or not one object in one line.
fn damaged_bytes(kinds: &mut BTreeMap<String, Vec<u8>>) {
    for whole in WHOLE {
        let name = &whole[15..19];
        let middle = whole.len() / 2;
        let mut put = |what: &str, line: Vec<u8>| {
            kinds.insert(format!("{name}: {what}"), line);
        };
        put("its end is cut off", whole.as_bytes()[..middle].to_vec());
        put(
            "its beginning is cut off",
            whole.as_bytes()[middle..].to_vec(),
        );
        put(
            "the last brace is missing",
            whole.as_bytes()[..whole.len() - 1].to_vec(),
        );
        put("a brace too many", format!("{whole}}}").into_bytes());
        put(
            "a comma too many",
            whole.replacen("}}", ",}}", 1).into_bytes(),
        );
        put("two in one line", whole.repeat(2).into_bytes());
        put(
            "something behind it",
            format!("{whole} # a remark").into_bytes(),
        );
        put(
            "quotes are missing",
            whole.replacen("\"data\"", "data", 1).into_bytes(),
        );
        put(
            "a field is there twice",
            whole
                .replacen(
                    "\"data\"",
                    "\"timestamp\":\"2026-11-21T00:00:00Z\",\"data\"",
                    1,
                )
                .into_bytes(),
        );
        for (what, byte) in [("a zero byte", 0), ("no UTF-8", 0xff)] {
            let mut line = whole.as_bytes().to_vec();
            line[middle] = byte;
            put(what, line);
        }
    }
    for (what, line) in [
        ("null", "null"),
        ("a number", "7"),
        ("text", "\"text\""),
        ("a list", "[]"),
        ("an empty object", "{}"),
        ("a brace", "{"),
        ("words", "the disk was full"),
        ("a mark of byte order", "\u{feff}{}"),
        ("blanks", "   "),
        ("an end of another system", "\r"),
    ] {
        kinds.insert(what.to_owned(), line.as_bytes().to_vec());
    }
    kinds.insert("nested without end".to_owned(), b"[".repeat(100_000));
    kinds.insert("a hole in the file".to_owned(), vec![0; 4_096]);
}

fn damaged() -> BTreeMap<String, Vec<u8>> {
    let mut kinds = BTreeMap::new();
    damaged_fields(&mut kinds);
    damaged_bytes(&mut kinds);
    kinds
}

#[test]
fn whole_lines_are_read_and_written_as_they_are() {
    for whole in WHOLE {
        assert_eq!(Line::from_json(whole).unwrap().to_json().unwrap(), whole);
    }
}

#[test]
fn hundreds_of_kinds_of_damage_cost_nothing_but_themselves() {
    let kinds = damaged();
    assert!(kinds.len() >= 200, "{}", kinds.len());
    let dir = TempDir::new().unwrap();
    let mut content = Vec::new();
    for (kind, damage) in (0..).zip(kinds.values()) {
        assert!(!damage.contains(&b'\n'));
        content.extend_from_slice(line(kind, i64::try_from(kind).unwrap()).as_bytes());
        content.push(b'\n');
        content.extend_from_slice(damage);
        content.push(b'\n');
    }
    write(dir.path(), "20261121", "events.jsonl", &content);
    write(dir.path(), "20261121", "events.1.jsonl.gz", &content);
    let (numbers, damages) = read(open(&dir));
    let count = i64::try_from(kinds.len()).unwrap();
    assert_eq!(
        numbers,
        (0..count).flat_map(|it| [it, it]).collect::<Vec<_>>()
    );
    for file in ["events.jsonl", "events.1.jsonl.gz"] {
        let told: Vec<u64> = damages
            .iter()
            .filter(|damage| damage.place.file.ends_with(file))
            .map(|damage| damage.place.line)
            .collect();
        for (kind, name) in (1..).zip(kinds.keys()) {
            assert!(told.contains(&(kind * 2)), "{file}: {name} is not told");
        }
        assert_eq!(told.len(), kinds.len(), "{file}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_replay_panic_or_go_on_for_ever(
        files in vec(
            (vec(any::<u8>(), 0..400), prop_oneof![Just(""), Just(".gz"), Just(".zst")], any::<bool>(), any::<u16>()),
            1..4,
        ),
    ) {
        let dir = TempDir::new().unwrap();
        let mut lines = 0;
        for (place, (bytes, packing, packed, cut)) in files.iter().enumerate() {
            let name = format!("events.{}.jsonl{packing}", place + 1);
            write(dir.path(), "20261121", &name, bytes);
            let path = dir.path().join("20261121").join(name);
            if !packed {
                // No packing at all, whatever the name says.
                std::fs::write(&path, bytes).unwrap();
            } else if !packing.is_empty() {
                // A packing with a byte that is another.
                let mut content = Vec::new();
                std::fs::File::open(&path).unwrap().read_to_end(&mut content).unwrap();
                let at = usize::from(*cut) % content.len();
                content[at] ^= 1 << (cut % 8);
                std::fs::write(&path, content).unwrap();
            }
            lines += bytes.split(|byte| *byte == b'\n').count();
        }
        // At most one thing for each line, and one for each file that cannot be unpacked further.
        let all = Replay::open(dir.path()).unwrap().into_iter().count();
        prop_assert!(all <= lines + files.len(), "{all} of {lines} lines");
    }
}
