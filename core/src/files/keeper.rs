//! Keeps the raw bytes of a file while a parser reads it: what was read is what is kept.
//!
//! Bytes are taken in their order as they are read. What a parser leaves out, and what comes while too much waits
//! already, is read once more before the commit that covers it ([`Keeper::position`] tells from where on).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memchr;

use crate::error::Result;
use crate::raw::{Packer, RAW_BLOCK, RAW_LIMIT, RAW_WAITING, RawBlock};

/// A keeper that the file feeds and the commits empty.
#[derive(Clone)]
pub(crate) struct SharedKeeper(Arc<Mutex<Keeper>>);

impl SharedKeeper {
    pub(crate) fn new(keeper: Keeper) -> Self {
        Self(Arc::new(Mutex::new(keeper)))
    }

    /// Each step of its work leaves it whole, so a panic meanwhile does not matter.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Keeper> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The blocks of one file as far as they were read and not committed.
pub(crate) struct Keeper {
    packer: Packer,
    /// Where the open block begins.
    start: u64,
    open: Vec<u8>,
    /// Whether the open block has grown since it was handed out.
    grown: bool,
    done: Vec<RawBlock>,
    waiting: usize,
    /// Where the blocks begin that the last commit does not cover.
    starts: Vec<u64>,
}

impl Keeper {
    /// Begins with the block that begins at `start`.
    pub(crate) fn new(start: u64) -> Result<Self> {
        Ok(Self {
            packer: Packer::new()?,
            start,
            open: Vec::new(),
            grown: false,
            done: Vec::new(),
            waiting: 0,
            starts: vec![start],
        })
    }

    /// Up to where it has the bytes.
    pub(crate) fn position(&self) -> u64 {
        self.start + self.open.len() as u64
    }

    /// Whether so much waits that it should be committed.
    pub(crate) fn is_due(&self) -> bool {
        self.waiting >= RAW_WAITING / 2
    }

    /// Takes what continues from the bytes that were read at `at`, while there is room: a line of any length can be read
    /// past.
    pub(crate) fn take(&mut self, at: u64, bytes: &[u8]) -> Result<()> {
        let known = self.position().checked_sub(at);
        let known = known.and_then(|known| usize::try_from(known).ok());
        let new = known.and_then(|known| bytes.get(known..));
        for piece in new.unwrap_or_default().chunks(RAW_BLOCK) {
            if self.waiting >= RAW_WAITING {
                break;
            }
            self.add(piece)?;
        }
        Ok(())
    }

    /// Adds the bytes at its position.
    pub(crate) fn add(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let (length, ends) = cut(self.open.len(), bytes);
            self.open.extend_from_slice(&bytes[..length]);
            self.grown = true;
            bytes = &bytes[length..];
            if ends {
                self.close()?;
            }
        }
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let block = self.packer.pack(self.start, &self.open)?;
        self.start = block.end();
        self.starts.push(self.start);
        self.waiting += block.packed.len();
        self.done.push(block);
        self.open.clear();
        self.grown = false;
        Ok(())
    }

    /// Hands out the blocks that are complete.
    pub(crate) fn complete(&mut self) -> Vec<RawBlock> {
        self.waiting = 0;
        std::mem::take(&mut self.done)
    }

    /// Hands out all there is for a commit that covers the first `offset` bytes, the open block included: where it is the
    /// last one of the file, also if it was handed out before. Returns also where to begin when the file is read on from
    /// there.
    pub(crate) fn seal(&mut self, offset: u64, last: bool) -> Result<(Vec<RawBlock>, u64)> {
        let mut blocks = self.complete();
        if std::mem::take(&mut self.grown) || (last && !self.open.is_empty()) {
            blocks.push(self.packer.pack(self.start, &self.open)?);
        }
        let covered = self.starts.iter().take_while(|start| **start <= offset);
        let last = covered.count().saturating_sub(1);
        self.starts.drain(..last);
        Ok((blocks, self.starts[0]))
    }
}

/// How many of `bytes` belong to a block that has `length` bytes already, and whether it ends with them.
fn cut(length: usize, bytes: &[u8]) -> (usize, bool) {
    let room = bytes.len().min(RAW_LIMIT - length);
    let early = (RAW_BLOCK - 1).saturating_sub(length).min(room);
    match memchr(b'\n', &bytes[early..room]) {
        Some(found) => (early + found + 1, true),
        None => (room, length + room == RAW_LIMIT),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::raw::unpack_raw;

    /// Where the blocks of a content end, by the rule as it is told.
    fn ends(content: &[u8]) -> Vec<u64> {
        let breaks: Vec<usize> = memchr::memchr_iter(b'\n', content).collect();
        let (mut ends, mut start) = (Vec::new(), 0);
        while start < content.len() {
            let mut line = breaks.iter().map(|at| at + 1);
            let line = line.find(|end| *end >= start + RAW_BLOCK);
            start = line
                .unwrap_or(usize::MAX)
                .min(start + RAW_LIMIT)
                .min(content.len());
            ends.push(start as u64);
        }
        ends
    }

    /// Lines of these lengths.
    fn content(lines: &[usize]) -> Vec<u8> {
        let mut content = Vec::new();
        for (number, length) in lines.iter().enumerate() {
            let byte = b'a' + (number % 26) as u8;
            content.extend(std::iter::repeat_n(byte, *length));
            content.push(b'\n');
        }
        content
    }

    fn lines() -> impl Strategy<Value = Vec<usize>> {
        let length = prop_oneof![4 => 0..40_000_usize, 2 => 100_000..300_000_usize, 1 => 900_000..2_200_000_usize];
        proptest::collection::vec(length, 0..10)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

        /// However the bytes come, and wherever a reading is broken off and taken up again.
        #[test]
        fn blocks_follow_from_the_content_alone(
            lines in lines(),
            torn in 0..200_000_usize,
            pieces in proptest::collection::vec((1..600_000_usize, any::<bool>()), 1..12),
        ) {
            let mut content = content(&lines);
            content.extend(std::iter::repeat_n(b'-', torn));
            let mut keeper = Keeper::new(0).unwrap();
            let mut stored: Vec<RawBlock> = Vec::new();
            let (mut at, mut reached, mut turns) = (0, 0, pieces.iter().cycle());
            while at < content.len() {
                let (length, commits) = turns.next().unwrap();
                // Whoever goes back to the start of a block comes further than before, as the file has grown.
                let end = content.len().min((at + length).max(reached + length / 2 + 1));
                reached = end;
                keeper.take(at as u64, &content[at..end]).unwrap();
                at = end;
                if *commits || at == content.len() || keeper.position() < at as u64 {
                    let position = keeper.position() as usize;
                    keeper.add(&content[position..at]).unwrap();
                    // The last line waits, as a commit covers whole lines only.
                    let offset = content[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
                    let (blocks, again) = keeper.seal(offset as u64, *commits).unwrap();
                    prop_assert!(again <= offset as u64 && offset as u64 - again < RAW_LIMIT as u64);
                    for block in blocks {
                        stored.retain(|known| known.start < block.start);
                        stored.push(block);
                    }
                    keeper = Keeper::new(again).unwrap();
                    at = again as usize;
                    if end == content.len() {
                        break;
                    }
                }
            }
            let got: Vec<u64> = stored.iter().map(RawBlock::end).collect();
            prop_assert_eq!(got, ends(&content));
            let bytes = stored.iter().map(|block| unpack_raw(&block.packed, block.length, &block.hash).unwrap());
            prop_assert!(bytes.collect::<Vec<_>>().concat() == content);
        }
    }

    #[test]
    fn what_waits_is_bounded_and_nothing_but_what_continues_is_taken() {
        let mut keeper = Keeper::new(0).unwrap();
        keeper.take(10, b"behind a gap").unwrap();
        assert_eq!(keeper.position(), 0);
        let mut noise = vec![0; 64 << 20];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        for (number, piece) in noise.chunks(256 << 10).enumerate() {
            keeper.take((number * (256 << 10)) as u64, piece).unwrap();
        }
        assert!(keeper.is_due() && keeper.waiting <= RAW_WAITING + RAW_LIMIT);
        assert!((16..20).contains(&keeper.complete().len()));
    }
}
