//! Clients of Redis and of a database with spans around their calls, by the conventions for `db.*`.
//!
//! ```sh
//! OTEL_TRACES_EXPORTER=console cargo run --example wrapped_clients
//! ```
//!
//! The clients are those of the crates `redis` and `rusqlite`. The database is in memory; Redis is the one at `REDIS_URL`,
//! or else a [small server](server) in this process, so that nothing has to be installed.
//!
//! What stands around a call is the kind `client`, the system, the operation, the collection, and the kind of an error.
//! Neither the text of a query nor a key or a value is recorded: these hold account numbers and sessions. A summary of the
//! query takes their place.

mod orders;
mod server;
mod sessions;

use std::io::{self, Write as _};

use tickspan::traced_stage;
use tickspan_services::roles::{self, Failure};

use orders::Orders;
use sessions::Sessions;

fn main() -> Result<(), Failure> {
    let _telemetry = roles::telemetry("wrapped_clients")?;
    let url = match std::env::var("REDIS_URL") {
        Ok(url) => url,
        Err(_) => server::start()?,
    };
    let open = book(Sessions::at(&url)?, &Orders::in_memory()?, "DU123456")?;
    writeln!(io::stdout(), "{open} open orders")?;
    Ok(())
}

#[traced_stage(err, skip_all)]
fn book(mut sessions: Sessions, orders: &Orders, account: &str) -> Result<usize, Failure> {
    sessions.set(account, "s3ss10n")?;
    if sessions.get(account)?.as_deref() != Some("s3ss10n") {
        return Err("no session".into());
    }
    for (order_id, quantity) in [(1, 100), (2, 5), (2, 5)] {
        if orders.insert(order_id, quantity, account).is_err() {
            writeln!(io::stderr(), "there is an order {order_id} already")?;
        }
    }
    Ok(orders.of_at_least(10)?.len())
}
