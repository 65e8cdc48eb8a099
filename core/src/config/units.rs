//! Durations and sizes, written with their unit.

use std::fmt;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::item::{Data, Item, toml_string};
use super::reader::Reader;
use super::value::ConfigValue;

/// Units of time in milliseconds, largest first.
const TIMES: &[(&str, u64)] = &[
    ("w", 7 * 24 * 60 * 60 * 1000),
    ("d", 24 * 60 * 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("m", 60 * 1000),
    ("s", 1000),
    ("ms", 1),
];

/// Reads a duration such as `200ms`, `5s`, `15m`, `2h`, `1d` or `1h 30m`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut total: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest)?;
        let unit_end = after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_end);
        let (_, millis) = TIMES.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*millis)?)?;
        rest = after.trim_start();
    }
    Some(Duration::from_millis(total))
}

/// The digits at the start of a text, and what follows them without white space.
fn split_number(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, after) = text.split_at(end);
    Some((digits.parse().ok()?, after.trim_start()))
}

fn duration_text(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        return "0s".into();
    }
    let whole = |(_, unit): &&(&str, u64)| millis.is_multiple_of(u128::from(*unit));
    // Milliseconds divide everything, so there is always one; weeks are unusual to read.
    let (name, unit) = TIMES
        .iter()
        .skip(1)
        .find(whole)
        .copied()
        .unwrap_or(("ms", 1));
    format!("{}{name}", millis / u128::from(unit))
}

impl ConfigValue for Duration {
    fn kind() -> String {
        "a duration such as \"200ms\", \"5s\", \"15m\", \"2h\" or \"1d\"".into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "pattern": "^\\s*(\\d+\\s*(w|d|h|m|s|ms)\\s*)+$" })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        let hint = match item.data {
            // A bare number is refused, because its unit would be a guess.
            Data::Integer(number) if number >= 0 => Some(format!(
                "add the unit: \"{number}s\" is in seconds, \"{number}m\" in minutes"
            )),
            Data::Text(ref text) => match parse_duration(text) {
                Some(duration) => return Some(duration),
                None => None,
            },
            _ => return reader.expected(item, &Self::kind()),
        };
        reader.refuse(
            item,
            format!("{} must be {}", reader.subject(), Self::kind()),
            hint,
        )
    }

    fn to_toml(&self) -> Option<String> {
        Some(toml_string(&duration_text(*self)))
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// Units of size in bytes, largest first; only the binary ones are written.
const BINARY: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("B", 1),
];
const DECIMAL: &[(&str, u64)] = &[
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
];

impl ByteSize {
    /// Reads a size such as `16 MiB`, `2GB` or `4096 B`; the case of the letters does not matter.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, unit) = split_number(text.trim())?;
        let known = |(name, _): &&(&str, u64)| name.eq_ignore_ascii_case(unit);
        let (_, factor) = BINARY.iter().chain(DECIMAL).find(known)?;
        number.checked_mul(*factor).map(Self)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |(_, unit): &&(&str, u64)| self.0 != 0 && self.0.is_multiple_of(*unit);
        let (name, unit) = BINARY.iter().find(whole).copied().unwrap_or(("B", 1));
        write!(f, "{} {name}", self.0 / unit)
    }
}

impl ConfigValue for ByteSize {
    fn kind() -> String {
        "a size such as \"64 MiB\" or \"2 GB\"".into()
    }

    fn schema() -> Json {
        json!({ "type": ["string", "integer"], "minimum": 0 })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        let size = match &item.data {
            // A bare number is in bytes.
            Data::Integer(number) => u64::try_from(*number).ok().map(Self),
            Data::Text(text) => Self::parse(text),
            _ => return reader.expected(item, &Self::kind()),
        };
        if size.is_some() {
            return size;
        }
        reader.refuse(
            item,
            format!("{} must be {}", reader.subject(), Self::kind()),
            None,
        )
    }

    fn to_toml(&self) -> Option<String> {
        Some(toml_string(&self.to_string()))
    }
}
