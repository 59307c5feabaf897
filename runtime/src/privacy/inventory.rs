//! The inventory: what each place in the source decided about each value, in a section of the binary that no
//! program loads.
//!
//! The text comes from the macros. Here are the decision that a type takes, as a constant, and the directive that
//! writes the text. `tickspan inventory` reads it.

use core::marker::PhantomData;

use super::AttributeValue;
use super::form::{Exempt, Form, Key};
use super::text::Text;

/// Exported: the type is proven.
const PROVEN: u8 = b'E';
/// Skipped: proven, but a collection, or a duration whose key does not say so.
const NOT_SINGLE: u8 = b'C';
/// Exported: text under a name of the market vocabulary.
const MARKET: u8 = b'M';
/// Exported: the name is sensitive, and the type cannot hold the thing.
const EXEMPT: u8 = b'T';
/// Skipped: the type is not proven.
const NOT_PROVEN: u8 = b'S';
/// Skipped: the name is sensitive.
const SENSITIVE: u8 = b'G';

/// What capture of an argument decides by its type; as [`Implicit`](super::probe::Implicit).
pub struct ByType<K, T>(PhantomData<(K, T)>);

impl<K: Key, T: AttributeValue> ByType<K, T> {
    /// The letter of the decision.
    pub const VERDICT: u8 = if fits::<K, T>() { PROVEN } else { NOT_SINGLE };
}

/// As [`ByType`], under a sensitive name; as [`ImplicitSensitive`](super::probe::ImplicitSensitive).
pub struct BySensitive<K, R, T>(PhantomData<(K, R, T)>);

impl<K: Key, R, T: AttributeValue> BySensitive<K, R, T>
where
    T::Form: Exempt<R>,
{
    /// The letter of the decision.
    pub const VERDICT: u8 = if fits::<K, T>() { EXEMPT } else { NOT_SINGLE };
}

/// Whether an argument of the type is recorded by itself.
const fn fits<K: Key, T: AttributeValue>() -> bool {
    let takes = if T::Form::SECONDS {
        K::TAKES_SECONDS
    } else {
        K::TAKES_OTHERS
    };
    T::Form::SINGLE && takes
}

/// Whether text under a market name is recorded; as [`TextOrSkipped`](super::probe::TextOrSkipped).
pub struct ByText<T>(PhantomData<T>);

impl<T: Text> ByText<T> {
    /// The letter of the decision.
    pub const VERDICT: u8 = MARKET;
}

/// What is found where the type has none of its own: nothing is recorded.
pub trait Otherwise {
    /// The letter of the decision.
    const VERDICT: u8 = NOT_PROVEN;
}

impl<K, T> Otherwise for ByType<K, T> {}

impl<T> Otherwise for ByText<T> {}

impl<K, R, T> Otherwise for BySensitive<K, R, T> {
    const VERDICT: u8 = SENSITIVE;
}

/// The decision where text counts as well.
pub const fn or_text(verdict: u8, text: u8) -> u8 {
    if verdict == NOT_PROVEN { text } else { verdict }
}

#[cfg(all(
    any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "linux",
        target_os = "netbsd",
        target_os = "openbsd",
    ),
    any(
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "loongarch64",
        target_arch = "riscv64",
        target_arch = "x86",
        target_arch = "x86_64",
    ),
    not(any(miri, tickspan_off)),
))]
mod written {
    /// Leaves a record in the inventory. The constants of types are asked where the caller's types are known.
    #[doc(hidden)]
    #[macro_export]
    macro_rules! __inventory {
        ($before:literal, $after:literal, $line:expr, $text:literal; $($($verdict:expr),+ ; use $otherwise:path)?) => {{
            $(use $otherwise as _;)?
            // SAFETY: there are directives and no instructions: they write text into a section that is not loaded,
            // and return to the section where they were.
            unsafe {
                ::core::arch::asm!(
                    ::core::concat!(
                        ".pushsection .tickspan.inventory,\"\",%progbits\n.ascii \"\\0351\\037",
                        $before,
                        ::core::file!(),
                        "\\037",
                        $line,
                        "\\037",
                        ::core::module_path!(),
                        $after,
                        $text,
                        "\"\n.popsection",
                    ),
                    $($(const $verdict,)+)?
                    options(nomem, nostack, preserves_flags),
                );
            }
        }};
    }
}

#[cfg(not(all(
    any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "freebsd",
        target_os = "linux",
        target_os = "netbsd",
        target_os = "openbsd",
    ),
    any(
        target_arch = "aarch64",
        target_arch = "arm",
        target_arch = "loongarch64",
        target_arch = "riscv64",
        target_arch = "x86",
        target_arch = "x86_64",
    ),
    not(any(miri, tickspan_off)),
)))]
mod not_written {
    /// Writes nothing: for this target, or in this build, there is no inventory.
    #[doc(hidden)]
    #[macro_export]
    macro_rules! __inventory {
        ($($record:tt)*) => {};
    }
}
