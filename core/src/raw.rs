//! Raw input as it is kept beside the rows: stretches of a unit's bytes, each compressed by itself.
//!
//! Where a block ends follows from the bytes alone, so that it does not matter in how many readings and batches they
//! came, and the same bytes are the same blocks wherever they were read.

use zstd::bulk::{Compressor, decompress};

use crate::blob::{ContentHash, hash};
use crate::error::{Error, Result};

/// A block ends with the first line that ends at or behind this many bytes. Larger blocks would be a little smaller
/// when compressed, but the last block of a file is written anew whenever the file has grown.
pub const RAW_BLOCK: usize = 128 << 10;
/// A block never has more bytes: it ends here also within a line.
pub const RAW_LIMIT: usize = 1 << 20;
/// While so many compressed bytes wait for a commit nothing more is taken in passing.
pub(crate) const RAW_WAITING: usize = 2 << 20;
/// The most raw bytes that one batch brings, compressed: what waits, the block that went beyond, and the open one.
pub const RAW_BATCH: usize = RAW_WAITING + 2 * RAW_LIMIT;
/// The usual one: higher levels take several times as long and save some hundredths.
const LEVEL: i32 = 3;

/// A stretch of a unit's raw bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawBlock {
    /// Where it begins in the content.
    pub start: u64,
    /// How many bytes it has.
    pub length: u32,
    /// BLAKE3 of these bytes.
    pub hash: ContentHash,
    /// Whether it ends with a line break.
    pub ends_line: bool,
    /// The bytes as one zstd frame.
    pub packed: Box<[u8]>,
}

impl RawBlock {
    /// Where the next block begins.
    pub fn end(&self) -> u64 {
        self.start + u64::from(self.length)
    }
}

/// Makes blocks of bytes.
pub(crate) struct Packer(Compressor<'static>);

impl Packer {
    pub(crate) fn new() -> Result<Self> {
        Compressor::new(LEVEL).map(Self).map_err(failed)
    }

    /// The block of at most [`RAW_LIMIT`] bytes that begins at `start`.
    pub(crate) fn pack(&mut self, start: u64, bytes: &[u8]) -> Result<RawBlock> {
        Ok(RawBlock {
            start,
            length: bytes.len() as u32,
            hash: hash(bytes),
            ends_line: bytes.last() == Some(&b'\n'),
            packed: self.0.compress(bytes).map_err(failed)?.into(),
        })
    }
}

fn failed(error: std::io::Error) -> Error {
    Error::bug("raw input cannot be compressed").caused_by(error)
}

/// The bytes of a block, if they are what was kept: of this length and with this hash.
pub fn unpack_raw(packed: &[u8], length: u32, expected: &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(length).ok()?;
    if length > RAW_LIMIT {
        return None;
    }
    let bytes = decompress(packed, length).ok()?;
    (bytes.len() == length && hash(&bytes)[..] == *expected).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked_and_damage_is_noticed() {
        let bytes = b"a line\n".repeat(1000);
        let block = Packer::new().unwrap().pack(7, &bytes).unwrap();
        assert!(block.ends_line && block.packed.len() < bytes.len() / 10);
        assert_eq!(block.end(), 7 + 7000);
        let unpack = |packed: &[u8], length| unpack_raw(packed, length, &block.hash);
        assert_eq!(unpack(&block.packed, 7000), Some(bytes));
        assert_eq!(unpack(&block.packed, 6999), None);
        assert_eq!(unpack(&block.packed, u32::MAX), None);
        for at in 0..block.packed.len() {
            let mut damaged = block.packed.to_vec();
            damaged[at] ^= 1;
            // A bit that means nothing may change; the bytes never do.
            assert!(unpack(&damaged, 7000).is_none_or(|bytes| hash(&bytes) == block.hash));
        }
    }
}
