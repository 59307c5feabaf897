//! The header `tracestate`: what the tracing systems on the way want to be told again.
//!
//! As [W3C Trace Context, level 2](https://www.w3.org/TR/trace-context-2/#tracestate-header) has it. It is sent on as it
//! came: a service changes only the members of its own tracing system, and this one has none.

use opentelemetry::trace::TraceState;

/// The most members.
const MOST_MEMBERS: usize = 32;

/// The most characters that are kept; the standard asks for at least so many.
pub(crate) const MOST_CHARACTERS: usize = 512;

/// The members that go first where there are too many characters are those above this length.
const LONG_MEMBER: usize = 128;

/// What the headers of this name say together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// One header that says it.
    pub(crate) header: String,
    /// Whether something was left out: all of it, if it was malformed, or what was beyond the limit.
    pub(crate) dropped: bool,
}

impl Parsed {
    fn malformed() -> Self {
        Self {
            header: String::new(),
            dropped: true,
        }
    }
}

/// Reads the values of all headers of this name, in their order.
pub(crate) fn parse<'a>(headers: impl Iterator<Item = &'a [u8]>) -> Parsed {
    let mut members: Vec<(&str, &str)> = Vec::with_capacity(4);
    for header in headers {
        // What is not ASCII is refused with the member that it is in.
        let Ok(header) = core::str::from_utf8(header) else {
            return Parsed::malformed();
        };
        for member in header.split(',') {
            let member = member.trim_matches([' ', '\t']);
            if member.is_empty() {
                continue;
            }
            let read = member.split_once('=').filter(|(key, value)| {
                is_key(key) && is_value(value) && members.iter().all(|(other, _)| other != key)
            });
            match read {
                Some(member) if members.len() < MOST_MEMBERS => members.push(member),
                _ => return Parsed::malformed(),
            }
        }
    }
    if members.is_empty() {
        return Parsed::default();
    }
    let dropped = shorten(&mut members);
    Parsed {
        header: joined(|| members.iter().copied()),
        dropped,
    }
}

/// What a header says that [`parse`] gave.
pub(crate) fn state(header: &str) -> TraceState {
    let members = header
        .split(',')
        .filter_map(|member| member.split_once('='));
    // Nothing of it is refused: each key is one for it, too.
    TraceState::from_key_value(members).unwrap_or_default()
}

/// The header of a trace state. Its own method makes a text of each member first.
pub(crate) fn format(state: &TraceState) -> String {
    joined(|| state.into_iter())
}

fn joined<'a, I: Iterator<Item = (&'a str, &'a str)>>(members: impl Fn() -> I) -> String {
    let mut header = String::with_capacity(members().map(|it| length(it) + 1).sum());
    for (key, value) in members() {
        if !header.is_empty() {
            header.push(',');
        }
        header.push_str(key);
        header.push('=');
        header.push_str(value);
    }
    header
}

fn length((key, value): (&str, &str)) -> usize {
    key.len() + 1 + value.len()
}

/// Removes members until the others fit, as the standard says: long ones first, then from the end.
fn shorten(members: &mut Vec<(&str, &str)>) -> bool {
    let mut excess = (members.iter().map(|it| length(*it) + 1).sum::<usize>())
        .saturating_sub(1 + MOST_CHARACTERS);
    let too_long = excess > 0;
    let mut remove = |members: &mut Vec<(&str, &str)>, place: usize| {
        let removed = members.remove(place);
        excess = excess.saturating_sub(length(removed) + 1);
        excess > 0
    };
    let mut go_on = too_long;
    while go_on {
        let long = members.iter().rposition(|it| length(*it) > LONG_MEMBER);
        go_on = match long.or(members.len().checked_sub(1)) {
            Some(place) => remove(members, place),
            None => false,
        };
    }
    too_long
}

/// Level 2 allows any of these characters after the first. OpenTelemetry's `TraceState` holds level 1 to the place of `@`:
/// once, before a letter or digit, and at most 13 characters from the end.
fn is_key(key: &str) -> bool {
    let first = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let any = |byte: u8| first(byte) || matches!(byte, b'_' | b'-' | b'*' | b'/');
    let key = key.as_bytes();
    let (tenant, system) = match key.iter().position(|byte| *byte == b'@') {
        Some(at) => (&key[..at], &key[at + 1..]),
        None => (key, &[][..]),
    };
    key.len() <= 256
        && tenant.first().is_some_and(|byte| first(*byte))
        && tenant.iter().all(|byte| any(*byte))
        && system.len() <= 13
        && system.first().is_none_or(|byte| first(*byte))
        && system.iter().all(|byte| any(*byte))
}

fn is_value(value: &str) -> bool {
    value.len() <= 256
        && value.bytes().next_back().is_some_and(|last| last != b' ')
        && value
            .bytes()
            .all(|byte| matches!(byte, 0x20..=0x7e) && byte != b',' && byte != b'=')
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn parsed(headers: &[&str]) -> Parsed {
        parse(headers.iter().map(|header| header.as_bytes()))
    }

    fn kept(headers: &[&str]) -> String {
        let parsed = parsed(headers);
        assert!(!parsed.dropped, "{headers:?}");
        parsed.header
    }

    #[test]
    fn members_keep_their_order() {
        assert_eq!(
            kept(&["congo=t61rcWkgMzE,rojo=00f0"]),
            "congo=t61rcWkgMzE,rojo=00f0"
        );
        assert_eq!(kept(&["b=2 ,\ta= 1"]), "b=2,a= 1");
        assert_eq!(kept(&["", ",,", "a=1,"]), "a=1");
        assert_eq!(
            kept(&["fw529a3039@dt=FfffCq,0vendor/x*_-=~!"]),
            "fw529a3039@dt=FfffCq,0vendor/x*_-=~!"
        );
        assert_eq!(kept(&[]), "");
    }

    #[test]
    fn headers_of_one_name_are_one_list() {
        assert_eq!(kept(&["a=1", "b=2,c=3"]), "a=1,b=2,c=3");
    }

    #[test]
    fn malformed_lists_are_left_out_as_a_whole() {
        let long_key = format!("{}=1", "k".repeat(257));
        let long_value = format!("k={}", "v".repeat(257));
        for header in [
            "a",
            "=1",
            "a=",
            "A=1",
            "_a=1",
            "a b=1",
            "a=1=2",
            "a=\u{7f}",
            "a=é",
            "a=\n",
            "a=1,a=2",
            "a=1;b=2,é",
            &long_key,
            &long_value,
        ] {
            assert_eq!(parsed(&[header]), Parsed::malformed(), "{header:?}");
        }
        assert_eq!(parse([&b"a=\xff"[..]].into_iter()), Parsed::malformed());
    }

    #[test]
    fn more_than_32_members_are_malformed() {
        let list = |count: usize| {
            (0..count)
                .map(|number| format!("k{number}=v"))
                .collect::<Vec<_>>()
                .join(",")
        };
        assert_eq!(kept(&[&list(32)]), list(32));
        assert_eq!(parsed(&[&list(33)]), Parsed::malformed());
        assert_eq!(parsed(&[&list(32), "a=1"]), Parsed::malformed());
    }

    #[test]
    fn what_is_beyond_512_characters_goes_long_members_first() {
        let long = format!("long={}", "v".repeat(130));
        let short = |key: &str| format!("{key}={}", "v".repeat(98));
        // 100 each: a, b, long, c, d, e.
        let list = [
            short("a"),
            short("b"),
            long,
            short("c"),
            short("d"),
            short("e"),
        ]
        .join(",");
        let shortened = parsed(&[&list]);
        assert!(shortened.dropped);
        let keys = |parsed: &Parsed| {
            (state(&parsed.header).into_iter())
                .map(|(key, _)| key.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(&shortened), ["a", "b", "c", "d", "e"]);
        assert_eq!(shortened.header.len(), 504);

        let list = ["a", "b", "c", "d", "e", "f"].map(short).join(",");
        assert_eq!(keys(&parsed(&[&list])), ["a", "b", "c", "d", "e"]);

        let exact = format!(
            "{},a={}",
            ["a1", "b", "c", "d"].map(short).join(","),
            "v".repeat(512 - 405 - 2)
        );
        assert_eq!((exact.len(), kept(&[&exact])), (512, exact));
    }

    proptest! {
        #[test]
        fn keys_are_those_of_opentelemetry(key in "[a-c0A@_*/-]{0,6}(@[a-z@_0]{0,15})?") {
            let theirs = !key.is_empty() && TraceState::from_key_value([(&key, "v")]).is_ok();
            prop_assert_eq!(is_key(&key), theirs);
        }

        #[test]
        fn any_bytes_are_read_or_left_out(headers in vec(vec(any::<u8>(), 0..200), 0..4)) {
            let parsed = parse(headers.iter().map(Vec::as_slice));
            prop_assert!(parsed.header.len() <= MOST_CHARACTERS);
            prop_assert_eq!(format(&state(&parsed.header)), parsed.header);
        }

        #[test]
        fn what_is_sent_on_is_read_as_it_was(header in "([a-z][a-z0-9]{0,3}=[ -+--<>-~]{1,30}[!-+],?){0,40}") {
            let once = parsed(&[&header]);
            prop_assert!(once.header.len() <= MOST_CHARACTERS);
            let again = parsed(&[&once.header]);
            prop_assert!(!again.dropped);
            prop_assert_eq!(again.header, once.header);
        }
    }
}
