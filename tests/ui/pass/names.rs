//! Sensitive names under which types, or somebody with a reason, let a value pass.
#![deny(warnings, clippy::all, clippy::pedantic)]
#![forbid(unsafe_code)]

use std::time::Duration;

use tickspan::{AttributeValue, Empty, event, public, record, traced_stage};

#[derive(AttributeValue)]
enum CredentialKind {
    ApiKey,
    OAuth,
}

#[derive(AttributeValue)]
struct HasPassword(bool);

#[derive(AttributeValue)]
struct PasswordLen(usize);

#[derive(AttributeValue)]
#[public(reason = "number of an account in the demo book", allow_name = true)]
struct AccountNumber(u64);

#[derive(AttributeValue)]
struct Emails(u32);

struct Account {
    number_of_trades: u64,
    rejected_passwords: u32,
}

struct Session {
    password: String,
    credential: CredentialKind,
    access_token: Token,
    tax_id: String,
}

struct Token {
    expiry: u64,
}

#[traced_stage(
    skip(api_key, account_number),
    fields(
        password_len = session.password.len(),
        emails = emails.len(),
        has_pin,
        pins = 3_u8,
        credential_kind = session.credential,
        credential_type = "hmac",
        access_token_ttl_seconds = ttl,
        account_number,
        demo = account_number,
        length = session.password.len() as u64 + 1,
        email = public!(session.password, reason = "address on the public web site", allow_name = true),
        card_number = public!(*account_numbers, reason = "numbers of the test book", allow_name = true,),
        email_verified = Empty,
    ),
    ret
)]
fn verify_password(
    session: &Session,
    emails: &[String],
    has_pin: bool,
    api_key: &str,
    ttl: Duration,
    account_number: &AccountNumber,
    account_numbers: &u64,
) -> bool {
    record!(email_verified = !emails.is_empty());
    let account = Account { number_of_trades: 3, rejected_passwords: 1 };
    event!("counted", trades = account.number_of_trades, tries = account.rejected_passwords + 1);
    let password_len = session.password.len();
    event!("measured", shown = password_len.min(8));
    event!("measured", until = session.access_token.expiry, length = session.tax_id.len());
    event!("seen", api_key = api_key.is_empty());
    session.password.len() > 3
}

#[traced_stage(ret, name = "check_pin")]
fn account_number(number: u64) -> Result<AccountNumber, std::fmt::Error> {
    Ok(AccountNumber(number))
}

fn main() {
    let session = Session {
        password: String::new(),
        credential: CredentialKind::OAuth,
        access_token: Token { expiry: 7 },
        tax_id: String::new(),
    };
    let _ = (CredentialKind::ApiKey, HasPassword(true).0, PasswordLen(1).0, Emails(1).0);
    let number = account_number(7).unwrap();
    verify_password(&session, &[], true, "", Duration::ZERO, &number, &7);
    assert_eq!(number.0, 7);
}
