//! `tickspan summary`.

use std::fs;
use std::io::Write as _;

use flate2::write::GzEncoder;

use crate::program::{Lines, err, json, out, run, run_on, tickspan};

/// Two stages, one of which fails once, and a latency path.
fn lines() -> Lines {
    let mut lines = Lines::default();
    for number in 1..=1_000 {
        lines.span(number, "book::update", number * 1_000);
    }
    lines
        .span_with(1_001, "risk::check", 2_000, false, &[("venue", "XNAS")])
        .span_with(1_002, "risk::check", 4_000, true, &[("venue", "XNAS")])
        .span_with(1_003, "risk::check", 6_000, false, &[("venue", "XLON")])
        .latency(
            1_004,
            &[("received_to_checked", 1_000), ("checked_to_sent", 9_000)],
        )
        .latency(1_005, &[("received_to_checked", 3_000)])
        .edge(1_006, 3, ("2", "1"), None);
    lines
}

#[test]
fn stages_and_hops_have_their_rows() {
    let (dir, _) = lines().recording();
    let output = run(&["summary"], dir.path());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(err(&output), "");
    assert_eq!(
        out(&output),
        "\
stage         count  errors      min     mean      p50      p90      p95      p99    p99.9      max
book::update  1,000       0  1.00 µs   501 µs   500 µs   900 µs   950 µs   990 µs   999 µs  1.00 ms
risk::check       3       1  2.00 µs  4.00 µs  4.00 µs  6.00 µs  6.00 µs  6.00 µs  6.00 µs  6.00 µs

path   hop                  count  over      min     mean      p50      p90      p95      p99    p99.9      max
order  received_to_checked      2     0  1.00 µs  2.00 µs  1.00 µs  3.00 µs  3.00 µs  3.00 µs  3.00 µs  3.00 µs
order  checked_to_sent          1     0  9.00 µs  9.00 µs  9.00 µs  9.00 µs  9.00 µs  9.00 µs  9.00 µs  9.00 µs
order  end_to_end               1     1  10.0 µs  10.0 µs  10.0 µs  10.0 µs  10.0 µs  10.0 µs  10.0 µs  10.0 µs

path   mark  unmarked  repeated  backwards
order  sent         1         0          0

first: 2026-11-21T05:43:44.001Z
last: 2026-11-21T05:43:45.005Z
lines: 1,006
damaged: 0
"
    );
}

#[test]
fn json_has_nanoseconds_and_csv_one_header() {
    let (dir, _) = lines().recording();
    let summary = json(&run(&["summary", "--json"], dir.path()), 0);
    assert_eq!(summary["lines"], 1_006);
    assert_eq!(summary["first"], "2026-11-21T05:43:44.001000000Z");
    let stage = &summary["stages"][0];
    assert_eq!(
        (
            &stage["stage"],
            &stage["count"],
            &stage["min_ns"],
            &stage["mean_ns"],
            &stage["max_ns"]
        ),
        (
            &"book::update".into(),
            &1_000.into(),
            &1_000.into(),
            &500_500.into(),
            &1_000_000.into()
        )
    );
    let p99 = stage["p99_ns"].as_u64().unwrap();
    assert!(p99.abs_diff(990_000) <= 990, "{p99}");
    assert_eq!(summary["hops"][2]["over_budget"], 1);
    assert_eq!(summary["marks"][0]["mark"], "sent");

    let output = run(&["summary", "--csv"], dir.path());
    let text = out(&output);
    let rows: Vec<Vec<&str>> = text.lines().map(|row| row.split(',').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{text}");
    assert_eq!(rows[0][..4], ["table", "stage", "count", "errors"]);
    assert_eq!(rows[2][..5], ["stages", "risk::check", "3", "1", "2000"]);
    let tables: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(
        tables,
        ["table", "stages", "stages", "hops", "hops", "hops", "marks"]
    );
}

#[test]
fn windows_and_values_have_rows_of_their_own() {
    let mut lines = Lines::default();
    for number in 0..300 {
        let venue = if number % 3 == 0 { "XNAS" } else { "XLON" };
        lines.span_with(number * 1_000, "s", 1_000, false, &[("venue", venue)]);
    }
    lines.span(1, "s", 1_000);
    let (dir, _) = lines.recording();
    let windows = json(
        &run(&["summary", "--json", "--window", "2m"], dir.path()),
        0,
    );
    let windows: Vec<_> = windows["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["window"].as_str().unwrap().to_owned(),
                row["count"].as_u64().unwrap(),
            )
        })
        .collect();
    // They begin at multiples of it, so the first has 16 s of it and the one span more.
    let window = |time: &str| format!("2026-11-21T05:{time}.000000000Z");
    assert_eq!(
        windows,
        [
            (window("42:00"), 17),
            (window("44:00"), 120),
            (window("46:00"), 120),
            (window("48:00"), 44)
        ]
    );
    let values = json(&run(&["summary", "--json", "--by", "venue"], dir.path()), 0);
    let values: Vec<_> = values["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row["by"].as_str().map(str::to_owned),
                row["count"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        values,
        [
            (None, 1),
            (Some("XLON".to_owned()), 200),
            (Some("XNAS".to_owned()), 100)
        ]
    );
}

#[test]
fn time_is_from_since_and_before_until() {
    let (dir, file) = lines().recording();
    let of = |arguments: &[&str]| {
        let output = run(&[&["summary", "--json"], arguments].concat(), &file);
        (
            output.status.code(),
            json(&output, output.status.code().unwrap()),
        )
    };
    let (code, summary) = of(&[
        "--since",
        "2026-11-21T05:43:44.901Z",
        "--until",
        "2026-11-21T05:43:45Z",
    ]);
    assert_eq!(
        (code, &summary["stages"][0]["count"]),
        (Some(0), &99.into())
    );
    assert_eq!(summary["hops"].as_array().unwrap().len(), 0);
    // There is nothing of that day, nor of a time beyond those that fit.
    for since in ["2026-11-22", "2300-01-01"] {
        let (code, summary) = of(&["--since", since]);
        assert_eq!(
            (code, summary["stages"].as_array().unwrap().len()),
            (Some(4), 0),
            "{since}"
        );
    }
    for (options, told) in [
        (&["--since", "-5m"][..], "how long ago as `15m`"),
        (
            &["--since", "5m", "--until", "10m"],
            "`--until` is not later than `--since`",
        ),
    ] {
        let wrong = run(&[&["summary"], options].concat(), dir.path());
        assert_eq!(wrong.status.code(), Some(2), "{options:?}");
        assert!(err(&wrong).contains(told), "{wrong:?}");
    }
    let wrong = run(&["summary", "--since", "yesterday"], dir.path());
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        err(&wrong).contains("how long ago as `15m`"),
        "{}",
        err(&wrong)
    );
}

#[test]
fn files_pipes_and_packed_files_give_the_same() {
    let lines = lines();
    let (dir, file) = lines.recording();
    let expected = out(&run(&["summary"], dir.path()));
    let mut packed = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&lines.0).unwrap();
    let packed = packed.finish().unwrap();
    let zstd = zstd::encode_all(lines.0.as_slice(), 0).unwrap();
    let odd = dir.path().join("a copy");
    fs::write(&odd, &zstd).unwrap();
    for output in [
        run(&["summary"], &file),
        run(&["summary"], &odd),
        run(&["summary"], &dir.path().join("20261121")),
        run_on(&["summary", "-"], &lines.0),
        run_on(&["summary", "-"], &packed),
        run_on(&["summary", "-"], &zstd),
    ] {
        assert_eq!(out(&output), expected, "{}", err(&output));
    }
    // Two of them are twice as many.
    let output = tickspan()
        .arg("summary")
        .arg("--json")
        .args([&file, &odd])
        .output()
        .unwrap();
    assert_eq!(json(&output, 0)["stages"][0]["count"], 2_000);
    let output = tickspan().arg("summary").args(["-", "-"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", err(&output));
}

#[test]
fn every_line_of_many_pieces_counts_once() {
    // Lines of odd lengths, so that the ends of pieces fall anywhere.
    let mut lines = Lines::default();
    for number in 0..40_000_u64 {
        let name = format!(
            "stage_{}{}",
            number % 7,
            "x".repeat(usize::try_from(number % 91).unwrap())
        );
        lines.span(number, &name[..7], number);
        if number % 10_000 == 5_000 {
            lines.raw(b"{\"event_type\":\"span\",\"timestamp\":");
        }
    }
    let (dir, file) = lines.recording();
    let output = run(&["summary", "--json"], dir.path());
    let summary = json(&output, 1);
    assert_eq!(
        (&summary["lines"], &summary["damaged"]),
        (&40_000.into(), &4.into())
    );
    let stages = summary["stages"].as_array().unwrap();
    let counts: u64 = stages
        .iter()
        .map(|row| row["count"].as_u64().unwrap())
        .sum();
    assert_eq!((stages.len(), counts), (7, 40_000));
    let told = err(&output);
    for line in [5_002, 15_003, 25_004, 35_005] {
        assert!(
            told.contains(&format!("{}:{line}: ", file.display())),
            "{line}: {told}"
        );
    }
}

#[test]
fn what_several_services_recorded_is_told_apart_by_what_is_said_of_them() {
    let mut lines = Lines::default();
    for (service, milliseconds) in [("feed", 1), ("hedger", 2), ("feed", 3)] {
        let begin = format!(
            r#"{{"event_type":"recording","timestamp":"2026-11-21T05:43:44Z","data":{{"schema_version":"1.1","process_id":7,"tickspan_version":"0.1.0","resource":{{"service.name":"{service}"}}}}}}"#
        );
        lines.0.extend([begin.as_bytes(), b"\n"].concat());
        lines.span(milliseconds, "decode", 1_000);
        // What a span says itself counts.
        lines.span_with(
            milliseconds,
            "relay",
            1_000,
            false,
            &[("service.name", "venue")],
        );
    }
    let (dir, _) = lines.recording();
    let told = json(
        &run(&["summary", "--json", "--by", "service.name"], dir.path()),
        0,
    );
    let row = |row: &serde_json::Value| {
        (
            row["stage"].clone(),
            row["by"].clone(),
            row["count"].clone(),
        )
    };
    let rows: Vec<_> = told["stages"].as_array().unwrap().iter().map(row).collect();
    assert_eq!(
        rows,
        [
            ("decode".into(), "feed".into(), 2.into()),
            ("decode".into(), "hedger".into(), 1.into()),
            ("relay".into(), "venue".into(), 3.into()),
        ]
    );
}

#[test]
fn what_has_a_row_counts_there_alone_however_many_there_are() {
    // 400 symbols in 5 stages, in another order each time: whoever meets one has met others before it.
    let mut lines = Lines::default();
    for round in 0..3_u64 {
        for number in 0..2_000_u64 {
            let pair = (number * [1, 7, 1_999][usize::try_from(round).unwrap()]) % 2_000;
            let (stage, symbol) = (format!("stage_{}", pair % 5), format!("S{}", pair / 5));
            lines.span_with(number, &stage, 1_000, false, &[("symbol", &symbol)]);
        }
    }
    let (dir, _) = lines.recording();
    let told = || run(&["summary", "--by", "symbol", "--json"], dir.path());
    let summary = json(&told(), 0);
    let stages = summary["stages"].as_array().unwrap();
    let (others, own): (Vec<_>, Vec<_>) = stages.iter().partition(|row| row["stage"] == "(others)");
    assert_eq!((others.len(), own.len()), (1, 1_024));
    assert!(own.iter().all(|row| row["count"] == 3), "{own:?}");
    assert_eq!(
        (&others[0]["by"], &others[0]["count"]),
        (&"(others)".into(), &(3 * (2_000 - 1_024)).into())
    );
    // Whatever the threads took.
    assert_eq!(told().stdout, told().stdout);
}

#[test]
fn hops_are_in_their_order_whichever_marks_were_made() {
    let mut lines = Lines::default();
    // At first nobody marks `checked`; then each way there is, in pieces that threads take in any order.
    for time in 0..2_000 {
        lines.latency(time, &[("received_to_sent", 10), ("sent_to_filled", 20)]);
    }
    for time in 0..2_000 {
        lines.latency(time, &[("checked_to_sent", 3)]);
        lines.latency(
            time,
            &[
                ("received_to_checked", 1),
                ("checked_to_sent", 2),
                ("sent_to_filled", 3),
            ],
        );
    }
    let (dir, _) = lines.recording();
    for window in [
        &["summary", "--json"][..],
        &["summary", "--window", "1s", "--json"],
    ] {
        let summary = json(&run(window, dir.path()), 0);
        let hops = summary["hops"].as_array().unwrap().iter();
        let mut names: Vec<&str> = hops.map(|row| row["hop"].as_str().unwrap()).collect();
        names.dedup();
        assert_eq!(
            names,
            [
                "received_to_checked",
                "received_to_sent",
                "checked_to_sent",
                "sent_to_filled",
                "end_to_end"
            ]
        );
    }
}
