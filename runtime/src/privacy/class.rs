//! The classes of sensitive data, and the marker that stands where a value of one is withheld.

/// The kind of a sensitive value. A crate may add its own:
///
/// ```
/// enum StrategyParameter {}
///
/// impl tickspan::Class for StrategyParameter {
///     const NAME: &'static str = "strategy parameter";
/// }
///
/// let risk_aversion = tickspan::Sensitive::<f64, StrategyParameter>::new(0.7);
/// assert_eq!(format!("{risk_aversion:?}"), "[redacted: strategy parameter]");
/// ```
///
/// A mark names it by its path: `#[pii(crate::StrategyParameter)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no class of sensitive data",
    label = "not a `tickspan::Class`",
    note = "the classes of tickspan: `Secret`, `Confidential`, and those in `pii` and `financial`",
    note = "a class of your own: `impl tickspan::Class for {Self} {{ const NAME: &'static str = \"...\"; }}`"
)]
pub trait Class {
    /// The name of the class, shown where a value is withheld: at most 48 bytes.
    const NAME: &'static str;
}

macro_rules! classes {
    ($($(#[$attribute:meta])* $class:ident = $name:literal;)+) => {$(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy)]
        pub enum $class {}

        impl $crate::Class for $class {
            const NAME: &'static str = $name;
        }
    )+};
}

classes! {
    /// The class of keys, passwords and tokens: the default of [`Sensitive`](crate::Sensitive).
    Secret = "secret";
    /// The class of what a desk keeps to itself: positions, parameters of strategies.
    Confidential = "confidential";
}

/// The classes of what points to a person.
pub mod pii {
    classes! {
        /// An e-mail address.
        Email = "email";
        /// A telephone number.
        Phone = "phone";
        /// The name of a person.
        Name = "name";
        /// A number that a state gives to a person: of a passport, a driving licence, social security.
        GovId = "government id";
        /// A day or year of birth.
        BirthDate = "birth date";
        /// Where a person lives.
        Address = "address";
        /// A network address.
        Ip = "ip address";
        /// What tells a device from others: a serial number, an advertising id.
        Device = "device";
    }
}

/// The classes of what points to somebody's money.
pub mod financial {
    classes! {
        /// The number of an account with a bank or a broker.
        AccountNumber = "account number";
        /// The number of a payment card.
        Card = "card";
        /// An international bank account number.
        Iban = "iban";
        /// A number by which a person or company is taxed.
        TaxId = "tax id";
    }
}

/// The most bytes of a class's name.
const MAX_NAME: usize = 48;

const BEFORE: &[u8] = b"[redacted: ";

/// The text that stands for a value of class `C`: the same for every value.
pub(crate) struct Marker<C>(core::marker::PhantomData<C>);

impl<C: Class> Marker<C> {
    /// `[redacted: email]`.
    pub(crate) const TEXT: &'static str = {
        let length = BEFORE.len() + C::NAME.len() + 1;
        match core::str::from_utf8(Self::BYTES.split_at(length).0) {
            Ok(text) => text,
            Err(_) => "[redacted]",
        }
    };

    const BYTES: &'static [u8; BEFORE.len() + MAX_NAME + 1] = &{
        let name = C::NAME.as_bytes();
        assert!(
            name.len() <= MAX_NAME,
            "the name of a class of sensitive data has at most 48 bytes"
        );
        let mut bytes = [0; BEFORE.len() + MAX_NAME + 1];
        let mut at = 0;
        while at < BEFORE.len() {
            bytes[at] = BEFORE[at];
            at += 1;
        }
        while at < BEFORE.len() + name.len() {
            bytes[at] = name[at - BEFORE.len()];
            at += 1;
        }
        bytes[at] = b']';
        bytes
    };
}
