//! What could not become a record: rejects are data, kept with their place, reason and bytes.

use std::borrow::Cow;

use crate::record::Origin;

/// At most this much of a rejected input is kept, with the hash and length of the whole.
pub const REJECT_BYTES: usize = 64 << 10;

/// Why an input became no record. The code is for programs, the message for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// A short name that never changes, such as `not-json`.
    pub code: &'static str,
    /// What is wrong with this input, in words.
    pub message: Cow<'static, str>,
}

impl Reject {
    /// A reason with its message.
    pub fn new(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// The bytes of a rejected input: the head of it, and the hash and length of all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// At most [`REJECT_BYTES`] from its start.
    pub head: Vec<u8>,
    /// BLAKE3 of all of it.
    pub hash: [u8; 32],
    /// Its length in bytes.
    pub length: u64,
}

impl Sample {
    /// The sample of an input that is at hand as a whole.
    pub fn of(bytes: &[u8]) -> Self {
        Self {
            head: bytes[..bytes.len().min(REJECT_BYTES)].to_vec(),
            hash: *blake3::hash(bytes).as_bytes(),
            length: bytes.len() as u64,
        }
    }
}

/// A rejected input as it was kept: what a replay has to work with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Where it stands in its unit.
    pub origin: Origin,
    /// Its bytes, as far as they were kept.
    pub sample: Sample,
}

impl Kept {
    /// Its bytes, if all of them were kept. `None` for an input of no bytes as well: of a file that could not be
    /// opened, or a record that no bytes stand for, nothing was kept.
    pub fn bytes(&self) -> Option<&[u8]> {
        let whole = self.sample.length == self.sample.head.len() as u64;
        (whole && self.sample.length > 0).then_some(&self.sample.head)
    }
}

/// Why a unit was left out on purpose; no reject, as nothing of it belongs to this source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// What it is instead, in words.
    pub reason: Cow<'static, str>,
}

impl Skip {
    /// A reason to leave a unit out.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_kept_as_a_whole_can_be_read_again() {
        let kept = |bytes: &[u8]| Kept {
            origin: Origin::default(),
            sample: Sample::of(bytes),
        };
        assert_eq!(kept(b"bad").bytes(), Some(&b"bad"[..]));
        assert_eq!(kept(&vec![b'x'; REJECT_BYTES + 1]).bytes(), None);
        // A file that could not be opened: a parser would take its no bytes for an empty line and be content.
        assert_eq!(kept(b"").bytes(), None);
    }
}
