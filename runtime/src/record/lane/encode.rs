//! Values as bytes, on the caller's thread.

use core::fmt::{self, Write as _};

use super::bytes::Bytes;
use super::health::{Loss, count};
use super::wire::tag;
use crate::privacy::{Repr, Value};

/// The most bytes of a text that are recorded.
pub(crate) const TEXT_LIMIT: usize = 1024;

/// A value whose text the user's own code writes: it may start stages, so it is not run while the thread's
/// stack is borrowed.
pub(super) struct RunsCode;

/// Writes `values` at the end of `out`.
///
/// # Errors
///
/// [`RunsCode`] at the first value that does.
#[inline]
pub(super) fn plain(out: &mut Bytes, values: &[Value<'_>]) -> Result<(), RunsCode> {
    for value in values {
        match value.repr() {
            Repr::Absent => out.put([tag::ABSENT]),
            Repr::Bool(value) => out.put([if *value { tag::TRUE } else { tag::FALSE }]),
            Repr::I64(value) => out.put_behind(tag::I64, value.to_le_bytes()),
            Repr::U64(value) => out.put_behind(tag::U64, value.to_le_bytes()),
            Repr::F64(value) => out.put_behind(tag::F64, value.to_le_bytes()),
            // Cut, and counted, once: by who writes them all.
            Repr::Text(value) if value.len() > TEXT_LIMIT && run_code(values) => {
                return Err(RunsCode);
            }
            Repr::Text(value) => text(out, value),
            #[cfg(feature = "rust_decimal")]
            Repr::Decimal(value) => {
                out.put([tag::DECIMAL]);
                out.put(value.serialize());
            }
            Repr::Written(_) | Repr::Displayed(_) => return Err(RunsCode),
        }
    }
    Ok(())
}

/// Whether one of the values runs code.
#[cold]
fn run_code(values: &[Value<'_>]) -> bool {
    values
        .iter()
        .any(|value| matches!(value.repr(), Repr::Written(_) | Repr::Displayed(_)))
}

/// Writes `values` at the end of `out`, whatever they are.
pub(super) fn any(out: &mut Bytes, values: &[Value<'_>]) {
    for value in values {
        match value.repr() {
            Repr::Written(written) => {
                let start = out.len();
                out.put([tag::LIST, 0, 0, 0, 0, 0]);
                let mut recorded = 0_u8;
                let all = written.elements(&mut |element| {
                    any(out, core::slice::from_ref(element));
                    recorded += 1;
                });
                if let Some(all) = all {
                    let all = u32::try_from(all).unwrap_or(u32::MAX);
                    out[start + 1..start + 5].copy_from_slice(&all.to_le_bytes());
                    out[start + 5] = recorded;
                } else {
                    out.truncate(start);
                    display(out, written);
                }
            }
            Repr::Displayed(written) => display(out, written),
            // No other runs code.
            _ => _ = plain(out, core::slice::from_ref(value)),
        }
    }
}

#[inline]
pub(super) fn text(out: &mut Bytes, text: &str) {
    if text.len() <= TEXT_LIMIT {
        whole(out, text);
    } else {
        count(Loss::TextCut);
        whole(out, cut(text, TEXT_LIMIT));
    }
}

/// Writes values again that have been written already: what is cut has been counted. One that runs code is absent.
pub(super) fn again(out: &mut Bytes, values: &[Value<'_>]) {
    for value in values {
        match value.repr() {
            Repr::Text(text) if text.len() > TEXT_LIMIT => whole(out, cut(text, TEXT_LIMIT)),
            _ => {
                if plain(out, core::slice::from_ref(value)).is_err() {
                    out.put([tag::ABSENT]);
                }
            }
        }
    }
}

#[inline]
fn whole(out: &mut Bytes, text: &str) {
    #[expect(clippy::cast_possible_truncation, reason = "at most TEXT_LIMIT")]
    let len = text.len() as u16;
    out.put_behind(tag::TEXT, len.to_le_bytes());
    out.extend(text.as_bytes());
}

/// The most of `text` that fits `limit` bytes, whole characters.
#[cold]
fn cut(text: &str, limit: usize) -> &str {
    let end = (0..=limit)
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    &text[..end]
}

/// Writes what `Display` says.
pub(super) fn display(out: &mut Bytes, value: &dyn fmt::Display) {
    let start = out.len();
    out.put([tag::TEXT, 0, 0]);
    let mut bounded = Bounded {
        out,
        left: TEXT_LIMIT,
        cut: false,
    };
    // An error of the user's own, or the end of what fits: what was written stands.
    _ = write!(bounded, "{value}");
    #[expect(clippy::cast_possible_truncation, reason = "at most TEXT_LIMIT")]
    let len = (out.len() - start - 3) as u16;
    out[start + 1..start + 3].copy_from_slice(&len.to_le_bytes());
}

struct Bounded<'a> {
    out: &'a mut Bytes,
    left: usize,
    cut: bool,
}

impl fmt::Write for Bounded<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if text.len() <= self.left && !self.cut {
            self.out.extend(text.as_bytes());
            self.left -= text.len();
            return Ok(());
        }
        // Some go on after the error: what is cut is cut once.
        if !core::mem::replace(&mut self.cut, true) {
            count(Loss::TextCut);
            let fits = cut(text, self.left);
            self.out.extend(fits.as_bytes());
        }
        Err(fmt::Error)
    }
}
