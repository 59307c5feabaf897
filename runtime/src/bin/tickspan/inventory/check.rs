//! What a binary exports that a baseline does not have.

use std::fmt::Write as _;

use super::decision::{Decision, Outcome};
use super::print::{value, visible, why};

/// What lets out more than the baseline, a line for each: what only moved, and what is exported no longer, is none.
pub(super) fn changes(baseline: &[Decision], now: &[Decision]) -> Vec<String> {
    now.iter()
        .filter(|decision| decision.outcome != Outcome::Skipped)
        .filter_map(|decision| Some(told(difference(baseline, decision)?, decision)))
        .collect()
}

fn told(what: &str, decision: &Decision) -> String {
    visible(&format!(
        "{what}: {} {}, `{}` is {} ({}), {}:{}",
        decision.kind,
        decision.path,
        value(decision),
        decision.outcome.text(),
        why(decision),
        decision.file,
        decision.line,
    ))
}

fn difference(baseline: &[Decision], now: &Decision) -> Option<&'static str> {
    let known = || baseline.iter().filter(|before| is_same_value(before, now));
    let leaves = || known().filter(|before| before.outcome != Outcome::Skipped);
    if known().any(|before| is_same_decision(before, now)) {
        None
    } else if leaves().next().is_none() {
        Some("new export")
    } else if leaves().all(|before| before.reason != now.reason) {
        Some("new reason")
    } else if leaves().all(|before| before.why != now.why) {
        Some(if now.why.contains("sensitive name") {
            "loosened name"
        } else {
            "exported for another cause"
        })
    } else {
        Some("more of it leaves, or another class")
    }
}

/// The same value of the same site. A value of another type, or another expression, is another value.
fn is_same_value(before: &Decision, now: &Decision) -> bool {
    (&before.kind, &before.path, &before.key, &before.ty)
        == (&now.kind, &now.path, &now.key, &now.ty)
}

fn is_same_decision(before: &Decision, now: &Decision) -> bool {
    (
        before.outcome,
        &before.why,
        &before.class,
        &before.export,
        &before.reason,
    ) == (now.outcome, &now.why, &now.class, &now.export, &now.reason)
}

/// What is told of the changes.
pub(super) fn report(changes: &[String]) -> String {
    let mut text = String::new();
    for change in changes {
        text.push_str(change);
        text.push('\n');
    }
    match changes.len() {
        0 => text.push_str("nothing is exported that the baseline does not have\n"),
        1 => text.push_str("1 change to review\n"),
        number => _ = writeln!(text, "{number} changes to review"),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(key: &str, letter: u8, reason: &str, line: u32) -> Decision {
        let (outcome, why) = Outcome::of_letter(letter).unwrap();
        Decision {
            kind: "stage".to_owned(),
            path: "desk::submit".to_owned(),
            key: key.to_owned(),
            ty: "u64".to_owned(),
            outcome,
            why: why.to_owned(),
            class: String::new(),
            export: String::new(),
            reason: reason.to_owned(),
            file: "src/desk.rs".to_owned(),
            line,
        }
    }

    #[test]
    fn only_what_lets_out_more_is_a_change() {
        let before = [decision("a", b'E', "", 1), decision("b", b'S', "", 2)];
        let told = |now: &[Decision]| -> Vec<String> {
            let what = |line: &String| line.split_once(':').unwrap().0.to_owned();
            changes(&before, now).iter().map(what).collect()
        };
        assert!(told(&before).is_empty());
        // Moved, no longer exported, skipped for another cause.
        assert!(told(&[decision("a", b'E', "", 9), decision("b", b'X', "", 2)]).is_empty());
        assert!(told(&[]).is_empty());
        assert_eq!(told(&[decision("b", b'E', "", 2)]), ["new export"]);
        assert_eq!(told(&[decision("c", b'D', "", 2)]), ["new export"]);
        assert_eq!(told(&[decision("a", b'T', "", 1)]), ["loosened name"]);
        assert_eq!(
            told(&[decision("a", b'P', "listed by the exchange", 1)]),
            ["new reason"]
        );
    }
}
