use tickspan::traced_stage;

struct Venue;

#[traced_stage(metric(labels(venue)))]
fn a_type_without_proof(venue: Venue) {
    let _ = venue;
}

#[traced_stage(metric(labels(venue)))]
async fn a_type_without_proof_later(venue: &Venue) {
    let _ = venue;
}

#[traced_stage(metric(labels(symbol, note)))]
fn text(symbol: &str, note: &str) {
    let _ = (symbol, note);
}

#[traced_stage(metric(labels(side)))]
fn anything<T>(side: T) {
    let _ = side;
}

#[traced_stage(metric(labels(account_number)))]
fn a_sensitive_name(account_number: u64) {
    let _ = account_number;
}

fn main() {}
