//! Values of JSON that take whatever stands there: a field that is of another type than expected is absent,
//! and spoils nothing around it.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What a value can be made of; of what it does not ask for, it is the default.
pub(crate) trait Loose<'de>: Default {
    fn number(_: f64) -> Self {
        Self::default()
    }
    fn whole(number: i64) -> Self {
        Self::number(number as f64)
    }
    fn text(_: Cow<'de, str>) -> Self {
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

struct LooseVisitor<T>(PhantomData<T>);

impl<'de, T: Loose<'de>> Visitor<'de> for LooseVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }
    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::whole(number))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(match i64::try_from(number) {
            Ok(number) => T::whole(number),
            Err(_) => T::number(number as f64),
        })
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::number(number))
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

/// Reads any value as `T`.
pub(crate) fn loose<'de, T: Loose<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_any(LooseVisitor(PhantomData))
}

/// A text.
#[derive(Debug, Default)]
pub(crate) struct Text<'a>(pub(crate) Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Loose<'de> for Text<'a> {
    fn text(text: Cow<'de, str>) -> Self {
        Self(Some(text))
    }
}

impl Text<'_> {
    /// The text without white space around it, if there is any.
    pub(crate) fn trimmed(&self) -> Option<&str> {
        let text = self.0.as_deref().map(str::trim);
        text.filter(|text| !text.is_empty())
    }
}

/// A name, or a number that serves as one.
#[derive(Debug, Default)]
pub(crate) struct Label<'a>(pub(crate) Option<Cow<'a, str>>);

impl<'de: 'a, 'a> Loose<'de> for Label<'a> {
    fn whole(number: i64) -> Self {
        Self(Some(Cow::Owned(number.to_string())))
    }
    fn text(text: Cow<'de, str>) -> Self {
        Self(Some(text).filter(|text| !text.trim().is_empty()))
    }
}

/// A number, also one that is written as a text, with its unit: `"1.2s"`.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Number(pub(crate) Option<f64>);

impl<'de> Loose<'de> for Number {
    fn number(number: f64) -> Self {
        Self(Some(number))
    }
    fn text(text: Cow<'de, str>) -> Self {
        let text = text.trim();
        let number = text.strip_suffix('s').unwrap_or(text).parse::<f64>().ok();
        Self(number.filter(|number| number.is_finite()))
    }
}

/// An object of known fields. (A struct alone would also take a list for its fields in their order.)
#[derive(Debug, Default)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de> + Default> Loose<'de> for Object<T> {
    fn object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(Self)
    }
}

/// A list; of `LIMIT` values at most, the rest is passed over.
#[derive(Debug, Default)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

/// Lists of what is not speech: channels, alternatives, languages.
const LIMIT: usize = 10_000;

impl<'de, T: Deserialize<'de> + Default> Loose<'de> for List<T> {
    fn list<A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut values = Vec::new();
        while values.len() < LIMIT
            && let Some(value) = list.next_element()?
        {
            values.push(value);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self(values))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Label<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        loose(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Sample<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        speaker: Label<'a>,
        start: Number,
        inner: Object<Inner>,
        list: List<Number>,
    }

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Inner {
        end: Number,
    }

    fn read(json: &str) -> Sample<'_> {
        serde_json::from_str::<Object<Sample<'_>>>(json).unwrap().0
    }

    #[test]
    fn values_of_the_right_type() {
        let sample = read(
            r#"{"name": " a ", "speaker": 3, "start": "1.25s", "inner": {"end": 2, "x": [[]]}, "list": [1, "2"]}"#,
        );
        assert_eq!(sample.name.trimmed(), Some("a"));
        assert_eq!(sample.speaker.0.as_deref(), Some("3"));
        assert_eq!(sample.start.0, Some(1.25));
        assert_eq!(sample.inner.0.end.0, Some(2.0));
        assert_eq!(sample.list.0.len(), 2);
    }

    #[test]
    fn values_of_any_other_type_are_absent() {
        let values = [
            "null",
            "true",
            "1.5",
            "18446744073709551615",
            "\"x\"",
            "\"\\n\"",
            "[1,{}]",
            "{\"a\":[]}",
        ];
        for value in values {
            let json = format!(
                r#"{{"name": {value}, "speaker": {value}, "start": {value}, "inner": {value}, "list": {value}}}"#
            );
            let sample = read(&json);
            assert_eq!(sample.name.0.is_some(), value.starts_with('"'), "{value}");
            assert_eq!(sample.speaker.0.is_some(), value == "\"x\"", "{value}");
            assert!(sample.inner.0.end.0.is_none());
            assert_eq!(!sample.list.0.is_empty(), value.starts_with('['), "{value}");
        }
        // A list is not taken for the fields of an object in their order.
        assert!(read(r#"["name", "speaker", 1]"#).name.0.is_none());
    }

    #[test]
    fn long_lists_end() {
        let json = format!(r#"{{"list": [{}0]}}"#, "0,".repeat(LIMIT + 5));
        assert_eq!(read(&json).list.0.len(), LIMIT);
    }
}
