//! Values and encoded rows. A record is encoded once, by the worker that parsed it, into a run of bytes
//! that the writer binds straight from; nothing is allocated a value.

/// A value of a column, owned.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A 64-bit float.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

/// A value of a column, borrowed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// A 64-bit float.
    Real(f64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Blob(&'a [u8]),
    /// The n-th text of the batch's own dictionary.
    Entry(u32),
}

impl Value {
    /// A view of it.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }

    /// Whether it is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl From<ValueRef<'_>> for Value {
    /// An entry of a batch's dictionary has no meaning outside the batch and becomes NULL.
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null | ValueRef::Entry(_) => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(text) => Self::Text(text.to_owned()),
            ValueRef::Blob(bytes) => Self::Blob(bytes.to_vec()),
        }
    }
}

const NULL: u8 = 0;
const INTEGER: u8 = 1;
const REAL: u8 = 2;
const TEXT: u8 = 3;
const BLOB: u8 = 4;
const ENTRY: u8 = 5;

/// Appends column number `column` with `value` to an encoded row.
#[inline]
pub(crate) fn append(row: &mut Vec<u8>, column: u8, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => row.extend_from_slice(&[column, NULL]),
        ValueRef::Integer(number) => append_word(row, column, INTEGER, number.to_le_bytes()),
        ValueRef::Real(number) => append_word(row, column, REAL, number.to_bits().to_le_bytes()),
        ValueRef::Text(text) => append_bytes(row, column, TEXT, text.as_bytes()),
        ValueRef::Blob(bytes) => append_bytes(row, column, BLOB, bytes),
        ValueRef::Entry(number) => append_entry(row, column, number),
    }
}

/// One copy of ten bytes: this is called for nearly every field of every line.
#[inline]
fn append_word(row: &mut Vec<u8>, column: u8, tag: u8, word: [u8; 8]) {
    let [a, b, c, d, e, f, g, h] = word;
    row.extend_from_slice(&[column, tag, a, b, c, d, e, f, g, h]);
}

#[inline]
fn append_entry(row: &mut Vec<u8>, column: u8, number: u32) {
    let [a, b, c, d] = number.to_le_bytes();
    row.extend_from_slice(&[column, ENTRY, a, b, c, d]);
}

/// Copies an encoded row behind `out`, and replaces the texts of the columns in `repeating` (a bit each) by
/// the number that `entry` gives them. What lies between two of them is copied in one piece.
pub(crate) fn copy_with_entries(
    row: &[u8],
    out: &mut Vec<u8>,
    repeating: u128,
    mut entry: impl FnMut(&str) -> u32,
) {
    let (mut copied, mut at) = (0, 0);
    while let Some(&[column, tag]) = row.get(at..at + 2) {
        let length = value_length(tag, &row[at + 2..]);
        if tag == TEXT && repeating & (1 << column) != 0 {
            let text = row.get(at + 6..at + 2 + length).unwrap_or_default();
            out.extend_from_slice(&row[copied..at]);
            append_entry(
                out,
                column,
                entry(std::str::from_utf8(text).unwrap_or_default()),
            );
            copied = at + 2 + length;
        }
        at += 2 + length;
    }
    out.extend_from_slice(&row[copied..]);
}

/// The parts of an encoded row that hold the columns in `wanted` (a bit each). Neighbours are one part.
pub(crate) fn runs(row: &[u8], wanted: u128) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut start = at;
        while let Some(&[column, tag]) = row.get(at..at + 2) {
            let end = at + 2 + value_length(tag, &row[at + 2..]);
            if wanted & (1 << column) == 0 {
                let run = row.get(start..at).filter(|run| !run.is_empty());
                (at, start) = (end, end);
                if run.is_some() {
                    return run;
                }
            }
            at = at.max(end);
        }
        row.get(start..at).filter(|run| !run.is_empty())
    })
}

#[inline]
fn value_length(tag: u8, value: &[u8]) -> usize {
    match tag {
        INTEGER | REAL => 8,
        ENTRY => 4,
        TEXT | BLOB => value
            .first_chunk()
            .map_or(4, |length| 4 + u32::from_le_bytes(*length) as usize),
        _ => 0,
    }
}

/// A value of 4 GiB or more cannot be stored by SQLite either; the encoder refuses it long before.
#[inline]
fn append_bytes(row: &mut Vec<u8>, column: u8, tag: u8, bytes: &[u8]) {
    row.extend_from_slice(&[column, tag]);
    row.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    row.extend_from_slice(bytes);
}

/// The values of an encoded row with their column numbers, in the order in which they were appended.
/// Columns that do not occur are NULL.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    /// Reads a row that [`append`] wrote.
    #[inline]
    pub(crate) fn new(row: &'a [u8]) -> Self {
        Self { rest: row }
    }

    #[inline]
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*head)
    }

    #[inline]
    fn take_bytes(&mut self) -> Option<&'a [u8]> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let (head, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(head)
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = (usize, ValueRef<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let [column, tag] = self.take()?;
        let value = match tag {
            INTEGER => ValueRef::Integer(i64::from_le_bytes(self.take()?)),
            REAL => ValueRef::Real(f64::from_bits(u64::from_le_bytes(self.take()?))),
            TEXT => ValueRef::Text(std::str::from_utf8(self.take_bytes()?).ok()?),
            BLOB => ValueRef::Blob(self.take_bytes()?),
            ENTRY => ValueRef::Entry(u32::from_le_bytes(self.take()?)),
            _ => ValueRef::Null,
        };
        Some((usize::from(column), value))
    }
}
