//! What leaves of a marked value: `#[pii(Class, export = ..)]` on an argument or a field.
//!
//! Each mode answers with a [`Masked`], which borrows the value or holds a short text itself: nothing is
//! allocated. What a mode cannot mask safely becomes the marker of the class, which is the same for every value.

mod masked;
#[cfg(feature = "hmac")]
pub(crate) mod pseudonym;
mod readable;
#[cfg(test)]
mod tests;

use core::fmt;

pub use masked::Masked;
#[cfg(test)]
use readable::Legible;
pub use readable::Readable;
use readable::{Measurable, Seen};

use masked::Inline;

use super::class::{Class, Marker};

/// The fewest letters and digits that a value has of which some are exported.
const SIGNIFICANT: usize = 8;

/// How many of them are.
const SHOWN: usize = 4;

/// Stands for all that is left out; as long for every value.
const LEFT_OUT: &str = "****";

/// `export = redacted`: that there is such a value, and nothing of it. The value itself is not looked at.
pub fn redacted<C: Class>() -> Masked<'static> {
    Masked::text(Marker::<C>::TEXT)
}

/// What the `Debug` of a type with marks shows of a marked field.
pub struct Withheld(&'static str);

/// See `Withheld`.
pub fn withheld<C: Class>() -> Withheld {
    Withheld(Marker::<C>::TEXT)
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// `export = last4`: the last four letters and digits of at least eight.
pub fn last4<C: Class>(seen: Seen<'_>) -> Masked<'static> {
    shown::<C>(seen, |text, significant| {
        let mut last = Inline::of(LEFT_OUT)?;
        for c in significant_in(text).skip(significant - SHOWN) {
            last.push(c)?;
        }
        Some(last)
    })
}

/// `export = prefix`: the first four letters and digits of at least eight.
pub fn prefix<C: Class>(seen: Seen<'_>) -> Masked<'static> {
    shown::<C>(seen, |text, _| {
        let mut first = Inline::default();
        for c in significant_in(text).take(SHOWN) {
            first.push(c)?;
        }
        first.push_str(LEFT_OUT)?;
        Some(first)
    })
}

fn shown<C: Class>(
    seen: Seen<'_>,
    show: impl FnOnce(&str, usize) -> Option<Inline>,
) -> Masked<'static> {
    Masked::shown::<C>(seen, |text| {
        let significant = significant_in(text).count();
        (significant >= SIGNIFICANT)
            .then(|| show(text, significant))
            .flatten()
    })
}

fn significant_in(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| c.is_alphanumeric())
}

/// `export = prefix` of an `Ip`: its network, /24 or /48.
pub fn network<C: Class>(seen: Seen<'_>) -> Masked<'static> {
    if let Seen::Ip(address) = seen {
        return Masked::inline::<C>(Inline::network(address));
    }
    Masked::shown::<C>(seen, |text| Inline::network(text.trim().parse().ok()?))
}

/// `export = domain`: what follows the `@` of an e-mail address.
pub fn domain<C: Class>(seen: Seen<'_>) -> Masked<'_> {
    match seen {
        Seen::Nothing => Masked::nothing(),
        Seen::Text(text) => Masked::text(domain_of(text.trim()).unwrap_or(Marker::<C>::TEXT)),
        _ => redacted::<C>(),
    }
}

/// A domain as RFC 1035 writes it, with at least one dot. `"a@b"@example.com` has one `@` outside of its quotes; what
/// has several otherwise is no address.
fn domain_of(address: &str) -> Option<&str> {
    let (local, domain) = address.rsplit_once('@')?;
    let is_quoted = local.starts_with('"') && local.ends_with('"');
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let is_address = !local.is_empty() && (is_quoted || !local.contains(['@', ' ']));
    (is_address && domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label))
        .then_some(domain)
}

/// `export = hmac`: a pseudonym, the same for the same value under the same key of the deployment.
pub fn hmac<C: Class>(seen: Seen<'_>) -> Masked<'static> {
    Masked::shown::<C>(seen, |text| {
        #[cfg(feature = "hmac")]
        let pseudonym = pseudonym::of(C::NAME, text);
        #[cfg(not(feature = "hmac"))]
        let pseudonym = {
            _ = text;
            None
        };
        if pseudonym.is_none() {
            without_key(C::NAME);
        }
        pseudonym
    })
}

/// `export = bucket(n)`: the largest multiple of `width` that is not above the value.
pub fn bucket<C: Class, T: Measurable + ?Sized>(value: &T, width: u32) -> Masked<'static> {
    match value.bucket(width) {
        Some(lower) => Masked::value_of(lower),
        None => redacted::<C>(),
    }
}

/// Counts, and tells once, that a pseudonym could not be made.
#[cold]
fn without_key(class: &'static str) {
    use core::sync::atomic::{AtomicBool, Ordering};

    static TOLD: AtomicBool = AtomicBool::new(false);
    #[cfg(feature = "init")]
    crate::record::lane::health::count(crate::record::lane::health::Loss::NoKey);
    // Relaxed: nothing depends on who tells it.
    if !TOLD.swap(true, Ordering::Relaxed) {
        let what_to_do = if cfg!(feature = "hmac") {
            "set `TICKSPAN_HMAC_KEY` or `with_hmac_key` to at least 32 bytes"
        } else {
            "build tickspan with its feature `hmac`, and set `TICKSPAN_HMAC_KEY`"
        };
        tracing::warn!(
            class,
            what_to_do,
            "there is no key for `export = hmac`, so values are withheld"
        );
    }
}
