//! Clients of Redis and of a database with spans around their calls, by the conventions for `db.*`.
//!
//! ```sh
//! OTEL_TRACES_EXPORTER=console cargo run --example wrapped_clients
//! ```
//!
//! The clients here keep everything in memory. What stands around them is what one writes around real ones: the kind
//! `client`, the system, the operation, the collection, and the kind of an error. Neither the text of a query nor a key or a
//! value is recorded: these hold account numbers and sessions. A summary of the query takes their place.

use std::collections::HashMap;
use std::io::{self, Write as _};

use tickspan::{AttributeValue, Empty, record, traced_stage};
use tickspan_examples::roles::{self, Failure};

/// What a database answers when it fails: its codes are public, its texts are not.
#[derive(AttributeValue, Clone, Copy, Debug)]
enum SqlState {
    /// `23505`
    UniqueViolation,
}

#[derive(Debug)]
struct DatabaseError {
    state: SqlState,
}

impl DatabaseError {
    fn kind(&self) -> SqlState {
        self.state
    }
}

/// A client of Redis, as one wraps it.
#[derive(Default)]
struct Redis {
    values: HashMap<String, String>,
}

impl Redis {
    #[traced_stage(
        name = "GET",
        kind = "client",
        skip_all,
        fields(
            db.system.name = "redis",
            db.operation.name = "GET",
            db.namespace = "0",
            db.response.returned_rows = Empty,
        )
    )]
    fn get(&self, key: &str) -> Option<&str> {
        let value = self.values.get(key).map(String::as_str);
        record!(db.response.returned_rows = usize::from(value.is_some()));
        value
    }

    #[traced_stage(
        name = "SET",
        kind = "client",
        skip_all,
        fields(db.system.name = "redis", db.operation.name = "SET", db.namespace = "0")
    )]
    fn set(&mut self, key: &str, value: &str) {
        self.values.insert(key.to_owned(), value.to_owned());
    }
}

/// A client of `PostgreSQL`, as one wraps it: a method for each query, with its summary.
#[derive(Default)]
struct Orders {
    rows: HashMap<u64, u64>,
}

impl Orders {
    #[traced_stage(
        name = "INSERT orders",
        kind = "client",
        err(map = DatabaseError::kind),
        skip(account),
        fields(
            db.system.name = "postgresql",
            db.namespace = "trading",
            db.collection.name = "orders",
            db.operation.name = "INSERT",
            db.query.summary = "INSERT orders",
        )
    )]
    fn insert(&mut self, order_id: u64, quantity: u64, account: &str) -> Result<(), DatabaseError> {
        let _query = format!("INSERT INTO orders VALUES ({order_id}, {quantity}, '{account}')");
        match self.rows.insert(order_id, quantity) {
            None => Ok(()),
            Some(_) => Err(DatabaseError {
                state: SqlState::UniqueViolation,
            }),
        }
    }

    #[traced_stage(
        name = "SELECT orders",
        kind = "client",
        fields(
            db.system.name = "postgresql",
            db.namespace = "trading",
            db.collection.name = "orders",
            db.operation.name = "SELECT",
            db.query.summary = "SELECT orders",
            db.response.returned_rows = Empty,
        )
    )]
    fn of_at_least(&self, quantity: u64) -> Vec<u64> {
        let matching = self.rows.iter().filter(|(_, it)| **it >= quantity);
        let orders: Vec<u64> = matching.map(|(order_id, _)| *order_id).collect();
        record!(db.response.returned_rows = orders.len());
        orders
    }
}

fn main() -> Result<(), Failure> {
    let _telemetry = roles::telemetry("wrapped_clients")?;
    let open = book("DU123456", "s3ss10n")?;
    writeln!(io::stdout(), "{open} open orders")?;
    Ok(())
}

#[traced_stage(err, skip_all)]
fn book(account: &str, session: &str) -> Result<usize, Failure> {
    let (mut redis, mut orders) = (Redis::default(), Orders::default());
    redis.set(&format!("session:{account}"), session);
    if redis.get(&format!("session:{account}")) != Some(session) {
        return Err("no session".into());
    }
    let inserted = [(1, 100), (2, 5), (2, 5)]
        .map(|(order_id, quantity)| orders.insert(order_id, quantity, account).is_ok());
    assert_eq!(
        inserted,
        [true, true, false],
        "an order cannot be inserted twice"
    );
    Ok(orders.of_at_least(10).len())
}
