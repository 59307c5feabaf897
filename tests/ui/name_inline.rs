use tickspan::{Empty, event, public, record, stage};

struct Client {
    account_number: u64,
    email: String,
    card: Card,
}

struct Card {
    number: u64,
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

fn main() {}
