//! `tickspan edges`.

use crate::program::{Lines, err, json, out, run};

fn lines() -> Lines {
    let mut lines = Lines::default();
    lines
        .edge(1, 1, ("10", "2"), None)
        .edge(2, 2, ("3", "2.5"), Some("below_threshold"))
        .edge(3, 3, ("1", "4"), Some("not_positive"))
        .edge(4, 4, ("6", "1.5"), None)
        .edge(5, 5, ("2", "1.75"), Some("below_threshold"))
        .span(6, "s", 10);
    lines
}

#[test]
fn decisions_costs_and_extremes_are_told() {
    let (dir, _) = lines().recording();
    let output = run(&["edges", "--top", "2"], dir.path());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(
        out(&output),
        "\
edge    unit  decision  reason           count   share     net
spread  USD   accept                         2  40.0 %   12.50
spread  USD   reject    below_threshold      2  40.0 %  0.7500
spread  USD   reject    not_positive         1  20.0 %  -3.000

edge    unit  component  total  of gross   each
spread  USD   gross      22.00   100.0 %  4.400
spread  USD   fees       11.75    53.4 %  2.350
spread  USD   net        10.25    46.6 %  2.050

edge    unit            net  decision  reason           time                      trace id
spread  USD   best    8.000  accept                     2026-11-21T05:43:44.001Z  00000000000000000000000000000001
spread  USD   best    4.500  accept                     2026-11-21T05:43:44.004Z  00000000000000000000000000000004
spread  USD   worst  -3.000  reject    not_positive     2026-11-21T05:43:44.003Z  00000000000000000000000000000003
spread  USD   worst  0.2500  reject    below_threshold  2026-11-21T05:43:44.005Z  00000000000000000000000000000005

lines: 6
damaged: 0
"
    );
    let edges = json(&run(&["edges", "--json"], dir.path()), 0);
    assert_eq!(edges["costs"][1]["total"], 11.75);
    assert_eq!(edges["decisions"][2]["reason"], "not_positive");
}

#[test]
fn ids_on_a_narrow_terminal_find_their_trace() {
    let mut lines = Lines::default();
    for trace in [0x2f58_1398_e541_9f71_a66d_53f0_9054_5c27, 7] {
        lines.edge(1, trace, ("10", "2"), Some("below_threshold"));
    }
    let (dir, _) = lines.recording();
    for width in ["50", "60", "80"] {
        let told = out(&run(&["edges", "--width", width], dir.path()));
        let best = told.lines().find(|line| line.contains("  best  "));
        let id = best.unwrap().split_whitespace().last().unwrap();
        let trace = run(&["trace", id], dir.path());
        assert_eq!(trace.status.code(), Some(0), "{told}");
    }
}

#[test]
fn where_there_are_none_it_exits_with_4() {
    let mut lines = Lines::default();
    lines.span(1, "s", 1);
    let (dir, _) = lines.recording();
    let output = run(&["edges"], dir.path());
    assert_eq!(output.status.code(), Some(4));
    let (dir, _) = self::lines().recording();
    let output = run(&["edges", "--since", "2026-11-22"], dir.path());
    assert_eq!(output.status.code(), Some(4));
    assert_eq!(
        err(&output),
        "tickspan: there is nothing of what was asked for\n"
    );
}

#[test]
fn what_has_no_sum_adds_nothing() {
    let mut lines = Lines::default();
    lines.edge(1, 1, ("10", "2"), None);
    lines.edge(2, 2, ("1", "4"), Some("overflow"));
    // No sum, as after an overflow; and an amount that is none.
    let text = String::from_utf8(lines.0).unwrap();
    let text = text.replace(r#""net":"-3.00","#, "");
    let text = text.replace(r#""threshold":"1""#, r#""odd":"inf""#);
    let (dir, _) = Lines(text.into_bytes()).recording();
    let edges = json(&run(&["edges", "--json"], dir.path()), 0);
    let rejected = &edges["decisions"][1];
    assert_eq!(rejected["reason"], "overflow");
    assert!(rejected["net"].is_null(), "{rejected}");
    let costs = edges["costs"].as_array().unwrap();
    let total =
        |name: &str| costs.iter().find(|row| row["component"] == name).unwrap()["total"].clone();
    assert_eq!((total("gross"), total("net")), (10.0.into(), 8.0.into()));
    assert!(costs.iter().all(|row| row["component"] != "odd"));
}

/// 6,000 rejected edges, each name and each reason in another order each time: whoever meets one has met others before it.
fn with_many_names(edges: u64, reasons: u64) -> Lines {
    let mut pattern = Lines::default();
    pattern.edge(1, 1, ("1", "2"), Some("REASON"));
    let pattern = String::from_utf8(pattern.0).unwrap();
    let mut text = String::new();
    for step in [1, 7, 1_999] {
        for number in (0..2_000).map(|number| number * step % 2_000) {
            let (edge, reason) = (number % edges, number % reasons);
            let line = pattern.replace("spread", &format!("edge_{edge}"));
            text.push_str(&line.replace("REASON", &format!("reason_{reason}")));
        }
    }
    Lines(text.into_bytes())
}

#[test]
fn what_has_a_row_counts_there_alone_however_many_names_there_are() {
    for (edges, reasons, column, own, each) in
        [(1, 100, "reason", 64, 60), (2_000, 1, "edge", 1_024, 3)]
    {
        let (dir, _) = with_many_names(edges, reasons).recording();
        let told = || run(&["edges", "--json"], dir.path());
        let decisions = json(&told(), 0)["decisions"].take();
        let rows = decisions.as_array().unwrap();
        let (others, named): (Vec<_>, Vec<_>) =
            rows.iter().partition(|row| row[column] == "(others)");
        assert_eq!((others.len(), named.len()), (1, own), "{column}");
        assert!(named.iter().all(|row| row["count"] == each), "{named:?}");
        assert_eq!(others[0]["count"], 6_000 - own * each, "{column}");
        // Whatever the threads took.
        assert_eq!(out(&told()), out(&told()));
    }
}
