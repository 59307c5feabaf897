//! Terminals: 40 columns, with colours and without.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::program::{Lines, tickspan};

/// A terminal so many columns wide: the end that shows, and the one that the program writes to.
fn terminal(columns: u16) -> (OwnedFd, OwnedFd) {
    let shown = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&shown).unwrap();
    unlockpt(&shown).unwrap();
    let name = ptsname(&shown, Vec::new()).unwrap();
    let written = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    let size = Winsize {
        ws_row: 24,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&written, size).unwrap();
    (shown, written)
}

/// What stands on the terminal when the program has ended.
fn shown(arguments: &[&str], recording: &Path, variables: &[(&str, &str)]) -> String {
    let (shown, written) = terminal(40);
    let mut command = tickspan();
    command
        .args(arguments)
        .arg(recording)
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stderr(written.try_clone().unwrap())
        .stdout(written);
    let mut process = command.spawn().unwrap();
    // Its own ends are closed, so that there is an end.
    drop(command);
    let mut text = Vec::new();
    // Linux says that it is an error when nobody has the other end open any more.
    let _ = File::from(shown).read_to_end(&mut text);
    assert!(process.wait().unwrap().success());
    String::from_utf8(text).unwrap()
}

fn recording() -> Lines {
    let mut lines = Lines::default();
    lines
        .span(
            1,
            "a_stage_with_a_name_that_is_longer_than_the_terminal",
            1_000,
        )
        .span(
            2,
            "日本語のステージ名はとても長いので切られます日本語のステージ名",
            1_000,
        )
        .span(3, "s", 1_000)
        .latency(
            4,
            &[("received_to_checked", 1_000), ("checked_to_sent", 9_000)],
        )
        .edge(5, 1, ("2", "1"), Some("below_threshold"));
    lines
}

#[test]
fn no_line_is_wider_than_a_narrow_terminal() {
    let (dir, _) = recording().recording();
    for command in ["summary", "edges"] {
        let text = shown(&[command], dir.path(), &[]);
        let text = console::strip_ansi_codes(&text).into_owned();
        assert!(text.lines().count() > 5, "{text}");
        for line in text.lines().filter(|line| !line.starts_with("left out")) {
            assert!(
                console::measure_text_width(line) <= 40,
                "{command}: {line}\n{text}"
            );
        }
        assert!(text.contains("left out, too wide: "), "{text}");
    }
}

#[test]
fn colours_are_there_on_a_terminal_unless_somebody_does_not_want_them() {
    let (dir, _) = recording().recording();
    let summary = |arguments: &[&str], variables: &[(&str, &str)]| {
        shown(&[&["summary"], arguments].concat(), dir.path(), variables)
    };
    assert!(summary(&[], &[]).contains('\u{1b}'));
    assert!(summary(&[], &[("NO_COLOR", "")]).contains('\u{1b}'));
    assert!(!summary(&[], &[("NO_COLOR", "1")]).contains('\u{1b}'));
    assert!(!summary(&["--color", "never"], &[]).contains('\u{1b}'));
    assert!(!summary(&[], &[("TERM", "dumb")]).contains('\u{1b}'));
    assert!(!summary(&["--json"], &[]).contains('\u{1b}'));
    // Not on a pipe, unless they are asked for.
    let piped = |arguments: &[&str]| {
        let output = tickspan()
            .arg("summary")
            .args(arguments)
            .arg(dir.path())
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!piped(&[]).contains('\u{1b}'));
    assert!(piped(&["--color", "always"]).contains('\u{1b}'));
}

#[test]
fn waterfall_and_traces_fit_a_narrow_terminal() {
    let mut lines = recording();
    let attributes = [(
        "a_key_that_is_as_long_as_a_terminal_is_wide",
        "値と値と値と値と値と値と値と値と値と値と値と値",
    )];
    lines.span_with(9, "fails", 9_000_000, true, &attributes);
    let (dir, _) = lines.recording();
    for arguments in [
        &["traces"][..],
        &["trace", "00000000000000000000000000000001", "--attributes"],
    ] {
        let text = shown(arguments, dir.path(), &[]);
        let plain = console::strip_ansi_codes(&text).into_owned();
        assert!(text != plain, "it has colours: {text}");
        assert!(plain.lines().count() > 2, "{plain}");
        for line in plain.lines().filter(|line| !line.starts_with("left out")) {
            assert!(console::measure_text_width(line) <= 40, "{line}\n{plain}");
        }
        let plain = shown(arguments, dir.path(), &[("NO_COLOR", "1")]);
        assert!(!plain.contains('\u{1b}'));
    }
}
