//! TOML values that own their text and know their place, and the two ways to get them: from a
//! document, and from a single value that came by environment or command line.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Document, DocumentKind, Place};
use super::problem::Problem;

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Item {
    /// The value.
    pub data: Data,
    /// Where it stands.
    pub place: Place,
}

/// A TOML value.
#[derive(Debug, Clone)]
pub enum Data {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number. Wider than TOML's own, so that one that is too large is still a number.
    Integer(i128),
    /// A number with a fraction.
    Float(f64),
    /// A string.
    Text(String),
    /// A date, a time or both.
    Time(String),
    /// A list.
    List(Vec<Item>),
    /// A table, in the order of the text.
    Table(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_place: Place,
    /// The value.
    pub item: Item,
}

impl Item {
    /// What it is, for messages.
    pub fn describe(&self) -> &'static str {
        match self.data {
            Data::Bool(_) => "true or false",
            Data::Integer(_) => "a whole number",
            Data::Float(_) => "a number with a fraction",
            Data::Text(_) => "a string",
            Data::Time(_) => "a date or time",
            Data::List(_) => "a list",
            Data::Table(_) => "a table",
        }
    }

    /// The value as text: a string, or whatever an environment variable or argument says, so that
    /// `DATALAKE_DEVICE=007` needs no quotes.
    pub fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            Data::List(_) | Data::Table(_) => None,
            _ => self.is_override().then(|| self.place.text()),
        }
    }

    /// The value as TOML on one line.
    pub fn to_toml(&self) -> String {
        match &self.data {
            Data::Bool(value) => value.to_string(),
            Data::Integer(value) => value.to_string(),
            Data::Float(value) => format!("{value:?}"),
            Data::Text(text) => toml_string(text),
            Data::Time(time) => time.clone(),
            Data::List(items) => {
                let items: Vec<String> = items.iter().map(Self::to_toml).collect();
                format!("[{}]", items.join(", "))
            }
            Data::Table(entries) => {
                let pair = |entry: &Entry| format!("{} = {}", entry.key, entry.item.to_toml());
                format!(
                    "{{ {} }}",
                    entries.iter().map(pair).collect::<Vec<_>>().join(", ")
                )
            }
        }
    }

    /// True when it came by environment variable or argument.
    pub fn is_override(&self) -> bool {
        let kind = self.place.document().kind();
        matches!(kind, DocumentKind::Environment | DocumentKind::Argument)
    }
}

/// Reads a whole document. All syntax errors are reported, not only the first.
pub fn parse_document(document: &Arc<Document>) -> Result<Vec<Entry>, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(document.text());
    if errors.is_empty() {
        return Ok(entries(document, table.into_inner()));
    }
    let problem = |error: &toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        Problem::new(format!("this is not valid TOML: {}", error.message()))
            .at(Place::new(document, span))
    };
    Err(errors.iter().map(problem).collect())
}

/// Reads the value of an environment variable or argument: a TOML value, or else plain text.
pub fn parse_override(document: &Arc<Document>) -> Item {
    let (value, errors) = DeValue::parse_recoverable(document.text());
    // An empty text gives no error, but no value either.
    if errors.is_empty() && !document.text().trim().is_empty() {
        return item(document, value);
    }
    let data = Data::Text(document.text().to_owned());
    Item {
        data,
        place: Place::whole(document),
    }
}

/// Writes a text as a TOML string.
pub fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A TOML value as JSON, for the default in a schema.
pub(super) fn toml_to_json(text: &str) -> Option<serde_json::Value> {
    let value = DeValue::parse(text).ok()?;
    Some(json(&item(&Document::default_value(text), value).data))
}

/// A TOML value on one line.
pub(super) fn toml_to_toml(text: &str) -> Option<String> {
    let value = DeValue::parse(text).ok()?;
    Some(item(&Document::default_value(text), value).to_toml())
}

fn json(data: &Data) -> serde_json::Value {
    match data {
        Data::Bool(value) => (*value).into(),
        Data::Integer(value) => i64::try_from(*value).unwrap_or(i64::MAX).into(),
        Data::Float(value) => (*value).into(),
        Data::Text(value) | Data::Time(value) => value.as_str().into(),
        Data::List(items) => items.iter().map(|item| json(&item.data)).collect(),
        Data::Table(entries) => {
            let pairs = entries
                .iter()
                .map(|entry| (entry.key.clone(), json(&entry.item.data)));
            serde_json::Value::Object(pairs.collect())
        }
    }
}

fn entries(document: &Arc<Document>, table: DeTable<'_>) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for (key, value) in table {
        let key_place = Place::new(document, key.span());
        let key = key.into_inner().into_owned();
        entries.push(Entry {
            key,
            key_place,
            item: item(document, value),
        });
    }
    // The parser sorts by name; people read in the order of the file.
    entries.sort_by_key(|entry| entry.key_place.span().start);
    entries
}

fn item(document: &Arc<Document>, value: Spanned<DeValue<'_>>) -> Item {
    let span: Range<usize> = value.span();
    let data = match value.into_inner() {
        DeValue::Boolean(value) => Data::Bool(value),
        DeValue::Integer(value) => Data::Integer(integer(value.as_str(), value.radix())),
        DeValue::Float(value) => Data::Float(value.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::String(value) => Data::Text(value.into_owned()),
        DeValue::Datetime(value) => Data::Time(value.to_string()),
        DeValue::Array(values) => Data::List(
            values
                .into_iter()
                .map(|value| item(document, value))
                .collect(),
        ),
        DeValue::Table(table) => Data::Table(entries(document, table)),
    };
    Item {
        data,
        place: Place::new(document, span),
    }
}

/// A number too long even for 128 bits becomes the largest, which every range refuses.
fn integer(digits: &str, radix: u32) -> i128 {
    let limit = if digits.starts_with('-') {
        i128::MIN
    } else {
        i128::MAX
    };
    i128::from_str_radix(digits, radix).unwrap_or(limit)
}
