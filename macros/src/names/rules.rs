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

/// Sensitive words, in the language of [`finding_of`].
#[rustfmt::skip]
pub const WORDS: &[(Kind, &str)] = &[
    (Kind::Secret, "password|passwd|pwd|passphrase|passcode|passkey|secret|credential|creds|otp|totp|jwt|cvv|cvc|cvv2|cvc2|privkey"),
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
    (Kind::Secret, "verification|login|sms|access code"),
    (Kind::Secret, "one time code"),
    (Kind::Secret, "security answer"),
    (Kind::Secret, "pin code|number"),
    (Kind::Secret, "user|card|login|trading|old|new pin"),
    (Kind::Secret, "=pin"),
    (Kind::Secret, "=authorization"),
    (Kind::Personal, "ssn|itin|nino|iban|bban|email|phone|telephone|msisdn|dob|birthday|passport|surname|aadhaar|pesel|nric"),
    (Kind::Personal, "social security"),
    (Kind::Personal, "national id|insurance"),
    (Kind::Personal, "tax id|identification|number"),
    (Kind::Personal, "taxpayer id"),
    (Kind::Personal, "driver|drivers license|licence"),
    (Kind::Personal, "driving licence"),
    (Kind::Personal, "identity card"),
    (Kind::Personal, "account|acct number|no|num|nr|nbr"),
    (Kind::Personal, "bank account|acct"),
    (Kind::Personal, "routing number|no"),
    (Kind::Personal, "sort code"),
    (Kind::Personal, "credit|debit card"),
    (Kind::Personal, "card number|no|num|holder|expiry"),
    (Kind::Personal, "first|last|middle|maiden|given|customer|holder|beneficiary|employee name"),
    (Kind::Personal, "birth date|place|year"),
    (Kind::Personal, "date|place of birth"),
    (Kind::Personal, "home|street|postal|mailing|residential|billing address"),
    (Kind::Personal, "e mail"),
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
    let mut finding = None;
    let mut next = Some(Words::split(bytes, 0));
    while let Some(words) = next {
        at = 0;
        while at < WORDS.len() {
            let (kind, rule) = WORDS[at];
            finding = stricter(finding, words.finding_of(kind, rule.as_bytes()));
            at += 1;
        }
        next = words.following();
    }
    finding
}

/// Why `name` is sensitive by one rule of a team's own.
///
/// Words of a rule stand apart by spaces or `_`; `|` separates words of which one must be there. After a `=` the
/// rule must be the whole name. So `card number|no` is found in `CardNumber` and `client_card_no`, and `=pin` in `pin`
/// alone.
pub const fn finding_of(kind: Kind, rule: &str, name: &str) -> Option<Finding> {
    let mut finding = None;
    let mut next = Some(Words::split(plain_bytes(name), 0));
    while let Some(words) = next {
        finding = stricter(finding, words.finding_of(kind, rule.as_bytes()));
        next = words.following();
    }
    finding
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

/// Whether a name ends in the words of a rule, in the language of [`finding_of`].
pub const fn ends_in(rule: &str, name: &str) -> bool {
    let words = Words::last_of(name);
    let mut first = 0;
    while first < words.count {
        match words.match_end(rule.as_bytes(), first) {
            Some(after) if after == words.count => return true,
            _ => first += 1,
        }
    }
    false
}

/// Whether a name's last word says what is told of the thing before it: a length, a kind, a time.
pub const fn ends_in_head_noun(name: &str) -> bool {
    Words::last_of(name).ends_in_head_noun()
}

/// A part of a name, as places in its bytes.
#[derive(Clone, Copy)]
struct Word {
    start: usize,
    end: usize,
}

/// The most words that are looked at together.
const MAX_WORDS: usize = 24;

/// The words of a name, or the first of those from some place on.
#[derive(Clone, Copy)]
struct Words<'a> {
    bytes: &'a [u8],
    list: [Word; MAX_WORDS],
    count: usize,
    /// Whether these begin the name, and whether more follow.
    is_first: bool,
    is_cut: bool,
}

impl<'a> Words<'a> {
    /// Splits what begins at `from`.
    const fn split(bytes: &'a [u8], from: usize) -> Self {
        let mut words = Self {
            bytes,
            list: [Word { start: 0, end: 0 }; MAX_WORDS],
            count: 0,
            is_first: from == 0,
            is_cut: false,
        };
        let mut at = from;
        while let Some(word) = next_word(bytes, at) {
            at = word.end;
            words = match compound_of(bytes, word) {
                Some(compound) => words.with_compound(word, compound),
                None => words.with(word),
            };
            if words.is_cut {
                break;
            }
        }
        words
    }

    /// The last words of a name.
    const fn last_of(name: &'a str) -> Self {
        let mut words = Self::split(plain_bytes(name), 0);
        while let Some(following) = words.following() {
            words = following;
        }
        words
    }

    const fn with(mut self, word: Word) -> Self {
        if self.count == MAX_WORDS {
            self.is_cut = true;
        } else {
            self.list[self.count] = word;
            self.count += 1;
        }
        self
    }

    /// With the words of a compound, which are spelled here as one.
    const fn with_compound(mut self, word: Word, compound: &[u8]) -> Self {
        let (mut at, mut start) = (0, word.start);
        while at < compound.len() {
            let mut end = start;
            while at < compound.len() && compound[at] != b' ' {
                at += 1;
                end += 1;
            }
            // The last one has the plural's `s`.
            end = if at == compound.len() { word.end } else { end };
            self = self.with(Word { start, end });
            start = end;
            at += 1;
        }
        self
    }

    /// The words from the last few on, where there are more: no rule is longer than these.
    const fn following(&self) -> Option<Self> {
        if self.is_cut {
            Some(Self::split(self.bytes, self.list[MAX_WORDS - 6].start))
        } else {
            None
        }
    }

    const fn finding_of(&self, kind: Kind, rule: &[u8]) -> Option<Finding> {
        let is_whole = matches!(rule, [b'=', ..]);
        let mut is_found = false;
        let mut first = 0;
        while first < self.count {
            if let Some(after) = self.match_end(rule, first) {
                let at_end = after == self.count;
                if at_end || !is_whole {
                    is_found = true;
                }
                if is_found && (at_end || self.is_cut) {
                    // What ends here is the thing itself; and of a name that goes on for long, the end is not known.
                    return Some(Finding {
                        kind,
                        exemption: self.exemption_of_the_thing(),
                    });
                }
            }
            if is_whole {
                break;
            }
            first += 1;
        }
        if !is_found {
            return None;
        }
        let exemption = if self.ends_in_head_noun() {
            Exemption::Measures
        } else {
            self.exemption_of_the_thing()
        };
        Some(Finding { kind, exemption })
    }

    /// Where the words of the rule end, if it matches those from `first` on.
    const fn match_end(&self, rule: &[u8], first: usize) -> Option<usize> {
        let mut from = 0;
        if let [b'=', ..] = rule {
            if !self.is_first || self.is_cut {
                return None;
            }
            from = 1;
        }
        let mut word = first;
        while from < rule.len() {
            if is_space(rule[from]) {
                from += 1;
                continue;
            }
            let mut to = from;
            while to < rule.len() && !is_space(rule[to]) {
                to += 1;
            }
            if word == self.count || !is_one_of(self.bytes, self.list[word], rule, from, to) {
                return None;
            }
            word += 1;
            from = to;
        }
        if word == first { None } else { Some(word) }
    }

    const fn ends_in_head_noun(&self) -> bool {
        match self.last() {
            Some(last) => is_one_of(self.bytes, last, HEAD_NOUNS.as_bytes(), 0, HEAD_NOUNS.len()),
            None => false,
        }
    }

    const fn exemption_of_the_thing(&self) -> Exemption {
        match self.last() {
            Some(last) if !self.is_cut && is_plural(self.bytes, last) => Exemption::Counts,
            _ => Exemption::Truths,
        }
    }

    const fn last(&self) -> Option<Word> {
        match self.count {
            0 => None,
            count => Some(self.list[count - 1]),
        }
    }
}

const fn is_space(byte: u8) -> bool {
    byte == b' ' || byte == b'_'
}

/// The first word that begins at `from` or later.
const fn next_word(bytes: &[u8], from: usize) -> Option<Word> {
    let mut start = from;
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
        && is_one_of_span(bytes, Word { start, end }, b"cvv|cvc")
    {
        end += 1;
    }
    Some(Word { start, end })
}

/// The compound that is spelled here as one word, also as a plural.
const fn compound_of(bytes: &[u8], word: Word) -> Option<&'static [u8]> {
    let Word { start, end } = word;
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

/// Whether a word is one of those between `from` and `to` in `list`, as it is or without its plural `s`.
const fn is_one_of(bytes: &[u8], word: Word, list: &[u8], from: usize, to: usize) -> bool {
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

const fn is_one_of_span(bytes: &[u8], word: Word, list: &[u8]) -> bool {
    let mut from = 0;
    while from < list.len() {
        let mut to = from;
        while to < list.len() && list[to] != b'|' {
            to += 1;
        }
        if is_spelled(bytes, word.start, word.end, list, from, to) {
            return true;
        }
        from = to + 1;
    }
    false
}

/// Whether a word ends in a plural `s`: words of more than three letters, and a few short ones.
const fn is_plural(bytes: &[u8], word: Word) -> bool {
    let length = word.end - word.start;
    if length == 3 {
        return is_one_of_span(bytes, word, b"ids|ips|nos");
    }
    length > 3
        && bytes[word.end - 1].eq_ignore_ascii_case(&b's')
        && !bytes[word.end - 2].eq_ignore_ascii_case(&b's')
        && !is_one_of_span(bytes, word, NO_PLURALS.as_bytes())
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

/// The fewest characters of a reason.
pub const REASON_CHARACTERS: usize = 15;

/// The fewest words of a reason.
pub const REASON_WORDS: usize = 3;

/// Words that are no reason, however many of them stand together.
const EMPTY_WORDS: &[&str] = &[
    "a", "because", "data", "fine", "is", "it", "just", "ok", "okay", "public", "reason", "safe",
    "test", "the", "this", "tbd", "todo", "value", "yes",
];

/// Whether `text` says why something is public.
pub fn is_reason(text: &str) -> bool {
    let words = || {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
    };
    let says_something = words().any(|word| {
        !EMPTY_WORDS
            .iter()
            .any(|empty| word.eq_ignore_ascii_case(empty))
    });
    text.trim().chars().count() >= REASON_CHARACTERS
        && words().count() >= REASON_WORDS
        && says_something
}
