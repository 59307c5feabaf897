//! What a packed file holds.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use super::Fault;

/// So much of a file is read at once.
pub(super) const PIECE: usize = 64 << 10;

/// With what a file begins that is packed with `gzip`, and with `zstd`.
const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// With what some editors begin a text in UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];

/// Opens a file of a recording, also one that has been packed since it was found: a recorder does so while others read.
/// What it gives is packed as it is in the file: [`unpack`] reads both.
///
/// ```no_run
/// use tickspan::replay::{Replay, open, unpack};
///
/// for path in Replay::open("data/events")?.files() {
///     let lines = unpack(open(&path)?)?;
///     println!("{} bytes", std::io::copy(&mut { lines }, &mut std::io::sink())?);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When it can be opened neither as it was found nor packed.
pub fn open(path: &Path) -> io::Result<File> {
    let opened = File::open(path);
    if !matches!(&opened, Err(error) if error.kind() == io::ErrorKind::NotFound) {
        return opened;
    }
    let packed = [".gz", ".zst"].into_iter().find_map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        File::open(name).ok()
    });
    packed.map_or(opened, Ok)
}

/// Unpacks what is packed with `gzip` or `zstd`, and gives the rest as it is, but for a byte order mark. The first bytes tell which; a name is not asked for.
///
/// ```
/// use std::io::Read as _;
/// use tickspan::replay::unpack;
///
/// let mut text = String::new();
/// unpack(b"not packed".as_slice())?.read_to_string(&mut text)?;
/// assert_eq!(text, "not packed");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// When nothing can be read, or when the feature is missing that unpacks it.
pub fn unpack(mut packed: impl Read + Send + 'static) -> Result<Box<dyn Read + Send>, Fault> {
    let mut head = [0; 4];
    let len = read_head(&mut packed, &mut head).map_err(Fault::File)?;
    let mut begin = Cursor::new(head).take(len as u64);
    if head.starts_with(&BYTE_ORDER_MARK) {
        begin.read_exact(&mut [0; 3]).map_err(Fault::File)?;
    }
    let whole = begin.chain(packed);
    if head.starts_with(&GZIP) {
        let file = BufReader::with_capacity(PIECE, whole);
        return Ok(Box::new(MultiGzDecoder::new(file)));
    }
    if head == ZSTD {
        #[cfg(feature = "zstd")]
        return Ok(Box::new(zstd::Decoder::new(whole).map_err(Fault::File)?));
        #[cfg(not(feature = "zstd"))]
        return Err(Fault::MissingFeature("zstd"));
    }
    Ok(Box::new(whole))
}

/// Reads until `head` is full, or the end.
fn read_head(from: &mut impl Read, head: &mut [u8]) -> io::Result<usize> {
    let mut len = 0;
    while len < head.len() {
        match from.read(&mut head[len..]) {
            Ok(0) => break,
            Ok(read) => len += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(len)
}
