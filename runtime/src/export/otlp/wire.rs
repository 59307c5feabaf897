//! Fields of Protobuf, as they lie in a message.
//!
//! As [its encoding](https://protobuf.dev/programming-guides/encoding/) has them. What has the value that is meant where
//! nothing is said is left out, and lengths are as short as they can be: the bytes are those that `prost` writes.

const VARINT: u8 = 0;
const FIXED_64: u8 = 1;
const BYTES: u8 = 2;
const FIXED_32: u8 = 5;

/// How many bytes the length of a message will take, most likely. Where it takes others, the message is moved.
#[derive(Clone, Copy)]
pub(super) enum Room {
    /// Up to 127 bytes.
    Small = 1,
    /// Up to 16 KiB.
    Medium = 2,
    /// Up to 2 MiB.
    Large = 3,
}

/// A message that is being written.
pub(super) struct Wire(pub(super) Vec<u8>);

impl Wire {
    /// Writes a number, unless it is zero.
    pub(super) fn number(&mut self, field: u8, value: u64) {
        if value != 0 {
            self.any_number(field, value);
        }
    }

    /// Writes a number.
    pub(super) fn any_number(&mut self, field: u8, value: u64) {
        self.key(field, VARINT);
        self.varint(value);
    }

    /// Writes eight bytes, unless they are zero.
    pub(super) fn fixed_64(&mut self, field: u8, value: u64) {
        if value != 0 {
            self.any_fixed_64(field, value);
        }
    }

    /// Writes eight bytes.
    pub(super) fn any_fixed_64(&mut self, field: u8, value: u64) {
        self.key(field, FIXED_64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// Writes four bytes, unless they are zero.
    pub(super) fn fixed_32(&mut self, field: u8, value: u32) {
        if value != 0 {
            self.key(field, FIXED_32);
            self.0.extend_from_slice(&value.to_le_bytes());
        }
    }

    /// Writes bytes or text, unless there is none.
    pub(super) fn bytes(&mut self, field: u8, value: &[u8]) {
        if !value.is_empty() {
            self.any_bytes(field, value);
        }
    }

    /// Writes bytes or text.
    pub(super) fn any_bytes(&mut self, field: u8, value: &[u8]) {
        self.key(field, BYTES);
        self.varint(value.len() as u64);
        self.0.extend_from_slice(value);
    }

    /// Writes a message; `write` writes its fields.
    #[inline]
    pub(super) fn message(&mut self, field: u8, room: Room, write: impl FnOnce(&mut Self)) {
        self.key(field, BYTES);
        let at = self.0.len();
        self.0
            .extend_from_slice(&[0; Room::Large as usize][..room as usize]);
        write(self);
        self.close(at, room as usize);
    }

    /// Writes the length of the message that lies behind `room` bytes at `at`.
    #[inline]
    fn close(&mut self, at: usize, room: usize) {
        let len = self.0.len() - (at + room);
        match self.0.get_mut(at) {
            // Most messages are small.
            Some(byte) if room == 1 && len < 0x80 => *byte = len.to_le_bytes()[0],
            _ => self.close_long(at, room, len),
        }
    }

    /// The same, of a message of so many bytes whose length may take other bytes than there are.
    // Not inlined, so that the other case is.
    #[inline(never)]
    fn close_long(&mut self, at: usize, room: usize, len: usize) {
        let (begin, width) = (at + room, width(len));
        if width != room {
            self.0.resize((begin + len).max(at + width + len), 0);
            self.0.copy_within(begin..begin + len, at + width);
            self.0.truncate(at + width + len);
        }
        let mut rest = len;
        for byte in &mut self.0[at..at + width] {
            *byte = rest.to_le_bytes()[0] | 0x80;
            rest >>= 7;
        }
        self.0[at + width - 1] &= 0x7f;
    }

    #[inline]
    fn key(&mut self, field: u8, kind: u8) {
        self.varint(u64::from(field) << 3 | u64::from(kind));
    }

    #[inline]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }
}

/// How many bytes a length takes.
#[inline]
fn width(len: usize) -> usize {
    // One for seven bits, and one for none.
    (usize::BITS - (len | 1).leading_zeros()).div_ceil(7) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_right_whatever_room_was_made_for_it() {
        for len in [0_usize, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152] {
            for room in [Room::Small, Room::Medium, Room::Large] {
                let mut wire = Wire(vec![0xaa]);
                wire.message(1, room, |wire| {
                    wire.0.extend((0..len).map(|n| n.to_le_bytes()[0]));
                });
                wire.number(2, 1);
                let mut expected = vec![0xaa, 0x0a];
                prost::encode_length_delimiter(len, &mut expected).unwrap();
                expected.extend((0..len).map(|n| n.to_le_bytes()[0]));
                expected.extend([0x10, 1]);
                assert!(wire.0 == expected, "{len} bytes");
            }
        }
    }
}
