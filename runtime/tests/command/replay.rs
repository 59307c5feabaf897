//! `tickspan replay`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::program::{Lines, err, out, run, run_on, tickspan};

fn recording() -> Lines {
    let mut lines = Lines::default();
    lines
        .span(3, "c", 1)
        .span(1, "a", 1)
        .edge(2, 9, ("2", "1"), None)
        .latency(4, &[("received_to_sent", 1)]);
    lines
}

/// The milliseconds, and the type, of each line.
fn told(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let time = line["timestamp"].as_str().unwrap();
            (
                time[20..23].to_owned(),
                line["event_type"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

#[test]
fn lines_come_as_they_were_in_the_order_of_time() {
    let lines = recording();
    let (dir, file) = lines.recording();
    let text = out(&run(&["replay"], dir.path()));
    let line = |time: &str, what: &str| (time.to_owned(), what.to_owned());
    let all = [
        line("001", "span"),
        line("002", "edge"),
        line("003", "span"),
        line("004", "latency"),
    ];
    assert_eq!(told(&text), all);
    let mut sorted: Vec<&str> = text.lines().collect();
    sorted.sort_unstable();
    let recorded = fs::read_to_string(&file).unwrap();
    let mut recorded: Vec<&str> = recorded.lines().collect();
    recorded.sort_unstable();
    assert_eq!(sorted, recorded);
    assert_eq!(out(&run_on(&["replay", "-"], &lines.0)), text);

    let of = |arguments: &[&str]| told(&out(&run(&[&["replay"], arguments].concat(), dir.path())));
    assert_eq!(
        of(&["--type", "edge,latency"]),
        [all[1].clone(), all[3].clone()]
    );
    assert_eq!(
        of(&["--trace", "00000000000000000000000000000009"]),
        [all[1].clone()]
    );
    assert_eq!(of(&["--since", "2026-11-21T05:43:44.003Z"]), all[2..]);
    assert_eq!(of(&["--until", "2026-11-21T05:43:44.003Z"]), all[..2]);
    let nothing = run(&["replay", "--type", "trade"], dir.path());
    assert_eq!(nothing.status.code(), Some(4));
    let misspelt = run(&["replay", "--type", "edge,spans"], dir.path());
    assert_eq!(misspelt.status.code(), Some(0));
    let told = "tickspan: lines of the type `spans` are not known to this version; known: span, latency, edge, trade, \
                recording\n";
    assert_eq!(err(&misspelt), told);
    let wrong = run(&["replay", "--speed", "0"], dir.path());
    assert_eq!(wrong.status.code(), Some(2), "{}", err(&wrong));
}

#[test]
fn at_its_own_speed_a_line_comes_when_it_is_due() {
    let mut lines = Lines::default();
    // The second an hour later than the first.
    lines.span(0, "a", 1).span(3_600_000, "b", 1);
    let (dir, _) = lines.recording();
    let mut process = tickspan()
        .args(["replay", "--speed", "original"])
        .arg(dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(process.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.contains(r#""name":"a""#), "{first}");
    // It waits for the second.
    assert_eq!(process.try_wait().unwrap(), None);
    process.kill().unwrap();
    process.wait().unwrap();
    // 3.6 million times as fast, that is a millisecond.
    let both = run(&["replay", "--speed", "3600000"], dir.path());
    assert_eq!(told(&out(&both)).len(), 2);
}
