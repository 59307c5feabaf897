use tickspan::{Empty, event, public, record, stage};

struct Client {
    account_number: u64,
    email: String,
    card: Card,
}

struct Card {
    number: u64,
    expiry: u64,
}

fn fields(client: &Client, pin: u32) {
    event!("seen", client.account_number);
    event!("seen", account = client.account_number);
    record!(pin);
    let _stage = stage!("check", pin = Empty, ssn = pin);
    event!("seen", number = Some([client.account_number]));
    event!("seen", text = format!("{pin}"));
}

fn opened(client: &Client, memo: &str) {
    event!("seen", mail = public!(client.email, reason = "address on the public web site"));
    event!("seen", email = public!(memo, reason = "address on the public web site"));
    event!("seen", mail = public!(format!("{}", client.email), reason = "address on the public web site"));
    let email = memo;
    event!("seen", mail = public!(format!("<{email}>"), reason = "address on the public web site"));
    event!("seen", of = public!(client.card.number, reason = "number on the public web site"));
    event!("seen", memo = public!(memo, reason = "text of the public tape", allow_name = false));
    event!("seen", memo = public!(memo, reason = "text of the public tape", allow_name));
    event!("seen", memo = public!(memo, reason = "text of the public tape", allow_nam = true));
    event!("seen", memo = public!(memo, reason = "text of the public tape", reason = "and again so"));
}

struct Person {
    tax_id: u64,
}

impl Person {
    fn birth_date(&self) -> Option<u64> {
        Some(self.tax_id)
    }
}

fn tax_id(person: &Person) -> u64 {
    person.tax_id
}

fn things_that_end_as_measures_do(person: &Person, card: &Card) -> Option<()> {
    event!("kyc", reference = person.tax_id);
    event!("kyc", reference = &person.tax_id as &u64);
    event!("kyc", born = person.birth_date()? + 1);
    event!("kyc", reference = tax_id(person));
    event!("kyc", until = card.expiry);
    None
}

macro_rules! log {
    ($card:expr) => {
        event!("seen", of = $card.number)
    };
}

fn members_of_what_calls_hand_on(card: &std::sync::Mutex<Option<Card>>, cards: &Card) -> Option<()> {
    event!("seen", of = card.lock().unwrap().as_ref()?.number);
    event!("seen", of = (*card.lock().ok()?).as_ref()?.number);
    let card = cards;
    event!("seen", of = (*card).number);
    log!(card);
    None
}

fn main() {}
