//! `tickspan.toml`: what a team says of names, read into rules that cannot be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::rules::{self, Finding, Kind};
use crate::diagnostics::suggest;
use crate::reason;

/// What a `tickspan.toml` adds to the rules of names; without a file, nothing.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct File {
    /// Whether an argument that would be skipped is an error.
    pub(crate) strict: bool,
    sensitive: Vec<(Kind, String)>,
    /// Names and reasons.
    public: BTreeMap<String, String>,
    not_public: BTreeSet<String>,
    no_market_name: bool,
}

/// What is wrong with a file, and in which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) what: String,
}

impl File {
    /// Reads a file, or tells the first fault of it.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        Reader { text }.read()
    }

    /// Why `name` is sensitive, if it is.
    pub(super) fn sensitive(&self, name: &str) -> Option<Finding> {
        self.sensitive
            .iter()
            .map(|(kind, rule)| rules::finding_of(*kind, rule, name))
            .fold(rules::sensitive(name), rules::stricter)
    }

    /// Whether text under this whole name is public.
    pub(super) fn is_public_name(&self, name: &str) -> bool {
        let name = plain(name);
        self.public.contains_key(name)
            || !self.no_market_name
                && !self.not_public.contains(name)
                && rules::is_market_name(name)
    }

    /// Why the file makes text under this whole name public, if it does.
    pub(super) fn reason_of(&self, name: &str) -> Option<&str> {
        self.public.get(plain(name)).map(String::as_str)
    }
}

/// A name without what only Rust sees in it.
fn plain(name: &str) -> &str {
    name.trim_start_matches("r#").trim_matches('_')
}

type Value<'t> = Spanned<DeValue<'t>>;

struct Reader<'t> {
    text: &'t str,
}

impl<'t> Reader<'t> {
    fn read(&self) -> Result<File, Fault> {
        let table = DeTable::parse(self.text)
            .map_err(|error| self.fault(error.span().unwrap_or_default(), error.message()))?;
        let mut file = File::default();
        self.each(
            table.get_ref(),
            "",
            &["names", "strict", "vocabulary"],
            |key, value| {
                match key {
                    "strict" => match value.get_ref() {
                        DeValue::Boolean(strict) => file.strict = *strict,
                        _ => return Err(self.fault(value.span(), "`strict` is `true` or `false`")),
                    },
                    "names" => self.names(value, &mut file)?,
                    _ => self.vocabulary(value, &mut file)?,
                }
                Ok(())
            },
        )?;
        self.contradictions(table.get_ref(), &file)?;
        Ok(file)
    }

    fn names(&self, value: &Value<'t>, file: &mut File) -> Result<(), Fault> {
        let table = self.table(value, "names")?;
        self.each(table, "names", &["personal", "secret"], |key, value| {
            let kind = if key == "secret" { Kind::Secret } else { Kind::Personal };
            let DeValue::Array(names) = value.get_ref() else {
                return Err(self.fault(value.span(), format!("a list of names: `{key} = [\"account_id\", \"=owner\"]`")));
            };
            for name in names {
                let DeValue::String(rule) = name.get_ref() else {
                    return Err(self.fault(name.span(), "a name is a string: \"account_id\""));
                };
                if !is_rule(rule) {
                    return Err(self.fault(
                        name.span(),
                        format!(
                            "`{rule}` is no name: it takes words of small letters and digits, apart by `_` or a space, \
                             `|` between words of which one must be there, and a `=` before what must be the whole name"
                        ),
                    ));
                }
                file.sensitive.push((kind, rule.to_string()));
            }
            Ok(())
        })
    }

    fn vocabulary(&self, value: &Value<'t>, file: &mut File) -> Result<(), Fault> {
        let table = self.table(value, "vocabulary")?;
        self.each(table, "vocabulary", &["add", "remove"], |action, value| {
            let table = self.table(value, &format!("vocabulary.{action}"))?;
            for (name, why) in table {
                let place = name.span();
                let name = name.get_ref().as_ref();
                let DeValue::String(text) = why.get_ref() else {
                    return Err(self.fault(why.span(), format!("say why: `{name} = \"...\"`")));
                };
                if let Some(fault) = reason::fault(text) {
                    return Err(self.fault(why.span(), fault));
                }
                match action {
                    "add" if !is_name(name) => {
                        return Err(self.fault(
                            place,
                            format!("`{name}` is no name of an argument or field: small letters, digits and `_`"),
                        ));
                    }
                    "add" => _ = file.public.insert(name.to_owned(), text.to_string()),
                    _ if name == "*" => file.no_market_name = true,
                    _ if !rules::is_market_name(name) => {
                        return Err(self.fault(
                            place,
                            format!("`{name}` is not in the market vocabulary, so it cannot be removed; \"*\" removes all of it"),
                        ));
                    }
                    _ => _ = file.not_public.insert(name.to_owned()),
                }
            }
            Ok(())
        })
    }

    /// A name cannot be public and sensitive.
    fn contradictions(&self, table: &DeTable<'t>, file: &File) -> Result<(), Fault> {
        let added = table
            .get("vocabulary")
            .and_then(|value| value.get_ref().get("add"))
            .and_then(|value| value.get_ref().as_table());
        for name in added.into_iter().flat_map(|names| names.keys()) {
            if file.sensitive(name.get_ref()).is_some() {
                return Err(self.fault(
                    name.span(),
                    format!(
                        "`{}` is a sensitive name, so its text is not public; give what holds it a name that says what \
                         it is",
                        name.get_ref()
                    ),
                ));
            }
        }
        Ok(())
    }

    fn table<'v>(&self, value: &'v Value<'t>, name: &str) -> Result<&'v DeTable<'t>, Fault> {
        value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.fault(value.span(), format!("`{name}` is a table: `[{name}]`")))
    }

    /// Reads each entry of a table, in the order of the file.
    fn each(
        &self,
        table: &DeTable<'t>,
        of: &str,
        known: &[&str],
        mut read: impl FnMut(&str, &Value<'t>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let place = if of.is_empty() {
                    String::new()
                } else {
                    format!(" in `[{of}]`")
                };
                let hint = suggest(name, known);
                return Err(self.fault(key.span(), format!("unknown key `{name}`{place}; {hint}")));
            }
            read(name, value)?;
        }
        Ok(())
    }

    fn fault(&self, at: Range<usize>, what: impl Into<String>) -> Fault {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        Fault {
            line: before.matches('\n').count() + 1,
            what: what.into(),
        }
    }
}

/// Whether text is in the language of [`rules::finding_of`].
fn is_rule(rule: &str) -> bool {
    let words = rule.strip_prefix('=').unwrap_or(rule);
    words.split([' ', '_']).all(|words| {
        words.split('|').all(|word| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_digit() || c.is_alphabetic() && !c.is_uppercase())
        })
    })
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && plain(name) == name
        && name
            .chars()
            .all(|c| c == '_' || c.is_ascii_digit() || c.is_alphabetic() && !c.is_uppercase())
}

#[cfg(test)]
mod tests {
    use super::{Fault, File, Kind};

    const WHOLE: &str = r#"
strict = true

[names]
personal = ["account_id", "=owner", "trader|member id"]
secret = ["desk vault"]

[vocabulary.add]
desk = "names of trading desks, printed in the annual report"

[vocabulary.remove]
source = "holds names of customers in this crate"
"#;

    fn fault(text: &str) -> (usize, String) {
        let Fault { line, what } = File::parse(text).unwrap_err();
        (line, what)
    }

    #[test]
    fn a_file_adds_to_the_rules() {
        let file = File::parse(WHOLE).unwrap();
        let kind = |name| file.sensitive(name).map(|finding| finding.kind);
        assert!(file.strict);
        assert_eq!(kind("broker_account_id"), Some(Kind::Personal));
        assert_eq!(kind("memberId"), Some(Kind::Personal));
        assert_eq!(kind("owner"), Some(Kind::Personal));
        assert_eq!(kind("lock_owner"), None);
        assert_eq!(kind("desk_vault"), Some(Kind::Secret));
        assert_eq!(kind("password"), Some(Kind::Secret));
        assert!(file.is_public_name("desk"));
        assert!(file.is_public_name("r#desk"));
        assert!(file.is_public_name("symbol"));
        assert!(!file.is_public_name("source"));
        assert!(!file.is_public_name("note"));
    }

    #[test]
    fn no_file_adds_nothing() {
        assert_eq!(File::parse("").unwrap(), File::default());
        assert!(File::default().is_public_name("symbol"));
        assert!(File::default().sensitive("account_id").is_none());
    }

    #[test]
    fn the_vocabulary_can_be_emptied() {
        let file =
            File::parse("[vocabulary.remove]\n\"*\" = \"nothing is public by its name here\"")
                .unwrap();
        assert!(!file.is_public_name("symbol"));
    }

    #[test]
    fn faults_tell_their_line() {
        for (text, line, word) in [
            ("strict = maybe", 1, "string values must be quoted"),
            ("\n\nstrict = \"yes\"", 3, "`true` or `false`"),
            ("strict = true\nstrict = true", 2, "duplicate"),
            ("[names]\nsecert = []", 2, "did you mean `secret`?"),
            ("stict = true", 1, "did you mean `strict`?"),
            ("names = 3", 1, "`[names]`"),
            ("[names]\nsecret = \"pin\"", 2, "a list of names"),
            ("[names]\nsecret = [\"a\",\n3]", 3, "a name is a string"),
            ("[names]\nsecret = [\"account-id\"]", 2, "is no name"),
            ("[names]\nsecret = [\"\"]", 2, "is no name"),
            ("[names]\nsecret = [\"=\"]", 2, "is no name"),
            ("[names]\nsecret = [\"AccountId\"]", 2, "is no name"),
            ("[vocabulary.add]\ndesk = \"todo\"", 2, "is no reason"),
            ("[vocabulary.add]\ndesk = true", 2, "say why"),
            (
                "[vocabulary.add]\nDesk = \"names of desks, printed in a report\"",
                2,
                "is no name",
            ),
            (
                "[vocabulary.add]\napi_key = \"keys of the demo, printed in a report\"",
                2,
                "sensitive",
            ),
            (
                "[vocabulary.remove]\ndesk = \"not printed in any report\"",
                2,
                "not in the market vocabulary",
            ),
            (
                "[vocabulary]\nadded = 1",
                2,
                "unknown key `added` in `[vocabulary]`",
            ),
            (
                "[vocabulary.add]\nowner = \"names of owners, printed in a report\"\n[names]\npersonal = [\"owner\"]",
                2,
                "sensitive",
            ),
            ("[names", 1, "unclosed table"),
        ] {
            let (at, what) = fault(text);
            assert_eq!(at, line, "{text:?}: {what}");
            assert!(what.contains(word), "{text:?}: {what}");
        }
    }
}
