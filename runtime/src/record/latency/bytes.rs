//! A clock as bytes, for another process.

use core::fmt;
use core::ops::Deref;

use super::clock::{MOST_MARKS, Marks, bit};
use super::path::LatencyPath;
use super::tick::Anchor;

const VERSION: u8 = 1;

/// The bytes before the times.
const HEADER: usize = 10;

/// A clock as bytes: what [`StageClock::to_bytes`](crate::StageClock::to_bytes) writes and
/// [`from_bytes`](crate::StageClock::from_bytes) reads.
///
/// | at | bytes | what, numbers with the highest byte first |
/// |---|---|---|
/// | 0 | 1 | the version of this form: 1 |
/// | 1 | 1 | how many marks the path has, from 2 to 16 |
/// | 2 | 4 | the path: FNV-1a (32 bits) of the name of the path and the names of its marks in their order, each with a zero byte after it |
/// | 6 | 2 | the marks that were made, the first of the path in the lowest bit |
/// | 8 | 2 | those of them that were made more than once |
/// | 10 | 8 each | for each mark that was made, in the order of the path: nanoseconds since 1970, UTC, not zero |
///
/// Nothing follows. Anything else is an error when it is read.
#[derive(Clone, Copy)]
pub struct ClockBytes {
    bytes: [u8; Self::MOST],
    len: usize,
}

impl ClockBytes {
    /// The most bytes of a clock: of one with sixteen marks.
    pub const MOST: usize = HEADER + 8 * MOST_MARKS;
}

impl Deref for ClockBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl AsRef<[u8]> for ClockBytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for ClockBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClockBytes").field(&&**self).finish()
    }
}

/// Why bytes are no clock of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockBytesError {
    /// There are too few, or more than the marks need: so many.
    Length(usize),
    /// They are of another version of the form.
    Version(u8),
    /// They are of a path with another name, or with other marks.
    Path,
    /// They tell marks that the path does not have, or a mark without a time.
    Marks,
}

impl fmt::Display for ClockBytesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot read a clock: ")?;
        match self {
            Self::Length(length) => write!(f, "{length} bytes are too few or too many"),
            Self::Version(version) => {
                write!(f, "its form has version {version}, and not {VERSION}")
            }
            Self::Path => f.write_str("it is of another path, or of one with other marks"),
            Self::Marks => f.write_str("its marks contradict its path"),
        }
    }
}

impl core::error::Error for ClockBytesError {}

pub(super) fn write(path: &LatencyPath, marks: &Marks, anchor: Anchor) -> ClockBytes {
    let mut written = ClockBytes {
        bytes: [0; ClockBytes::MOST],
        len: HEADER,
    };
    let mut made = 0;
    for (place, tick) in marks
        .ticks
        .iter()
        .enumerate()
        .filter(|(_, tick)| **tick != 0)
    {
        made |= bit(place);
        let unix = if marks.foreign & bit(place) == 0 {
            anchor.unix_at(*tick)
        } else {
            *tick
        };
        written.bytes[written.len..written.len + 8].copy_from_slice(&unix.to_be_bytes());
        written.len += 8;
    }
    written.bytes[0] = VERSION;
    #[expect(clippy::cast_possible_truncation, reason = "at most 16")]
    {
        written.bytes[1] = path.marks.len() as u8;
    }
    written.bytes[2..6].copy_from_slice(&path.fingerprint.to_be_bytes());
    written.bytes[6..8].copy_from_slice(&made.to_be_bytes());
    written.bytes[8..10].copy_from_slice(&(marks.repeated & made).to_be_bytes());
    written
}

pub(super) fn read(path: &LatencyPath, bytes: &[u8]) -> Result<Marks, ClockBytesError> {
    let length = ClockBytesError::Length(bytes.len());
    // Whatever the version, it comes first.
    match bytes.first() {
        None => return Err(length),
        Some(&VERSION) => {}
        Some(&other) => return Err(ClockBytesError::Version(other)),
    }
    let (header, times) = bytes.split_first_chunk::<HEADER>().ok_or(length)?;
    let [_, count, f0, f1, f2, f3, m0, m1, r0, r1] = *header;
    let fingerprint = u32::from_be_bytes([f0, f1, f2, f3]);
    if usize::from(count) != path.marks.len() || fingerprint != path.fingerprint {
        return Err(ClockBytesError::Path);
    }
    let (made, repeated) = (u16::from_be_bytes([m0, m1]), u16::from_be_bytes([r0, r1]));
    let places = path.marks.len().min(MOST_MARKS);
    let is_of_path = (0..MOST_MARKS).all(|place| place < places || made & bit(place) == 0);
    if !is_of_path || repeated & !made != 0 {
        return Err(ClockBytesError::Marks);
    }
    if times.len() != 8 * made.count_ones() as usize {
        return Err(length);
    }
    let mut marks = Marks {
        foreign: made,
        repeated,
        ..Marks::default()
    };
    let made = (0..places).filter(|place| made & bit(*place) != 0);
    for (place, time) in made.zip(times.chunks_exact(8)) {
        let unix = time.try_into().map_or(0, u64::from_be_bytes);
        if unix == 0 {
            return Err(ClockBytesError::Marks);
        }
        marks.ticks[place] = unix;
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::latency::LatencyMark;

    static PATH: LatencyPath = LatencyPath::new(
        "p",
        0,
        &[
            LatencyMark::new("a", 0),
            LatencyMark::new("b", 0),
            LatencyMark::new("c", 0),
        ],
    );

    fn marks(times: &[u64], repeated: u16) -> Marks {
        let mut marks = Marks {
            foreign: 0,
            repeated,
            ..Marks::default()
        };
        for (place, time) in times.iter().enumerate() {
            marks.ticks[place] = *time;
            if *time != 0 {
                marks.foreign |= bit(place);
            }
        }
        marks
    }

    #[test]
    fn form_is_the_documented_one() {
        let bytes = write(&PATH, &marks(&[0x0102, 0, 7], 0b100), Anchor::now());
        let hash = PATH.fingerprint.to_be_bytes();
        let mut expected = vec![1, 3, hash[0], hash[1], hash[2], hash[3], 0, 0b101, 0, 0b100];
        expected.extend([0, 0, 0, 0, 0, 0, 1, 2]);
        expected.extend([0, 0, 0, 0, 0, 0, 0, 7]);
        assert_eq!(*bytes, *expected);
    }

    #[test]
    fn each_fault_is_told() {
        let bytes = write(&PATH, &marks(&[5, 6, 0], 0), Anchor::now()).to_vec();
        let with = |place: usize, byte: u8| {
            let mut bytes = bytes.clone();
            bytes[place] = byte;
            read(&PATH, &bytes)
        };
        assert_eq!(read(&PATH, &[]), Err(ClockBytesError::Length(0)));
        assert_eq!(read(&PATH, &bytes[..9]), Err(ClockBytesError::Length(9)));
        assert_eq!(read(&PATH, &bytes[..25]), Err(ClockBytesError::Length(25)));
        let long = [&bytes[..], &[0]].concat();
        assert_eq!(read(&PATH, &long), Err(ClockBytesError::Length(27)));
        assert_eq!(with(0, 2), Err(ClockBytesError::Version(2)));
        assert_eq!(with(1, 4), Err(ClockBytesError::Path));
        assert_eq!(with(2, !bytes[2]), Err(ClockBytesError::Path));
        assert_eq!(with(7, 0b1001), Err(ClockBytesError::Marks));
        assert_eq!(with(9, 0b100), Err(ClockBytesError::Marks));
        assert_eq!(with(17, 0), Err(ClockBytesError::Marks));
    }

    #[test]
    fn ticks_become_times_of_day() {
        let anchor = Anchor::now();
        let mut own = Marks::default();
        own.ticks[1] = anchor.tick;
        let read = read(&PATH, &write(&PATH, &own, anchor)).unwrap();
        assert_eq!((read.foreign, read.ticks[1]), (0b10, anchor.unix));
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(times in prop::array::uniform3(any::<u64>()), repeated: u16) {
            let mut marks = marks(&times, repeated);
            marks.repeated &= marks.foreign;
            prop_assert_eq!(read(&PATH, &write(&PATH, &marks, Anchor::now())), Ok(marks));
        }

        #[test]
        fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..64), like in any::<bool>()) {
            if like && bytes.len() >= 6 {
                bytes[..2].copy_from_slice(&[1, 3]);
                bytes[2..6].copy_from_slice(&PATH.fingerprint.to_be_bytes());
            }
            _ = read(&PATH, &bytes);
        }
    }
}
