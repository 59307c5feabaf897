//! The LOBSTER message format: how one row becomes a [`Message`], and what can be wrong with it.
//!
//! | column | meaning |
//! |---|---|
//! | seconds | seconds after midnight, with a decimal fraction |
//! | message type | what happened, see below |
//! | order id | order reference number; of no meaning for types 5, 6 and 7 |
//! | quantity | shares |
//! | price | US dollars × 10,000; for type 7: −1 halted, 0 quotes resume, 1 trading resumes |
//! | direction | 1 buy order, −1 sell order: the side of the resting order |
//!
//! Message types: 1 adds an order, 2 cancels a part of one, 3 deletes one; 4 executes a visible
//! order, 5 a hidden one, 6 is a trade of an auction, 7 a halt.

use std::error::Error;
use std::fmt;

use csv::ByteRecord;
use tickspan::traced_stage;

use crate::market::{OrderId, Price, Side, TimeOfDay};
use crate::message::{Event, Message, OrderEvent, Trade, TradingStatus};

/// The header that a file may begin with.
pub const HEADER: [&str; 6] = [
    "seconds",
    "message_type",
    "order_id",
    "quantity",
    "price",
    "direction",
];

/// Turns rows into messages. It remembers the time of the last row, because time may not run
/// backwards.
#[derive(Debug, Default)]
pub struct Decoder {
    last_time: Option<TimeOfDay>,
}

impl Decoder {
    /// The message that the columns of a row hold.
    ///
    /// # Errors
    ///
    /// A [`RowFault`] if the row is damaged. A row that goes back in time is a fault, and the next
    /// row is compared with it: one wrong time does not condemn the rest of the feed.
    #[traced_stage(name = "decode_message", err)]
    pub fn decode(&mut self, columns: &ByteRecord) -> Result<Message, RowFault> {
        let columns = Columns::of(columns)?;
        let time = columns.time()?;
        if self.last_time.replace(time).is_some_and(|last| time < last) {
            return Err(RowFault::TimeBackwards);
        }
        Ok(Message {
            time,
            event: columns.event()?,
        })
    }
}

/// A row with the right number of columns.
struct Columns<'row>(&'row ByteRecord);

impl<'row> Columns<'row> {
    fn of(record: &'row ByteRecord) -> Result<Self, RowFault> {
        match record.len() {
            6 => Ok(Self(record)),
            found => Err(RowFault::ColumnCount(found)),
        }
    }

    fn event(&self) -> Result<Event, RowFault> {
        let message_type = self.integer(Column::MessageType)?;
        // A halt has a price of its own meaning, and neither order nor quantity.
        if message_type == 7 {
            return self.status().map(Event::Status);
        }
        let event = match message_type {
            1 => Event::Add(self.order()?),
            2 => Event::Cancel(self.order()?),
            3 => Event::Delete(self.order()?),
            4 => Event::Execute(self.order()?),
            5 | 6 => Event::Trade(Trade {
                side: self.side()?,
                price: self.price()?,
                quantity: self.quantity()?,
            }),
            unknown => return Err(RowFault::UnknownType(unknown)),
        };
        Ok(event)
    }

    fn order(&self) -> Result<OrderEvent, RowFault> {
        Ok(OrderEvent {
            id: self.order_id()?,
            side: self.side()?,
            price: self.price()?,
            quantity: self.quantity()?,
        })
    }

    fn status(&self) -> Result<TradingStatus, RowFault> {
        match self.integer(Column::Price)? {
            -1 => Ok(TradingStatus::Halted),
            0 => Ok(TradingStatus::QuotesOnly),
            1 => Ok(TradingStatus::Trading),
            _ => Err(RowFault::OutOfRange(Column::Price)),
        }
    }

    fn time(&self) -> Result<TimeOfDay, RowFault> {
        TimeOfDay::parse(self.text(Column::Seconds)?).ok_or(RowFault::NotANumber(Column::Seconds))
    }

    fn order_id(&self) -> Result<OrderId, RowFault> {
        let id = self.integer(Column::OrderId)?;
        u64::try_from(id)
            .ok()
            .filter(|&id| id > 0)
            .map(OrderId)
            .ok_or(RowFault::OutOfRange(Column::OrderId))
    }

    fn quantity(&self) -> Result<u32, RowFault> {
        let quantity = self.integer(Column::Quantity)?;
        u32::try_from(quantity)
            .ok()
            .filter(|&quantity| quantity > 0)
            .ok_or(RowFault::OutOfRange(Column::Quantity))
    }

    fn price(&self) -> Result<Price, RowFault> {
        let price = Price(self.integer(Column::Price)?);
        (Price(0) < price && price <= Price::MAX)
            .then_some(price)
            .ok_or(RowFault::OutOfRange(Column::Price))
    }

    fn side(&self) -> Result<Side, RowFault> {
        match self.integer(Column::Direction)? {
            1 => Ok(Side::Buy),
            -1 => Ok(Side::Sell),
            _ => Err(RowFault::OutOfRange(Column::Direction)),
        }
    }

    fn integer(&self, column: Column) -> Result<i64, RowFault> {
        self.text(column)?
            .parse()
            .map_err(|_| RowFault::NotANumber(column))
    }

    fn text(&self, column: Column) -> Result<&'row str, RowFault> {
        std::str::from_utf8(&self.0[column as usize]).map_err(|_| RowFault::NotText(column))
    }
}

/// Writes `message` as a row, the reverse of [`Decoder::decode`].
pub fn encode(message: &Message, columns: &mut ByteRecord) {
    let (message_type, order) = match message.event {
        Event::Add(order) => (1, order),
        Event::Cancel(order) => (2, order),
        Event::Delete(order) => (3, order),
        Event::Execute(order) => (4, order),
        Event::Trade(Trade {
            side,
            price,
            quantity,
        }) => (
            5,
            OrderEvent {
                id: OrderId(0),
                side,
                price,
                quantity,
            },
        ),
        Event::Status(status) => (7, status_columns(status)),
    };
    let direction = order.side.signed(1);
    let row = format!(
        "{},{message_type},{},{},{},{direction}",
        message.time, order.id.0, order.quantity, order.price.0
    );
    columns.clear();
    columns.extend(row.split(','));
}

fn status_columns(status: TradingStatus) -> OrderEvent {
    let code = match status {
        TradingStatus::Halted => -1,
        TradingStatus::QuotesOnly => 0,
        TradingStatus::Trading => 1,
    };
    OrderEvent {
        id: OrderId(0),
        side: Side::Sell,
        price: Price(code),
        quantity: 0,
    }
}

/// A column of the format, in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Seconds after midnight.
    Seconds,
    /// What the message is.
    MessageType,
    /// Which order it names.
    OrderId,
    /// How many shares.
    Quantity,
    /// At which price.
    Price,
    /// On which side.
    Direction,
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER[*self as usize])
    }
}

/// What is wrong with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowFault {
    /// The row has this many columns instead of six.
    ColumnCount(usize),
    /// The column is not UTF-8 text.
    NotText(Column),
    /// The column is not a number of the kind it should be.
    NotANumber(Column),
    /// The column's number is negative, zero, or too large for what it means.
    OutOfRange(Column),
    /// There is no message of this type.
    UnknownType(i64),
    /// The row is earlier than the row before it.
    TimeBackwards,
}

impl fmt::Display for RowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnCount(found) => write!(f, "not {} columns but {found}", HEADER.len()),
            Self::NotText(column) => write!(f, "`{column}` is not UTF-8 text"),
            Self::NotANumber(column) => write!(f, "`{column}` is not a number"),
            Self::OutOfRange(column) => write!(f, "`{column}` is out of range"),
            Self::UnknownType(code) => write!(f, "unknown message type {code}"),
            Self::TimeBackwards => f.write_str("earlier than the row before it"),
        }
    }
}

impl Error for RowFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Generator;

    fn decode(row: &str) -> Result<Message, RowFault> {
        Decoder::default().decode(&row.split(',').collect())
    }

    fn event(row: &str) -> Event {
        decode(row).unwrap().event
    }

    #[test]
    fn every_type_of_row_becomes_its_message() {
        let (id, price, quantity) = (OrderId(16_113_575), Price(5_853_300), 18);
        let order = OrderEvent {
            id,
            side: Side::Buy,
            price,
            quantity,
        };
        assert_eq!(event("34200.0,1,16113575,18,5853300,1"), Event::Add(order));
        assert_eq!(
            event("34200.0,2,16113575,18,5853300,1"),
            Event::Cancel(order)
        );
        assert_eq!(
            event("34200.0,3,16113575,18,5853300,1"),
            Event::Delete(order)
        );
        assert_eq!(
            event("34200.0,4,16113575,18,5853300,1"),
            Event::Execute(order)
        );
        let trade = Event::Trade(Trade {
            side: Side::Sell,
            price,
            quantity,
        });
        assert_eq!(event("34200.0,5,0,18,5853300,-1"), trade);
        assert_eq!(event("34200.0,6,-1,18,5853300,-1"), trade);
    }

    #[test]
    fn price_of_a_halt_says_which_kind_it_is() {
        assert_eq!(
            event("34200.0,7,0,0,-1,-1"),
            Event::Status(TradingStatus::Halted)
        );
        assert_eq!(
            event("34200.0,7,0,0,0,-1"),
            Event::Status(TradingStatus::QuotesOnly)
        );
        assert_eq!(
            event("34200.0,7,0,0,1,-1"),
            Event::Status(TradingStatus::Trading)
        );
    }

    #[test]
    fn damaged_rows_are_faults_at_their_column() {
        use Column::{Direction, MessageType, OrderId, Price, Quantity, Seconds};
        for (row, fault) in [
            ("", RowFault::ColumnCount(1)),
            ("34200.0,1,7,18,5853300", RowFault::ColumnCount(5)),
            ("34200.0,1,7,18,5853300,1,9", RowFault::ColumnCount(7)),
            ("noon,1,7,18,5853300,1", RowFault::NotANumber(Seconds)),
            ("-1.0,1,7,18,5853300,1", RowFault::NotANumber(Seconds)),
            (
                "34200.0,one,7,18,5853300,1",
                RowFault::NotANumber(MessageType),
            ),
            ("34200.0,8,7,18,5853300,1", RowFault::UnknownType(8)),
            ("34200.0,1,7.5,18,5853300,1", RowFault::NotANumber(OrderId)),
            ("34200.0,1,0,18,5853300,1", RowFault::OutOfRange(OrderId)),
            ("34200.0,1,7,-18,5853300,1", RowFault::OutOfRange(Quantity)),
            ("34200.0,1,7,0,5853300,1", RowFault::OutOfRange(Quantity)),
            (
                "34200.0,1,7,4294967296,5853300,1",
                RowFault::OutOfRange(Quantity),
            ),
            ("34200.0,1,7,18,0,1", RowFault::OutOfRange(Price)),
            ("34200.0,1,7,18,100000000001,1", RowFault::OutOfRange(Price)),
            (
                "34200.0,1,7,18,99999999999999999999,1",
                RowFault::NotANumber(Price),
            ),
            ("34200.0,7,0,0,2,-1", RowFault::OutOfRange(Price)),
            ("34200.0,1,7,18,5853300,2", RowFault::OutOfRange(Direction)),
        ] {
            assert_eq!(decode(row), Err(fault), "{row}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_a_fault() {
        let mut columns: ByteRecord = "34200.0,1,7,18,5853300".split(',').collect();
        columns.push_field(b"\xff");
        assert_eq!(
            Decoder::default().decode(&columns),
            Err(RowFault::NotText(Column::Direction))
        );
    }

    #[test]
    fn one_wrong_time_does_not_condemn_the_rest() {
        let mut decoder = Decoder::default();
        let mut time = |seconds: &str| {
            let columns = [seconds, "1", "7", "18", "5853300", "1"]
                .into_iter()
                .collect();
            decoder
                .decode(&columns)
                .map(|message| message.time.0 / 1_000_000_000)
        };
        assert_eq!(time("34200.5"), Ok(34_200));
        assert_eq!(time("34200.5"), Ok(34_200));
        assert_eq!(time("34200.4"), Err(RowFault::TimeBackwards));
        assert_eq!(time("80000.0"), Ok(80_000));
        assert_eq!(time("34201.0"), Err(RowFault::TimeBackwards));
        assert_eq!(time("34201.0"), Ok(34_201));
    }

    #[test]
    fn encoded_messages_decode_to_themselves() {
        let mut decoder = Decoder::default();
        let mut columns = ByteRecord::new();
        for message in Generator::new(1, 5_000) {
            encode(&message, &mut columns);
            assert_eq!(decoder.decode(&columns), Ok(message));
        }
    }
}
