//! What is printed at the end.

use std::fmt;

use tickspan_examples::market::Symbol;
use tickspan_examples::readable::count;
use tickspan_examples::risk::Rejected;
use tickspan_examples::tally::{BadRows, Tally};
use tickspan_examples::trace::Trace;
use tickspan_examples::waterfall::Waterfall;

/// Everything there is to say about one run.
pub(crate) struct Report {
    pub(crate) symbol: Symbol,
    pub(crate) tally: Tally,
    pub(crate) trace: Option<Trace>,
    pub(crate) stages: tickspan::Summary,
    pub(crate) spans: tickspan::Report,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            symbol,
            tally,
            trace,
            stages,
            spans,
        } = self;
        writeln!(f, "{} messages of {symbol}", count(tally.messages))?;
        writeln!(
            f,
            "{} unknown orders: named, but never added",
            count(tally.unknown_orders)
        )?;
        write_bad_rows(f, &tally.bad_rows)?;
        writeln!(f, "\nDecisions\n")?;
        write_decisions(f, tally)?;
        writeln!(f, "\nOne trace: the slowest message that led to a fill\n")?;
        match trace {
            Some(trace) => writeln!(f, "{}\n\ntrace id {}", Waterfall(trace), trace.id())?,
            None => writeln!(f, "no complete trace led to a fill")?,
        }
        writeln!(f, "\nStages\n\n{stages}")?;
        writeln!(f, "\nSpans\n\n{spans}")?;
        write_advice(f, spans)
    }
}

fn write_bad_rows(f: &mut fmt::Formatter<'_>, bad_rows: &BadRows) -> fmt::Result {
    writeln!(f, "{} bad rows", count(bad_rows.count))?;
    for (line, fault) in &bad_rows.first {
        writeln!(f, "  line {line}: {fault}")?;
    }
    match bad_rows.count - bad_rows.first.len() as u64 {
        0 => Ok(()),
        others => writeln!(f, "  and {} more", count(others)),
    }
}

fn write_decisions(f: &mut fmt::Formatter<'_>, tally: &Tally) -> fmt::Result {
    let orders = &tally.orders;
    let line = |f: &mut fmt::Formatter<'_>, number, what: &dyn fmt::Display| {
        writeln!(f, "{:>9}  {what}", count(number))
    };
    line(f, orders.sent(), &"orders taken")?;
    line(f, orders.filled, &"  filled")?;
    line(f, orders.partly_filled, &"  filled in part")?;
    line(f, orders.unfilled, &"  not filled")?;
    line(f, tally.refused.all(), &"signals refused")?;
    for reason in Rejected::ALL {
        line(
            f,
            tally.refused.because(reason),
            &format_args!("  {reason}"),
        )?;
    }
    line(f, orders.shares, &"shares traded")?;
    writeln!(f, "{:>+9}  position at the end", tally.position)
}

fn write_advice(f: &mut fmt::Formatter<'_>, spans: &tickspan::Report) -> fmt::Result {
    if spans.exporters.iter().all(|exporter| exporter.dropped == 0) {
        return Ok(());
    }
    writeln!(
        f,
        "\nspans were dropped because a queue was full: `with_queue_size` makes it longer"
    )
}

#[cfg(test)]
mod tests {
    use tickspan_examples::lobster::RowFault;
    use tickspan_examples::tally::OrderTally;

    use super::*;

    fn report(tally: Tally) -> String {
        let report = Report {
            symbol: Symbol::new("AAPL"),
            tally,
            trace: None,
            stages: tickspan::Summary::default(),
            spans: tickspan::Report::default(),
        };
        report.to_string()
    }

    #[test]
    fn messages_are_counted_with_separated_thousands() {
        let text = report(Tally {
            messages: 91_997,
            unknown_orders: 84,
            ..Tally::default()
        });
        assert!(
            text.starts_with(
                "91,997 messages of AAPL\n84 unknown orders: named, but never added\n0 bad rows\n"
            ),
            "{text}"
        );
    }

    #[test]
    fn first_bad_rows_are_named_and_the_rest_counted() {
        let first = vec![(3, RowFault::ColumnCount(5)), (9, RowFault::TimeBackwards)];
        let text = report(Tally {
            bad_rows: BadRows {
                count: 1_002,
                first,
            },
            ..Tally::default()
        });
        let expected = "\
1,002 bad rows
  line 3: not 6 columns but 5
  line 9: earlier than the row before it
  and 1,000 more
";
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn decisions_are_told_by_outcome_and_reason() {
        let orders = OrderTally {
            filled: 494,
            partly_filled: 1_053,
            unfilled: 0,
            shares: 104_539,
        };
        let text = report(Tally {
            orders,
            position: -817,
            ..Tally::default()
        });
        let expected = "
    1,547  orders taken
      494    filled
    1,053    filled in part
        0    not filled
        0  signals refused
        0    trading is halted
        0    spread is too wide
        0    order is too large
        0    position limit
  104,539  shares traded
     -817  position at the end
";
        assert!(text.contains(expected), "{text}");
    }
}
