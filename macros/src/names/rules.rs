// Which names are sensitive, and which are public by definition in the trade.
//
// The one source of these rules: the macros compile this file, and hand its text to the runtime, which compiles it
// again (`__name_rules!`). So it names nothing outside of itself and `core`, all of it can run while compiling, and it
// has no inner comments, which may not stand in the middle of a file.
//
// A name is split into words, and rules match whole words, or words that stand side by side, never parts of words:
// `authority` holds no `auth`.

/// What a sensitive name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What opens something: a password, a key, a token.
    Secret,
    /// What tells something of a person: an e-mail address, an account number.
    Personal,
}

/// Which values may stand under a sensitive name all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exemption {
    /// Truth values: `has_password`. They may stand under each sensitive name.
    Truths,
    /// Integers too: the name is a plural, and they count: `passwords`.
    Counts,
    /// Whatever is neither text nor bytes: the last word says what is told of the sensitive thing: `password_len`.
    Measures,
}

/// Why a name is sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it names.
    pub kind: Kind,
    /// What may stand under it.
    pub exemption: Exemption,
}

/// Sensitive words, in the language of [`find_words`].
#[rustfmt::skip]
const WORDS: &[(Kind, &str)] = &[
    (Kind::Secret, "password|passwd|pwd|passphrase|passcode|secret|credential|creds|otp|totp|jwt|cvv|cvc|cvv2|cvc2|privkey"),
    (Kind::Secret, "api|secret|private|access|signing|encryption|decryption|session|listen|app|auth|hmac|ssh|pem|wallet|master|service key"),
    (Kind::Secret, "auth|access|refresh|session|bearer|id|api|csrf|xsrf token"),
    (Kind::Secret, "seed|recovery|mnemonic phrase"),
    (Kind::Secret, "seed word"),
    (Kind::Secret, "wallet|seed mnemonic"),
    (Kind::Secret, "auth|authorization header"),
    (Kind::Secret, "set cookie"),
    (Kind::Secret, "session|auth cookie"),
    (Kind::Secret, "two factor code|token"),
    (Kind::Secret, "2 fa code|token"),
    (Kind::Secret, "mfa code|token"),
    (Kind::Secret, "verification code"),
    (Kind::Secret, "security answer"),
    (Kind::Secret, "pin code|number"),
    (Kind::Secret, "user|card|login|trading pin"),
    (Kind::Secret, "=pin"),
    (Kind::Secret, "=authorization"),
    (Kind::Personal, "ssn|itin|nino|iban|bban|email|phone|msisdn|dob|passport|surname|aadhaar|pesel|nric"),
    (Kind::Personal, "social security"),
    (Kind::Personal, "national id|insurance"),
    (Kind::Personal, "tax id|identification|number"),
    (Kind::Personal, "taxpayer id"),
    (Kind::Personal, "driver|drivers license|licence"),
    (Kind::Personal, "driving licence"),
    (Kind::Personal, "identity card"),
    (Kind::Personal, "account|acct number|no|num"),
    (Kind::Personal, "bank account|acct"),
    (Kind::Personal, "routing number|no"),
    (Kind::Personal, "sort code"),
    (Kind::Personal, "credit|debit card"),
    (Kind::Personal, "card number|no|num|holder|expiry"),
    (Kind::Personal, "first|last|middle|maiden|given|customer|holder|beneficiary|employee name"),
    (Kind::Personal, "birth date|place|year"),
    (Kind::Personal, "date|place of birth"),
    (Kind::Personal, "home|street|postal|mailing|residential|billing address"),
    (Kind::Personal, "phone|mobile number"),
    (Kind::Personal, "client|user|customer ip"),
];

/// Keys of the semantic conventions that are sensitive as a whole.
#[rustfmt::skip]
const KEYS: &[(Kind, &str)] = &[
    (Kind::Personal, "user.email"),
    (Kind::Personal, "user.full_name"),
    (Kind::Personal, "enduser.id"),
    (Kind::Personal, "client.address"),
    (Kind::Secret, "http.request.header.authorization"),
    (Kind::Secret, "http.request.header.cookie"),
    (Kind::Secret, "url.full"),
    (Kind::Secret, "url.query"),
    (Kind::Secret, "db.query.text"),
];

/// Words that are often written as one.
#[rustfmt::skip]
const COMPOUNDS: &[&str] = &[
    "api key", "api secret", "api token", "access key", "access token", "account number", "account no", "acct no", "acct number",
    "auth key", "auth token", "bank account", "bearer token", "billing address", "birth date", "birth place", "birth year", "card holder",
    "card number", "client secret", "credit card", "customer name", "date of birth", "debit card", "email address", "encryption key",
    "first name", "given name", "home address", "id token", "ip address", "last name", "listen key", "maiden name", "master key",
    "middle name", "mobile number", "national id", "phone number", "pin code", "private key", "recovery phrase", "refresh token",
    "routing number", "secret key", "seed phrase", "session key", "session token", "set cookie", "signing key", "social security",
    "sort code", "street address", "tax id", "tax number", "user password", "verification code", "wallet key",
];

/// Last words that say what is told of the thing before them, and not the thing.
#[rustfmt::skip]
const HEAD_NOUNS: &str = "count|len|length|size|index|idx|ttl|secs|seconds|sec|ms|millis|us|micros|ns|nanos|timeout|expiry|expiration|expires|\
    deadline|delay|duration|latency|age|version|kind|type|status|state|outcome|enabled|policy|strength|level|limit|date|time|at|since|until|\
    id|manager|provider|store|request|model|config|mode|format|attempt|retry|retries|failure|error|rotation|total|rate|ratio";

/// Words that end in `s` and are no plurals.
const NO_PLURALS: &str = "address|status|pass|bus|gas|axis|basis|bps|expires|alias|bias|canvas|chaos|corpus|focus|radius|series|this|thus|cross|\
    across|always|plus|minus|previous|process|progress|success|access|class|loss|less|business|analysis|hours|bonus|virus|census|consensus|ms|us|ns";

/// Names under which text is public. Sorted: looked up by halving.
#[rustfmt::skip]
const MARKET: &[&str] = &[
    "asset", "asset_id", "base", "block_hash", "broker", "broker_type", "ccy", "chain", "client_order_id", "component", "condition_id",
    "currency", "direction", "event_id", "event_type", "exchange", "exec_id", "instrument", "instrument_id", "interval", "leg", "log_level",
    "market", "market_id", "method", "mic", "mode", "operation", "operation_id", "ord_type", "order_id", "order_type", "pair", "pipeline",
    "pipeline_id", "pool", "queue", "quote", "route", "security_id", "side", "signal", "signal_id", "signal_type", "source", "stage", "status",
    "strategy", "strategy_id", "symbol", "ticker", "tif", "time_in_force", "timeframe", "token_id", "topic", "trade_id", "trigger_mode",
    "tx_hash", "venue",
];

/// Why `name` is sensitive, if it is: an identifier, or the key of an attribute.
pub const fn sensitive(name: &str) -> Option<Finding> {
    let bytes = plain_bytes(name);
    let mut at = 0;
    while at < KEYS.len() {
        if is_same(bytes, KEYS[at].1.as_bytes()) {
            return Some(Finding {
                kind: KEYS[at].0,
                exemption: Exemption::Truths,
            });
        }
        at += 1;
    }
    let mut finding: Option<Finding> = None;
    at = 0;
    while at < WORDS.len() {
        let (kind, rule) = WORDS[at];
        finding = stricter(finding, finding_of(kind, rule, name));
        at += 1;
    }
    finding
}

/// Why `name` is sensitive by one rule, in the language of [`find_words`].
pub const fn finding_of(kind: Kind, rule: &str, name: &str) -> Option<Finding> {
    match find_words(rule, name) {
        None => None,
        Some(found) => Some(Finding {
            kind,
            exemption: exemption(name, found),
        }),
    }
}

/// The one that exempts less; of equals, the first.
pub const fn stricter(first: Option<Finding>, second: Option<Finding>) -> Option<Finding> {
    match (first, second) {
        (Some(a), Some(b)) if rank(b.exemption) < rank(a.exemption) => Some(b),
        (None, second) => second,
        (first, _) => first,
    }
}

const fn rank(exemption: Exemption) -> u8 {
    match exemption {
        Exemption::Truths => 0,
        Exemption::Counts => 1,
        Exemption::Measures => 2,
    }
}

/// Whether text under this whole name is public by definition in the trade.
pub const fn is_market_name(name: &str) -> bool {
    let bytes = plain_bytes(name);
    let (mut low, mut high) = (0, MARKET.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        match order(MARKET[middle].as_bytes(), bytes) {
            0 => return true,
            1 => high = middle,
            _ => low = middle + 1,
        }
    }
    false
}

/// Whether a name's last word says what is told of the thing before it: a length, a kind, a time.
pub const fn ends_in_head_noun(name: &str) -> bool {
    let bytes = plain_bytes(name);
    match last_word(bytes) {
        Some(last) => is_one_of(bytes, last, HEAD_NOUNS.as_bytes(), 0, HEAD_NOUNS.len()),
        None => false,
    }
}

/// Where a rule is found among the words of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whether one of the places is at the name's end.
    pub at_end: bool,
}

/// Looks for the words of `rule` in `name`, side by side and in order.
///
/// Words of a rule stand apart by spaces or `_`; `|` separates words of which one must be there. After a `=` the
/// rule must be the whole name. So `card number|no` is found in `CardNumber` and `client_card_no`, and `=pin` in `pin`
/// alone.
pub const fn find_words(rule: &str, name: &str) -> Option<Found> {
    let rule = rule.as_bytes();
    let bytes = plain_bytes(name);
    let whole = !rule.is_empty() && rule[0] == b'=';
    let begin = if whole { 1 } else { 0 };
    let mut found = None;
    let mut words = Words::of(bytes);
    while let Some(after) = words.peek() {
        if let Some(rest) = words_match(rule, begin, words) {
            let at_end = rest.peek().is_none();
            if at_end {
                return Some(Found { at_end });
            }
            if !whole {
                found = Some(Found { at_end });
            }
        }
        if whole {
            return None;
        }
        words = after.rest;
    }
    found
}

/// The words that are left after those of the rule, if it matches the first ones.
const fn words_match<'a>(rule: &[u8], begin: usize, words: Words<'a>) -> Option<Words<'a>> {
    let mut words = words;
    let mut from = begin;
    while from < rule.len() {
        if is_space(rule[from]) {
            from += 1;
            continue;
        }
        let mut to = from;
        while to < rule.len() && !is_space(rule[to]) {
            to += 1;
        }
        match words.peek() {
            Some(next) if is_one_of(words.bytes, next, rule, from, to) => words = next.rest,
            _ => return None,
        }
        from = to;
    }
    Some(words)
}

const fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'_'
}

/// What may stand under a name in which a rule was found.
const fn exemption(name: &str, found: Found) -> Exemption {
    let bytes = plain_bytes(name);
    if !found.at_end && ends_in_head_noun(name) {
        return Exemption::Measures;
    }
    match last_word(bytes) {
        Some(last) if is_plural(bytes, last) => Exemption::Counts,
        _ => Exemption::Truths,
    }
}

/// A word of a name, and what follows it.
#[derive(Clone, Copy)]
struct Word<'a> {
    start: usize,
    end: usize,
    rest: Words<'a>,
}

/// The words of a name, one after the other.
#[derive(Clone, Copy)]
struct Words<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Where the compound ends whose words are being told, and what it is.
    compound: Option<(usize, &'static [u8], usize)>,
}

impl<'a> Words<'a> {
    const fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            compound: None,
        }
    }

    const fn peek(self) -> Option<Word<'a>> {
        let bytes = self.bytes;
        if let Some((end, compound, told)) = self.compound {
            return Some(part(bytes, self.at, end, compound, told));
        }
        let mut start = self.at;
        while start < bytes.len() && !is_letter_or_digit(bytes[start]) {
            start += 1;
        }
        if start == bytes.len() {
            return None;
        }
        let mut end = start + 1;
        while end < bytes.len() && is_letter_or_digit(bytes[end]) && !begins_a_word(bytes, end) {
            end += 1;
        }
        // `cvv2` and `cvc2` are words.
        if end < bytes.len()
            && bytes[end] == b'2'
            && (end + 1 == bytes.len() || !bytes[end + 1].is_ascii_digit())
            && end - start == 3
            && is_one_of_span(bytes, start, end, b"cvv|cvc")
        {
            end += 1;
        }
        match compound_of(bytes, start, end) {
            Some(compound) => Some(part(bytes, start, end, compound, 0)),
            None => Some(Word {
                start,
                end,
                rest: Words {
                    bytes,
                    at: end,
                    compound: None,
                },
            }),
        }
    }
}

/// The word of a compound that begins at `told` in its spelling and at `start` in the name.
const fn part<'a>(
    bytes: &'a [u8],
    start: usize,
    end: usize,
    compound: &'static [u8],
    told: usize,
) -> Word<'a> {
    let mut to = told;
    while to < compound.len() && compound[to] != b' ' {
        to += 1;
    }
    if to == compound.len() {
        return Word {
            start,
            end,
            rest: Words {
                bytes,
                at: end,
                compound: None,
            },
        };
    }
    let stop = start + (to - told);
    Word {
        start,
        end: stop,
        rest: Words {
            bytes,
            at: stop,
            compound: Some((end, compound, to + 1)),
        },
    }
}

/// The compound that is spelled here as one word, also as a plural.
const fn compound_of(bytes: &[u8], start: usize, end: usize) -> Option<&'static [u8]> {
    let mut at = 0;
    while at < COMPOUNDS.len() {
        let compound = COMPOUNDS[at].as_bytes();
        let (mut told, mut here) = (0, start);
        while told < compound.len() {
            if compound[told] == b' ' {
                told += 1;
                continue;
            }
            if here == end || bytes[here].to_ascii_lowercase() != compound[told] {
                break;
            }
            told += 1;
            here += 1;
        }
        let plural = here + 1 == end && bytes[here].eq_ignore_ascii_case(&b's');
        if told == compound.len() && (here == end || plural) {
            return Some(compound);
        }
        at += 1;
    }
    None
}

/// Bytes of text beyond ASCII are letters: a name in another script is one word.
const fn is_letter_or_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// Whether a word begins at `at`, with the byte before it in another: `apiKey`, `APIKey`, `token0`.
const fn begins_a_word(bytes: &[u8], at: usize) -> bool {
    let (before, here) = (bytes[at - 1], bytes[at]);
    if before.is_ascii_digit() != here.is_ascii_digit() {
        return true;
    }
    if !here.is_ascii_uppercase() {
        return false;
    }
    // In `APIKeys` and `IDs` the last capital begins a word only if more than a plural `s` follows.
    !before.is_ascii_uppercase()
        || (at + 1 < bytes.len()
            && bytes[at + 1].is_ascii_lowercase()
            && !(bytes[at + 1] == b's'
                && (at + 2 == bytes.len() || !bytes[at + 2].is_ascii_lowercase())))
}

const fn last_word(bytes: &[u8]) -> Option<Word<'_>> {
    let mut last = None;
    let mut words = Words::of(bytes);
    while let Some(word) = words.peek() {
        last = Some(word);
        words = word.rest;
    }
    last
}

/// Whether a word is one of those between `from` and `to` in `list`, as it is or without its plural `s`.
const fn is_one_of(bytes: &[u8], word: Word<'_>, list: &[u8], from: usize, to: usize) -> bool {
    let singular = if is_plural(bytes, word) {
        word.end - 1
    } else {
        word.end
    };
    let mut start = from;
    while start < to {
        let mut stop = start;
        while stop < to && list[stop] != b'|' {
            stop += 1;
        }
        if is_spelled(bytes, word.start, word.end, list, start, stop)
            || is_spelled(bytes, word.start, singular, list, start, stop)
        {
            return true;
        }
        start = stop + 1;
    }
    false
}

const fn is_one_of_span(bytes: &[u8], start: usize, end: usize, list: &[u8]) -> bool {
    let mut from = 0;
    while from < list.len() {
        let mut to = from;
        while to < list.len() && list[to] != b'|' {
            to += 1;
        }
        if is_spelled(bytes, start, end, list, from, to) {
            return true;
        }
        from = to + 1;
    }
    false
}

/// Whether a word ends in a plural `s`: words of more than three letters, and a few short ones.
const fn is_plural(bytes: &[u8], word: Word<'_>) -> bool {
    let length = word.end - word.start;
    if length == 3 {
        return is_one_of_span(bytes, word.start, word.end, b"ids|ips|nos");
    }
    length > 3
        && bytes[word.end - 1].eq_ignore_ascii_case(&b's')
        && !bytes[word.end - 2].eq_ignore_ascii_case(&b's')
        && !is_one_of_span(bytes, word.start, word.end, NO_PLURALS.as_bytes())
}

/// Whether `bytes[start..end]` is `list[from..to]`, whatever its case.
const fn is_spelled(
    bytes: &[u8],
    start: usize,
    end: usize,
    list: &[u8],
    from: usize,
    to: usize,
) -> bool {
    if end - start != to - from {
        return false;
    }
    let mut at = 0;
    while at < end - start {
        if bytes[start + at].to_ascii_lowercase() != list[from + at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn is_same(bytes: &[u8], other: &[u8]) -> bool {
    is_spelled(bytes, 0, bytes.len(), other, 0, other.len())
}

/// 0 for equal, 1 if `a` comes after `b`, 2 if before.
const fn order(a: &[u8], b: &[u8]) -> u8 {
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return if a[at] > b[at] { 1 } else { 2 };
        }
        at += 1;
    }
    if a.len() == b.len() {
        0
    } else if a.len() > b.len() {
        1
    } else {
        2
    }
}

/// A name without what only Rust sees in it: `r#`, and `_` at its ends.
const fn plain_bytes(name: &str) -> &[u8] {
    let mut bytes = name.as_bytes();
    if let [b'r', b'#', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [b'_', rest @ ..] = bytes {
        bytes = rest;
    }
    while let [rest @ .., b'_'] = bytes {
        bytes = rest;
    }
    bytes
}

/// The fingerprint of a `tickspan.toml`: FNV-1a, 64 bits. It tells whether a file is the one that was compiled in; it
/// is no protection against somebody who forges one.
pub const fn fingerprint(file: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < file.len() {
        hash = (hash ^ file[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}
