//! JSON as it comes: fields that are known by name, whatever type they have this month. One that has another type than
//! expected counts as absent, so that no line is lost for one field. Texts are borrowed from the line where they have no
//! escapes.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What can be made of a JSON value; what it cannot be made of gives the default.
pub(crate) trait Lenient<'de>: Default {
    fn text(_: Cow<'de, str>) -> Self {
        Self::default()
    }
    fn integer(_: i64) -> Self {
        Self::default()
    }
    fn float(_: f64) -> Self {
        Self::default()
    }
    fn truth(_: bool) -> Self {
        Self::default()
    }
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
    fn object<A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::default())
    }
}

/// Takes whatever comes.
pub(crate) struct Any<T>(PhantomData<T>);

impl<'de, T: Lenient<'de>> Any<T> {
    pub(crate) fn read<D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_any(Self(PhantomData))
    }
}

impl<'de, T: Lenient<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }
    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_bool<E: Error>(self, truth: bool) -> Result<T, E> {
        Ok(T::truth(truth))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::integer(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(i64::try_from(number).map_or_else(|_| T::float(number as f64), T::integer))
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::float(number))
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<T, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::list(list)
    }
    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::object(object)
    }
}

/// A text, or none.
#[derive(Debug, Default, Clone)]
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

impl Text<'_> {
    /// The text, unless it is empty.
    pub(crate) fn get(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de> Lenient<'de> for Text<'de> {
    fn text(text: Cow<'de, str>) -> Self {
        Self(Some(text))
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any::read(deserializer)
    }
}

/// A count: a whole number that is not negative.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Count(pub(crate) Option<i64>);

/// No count of ours is greater: thousands of such rows can still be added up.
const GREATEST: i64 = 1 << 48;

impl<'de> Lenient<'de> for Count {
    fn integer(number: i64) -> Self {
        Self((0..=GREATEST).contains(&number).then_some(number))
    }
    fn float(number: f64) -> Self {
        let fits = number.fract() == 0.0 && (0.0..=GREATEST as f64).contains(&number);
        Self(fits.then_some(number as i64))
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any::read(deserializer)
    }
}

/// An amount of money that is not negative.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Amount(pub(crate) Option<f64>);

impl<'de> Lenient<'de> for Amount {
    fn integer(number: i64) -> Self {
        Self::float(number as f64)
    }
    fn float(number: f64) -> Self {
        Self((0.0..1e9).contains(&number).then_some(number))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any::read(deserializer)
    }
}

/// Whether something is so.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Lenient<'de> for Flag {
    fn truth(truth: bool) -> Self {
        Self(truth)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any::read(deserializer)
    }
}

/// A time as ISO text or as a number.
#[derive(Debug, Default, Clone)]
pub(crate) enum Moment<'a> {
    #[default]
    Absent,
    Text(Cow<'a, str>),
    Number(f64),
}

impl<'de> Lenient<'de> for Moment<'de> {
    fn text(text: Cow<'de, str>) -> Self {
        Self::Text(text)
    }
    fn integer(number: i64) -> Self {
        Self::Number(number as f64)
    }
    fn float(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<'de> Deserialize<'de> for Moment<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any::read(deserializer)
    }
}

/// The name of a field.
pub(crate) struct Key<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Any::<Text<'de>>::read(deserializer).map(|text| Self(text.0.unwrap_or_default()))
    }
}

/// Declares an object by the fields that are of interest, with the name that each has in JSON. Of a field that comes
/// twice the last counts, as it does in JavaScript.
macro_rules! object {
    (
        $(#[$meta:meta])*
        struct $name:ident<$life:lifetime> {
            $($(#[$field_meta:meta])* $field:ident: $type:ty = $($key:literal)|+,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(crate) struct $name<$life> {
            $($(#[$field_meta])* pub(crate) $field: $type,)*
            /// Nothing; it uses the lifetime.
            pub(crate) lifetime: std::marker::PhantomData<&$life ()>,
        }

        impl<$life> $name<$life> {
            /// Reads the fields of an object.
            pub(crate) fn fields<A: serde::de::MapAccess<$life>>(mut map: A) -> Result<Self, A::Error> {
                let mut object = Self::default();
                while let Some($crate::json::Key(key)) = map.next_key::<$crate::json::Key<$life>>()? {
                    match &*key {
                        $($($key)|+ => object.$field = map.next_value()?,)*
                        _ => drop(map.next_value::<serde::de::IgnoredAny>()?),
                    }
                }
                Ok(object)
            }
        }
    };
}

/// Makes an object of [`object!`] readable where anything else than an object counts as absent.
macro_rules! only_object {
    ($($name:ident),*) => {$(
        impl<'de> $crate::json::Lenient<'de> for $name<'de> {
            fn object<A: serde::de::MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
                Self::fields(map)
            }
        }
        $crate::json::lenient!($name);
    )*};
}

/// Makes what is [`Lenient`] readable.
macro_rules! lenient {
    ($name:ident) => {
        impl<'de> serde::de::Deserialize<'de> for $name<'de> {
            fn deserialize<D: serde::de::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::json::Any::read(deserializer)
            }
        }
    };
}

pub(crate) use {lenient, object, only_object};

/// The text with halves of characters (`\ud83d` without its other half) replaced; nothing where there are none. Claude
/// Code cuts texts without minding where.
pub(crate) fn mended(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(found) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| *byte == b'\\'))
    {
        at += found;
        let Some(unit) = unit(bytes, at) else {
            at += 2;
            continue;
        };
        match unit {
            0xD800..=0xDBFF if unit_is_low(bytes, at + 6) => at += 12,
            0xD800..=0xDFFF => {
                out.push_str(text.get(copied..at)?);
                out.push_str("\\ufffd");
                at += 6;
                copied = at;
            }
            _ => at += 6,
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(text.get(copied..)?);
    Some(out)
}

/// The number in an escape `\u1234` that begins at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u32> {
    let escape = bytes.get(at..at + 6)?;
    let digits = escape.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

fn unit_is_low(bytes: &[u8], at: usize) -> bool {
    unit(bytes, at).is_some_and(|unit| (0xDC00..=0xDFFF).contains(&unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    object! {
        struct Thing<'a> {
            name: Text<'a> = "name" | "called",
            count: Count = "count",
            flag: Flag = "flag",
        }
    }
    only_object!(Thing);

    #[test]
    fn any_type_will_do() {
        for odd in [
            "null",
            "1",
            "-1.5",
            "\"x\"",
            "[1,[2]]",
            "{\"a\":{}}",
            "true",
        ] {
            let text = format!(r#"{{"name":{odd},"count":{odd},"flag":{odd},"more":{odd}}}"#);
            serde_json::from_str::<Thing<'_>>(&text).unwrap();
            serde_json::from_str::<Thing<'_>>(odd).unwrap();
        }
        let thing: Thing<'_> =
            serde_json::from_str(r#"{"called":"a","count":3.0,"flag":true,"name":"b"}"#).unwrap();
        assert_eq!(
            (thing.name.get(), thing.count.0, thing.flag.0),
            (Some("b"), Some(3), true)
        );
    }

    #[test]
    fn what_is_deep_and_not_wanted_does_no_harm() {
        let deep = format!(
            r#"{{"name":"a","more":{}{}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let thing: Thing<'_> = serde_json::from_str(&deep).unwrap();
        assert_eq!(thing.name.get(), Some("a"));
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        assert_eq!(mended(r#"{"a":"\ud83d\ude00 \\ud83d"}"#), None);
        assert_eq!(mended(r#""\ud83d""#).as_deref(), Some(r#""\ufffd""#));
        assert_eq!(
            mended(r#""\ude00\ud83d\ud83d\ude00\uD8""#).as_deref(),
            Some(r#""\ufffd\ufffd\ud83d\ude00\uD8""#)
        );
        assert_eq!(mended("\\"), None);
    }
}
