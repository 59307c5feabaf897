//! A limit to the length of a line, for files that turn out not to be text.

use std::io::{self, Read};

/// No row of a feed comes near this length, in bytes.
const LONGEST_LINE: usize = 4_096;

/// Reads what `bytes` holds, but of each line only the beginning: a file without line ends must not
/// be held in memory as a single row.
#[derive(Debug)]
pub(crate) struct LineLimit<R> {
    bytes: R,
    length: usize,
}

impl<R> LineLimit<R> {
    pub(crate) fn of(bytes: R) -> Self {
        Self { bytes, length: 0 }
    }

    /// Moves the bytes to keep to the front and says how many they are.
    fn cut(&mut self, bytes: &mut [u8]) -> usize {
        let mut kept = 0;
        for index in 0..bytes.len() {
            let byte = bytes[index];
            self.length = if byte == b'\n' {
                0
            } else {
                self.length.saturating_add(1)
            };
            if self.length <= LONGEST_LINE {
                bytes[kept] = byte;
                kept += 1;
            }
        }
        kept
    }
}

impl<R: Read> Read for LineLimit<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.bytes.read(buffer)?;
            let kept = self.cut(&mut buffer[..read]);
            // To keep nothing is not to be at the end.
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limited(bytes: &[u8]) -> Vec<u8> {
        let mut kept = Vec::new();
        LineLimit::of(bytes).read_to_end(&mut kept).unwrap();
        kept
    }

    #[test]
    fn lines_of_text_are_left_alone() {
        let text = b"34200.1,1,7,18,5853300,1\r\n\n34200.2,3,7,18,5853300,1";
        assert_eq!(limited(text), text);
    }

    #[test]
    fn endless_line_is_cut_and_the_next_one_kept() {
        let mut bytes = vec![0; 1_000_000];
        bytes.extend(b"\nnext");
        let mut expected = vec![0; LONGEST_LINE];
        expected.extend(b"\nnext");
        assert_eq!(limited(&bytes), expected);
    }
}
