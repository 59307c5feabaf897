use std::collections::HashMap;
use std::time::Duration;

use tickspan::{AttributeValue, traced_stage};

struct Client {
    account_number: u64,
    phone: u64,
}

#[derive(AttributeValue)]
#[public(reason = "exchange ticker, public listing")]
#[derive(PartialEq, Eq, Hash)]
struct Symbol(String);

type Key = u64;

#[traced_stage(skip_all, fields(account_number))]
fn a_number_under_its_own_name(account_number: u64) -> u64 {
    account_number
}

#[traced_stage(skip_all, fields(pin = code))]
fn a_number_under_a_sensitive_key(code: u32) -> u32 {
    code
}

#[traced_stage(skip_all, fields(client = client.account_number))]
fn a_field(client: &Client) -> u64 {
    client.account_number
}

#[traced_stage(skip_all, fields(last_digits = client.phone % 10_000))]
fn a_name_inside_an_expression(client: &Client) -> u64 {
    client.phone
}

#[traced_stage(skip_all, fields(user.email = mail))]
fn a_key_with_dots(mail: String) -> usize {
    mail.len()
}

#[traced_stage(skip_all, fields("client-ssn" = number))]
fn a_quoted_key(number: u64) -> u64 {
    number
}

#[traced_stage(skip_all, fields(account_number = symbol))]
fn declared_text(symbol: &Symbol) -> usize {
    symbol.0.len()
}

#[traced_stage(skip_all, fields(api_key = order.symbol))]
fn text_of_the_market(order: Order) -> usize {
    order.symbol.len()
}

struct Order {
    symbol: String,
}

#[traced_stage(skip_all, fields(password = "hunter2"))]
fn text_in_the_source() {}

#[traced_stage(skip_all, fields(pin))]
fn an_option(pin: Option<&u32>) -> bool {
    pin.is_some()
}

#[traced_stage(skip_all, fields(account_numbers))]
fn a_list(account_numbers: Vec<u64>) -> usize {
    account_numbers.len()
}

#[traced_stage(skip_all, fields(positions_by_account_number))]
fn keys_of_a_map(positions_by_account_number: HashMap<u64, f64>) -> usize {
    positions_by_account_number.len()
}

#[traced_stage(skip_all, fields(password_lens))]
fn text_as_the_key_of_a_map(password_lens: HashMap<&'static Symbol, u64>) -> usize {
    password_lens.len()
}

#[traced_stage(skip_all, fields("{password" = code))]
fn a_key_with_braces(code: u32) -> u32 {
    code
}

#[traced_stage(skip_all, fields(card_number))]
fn a_generic<T: AttributeValue>(card_number: T) -> T {
    card_number
}

#[traced_stage(skip_all, fields(api_key))]
fn an_alias(api_key: Key) -> Key {
    api_key
}

#[traced_stage(skip_all, fields(r#pin))]
fn a_raw_identifier(r#pin: u32) -> u32 {
    r#pin
}

#[traced_stage(skip_all, fields(api_key_id))]
fn text_under_a_measure(api_key_id: String) -> usize {
    api_key_id.len()
}

#[traced_stage(skip_all, fields(access_token_ttl = ttl))]
fn a_duration_without_its_unit(ttl: Duration) -> Duration {
    ttl
}

#[traced_stage(ret)]
fn account_number(index: usize) -> u64 {
    index as u64
}

#[traced_stage(ret)]
async fn parse_card_number(index: usize) -> Result<u64, std::fmt::Error> {
    Ok(index as u64)
}

#[traced_stage(err(map = Client::email_of))]
fn mapped(index: u64) -> Result<u64, Client> {
    Err(Client { account_number: index, phone: index })
}

struct Account {
    number: u64,
    session: Session,
}

struct Session {
    key: u64,
}

#[traced_stage(skip_all, fields(client = account.number))]
fn a_member_with_what_it_is_of(account: &Account) -> u64 {
    account.number
}

#[traced_stage(skip_all, fields(id = account.owner()?.session.key))]
fn a_member_after_a_call(account: &Account) -> Option<u64> {
    account.owner().map(|account| account.session.key)
}

impl Account {
    fn owner(&self) -> Option<&Self> {
        Some(self)
    }
}

#[traced_stage(skip_all, fields(first = account_numbers[0]))]
fn one_of_a_plural(account_numbers: &[u64]) -> usize {
    account_numbers.len()
}

#[traced_stage(skip_all, fields(account_numbers = account_numbers.first()))]
fn one_of_a_plural_under_its_name(account_numbers: &[u64]) -> usize {
    account_numbers.len()
}

#[traced_stage(skip_all, fields(sum = password_len + account_number))]
fn the_stricter_of_two(password_len: u64, account_number: u64) -> u64 {
    password_len + account_number
}

macro_rules! traced {
    ($name:ident: $ty:ty) => {
        #[traced_stage(skip_all, fields($name))]
        fn generated($name: $ty) -> $ty {
            $name
        }
    };
}

traced!(passport_number: u64);

#[derive(tickspan::Labels)]
struct Of {
    #[label(rename = "reference")]
    tax_id: u64,
}

#[derive(tickspan::TradeEvent)]
struct Opened {
    #[trade_event(rename = "since")]
    birth_date: i64,
}

#[derive(tickspan::EdgeBreakdown)]
struct Edge {
    #[edge(gross)]
    gross: f64,
    #[edge(cost)]
    fees: f64,
    #[edge(context, rename = "reference")]
    national_id: u64,
}

fn main() {}
