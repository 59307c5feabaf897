//! Secrets and numbers under sensitive names, in arguments and in the fields of what is derived: events, edges, labels, errors,
//! `Debug`, and beside a latency clock.

use tickspan::{
    Counter, EdgeBreakdown, Labels, LatencyStages, Redacted, SafeError, Sensitive, StageClock,
    TradeEvent, financial, traced_stage,
};

use crate::forms::NUMBER;
use crate::stages::secret;

/// The names of the spans that [`exercise`] leaves.
pub(crate) const SPANS: &[&str] = &["numbered", "marked", "traded", "refuse_safely"];

/// What is left of marked values, and of what has none: an exporter must have these.
pub(crate) const LEFT: &[&str] = &[
    "desk_opened",
    "example.com",
    "[redacted: email]",
    "8127364000000000",
    "clients",
];

#[traced_stage(fields(has_pin = pin.is_some(), accounts = account_numbers.len()))]
fn numbered(account_number: u64, pin: Option<u64>, account_numbers: &[u64], wide: u128) -> bool {
    account_number > 7 && pin.is_some() && wide > u128::from(account_numbers[0])
}

#[traced_stage]
fn marked(
    #[sensitive] level: u64,
    #[pii(Email)] note: &str,
    #[pii(Email, export = domain)] mail: &str,
    #[pii(Email, export = redacted)] other: &str,
    #[pii(Phone, export = hmac)] call: &str,
    #[pii(AccountNumber, export = bucket(1_000_000_000))] book: u64,
    #[pii(Card, export = redacted)] card: &Sensitive<u64, financial::Card>,
) -> usize {
    let numbers = level + book + *card.expose("charge the card");
    note.len() + mail.len() + other.len() + call.len() + usize::from(numbers > 7)
}

#[derive(TradeEvent, Redacted)]
struct DeskOpened {
    quantity: u64,
    #[sensitive]
    key: String,
    #[pii(Email, export = domain)]
    mail: String,
    #[pii(AccountNumber, export = redacted)]
    book: u64,
    #[trade_event(skip)]
    #[sensitive]
    note: String,
}

#[derive(EdgeBreakdown)]
struct Edge {
    #[edge(gross)]
    spread: f64,
    #[edge(cost)]
    fee: f64,
    #[edge(context)]
    #[sensitive]
    key: String,
    #[edge(context)]
    #[pii(Email, export = redacted)]
    mail: String,
    #[edge(skip)]
    note: String,
}

#[derive(Labels)]
struct Client<'a> {
    desk_count: u64,
    #[sensitive]
    key: &'a str,
    #[pii(Email, export = domain)]
    mail: &'a str,
}

static CLIENTS: Counter<Client> = Counter::new("clients");

#[traced_stage]
fn traded() -> usize {
    let opened = DeskOpened {
        quantity: 7,
        key: secret("an event"),
        mail: format!("{}@example.com", secret("an address").replace(' ', ".")),
        book: NUMBER,
        note: secret("a skipped field"),
    };
    opened.record();
    println!("{opened:?}");
    let edge = Edge {
        spread: 2.0,
        fee: 0.5,
        key: secret("an edge"),
        mail: opened.mail.clone(),
        note: secret("a skipped field"),
    };
    edge.record(&edge.decide());
    let client = Client {
        desk_count: 1,
        key: &opened.key,
        mail: &opened.mail,
    };
    CLIENTS.add(1, &client);
    let texts = [client.key, &edge.key, &edge.mail, &edge.note, &opened.note];
    texts.map(str::len).len() + usize::from(opened.book > 7)
}

#[derive(Debug, SafeError)]
enum Refused {
    #[safe_error(kind = "refused_by_venue")]
    ByVenue(String),
}

#[traced_stage(err)]
fn refuse_safely() -> Result<(), Refused> {
    Err(Refused::ByVenue(secret("an error with a kind")))
}

#[derive(Clone, Copy, LatencyStages)]
#[latency(name = "canary")]
enum Path {
    Received,
    Sent,
}

/// Runs every stage of [`SPANS`].
pub(crate) fn exercise() {
    let mut clock = StageClock::new();
    clock.mark(Path::Received);
    numbered(NUMBER, Some(NUMBER), &[NUMBER], u128::from(NUMBER));
    let text = secret("a marked argument");
    let mail = format!("{}@example.com", text.replace(' ', "."));
    let card = Sensitive::new(NUMBER);
    marked(NUMBER, &text, &mail, &mail, &text, NUMBER, &card);
    traded();
    let _ = refuse_safely().map_err(|Refused::ByVenue(text)| text.len());
    clock.mark(Path::Sent);
    clock.finish();
}
