//! What the program says about other crates' data.

use std::collections::{BTreeMap, BTreeSet};

use crate::privacy::names;

/// What may leave the process of the data that other crates record with `tracing`, or set on spans through the API of
/// OpenTelemetry.
///
/// A stage records what is proven. Nobody can prove at compile time what a library writes into its spans and
/// events, so one policy says what of it is exported, at every exporter, on both routes, and in console lines.
/// What stages record is not its matter.
///
/// | policy | what is exported of other crates' data |
/// |---|---|
/// | [`checked`](Self::checked), the default | everything, but values under keys that name a secret or personal data, and the text of errors; their place is kept, with a marker |
/// | [`allow_list`](Self::allow_list) | values under keys that are known to be safe, that stages record too, or that are named here; events of their own words only from the targets named here |
/// | [`none`](Self::none) | names, parents and times of spans |
///
/// ```no_run
/// use tickspan::ForeignData;
///
/// # fn main() -> Result<(), tickspan::Error> {
/// let _telemetry = tickspan::builder()
///     .with_foreign_data(
///         ForeignData::allow_list()
///             .with_keys(["retries", "feed.sequence"])
///             .with_messages_from(["market_feed::session"]),
///     )
///     .init()?;
/// # Ok(())
/// # }
/// ```
///
/// What is withheld is counted: [`withheld`](crate::withheld()).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForeignData {
    pub(crate) policy: Policy,
    pub(crate) keys: BTreeSet<String>,
    /// Sensitive names that are something else here, and why.
    pub(crate) allowed: BTreeMap<String, String>,
    pub(crate) targets: Vec<String>,
}

/// From the most open to the most closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Policy {
    #[default]
    Checked,
    AllowList,
    None,
}

impl ForeignData {
    /// Everything is exported, but what stands under a key that names a secret or personal data, and the text
    /// of errors.
    pub fn checked() -> Self {
        Self::of(Policy::Checked)
    }

    /// Nothing is exported but values under known keys. An event keeps its place and its time, and loses its
    /// words unless its target is named.
    pub fn allow_list() -> Self {
        Self::of(Policy::AllowList)
    }

    /// Spans keep their names, parents, links and times, and nothing else. There are no events.
    pub fn none() -> Self {
        Self::of(Policy::None)
    }

    /// Names keys whose values are exported under [`allow_list`](Self::allow_list), and keys whose values are
    /// exported although they hold the text of an error, such as `error`.
    ///
    /// A key that names a secret or personal data is refused by [`init`](crate::Builder::init); where the rules are wrong,
    /// [`with_allowed_name`](Self::with_allowed_name) opens it. Under [`none`](Self::none) it changes nothing.
    #[must_use]
    pub fn with_keys<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.keys.extend(keys.into_iter().map(Into::into));
        self
    }

    /// Names a key that reads like a secret or personal data and is something else, as `allow_name` does for what
    /// stages record. Its values are exported as those of [`with_keys`](Self::with_keys).
    ///
    /// The reason says why anybody may see them, in at least three words and 15 characters; else
    /// [`init`](crate::Builder::init) refuses it. Under [`none`](Self::none) it changes nothing.
    ///
    /// ```
    /// use tickspan::ForeignData;
    ///
    /// let data = ForeignData::checked()
    ///     .with_allowed_name("pin", "number of a contact on the feed's circuit board");
    /// ```
    #[must_use]
    pub fn with_allowed_name(mut self, key: impl Into<String>, reason: impl Into<String>) -> Self {
        self.allowed.insert(key.into(), reason.into());
        self
    }

    /// Names targets whose events keep their words, and whose log records keep their bodies, under
    /// [`allow_list`](Self::allow_list): `feed` stands for `feed` and for all that begins with `feed::`.
    #[must_use]
    pub fn with_messages_from<T: Into<String>>(
        mut self,
        targets: impl IntoIterator<Item = T>,
    ) -> Self {
        self.targets.extend(targets.into_iter().map(Into::into));
        self
    }

    /// The first key that may not be opened so, and what is accepted in its place.
    pub(crate) fn fault(&self) -> Option<(&str, &'static str)> {
        let mut keys = self.keys.iter();
        let mut allowed = self.allowed.iter();
        if let Some(key) = keys.find(|key| names::sensitive(key).is_some()) {
            let accepted = "keys that name neither a secret nor personal data; one that is something else is opened \
                            by `with_allowed_name(key, reason)`";
            return Some((key, accepted));
        }
        let (key, _) = allowed.find(|(_, reason)| !names::is_reason(reason))?;
        let accepted = "a reason of at least three words and 15 characters, which says why anybody may see the values";
        Some((key, accepted))
    }

    pub(crate) fn of(policy: Policy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// The same, and at least as closed as `policy`.
    pub(crate) fn tightened(mut self, policy: Policy) -> Self {
        self.policy = self.policy.max(policy);
        self
    }

    /// Whether events of a target keep their words.
    pub(super) fn opens_messages_of(&self, target: &str) -> bool {
        self.targets.iter().any(|named| {
            target
                .strip_prefix(named.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        })
    }
}

impl Policy {
    /// As the variable says it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::AllowList => "allow-list",
            Self::None => "none",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_of_two_counts() {
        let policy = |chosen: ForeignData, variable| chosen.tightened(variable).policy;
        assert_eq!(policy(ForeignData::checked(), Policy::None), Policy::None);
        assert_eq!(policy(ForeignData::none(), Policy::Checked), Policy::None);
        assert_eq!(
            policy(ForeignData::allow_list(), Policy::Checked),
            Policy::AllowList
        );
    }

    #[test]
    fn a_target_stands_for_those_below_it() {
        let data = ForeignData::allow_list().with_messages_from(["feed", "book::levels"]);
        for (target, opened) in [
            ("feed", true),
            ("feed::session", true),
            ("feeder", false),
            ("book", false),
            ("book::levels::best", true),
            ("", false),
        ] {
            assert_eq!(data.opens_messages_of(target), opened, "{target}");
        }
    }
}
