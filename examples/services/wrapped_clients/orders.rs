//! Orders in a database.

use rusqlite::{Connection, ErrorCode};
use tickspan::{AttributeValue, Empty, record, traced_stage};

/// What kind of failure it is: its text may tell a value.
#[derive(AttributeValue, Clone, Copy, Debug)]
pub(crate) enum Fault {
    ConstraintViolation,
    Busy,
    Other,
}

fn fault(error: &rusqlite::Error) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => Fault::ConstraintViolation,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::Busy,
        _ => Fault::Other,
    }
}

/// A client, as one wraps it: a method for each query, with its summary.
pub(crate) struct Orders(Connection);

impl Orders {
    pub(crate) fn in_memory() -> rusqlite::Result<Self> {
        let database = Connection::open_in_memory()?;
        database.execute_batch(
            "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, quantity INTEGER, account TEXT)",
        )?;
        Ok(Self(database))
    }

    #[traced_stage(
        name = "INSERT orders",
        kind = "client",
        err(map = fault),
        skip(account),
        fields(
            db.system.name = "sqlite",
            db.namespace = "trading",
            db.collection.name = "orders",
            db.operation.name = "INSERT",
            db.query.summary = "INSERT orders",
        )
    )]
    pub(crate) fn insert(
        &self,
        order_id: i64,
        quantity: i64,
        account: &str,
    ) -> rusqlite::Result<usize> {
        self.0.execute(
            "INSERT INTO orders VALUES (?1, ?2, ?3)",
            (order_id, quantity, account),
        )
    }

    #[traced_stage(
        name = "SELECT orders",
        kind = "client",
        err(map = fault),
        fields(
            db.system.name = "sqlite",
            db.namespace = "trading",
            db.collection.name = "orders",
            db.operation.name = "SELECT",
            db.query.summary = "SELECT orders",
            db.response.returned_rows = Empty,
        )
    )]
    pub(crate) fn of_at_least(&self, quantity: i64) -> rusqlite::Result<Vec<i64>> {
        let mut query = self
            .0
            .prepare("SELECT order_id FROM orders WHERE quantity >= ?1")?;
        let rows = query.query_map([quantity], |row| row.get(0))?;
        let orders = rows.collect::<Result<Vec<_>, _>>()?;
        record!(db.response.returned_rows = orders.len());
        Ok(orders)
    }
}
