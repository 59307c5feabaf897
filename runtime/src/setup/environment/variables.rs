//! Reading one variable: text, words, numbers, durations, lists of pairs.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::Lookup;
use crate::collect::human;
use crate::setup::Error;

/// One day, in milliseconds: longer is a mistake.
const MILLISECONDS_LIMIT: u64 = 86_400_000;

/// The first that is set; but each is checked, also those that are not used.
pub(super) fn read_first<N, T>(
    names: impl IntoIterator<Item = N>,
    read: impl Fn(N) -> Result<Option<T>, Error>,
) -> Result<Option<T>, Error> {
    let mut first = None;
    for name in names {
        first = first.or(read(name)?);
    }
    Ok(first)
}

pub(in super::super) struct Variables<'a>(pub(in super::super) Lookup<'a>);

impl Variables<'_> {
    /// The value, if it is set and not empty.
    pub(in super::super) fn text(&self, name: &'static str) -> Result<Option<String>, Error> {
        let Some(value) = (self.0)(name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        match value.into_string() {
            Ok(text) => Ok(Some(text)),
            Err(value) => Err(Error::Invalid {
                setting: name,
                // Headers and endpoints may hold secrets, which cannot be found in what is not
                // text.
                value: Some(value.to_string_lossy().into_owned()).filter(|_| {
                    !["_OTLP_", "_KEY", "_ENDPOINT"]
                        .iter()
                        .any(|part| name.contains(part))
                }),
                accepted: "valid Unicode".to_owned(),
            }),
        }
    }

    /// One of some words.
    pub(in super::super) fn word<T: Clone>(
        &self,
        name: &'static str,
        words: &[(&str, T)],
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        let found = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
        match found {
            Some((_, meaning)) => Ok(Some(meaning.clone())),
            None => Err(Error::Invalid {
                setting: name,
                value: Some(text),
                accepted: words
                    .iter()
                    .map(|(word, _)| format!("`{word}`"))
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// A whole number within a range.
    pub(super) fn number(
        &self,
        name: &'static str,
        accepted: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Error> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.trim().parse() {
            Ok(number) if accepted.contains(&number) => Ok(Some(number)),
            _ => Err(Error::Invalid {
                setting: name,
                value: Some(text),
                accepted: format!(
                    "a whole number from {} to {}",
                    human::count(*accepted.start()),
                    human::count(*accepted.end())
                ),
            }),
        }
    }

    /// A duration in milliseconds. Zero is not one: it would mean a busy loop, or no time at all.
    pub(super) fn milliseconds(&self, name: &'static str) -> Result<Option<Duration>, Error> {
        self.number(name, 1..=MILLISECONDS_LIMIT)
            .map(|number| number.map(Duration::from_millis))
            .map_err(|error| match error {
                Error::Invalid {
                    setting,
                    value,
                    accepted,
                } => Error::Invalid {
                    setting,
                    value,
                    accepted: format!("{accepted} (milliseconds)"),
                },
                other => other,
            })
    }
}

/// `key=value` pairs separated by commas, percent-encoded; `None` if one is not such a pair. The
/// last comma may be left.
pub(super) fn parse_pairs(text: &str) -> Option<Vec<(String, String)>> {
    text.split_terminator(',')
        .map(|pair| {
            let (key, value) = pair.split_once('=')?;
            let (key, value) = (percent_decoded(key.trim())?, percent_decoded(value.trim())?);
            (!key.is_empty()).then_some((key, value))
        })
        .collect()
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first == b'%' {
            let (digits, tail) = tail.split_at_checked(2)?;
            let digits = std::str::from_utf8(digits)
                .ok()
                .filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).ok()
}
