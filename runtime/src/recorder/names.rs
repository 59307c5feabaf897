//! The names of folders and files: `20261121/events.jsonl`, `20261121/events.1.jsonl.gz`.
//!
//! Written by the recorder, found by the replay and by what deletes old files; nothing with another name is ours.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::settings::Form;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

/// What the name of a file ends with until it is packed whole.
const UNFINISHED: &str = ".tmp";

/// A day, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(pub(crate) Date);

/// The name of a file. Ordered as they are written: by day, then by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Name {
    pub(crate) day: Day,
    pub(crate) form: Form,
    pub(crate) number: u32,
    pub(crate) packing: Packing,
}

impl Day {
    pub(crate) fn of(time: SystemTime) -> Self {
        let time = Timestamp::try_from(time).unwrap_or_default();
        Self(time.to_zoned(TimeZone::UTC).date())
    }

    /// Its first instant.
    pub(crate) fn start(self) -> SystemTime {
        self.0
            .to_zoned(TimeZone::UTC)
            .map_or(SystemTime::UNIX_EPOCH, |start| start.timestamp().into())
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_number = text.len() == 8 && text.bytes().all(|it| it.is_ascii_digit());
        let number = |digits: &str| digits.parse().ok();
        is_number.then_some(())?;
        let month = i8::try_from(number(&text[4..6])?).ok()?;
        let day = i8::try_from(number(&text[6..])?).ok()?;
        Date::new(number(&text[..4])?, month, day).ok().map(Self)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = self.0;
        write!(f, "{:04}{:02}{:02}", date.year(), date.month(), date.day())
    }
}

impl Form {
    const ALL: &[Self] = &[
        Self::Events,
        #[cfg(feature = "recorder-otlp")]
        Self::OtlpJson,
    ];

    const fn stem(self) -> &'static str {
        match self {
            Self::Events => "events",
            #[cfg(feature = "recorder-otlp")]
            Self::OtlpJson => "traces",
        }
    }
}

impl Packing {
    pub(crate) const ALL: [Self; 3] = [Self::Plain, Self::Gzip, Self::Zstd];

    const fn suffix(self) -> &'static str {
        match self {
            Self::Plain => ".jsonl",
            Self::Gzip => ".jsonl.gz",
            Self::Zstd => ".jsonl.zst",
        }
    }
}

impl Name {
    pub(crate) fn path(&self, dir: &Path) -> PathBuf {
        dir.join(self.day.to_string()).join(self.file())
    }

    pub(crate) fn file(&self) -> String {
        let (stem, suffix) = (self.form.stem(), self.packing.suffix());
        match self.number {
            0 => format!("{stem}{suffix}"),
            number => format!("{stem}.{number}{suffix}"),
        }
    }

    /// The same file, packed otherwise.
    pub(crate) fn packed(&self, packing: Packing) -> Self {
        Self { packing, ..*self }
    }

    /// What is being written beside it until it is whole.
    pub(crate) fn unfinished(&self, dir: &Path) -> PathBuf {
        dir.join(self.day.to_string())
            .join(format!("{}{UNFINISHED}", self.file()))
    }

    /// Reads the name that a file is to have that is being packed.
    pub(crate) fn parse_unfinished(day: Day, file: &str) -> Option<Self> {
        Self::parse(day, file.strip_suffix(UNFINISHED)?)
    }

    /// Reads a name, if it is one of ours.
    pub(crate) fn parse(day: Day, file: &str) -> Option<Self> {
        let (form, rest) = Form::ALL
            .iter()
            .find_map(|form| Some((*form, file.strip_prefix(form.stem())?)))?;
        let (rest, packing) = Packing::ALL
            .into_iter()
            .find_map(|packing| Some((rest.strip_suffix(packing.suffix())?, packing)))?;
        let number = match rest.strip_prefix('.') {
            None if rest.is_empty() => 0,
            None => return None,
            // As we write it: no sign, no zero before it.
            Some(digits) => digits
                .parse()
                .ok()
                .filter(|number: &u32| *number > 0 && number.to_string() == digits)?,
        };
        Some(Self {
            day,
            form,
            number,
            packing,
        })
    }
}

/// The days of which `dir` has a folder, or a link to one, the first first.
///
/// # Errors
///
/// When `dir` cannot be read.
pub(crate) fn days(dir: &Path) -> io::Result<Vec<Day>> {
    let mut days = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if let Some(day) = entry.file_name().to_str().and_then(Day::parse) {
            match fs::metadata(entry.path()) {
                Ok(found) if !found.is_dir() => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                // What cannot be looked at is told by whoever reads it.
                _ => days.push(day),
            }
        }
    }
    days.sort_unstable();
    Ok(days)
}

/// Our files of a day, the first first. One that is there packed and as it was is only named as it is packed: the other is about to be deleted.
///
/// # Errors
///
/// When the day's folder cannot be read.
pub(crate) fn files(dir: &Path, day: Day) -> io::Result<Vec<Name>> {
    let mut names = listed(dir, day, |file| Name::parse(day, file))?;
    names.sort_unstable();
    let of = |name: &Name| (name.form, name.number);
    let mut whole: Vec<Name> = Vec::with_capacity(names.len());
    for name in names {
        match whole.last_mut() {
            Some(last) if of(last) == of(&name) => *last = name,
            _ => whole.push(name),
        }
    }
    Ok(whole)
}

/// Our files of a day that were begun to be packed, under the names that they were to have.
///
/// # Errors
///
/// When the day's folder cannot be read.
pub(crate) fn unfinished(dir: &Path, day: Day) -> io::Result<Vec<Name>> {
    listed(dir, day, |file| Name::parse_unfinished(day, file))
}

fn listed(dir: &Path, day: Day, read: impl Fn(&str) -> Option<Name>) -> io::Result<Vec<Name>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir.join(day.to_string()))? {
        names.extend(entry?.file_name().to_str().and_then(&read));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_no_others() {
        let day = Day::parse("20261121").unwrap();
        for &form in Form::ALL {
            for number in [0, 1, 10, u32::MAX] {
                for packing in Packing::ALL {
                    let name = Name {
                        day,
                        form,
                        number,
                        packing,
                    };
                    assert_eq!(Name::parse(day, &name.file()), Some(name));
                }
            }
        }
        for other in [
            "events",
            "events.json",
            "events..jsonl",
            "events.0.jsonl",
            "events.01.jsonl",
            "events.+1.jsonl",
            "events.x.jsonl",
            "events1.jsonl",
            "events.jsonl.gz.tmp",
            "events.4294967296.jsonl",
            "my-events.jsonl",
            "events.jsonl.bz2",
            "",
        ] {
            assert_eq!(Name::parse(day, other), None, "{other}");
        }
        for other in [
            "2026112",
            "202611210",
            "20261321",
            "20260230",
            "2026112x",
            "+2026112",
        ] {
            assert_eq!(Day::parse(other), None, "{other}");
        }
    }

    #[test]
    fn day_is_that_of_utc() {
        let midnight = Day::parse("20261121").unwrap().start();
        let before = midnight - std::time::Duration::from_nanos(1);
        assert_eq!(Day::of(midnight).to_string(), "20261121");
        assert_eq!(Day::of(before).to_string(), "20261120");
    }
}
