//! The kinds of values that a key can have, behind one trait, and the simple ones of them.

use std::fmt;
use std::net::SocketAddr;

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use super::item::{Data, Item, toml_string};
use super::nearest::nearest;
use super::reader::Reader;
use crate::time::Zone;

/// A type that a configuration key can have.
pub trait ConfigValue: Sized {
    /// Whether the key may be left out although it has no default.
    const OPTIONAL: bool = false;
    /// Whether the value must never be shown.
    const SECRET: bool = false;

    /// What a value looks like, for people; follows "must be".
    fn kind() -> String;

    /// The JSON schema of a value.
    fn schema() -> Json;

    /// Reads a value; reports what is wrong with it to `reader`, and then gives nothing.
    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self>;

    /// The value of a key that was left out and has no default.
    fn absent() -> Option<Self> {
        None
    }

    /// The value as TOML; nothing for a value that is absent.
    fn to_toml(&self) -> Option<String>;
}

impl<T: ConfigValue> ConfigValue for Option<T> {
    const OPTIONAL: bool = true;
    const SECRET: bool = T::SECRET;

    fn kind() -> String {
        T::kind()
    }

    fn schema() -> Json {
        T::schema()
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(item, reader).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn to_toml(&self) -> Option<String> {
        self.as_ref().and_then(T::to_toml)
    }
}

impl<T: ConfigValue> ConfigValue for Vec<T> {
    const SECRET: bool = T::SECRET;

    fn kind() -> String {
        format!("a list, each entry {}", T::kind())
    }

    fn schema() -> Json {
        json!({ "type": "array", "items": T::schema() })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        match &item.data {
            Data::List(items) => {
                let mut reader = reader.entries();
                // All entries are read before the first bad one ends it, so that all are reported.
                let read: Vec<_> = items
                    .iter()
                    .map(|item| T::read(item, &mut reader))
                    .collect();
                read.into_iter().collect()
            }
            // In a shell one word is easier than a list of one.
            _ if item.is_override() => Some(vec![T::read(item, reader)?]),
            _ => reader.expected(item, &Self::kind()),
        }
    }

    fn to_toml(&self) -> Option<String> {
        let entries: Vec<String> = self.iter().filter_map(T::to_toml).collect();
        Some(format!("[{}]", entries.join(", ")))
    }
}

impl ConfigValue for bool {
    fn kind() -> String {
        "true or false".into()
    }

    fn schema() -> Json {
        json!({ "type": "boolean" })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        match item.data {
            Data::Bool(value) => Some(value),
            _ => reader.expected(item, &Self::kind()),
        }
    }

    fn to_toml(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl ConfigValue for String {
    fn kind() -> String {
        "a string".into()
    }

    fn schema() -> Json {
        json!({ "type": "string" })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        match item.as_text() {
            Some(text) => Some(text.to_owned()),
            None => reader.expected(item, &Self::kind()),
        }
    }

    fn to_toml(&self) -> Option<String> {
        Some(toml_string(self))
    }
}

/// An address to listen on.
impl ConfigValue for SocketAddr {
    fn kind() -> String {
        "an address with a port, such as \"127.0.0.1:8766\"".into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "examples": ["127.0.0.1:8766"] })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = item.as_text() else {
            return reader.expected(item, &Self::kind());
        };
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.to_owned(),
        };
        if let Ok(address) = numeric.parse() {
            return Some(address);
        }
        let message = format!("{} must be {}", reader.subject(), Self::kind());
        let hint = "write the IP address in numbers; \"0.0.0.0:PORT\" listens on all networks";
        reader.refuse(item, message, Some(hint.into()))
    }

    fn to_toml(&self) -> Option<String> {
        Some(toml_string(&self.to_string()))
    }
}

impl ConfigValue for Zone {
    fn kind() -> String {
        "the name of a time zone, such as \"Asia/Kolkata\"".into()
    }

    fn schema() -> Json {
        json!({ "type": "string", "examples": ["Asia/Kolkata", "Europe/Berlin", "UTC"] })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(text) = item.as_text() else {
            return reader.expected(item, &Self::kind());
        };
        match Zone::named(text) {
            Ok(zone) => Some(zone),
            Err(error) => {
                let message = format!("{} must be {}", reader.subject(), Self::kind());
                reader.refuse(item, message, error.hint_text().map(str::to_owned))
            }
        }
    }

    fn to_toml(&self) -> Option<String> {
        Some(toml_string(self.name()))
    }
}

/// A text that is never shown: not by `Debug`, not by `Display`, not when written as JSON.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Whoever calls this must not print or store it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

impl ConfigValue for Secret {
    const SECRET: bool = true;

    fn kind() -> String {
        "a string (kept secret)".into()
    }

    fn schema() -> Json {
        json!({ "type": "string" })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        match item.as_text() {
            Some(text) => Some(Self(text.to_owned())),
            None => reader.expected(item, "a string"),
        }
    }

    fn to_toml(&self) -> Option<String> {
        Some(toml_string("***"))
    }
}

/// A choice between names. Made by [`config_enum!`](crate::config_enum!).
pub trait ConfigEnum: Copy + 'static {
    /// The choices and their names.
    const CHOICES: &'static [(&'static str, Self)];

    /// Its name.
    fn name(self) -> &'static str;
}

/// Reads a choice; what [`config_enum!`](crate::config_enum!) implements [`ConfigValue`] with.
pub fn parse_enum<T: ConfigEnum + ConfigValue>(item: &Item, reader: &mut Reader<'_>) -> Option<T> {
    let Some(text) = item.as_text() else {
        return reader.expected(item, &T::kind());
    };
    if let Some((_, choice)) = T::CHOICES.iter().find(|(name, _)| *name == text) {
        return Some(*choice);
    }
    let near = nearest(text, T::CHOICES.iter().map(|(name, _)| *name));
    let hint = near.map(|name| format!("did you mean {}?", toml_string(name)));
    reader.refuse(
        item,
        format!("{} must be {}", reader.subject(), T::kind()),
        hint,
    )
}
