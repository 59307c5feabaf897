//! Input that is damaged, empty, huge, unreadable or something else, and output that nobody reads.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::program::{Lines, err, json, out, run, run_on, run_unread, tickspan};

const COMMANDS: [&str; 3] = ["summary", "edges", "replay"];

fn good() -> Lines {
    let mut lines = Lines::default();
    lines.span(1, "s", 1_000).edge(2, 1, ("2", "1"), None);
    lines
}

#[test]
fn damage_is_told_by_file_and_line_up_to_a_limit() {
    let mut lines = good();
    lines
        .raw(b"not a line")
        .raw(b"\xff\xfe")
        .raw(&[0; 100])
        .raw(br#"{"event_type":"span","timestamp":"2026-11-21T05:43:44Z","data":{"name":"s"}}"#)
        .raw(br#"{"event_type":"edge","timestamp":"soon","data":{}}"#)
        .raw(br#"{"event_type":"later","timestamp":"2026-11-21T05:43:44Z","data":7}"#)
        .raw(b"");
    lines
        .0
        .extend_from_slice(br#"{"event_type":"span","timest"#);
    let (dir, file) = lines.recording();
    for command in COMMANDS {
        let output = run(&[command], dir.path());
        assert_eq!(output.status.code(), Some(1), "{command}");
        let told = err(&output);
        for (line, what) in [
            (3, "the line cannot be read: "),
            (4, "the line is not UTF-8"),
            (5, "the line cannot be read: "),
            (7, "the line cannot be read: "),
            (10, "the last line is cut short"),
        ] {
            let told_of_it = format!("{}:{line}: {what}", file.display());
            assert!(told.contains(&told_of_it), "{command} {line}: {told}");
        }
        // What a later version writes is no damage, and what a command does not need is not looked for.
        assert!(!told.contains(":8: "), "{command}: {told}");
        assert_eq!(
            told.contains(":6: "),
            command != "edges",
            "{command}: {told}"
        );
        assert!(!out(&output).is_empty(), "{command}");
    }
    let mut many = good();
    (0..1_000).for_each(|_| {
        many.raw(b"x");
    });
    let (dir, _) = many.recording();
    for command in COMMANDS {
        let told = err(&run(&[command], dir.path()));
        assert_eq!(told.lines().count(), 11, "{command}: {told}");
        assert!(
            told.ends_with("and 990 more that cannot be read\n"),
            "{command}: {told}"
        );
    }
}

#[test]
fn lines_of_another_version_are_left_out_and_told() {
    let recording = |version: &str| {
        format!(
            r#"{{"event_type":"recording","timestamp":"2026-11-21T05:43:44Z","data":{{"schema_version":"{version}","process_id":1,"tickspan_version":"9","resource":{{}}}}}}"#
        )
    };
    let mut lines = Lines::default();
    lines.raw(recording("1.7").as_bytes()).span(1, "s", 1);
    lines
        .raw(recording("2.0").as_bytes())
        .span(2, "s", 1)
        .raw(b"what is it");
    lines.raw(recording("1.0").as_bytes()).span(3, "s", 1);
    let (dir, file) = lines.recording();
    let output = run(&["summary", "--json"], dir.path());
    assert_eq!(json(&output, 1)["stages"][0]["count"], 2);
    let told = format!(
        "tickspan: {}:3: lines of schema version `2.0` cannot be read\n",
        file.display()
    );
    assert_eq!(err(&output), told);
}

#[test]
fn a_file_that_an_editor_has_saved_is_read_whole() {
    let (dir, file) = good().recording();
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("\u{feff}{}", text.replace('\n', "\r\n"))).unwrap();
    for command in COMMANDS {
        let output = run(&[command], dir.path());
        assert_eq!(
            (output.status.code(), err(&output)),
            (Some(0), String::new()),
            "{command}"
        );
    }
}

#[test]
fn nothing_exits_with_4_and_what_is_not_there_with_3() {
    let dir = TempDir::new().unwrap();
    let empty = dir.path().join("empty");
    File::create(&empty).unwrap();
    for command in COMMANDS {
        let (no_file, nothing) = (
            "there is no file of a recording; in a folder, those are read that a recorder has named, as \
             `20261121/events.jsonl`",
            "there is nothing of what was asked for",
        );
        for (output, why) in [
            (run(&[command], dir.path()), no_file),
            (run(&[command], &empty), nothing),
            (run_on(&[command, "-"], b""), nothing),
        ] {
            assert_eq!(output.status.code(), Some(4), "{command}: {output:?}");
            assert_eq!(err(&output), format!("tickspan: {why}\n"), "{command}");
        }
        let output = run(&[command], &dir.path().join("nothing"));
        assert_eq!(output.status.code(), Some(3), "{command}");
        assert!(
            err(&output).starts_with("tickspan: ") && err(&output).contains("nothing: "),
            "{}",
            err(&output)
        );
        let output = tickspan().arg(command).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{command}");
    }
}

#[test]
fn a_file_that_cannot_be_read_costs_nothing_but_itself() {
    let (dir, _) = good().recording();
    // It can be opened, and not read, whoever asks.
    let folder = dir.path().join("20261121/events.1.jsonl");
    fs::create_dir(&folder).unwrap();
    // Packed, and cut off in the middle.
    let zstd = zstd::encode_all(good().0.as_slice(), 0).unwrap();
    fs::write(
        dir.path().join("20261121/events.2.jsonl.zst"),
        &zstd[..zstd.len() / 2],
    )
    .unwrap();
    for command in COMMANDS {
        let output = run(&[command], dir.path());
        assert_eq!(output.status.code(), Some(1), "{command}");
        let told = err(&output);
        assert!(
            told.contains("events.1.jsonl:1: the file cannot be read further: "),
            "{command}: {told}"
        );
        assert!(
            told.contains("events.2.jsonl.zst:1: the file cannot be read further: "),
            "{command}: {told}"
        );
        assert_eq!(told.lines().count(), 2, "{command}: {told}");
        assert!(!out(&output).is_empty(), "{command}");
    }
}

#[test]
fn bytes_of_something_else_are_damage() {
    let mut state = 7_u64;
    let bytes: Vec<u8> = (0..1 << 20)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        })
        .collect();
    for command in COMMANDS {
        let output = run_on(&[command, "-"], &bytes);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(
            err(&output).starts_with("tickspan: (standard input):1: "),
            "{command}: {}",
            err(&output)
        );
    }
}

/// 512 MiB without an end of a line, in 400 MB of memory at most, code and stacks included.
#[cfg(target_os = "linux")]
#[test]
fn a_huge_line_takes_no_memory() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("events.jsonl");
    let mut file = File::create(&path).unwrap();
    file.write_all(&good().0).unwrap();
    file.seek(SeekFrom::Current(512 << 20)).unwrap();
    file.write_all(b"\n").unwrap();
    file.write_all(&good().0).unwrap();
    drop(file);
    for command in COMMANDS {
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 400000 && exec \"$0\" \"$@\""])
            .arg(env!("CARGO_BIN_EXE_tickspan"))
            .arg(command)
            .arg(&path)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{command}: {}", err(&output));
        let told = format!(
            "tickspan: {}:3: the line is longer than 32 MiB\n",
            path.display()
        );
        assert_eq!(err(&output), told, "{command}");
        if command == "replay" {
            assert_eq!(out(&output).lines().count(), 4);
        }
    }
}

#[test]
fn a_closed_pipe_is_no_fault() {
    let mut lines = Lines::default();
    for number in 0..5_000 {
        lines.span(number, &format!("stage_{number}"), number);
        lines.edge(number, u128::from(number) + 1, ("2", "1"), None);
    }
    let (dir, _) = lines.recording();
    for arguments in [
        &["summary"][..],
        &["summary", "--json"],
        &["summary", "--csv"],
        &["edges"],
        &["replay"],
    ] {
        let output = run_unread(arguments, dir.path());
        assert_eq!(
            (output.status.code(), err(&output)),
            (Some(0), String::new()),
            "{arguments:?}"
        );
    }
    // What it found is told by its exit code, too.
    let output = run_unread(&["doctor", "--timeout"], Path::new("1"));
    assert_eq!(
        (output.status.code(), err(&output)),
        (Some(4), String::new())
    );
}

/// Where a disk is full, what was printed is not all there is.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_told() {
    let (dir, _) = good().recording();
    let recording = dir.path().to_str().unwrap();
    let this = std::env::current_exe().unwrap();
    for arguments in [
        &["summary", recording][..],
        &["summary", "--json", recording],
        &["edges", "--csv", recording],
        &["trace", "00", recording],
        &["trace", "--json", "00", recording],
        &["traces", recording],
        &["tail", recording],
        &["tail", "--json", recording],
        &["replay", recording],
        &["report", "-o", "-", recording],
        &["doctor"],
        &["doctor", "--json"],
        &["inventory", this.to_str().unwrap()],
        &["inventory", "--format", "json", this.to_str().unwrap()],
        &["--version"],
        &["help"],
        &["summary", "--help"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = tickspan().args(arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {output:?}");
        assert!(
            err(&output).contains("the output cannot be written"),
            "{arguments:?}: {}",
            err(&output)
        );
    }
}

#[test]
#[cfg(unix)]
fn file_that_is_packed_while_others_are_read_is_read_packed() {
    let dir = TempDir::new().unwrap();
    let pipe = dir.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let plain = dir.path().join("20261121/events.jsonl");
    fs::create_dir(dir.path().join("20261121")).unwrap();
    fs::write(&plain, &good().0).unwrap();
    let reads = tickspan()
        .args(["summary", "--json"])
        .args([pipe.as_path(), dir.path()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It has found all files by the time at which it opens the first.
    let mut written = File::options().write(true).open(&pipe).unwrap();
    let packed = plain.with_extension("jsonl.zst");
    fs::write(packed, zstd::encode_all(&good().0[..], 0).unwrap()).unwrap();
    fs::remove_file(&plain).unwrap();
    written.write_all(&good().0).unwrap();
    drop(written);
    let output = reads.wait_with_output().unwrap();
    assert_eq!(json(&output, 0)["stages"][0]["count"], 2);
}
