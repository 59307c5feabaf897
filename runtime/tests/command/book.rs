//! The page of the command: each output on it is what the command prints.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::program::Lines;

/// Set to `overwrite`, the page gets what is printed.
const UPDATE: &str = "BOOK";

const FENCE: &str = "```";

/// A recording of twelve minutes, in which risk checks take so many times as long.
fn recording(slower: u64) -> Lines {
    let mut state = 1_u64;
    let mut random = move |most: u64| {
        // SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ (bits >> 31)) % most
    };
    let mut lines = Lines::default();
    for number in 0..12_000 {
        let time = number * 60;
        // Most take about as long, and a few much longer.
        let mut takes = |nanoseconds: u64| nanoseconds + 200_000 / (1 + random(4_000)) + random(90);
        let (book, risk, check, send) = (takes(640), takes(2_100), takes(3_300), takes(9_400));
        lines.span(time, "update_book", book);
        if number % 5 > 0 {
            continue;
        }
        let venue = if number % 15 == 0 { "XLON" } else { "XNAS" };
        let is_rejected = random(20) == 0;
        lines.span_with(
            time,
            "check_risk",
            risk * slower,
            is_rejected,
            &[("venue", venue)],
        );
        let hops = [("received_to_checked", check), ("checked_to_sent", send)];
        lines.latency(time, &hops[..if is_rejected { 1 } else { 2 }]);
        let (gross, fees) = (random(3_000), 200 + random(900));
        let dollars = |cents: u64| f64::from(u32::try_from(cents).unwrap()) / 100.0;
        let (gross, fees) = (dollars(gross), dollars(fees));
        let reason = match gross - fees {
            net if net <= 0.0 => Some("not_positive"),
            net if net < 1.0 => Some("below_threshold"),
            _ => None,
        };
        let amounts = (format!("{gross:.2}"), format!("{fees:.2}"));
        let trace = u128::from(random(u64::MAX)) << 64 | u128::from(number + 1);
        lines.edge(time, trace, (&amounts.0, &amounts.1), reason);
    }
    lines
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/command.md")
}

/// The page with what each of its commands prints.
fn printed(page: &str, dir: &Path) -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_tickspan")).parent().unwrap();
    let path = env::var("PATH").unwrap();
    let mut new = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        new.push_str(line);
        new.push('\n');
        if line != "```console" {
            continue;
        }
        let command = lines.next().unwrap();
        let output = Command::new("sh")
            .args(["-c", command.strip_prefix("$ ").expect("a command")])
            .current_dir(dir)
            .env("PATH", format!("{}:{path}", folder.display()))
            .output()
            .unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(error, "", "{command}");
        new.push_str(command);
        new.push('\n');
        new.push_str(&String::from_utf8(output.stdout).unwrap());
        new.push_str(FENCE);
        new.push('\n');
        lines.by_ref().find(|line| *line == FENCE).expect("an end");
    }
    new
}

#[test]
fn every_output_of_the_page_is_what_is_printed() {
    let dir = TempDir::new().unwrap();
    for (name, slower) in [("events", 2), ("before", 1)] {
        let day = dir.path().join("data").join(name).join("20261121");
        fs::create_dir_all(&day).unwrap();
        fs::write(day.join("events.jsonl"), recording(slower).0).unwrap();
    }
    let told = fs::read_to_string(page()).unwrap();
    assert!(told.matches("```console").count() > 4);
    let printed = printed(&told, dir.path());
    if env::var(UPDATE).is_ok_and(|it| it == "overwrite") {
        fs::write(page(), printed).unwrap();
    } else {
        assert_eq!(told, printed, "`{UPDATE}=overwrite` writes what is printed");
    }
}
