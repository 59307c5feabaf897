use tickspan::event;

fn main() {
    let price = 585.33;
    let key = Key;
    event!();
    event!(price);
    event!("order accepted", price = %price);
    event!("order accepted", price = tickspan::Empty);
    event!("order accepted", price, price = 5.0);
    event!("order accepted", message = 5);
    event!("order accepted", length = key.expose("to sign"));
    event!("order accepted", length = *key.expose_secret_mut());
    event!(kind: "client", "order accepted");
    event!(target: price, "order accepted");
    event!("order accepted {price}", price);
    event!("order {}", price);
    event!("order accepted", level: "warn", price = 5.0);
    event!(tracing::Level::WARN, "order accepted", price);
    event!(level: "info" "order accepted", price);
    event!(level: "info" target: "engine" "order accepted", price);
}

struct Key;

impl Key {
    fn expose(&self, _why: &str) -> u64 {
        5
    }
}
