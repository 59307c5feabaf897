//! Sessions in Redis.

use redis::{Commands as _, Connection, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tickspan::{AttributeValue, Empty, record, traced_stage};

/// What kind of failure it is: its text may tell a key.
#[derive(AttributeValue, Clone, Copy, Debug)]
pub(crate) enum Fault {
    Connection,
    Refused,
    Other,
}

fn fault(error: &RedisError) -> Fault {
    match error.kind() {
        ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => Fault::Connection,
        ErrorKind::Server(ServerErrorKind::ResponseError | ServerErrorKind::NoPerm) => {
            Fault::Refused
        }
        _ => Fault::Other,
    }
}

/// A client, as one wraps it: a method for each command that is used.
pub(crate) struct Sessions(Connection);

impl Sessions {
    pub(crate) fn at(url: &str) -> RedisResult<Self> {
        Ok(Self(redis::Client::open(url)?.get_connection()?))
    }

    #[traced_stage(
        name = "GET",
        kind = "client",
        err(map = fault),
        skip_all,
        fields(
            db.system.name = "redis",
            db.operation.name = "GET",
            db.namespace = "0",
            db.response.returned_rows = Empty,
        )
    )]
    pub(crate) fn get(&mut self, account: &str) -> RedisResult<Option<String>> {
        let session: Option<String> = self.0.get(key(account))?;
        record!(db.response.returned_rows = usize::from(session.is_some()));
        Ok(session)
    }

    #[traced_stage(
        name = "SET",
        kind = "client",
        err(map = fault),
        skip_all,
        fields(db.system.name = "redis", db.operation.name = "SET", db.namespace = "0")
    )]
    pub(crate) fn set(&mut self, account: &str, session: &str) -> RedisResult<()> {
        self.0.set(key(account), session)
    }
}

fn key(account: &str) -> String {
    format!("session:{account}")
}
