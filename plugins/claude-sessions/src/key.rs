//! Keys: what makes a line, a message or a response the same one wherever it comes from.

use std::borrow::Cow;

use datalake_core::hash;
use serde::{Serialize, Serializer};

/// Bytes that are stored as such.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// A hash of parts, each with its length, so that no two lists of parts are the same bytes.
pub(crate) fn digest(parts: &[&[u8]]) -> [u8; 16] {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash(&bytes)[..16]);
    short
}

/// The key of a message by its uuid: 16 bytes for one in the usual form, else `u` and its text. A text that would have
/// 16 bytes with the `u` gets a zero at its end.
pub(crate) fn of_uuid(uuid: &str) -> Bytes {
    if let Some(bytes) = parse_uuid(uuid.as_bytes()) {
        return Bytes(bytes.to_vec());
    }
    let mut bytes = vec![b'u'];
    bytes.extend_from_slice(uuid.as_bytes());
    if bytes.len() == 16 {
        bytes.push(0);
    }
    Bytes(bytes)
}

/// The key of a message without a uuid: `l` and a hash of where its line stands and what it says.
pub(crate) fn of_line(device: &str, path: &str, start: u64, line: i64) -> Bytes {
    let mut bytes = vec![b'l'];
    let place = [start.to_le_bytes(), line.to_le_bytes()];
    bytes.extend_from_slice(&digest(&[
        device.as_bytes(),
        path.as_bytes(),
        &place[0],
        &place[1],
    ]));
    Bytes(bytes)
}

/// The first 64 bits of a line's hash.
pub(crate) fn line_hash(line: &[u8]) -> i64 {
    short_hash(&hash(line))
}

/// The first 64 bits of a hash.
pub(crate) fn short_hash(hash: &[u8; 32]) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first)
}

/// The bytes of `01234567-89ab-cdef-0123-456789abcdef`. Capital letters are another text.
fn parse_uuid(text: &[u8]) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut bytes = [0; 16];
    let mut digits = 0;
    for (place, byte) in text.iter().enumerate() {
        let value = match (place, byte) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => byte - b'0',
            (_, b'a'..=b'f') => byte - b'a' + 10,
            _ => return None,
        };
        bytes[digits / 2] |= value << if digits % 2 == 0 { 4 } else { 0 };
        digits += 1;
    }
    Some(bytes)
}

/// A text that SQLite and people can bear: without zero characters.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => Cow::Owned(text.replace('\0', "\u{fffd}")),
        false => Cow::Borrowed(text),
    }
}

/// The same of a text that may be one's own.
pub(crate) fn cleaned(text: Cow<'_, str>) -> Cow<'_, str> {
    match clean(&text) {
        Cow::Owned(clean) => Cow::Owned(clean),
        Cow::Borrowed(_) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_sixteen_bytes_and_nothing_else_is() {
        let uuid = "01234567-89ab-cdef-0123-456789abcdef";
        assert_eq!(
            of_uuid(uuid).0,
            [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef].repeat(2)
        );
        for other in [
            "a",
            "",
            "123456789012345",
            "01234567-89AB-cdef-0123-456789abcdef",
            "0123456789ab-cdef-0123-456789abcdef-",
        ] {
            assert_ne!(of_uuid(other).0.len(), 16, "{other}");
        }
    }

    #[test]
    fn parts_do_not_run_into_one_another() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
        assert_ne!(digest(&[b"ab"]), digest(&[b"ab", b""]));
    }
}
