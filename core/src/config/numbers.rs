//! Numbers as configuration values, each within the range of its type and of its field.

use serde_json::{Value as Json, json};

use super::item::{Data, Item};
use super::reader::Reader;
use super::value::ConfigValue;

/// Reads a whole number between `least` and `greatest`, or within the field's own range.
fn read_integer(item: &Item, reader: &mut Reader<'_>, least: i128, greatest: i128) -> Option<i128> {
    let Data::Integer(value) = item.data else {
        return reader.expected(item, "a whole number");
    };
    let (least, greatest) = match reader.range() {
        Some((low, high)) => (least.max(low.into()), greatest.min(high.into())),
        None => (least, greatest),
    };
    if (least..=greatest).contains(&value) {
        return Some(value);
    }
    let message = format!("{} must be from {least} to {greatest}", reader.subject());
    reader.refuse(item, message, None)
}

macro_rules! whole_numbers {
    ($($type:ty),*) => { $(
        impl ConfigValue for $type {
            fn kind() -> String {
                "a whole number".into()
            }

            fn schema() -> Json {
                if <$type>::MIN == 0 {
                    json!({ "type": "integer", "minimum": 0 })
                } else {
                    json!({ "type": "integer" })
                }
            }

            fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
                let (least, greatest) = (i128::from(<$type>::MIN), i128::from(<$type>::MAX));
                // The range of the type has been checked.
                Self::try_from(read_integer(item, reader, least, greatest)?).ok()
            }

            fn to_toml(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )* };
}

whole_numbers!(i64, u16, u32, u64);

impl ConfigValue for f64 {
    fn kind() -> String {
        "a number".into()
    }

    fn schema() -> Json {
        json!({ "type": "number" })
    }

    fn read(item: &Item, reader: &mut Reader<'_>) -> Option<Self> {
        let value = match item.data {
            Data::Float(value) if value.is_finite() => value,
            Data::Integer(value) => value as f64,
            _ => return reader.expected(item, &Self::kind()),
        };
        match reader.range() {
            Some((least, greatest)) if !(least as f64..=greatest as f64).contains(&value) => {
                let message = format!("{} must be from {least} to {greatest}", reader.subject());
                reader.refuse(item, message, None)
            }
            _ => Some(value),
        }
    }

    fn to_toml(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }
}
