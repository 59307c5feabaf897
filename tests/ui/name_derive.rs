use tickspan::AttributeValue;

#[derive(AttributeValue)]
struct AccountNumber(u64);

#[derive(AttributeValue)]
struct Digits {
    ssn: u32,
}

#[derive(AttributeValue)]
struct Pin<T>(T);

#[derive(AttributeValue)]
#[public(reason = "key of a public demo account")]
struct ApiKey(String);

#[derive(AttributeValue)]
#[public(reason = "number of a card in the test book", via = Display)]
struct CardNumber(u128);

#[derive(AttributeValue)]
#[public(reason = "key of a public demo account", allow_name = "yes")]
struct DemoKey(String);

#[derive(AttributeValue)]
struct Account {
    number: u64,
}

fn main() {}
