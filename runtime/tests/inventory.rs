//! The command `tickspan inventory`, on the binary of this test.

#![cfg(target_os = "linux")]
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

use futures::executor::block_on;
use tickspan::{
    AttributeValue, Class, EdgeBreakdown, Labels, TradeEvent, event, public, record, stage,
    traced_stage,
};

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
struct Symbol(String);

enum Skew {}

impl Class for Skew {
    const NAME: &'static str = "skew";
}

struct Desk<T>(T);

impl<T: Copy> Desk<T> {
    #[traced_stage(skip(config), fields(kind = "limit", doubled = size * 2), ret)]
    #[expect(
        clippy::too_many_arguments,
        reason = "one for each decision that there is"
    )]
    fn submit<'a>(
        &self,
        symbol: &'a Symbol,
        venue: &'a str,
        note: &str,
        size: u64,
        limit: T,
        config: u64,
        #[sensitive] pin: u32,
        #[pii(Email, export = domain)] email: &str,
        #[pii(self::Skew, export = bucket(10))] skew: u64,
        levels: &[f64],
        _depth: u64,
        by: impl Copy,
    ) -> u64 {
        let _ = (
            symbol, venue, limit, self.0, config, pin, email, skew, levels, by,
        );
        record!(filled = size / 2);
        event!(
            "printed",
            memo = public!(note, reason = "text of the public \"trade\" tape {1}")
        );
        let _stage = stage!("route", size);
        size
    }
}

#[traced_stage]
async fn fill<T: AttributeValue>(
    quantity: T,
    #[cfg(test)] price: f64,
    #[cfg(not(test))] gone: f64,
) {
    let _ = quantity;
    let _ = price;
}

#[traced_stage(ret)]
fn access_token_expiry(account_number: u64, has_pin: bool, password_len: usize) -> u64 {
    event!(
        "stated",
        password_len,
        account = public!(
            account_number,
            reason = "account of the public demo book",
            allow_name = true
        )
    );
    u64::from(has_pin)
}

#[derive(AttributeValue)]
#[public(reason = "account of the public demo book", allow_name = true)]
struct DemoAccountNumber(u64);

#[derive(TradeEvent)]
#[expect(dead_code, reason = "a field that is skipped is listed too")]
struct QuotePulled<'a> {
    symbol: &'a str,
    #[trade_event(rename = "bid")]
    price: f64,
    account: DemoAccountNumber,
    #[trade_event(skip)]
    note: &'a str,
}

#[derive(EdgeBreakdown)]
struct Leg {
    #[edge(gross)]
    spread: f64,
    #[edge(cost)]
    fee: f64,
    #[edge(context)]
    #[pii(AccountNumber, export = last4)]
    account: u64,
}

#[derive(EdgeBreakdown)]
struct Edge {
    #[edge(leg)]
    maker: Leg,
    #[edge(cost)]
    fee: f64,
    #[edge(context)]
    venue: &'static str,
    #[edge(context)]
    #[sensitive]
    desk: u64,
}

#[derive(Labels)]
struct Execution<'a> {
    pipeline: &'a str,
    retries: u64,
}

#[traced_stage]
fn generic<T>(value: T) -> T {
    value
}

/// Calls everything, so that it is in the binary.
fn trade() {
    let symbol = Symbol("AAPL".to_owned());
    let submitted = Desk(5_i32).submit(
        &symbol,
        "nasdaq",
        "-",
        7,
        1,
        2,
        4_711,
        "a@b.c",
        7,
        &[1.0],
        1,
        (),
    );
    assert_eq!(generic(submitted), 7);
    assert_eq!(access_token_expiry(1, true, 9), 1);
    QuotePulled {
        symbol: "AAPL",
        price: 585.33,
        account: DemoAccountNumber(7),
        note: "-",
    }
    .record();
    let edge = Edge {
        maker: Leg {
            spread: 1.0,
            fee: 0.25,
            account: 90_001_234,
        },
        fee: 0.5,
        venue: "nasdaq",
        desk: 7,
    };
    edge.record(&edge.decide());
    assert_eq!(edge.desk, 7);
    let labels = Execution {
        pipeline: "makers",
        retries: 0,
    };
    Labels::values(&labels, &mut |_| {});
    block_on(fill(7_u64, 1.0));
    block_on(fill(Some(vec![7_u64]).map(|it| it.len()), 1.0));
}

fn tickspan(arguments: &[&Path]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tickspan"))
        .arg("inventory")
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn own_binary() -> PathBuf {
    trade();
    env::current_exe().unwrap()
}

fn listed() -> Vec<serde_json::Value> {
    let output = tickspan(&[&own_binary(), "--format".as_ref(), "json".as_ref()]);
    assert!(output.status.success(), "{output:?}");
    let listed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    listed["decisions"].as_array().unwrap().clone()
}

/// `decision key (class, export)` of each line of a function, without those of the other tests.
fn decisions(path: &str) -> Vec<String> {
    let text = |line: &serde_json::Value, key: &str| line[key].as_str().unwrap_or("").to_owned();
    let mut decisions: Vec<String> = listed()
        .iter()
        .filter(|line| text(line, "path") == path)
        .map(|line| {
            let mut words = vec![text(line, "decision"), text(line, "key")];
            words.extend([
                text(line, "class"),
                text(line, "export"),
                text(line, "reason"),
            ]);
            words.retain(|word| !word.is_empty());
            words.join(" ")
        })
        .collect();
    decisions.sort();
    decisions
}

#[test]
fn each_decision_about_a_value_is_listed() {
    assert_eq!(
        decisions("inventory::submit"),
        [
            "depends by",
            "exported doubled",
            "exported kind",
            "exported return",
            "exported size",
            "exported symbol",
            "exported venue",
            "redacted email Email domain",
            "redacted skew self::Skew bucket(10)",
            "skipped _depth",
            "skipped config",
            "skipped levels",
            "skipped limit",
            "skipped note",
            "skipped pin Secret",
        ]
    );
    assert_eq!(
        decisions("inventory::fill"),
        ["exported price", "exported quantity"]
    );
    assert_eq!(decisions("inventory::generic"), ["skipped value"]);
    assert_eq!(
        decisions("inventory::access_token_expiry"),
        [
            "exported has_pin",
            "exported password_len",
            "exported return",
            "skipped account_number",
        ]
    );
    assert_eq!(
        decisions("inventory::stated"),
        [
            "exported password_len",
            "public account account of the public demo book",
        ]
    );
    assert_eq!(
        decisions("inventory::DemoAccountNumber"),
        ["public DemoAccountNumber account of the public demo book"]
    );
    assert_eq!(
        decisions("inventory::QuotePulled"),
        [
            "exported account",
            "exported bid",
            "exported symbol",
            "skipped note",
        ]
    );
    assert_eq!(
        decisions("inventory::Edge"),
        ["exported edge.fee", "exported venue", "skipped desk Secret"]
    );
    assert_eq!(
        decisions("inventory::Leg"),
        [
            "exported edge.fee",
            "exported edge.gross",
            "redacted account AccountNumber last4",
        ]
    );
    assert_eq!(
        decisions("inventory::Execution"),
        ["exported pipeline", "exported retries"]
    );
    assert_eq!(decisions("inventory::route"), ["exported size"]);
    assert_eq!(
        decisions("inventory::Symbol"),
        ["public Symbol exchange ticker, public listing"]
    );
    assert_eq!(
        decisions("inventory::printed"),
        ["public memo text of the public \"trade\" tape {1}"]
    );
    assert_eq!(decisions("inventory::public!").len(), 2);
    let files = listed();
    assert!(files.iter().any(|line| {
        line["file"]
            .as_str()
            .unwrap()
            .ends_with("tests/inventory.rs")
    }));
}

#[test]
fn no_value_is_in_it() {
    let table = stdout(&tickspan(&[&own_binary()]));
    assert!(table.contains("inventory::submit"), "{table}");
    for value in ["AAPL", "nasdaq", "4_711", "a@b.c"] {
        assert!(!table.contains(value), "{value}");
    }
}

#[test]
fn a_check_fails_on_what_the_baseline_does_not_have() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let check = |baseline: &[serde_json::Value], name: &str| {
        let path = folder.join(name);
        let baseline = serde_json::json!({ "settings": [], "decisions": baseline });
        fs::write(&path, baseline.to_string()).unwrap();
        tickspan(&[&own_binary(), "--check".as_ref(), &path])
    };
    let now = listed();
    let same = check(&now, "same.json");
    assert_eq!(same.status.code(), Some(0), "{}", stdout(&same));
    let before: Vec<_> = now
        .iter()
        .filter(|line| line["key"] != "doubled")
        .cloned()
        .collect();
    let more = check(&before, "before.json");
    assert_eq!(more.status.code(), Some(1));
    assert!(
        stdout(&more).starts_with("new export: stage inventory::submit, `doubled: size * 2`"),
        "{}",
        stdout(&more)
    );
    let mut reworded = now.clone();
    for line in &mut reworded {
        if line["key"] == "Symbol" {
            line["reason"] = "something else entirely".into();
        }
    }
    let reason = check(&reworded, "reworded.json");
    assert_eq!(reason.status.code(), Some(1));
    assert!(
        stdout(&reason).starts_with("new reason: type inventory::Symbol"),
        "{}",
        stdout(&reason)
    );
}

#[test]
fn what_holds_no_inventory_is_refused_with_the_cause() {
    let refused = |path: &Path| {
        let output = tickspan(&[path]);
        assert_eq!(output.status.code(), Some(3));
        String::from_utf8(output.stderr).unwrap()
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    assert!(refused(&folder.join("no such file")).contains("cannot read"));
    let text = folder.join("text");
    fs::write(&text, "no binary").unwrap();
    assert!(refused(&text).contains("no binary"));
    let without = refused(env!("CARGO_BIN_EXE_tickspan").as_ref());
    assert!(without.contains("has no inventory"), "{without}");
    // The smallest Mach-O header there is.
    let other = folder.join("mach-o");
    let header = [0xfeed_facf_u32, 0x0100_000c, 0, 2, 0, 0, 0, 0];
    fs::write(&other, header.map(u32::to_le_bytes).concat()).unwrap();
    assert!(refused(&other).contains("no inventory is written"));
}
