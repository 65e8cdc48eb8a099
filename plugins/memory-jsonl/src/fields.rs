//! The fields of a line, read in one pass without copying: the known ones by name, the others kept as the
//! JSON text they are.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Unexpected, Visitor};
use serde_json::value::RawValue;

/// What a line says. Absent and null are the same.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    pub(crate) timestamp: Option<Moment<'a>>,
    pub(crate) pid: Option<i64>,
    pub(crate) rss_bytes: Option<i64>,
    pub(crate) rss_mb: Option<f64>,
    pub(crate) rate: Option<f64>,
    pub(crate) command: Option<Cow<'a, str>>,
    pub(crate) session: Option<Cow<'a, str>>,
    pub(crate) event: EventFields<'a>,
    /// Fields nobody knows, with their JSON text.
    pub(crate) extra: Vec<(Cow<'a, str>, &'a RawValue)>,
}

/// What only events have.
#[derive(Debug, Default)]
pub(crate) struct EventFields<'a> {
    pub(crate) kind: Option<&'a RawValue>,
    pub(crate) severity: Option<&'a RawValue>,
    pub(crate) message: Option<&'a RawValue>,
    pub(crate) details: Option<&'a RawValue>,
}

/// A time as the line has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Moment<'a> {
    Whole(i64),
    Fraction(f64),
    Text(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        // One bit a known field: the same one twice is ambiguous.
        let mut seen = 0_u16;
        while let Some(Text(name)) = map.next_key::<Text<'de>>()? {
            let bit = match &*name {
                "timestamp" => set_as(&mut fields.timestamp, &mut map, |Maybe(time)| time)?,
                "pid" => set_as(&mut fields.pid, &mut map, whole)? << 1,
                "rss_bytes" => set_as(&mut fields.rss_bytes, &mut map, whole)? << 2,
                "rss_mb" => set_as(&mut fields.rss_mb, &mut map, |Maybe(number)| number)? << 3,
                "rate_mb_min" => set_as(&mut fields.rate, &mut map, |Maybe(number)| number)? << 4,
                "command" => set_as(&mut fields.command, &mut map, text)? << 5,
                "session_id" => set_as(&mut fields.session, &mut map, text)? << 6,
                "type" => set(&mut fields.event.kind, &mut map)? << 7,
                "severity" => set(&mut fields.event.severity, &mut map)? << 8,
                "message" => set(&mut fields.event.message, &mut map)? << 9,
                "details" => set(&mut fields.event.details, &mut map)? << 10,
                _ => {
                    if fields.extra.iter().any(|(known, _)| *known == name) {
                        return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
                    }
                    fields.extra.push((name, map.next_value()?));
                    continue;
                }
            };
            if seen & bit != 0 {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            seen |= bit;
        }
        Ok(fields)
    }
}

fn set<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    field: &mut Option<T>,
    map: &mut A,
) -> Result<u16, A::Error> {
    *field = map.next_value()?;
    Ok(1)
}

fn set_as<'de, A: MapAccess<'de>, W: Deserialize<'de>, T>(
    field: &mut Option<T>,
    map: &mut A,
    unwrap: impl FnOnce(W) -> Option<T>,
) -> Result<u16, A::Error> {
    *field = unwrap(map.next_value()?);
    Ok(1)
}

fn whole(Maybe(number): Maybe<Whole>) -> Option<i64> {
    number.map(|Whole(number)| number)
}

fn text<'a>(Maybe(text): Maybe<Text<'a>>) -> Option<Cow<'a, str>> {
    text.map(|Text(text)| text)
}

/// A value or null. Takes what comes in one step, where `Option` would look at it twice.
struct Maybe<T>(Option<T>);

/// What a field can be made of; what it is not asked for is of the wrong type.
trait FromJson<'de>: Sized {
    /// What is expected, for people.
    const EXPECTED: &'static str;
    fn integer(_: i64) -> Option<Self> {
        None
    }
    fn float(_: f64) -> Option<Self> {
        None
    }
    fn text(_: Cow<'de, str>) -> Option<Self> {
        None
    }
}

struct MaybeVisitor<T>(PhantomData<T>);

impl<'de, T: FromJson<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaybeVisitor(PhantomData))
    }
}

impl<'de, T: FromJson<'de>> Visitor<'de> for MaybeVisitor<T> {
    type Value = Maybe<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }
    fn visit_unit<E: Error>(self) -> Result<Maybe<T>, E> {
        Ok(Maybe(None))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Maybe<T>, E> {
        match T::integer(number) {
            Some(value) => Ok(Maybe(Some(value))),
            None => Err(E::invalid_type(Unexpected::Signed(number), &self)),
        }
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Maybe<T>, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            // As a float it is no longer exact, which only numbers that are floats anyway can bear.
            Err(_) => T::float(number as f64)
                .map(|value| Maybe(Some(value)))
                .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self)),
        }
    }
    fn visit_f64<E: Error>(self, number: f64) -> Result<Maybe<T>, E> {
        match T::float(number) {
            Some(value) => Ok(Maybe(Some(value))),
            // A whole number that does not fit is of the right type.
            None if number.fract() == 0.0 => {
                Err(E::invalid_value(Unexpected::Float(number), &self))
            }
            None => Err(E::invalid_type(Unexpected::Float(number), &self)),
        }
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Maybe<T>, E> {
        match T::text(Cow::Borrowed(text)) {
            Some(value) => Ok(Maybe(Some(value))),
            None => Err(E::invalid_type(Unexpected::Str(text), &self)),
        }
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Maybe<T>, E> {
        match T::text(Cow::Owned(text.to_owned())) {
            Some(value) => Ok(Maybe(Some(value))),
            None => Err(E::invalid_type(Unexpected::Str(text), &self)),
        }
    }
}

/// A whole number; also one written with a point, such as 500.0.
struct Whole(i64);

impl FromJson<'_> for Whole {
    const EXPECTED: &'static str = "a whole number of 64 bits";
    fn integer(number: i64) -> Option<Self> {
        Some(Self(number))
    }
    fn float(number: f64) -> Option<Self> {
        // Up to 2^53 every whole float is one integer and no other.
        (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0)
            .then_some(Self(number as i64))
    }
}

impl FromJson<'_> for f64 {
    const EXPECTED: &'static str = "a number";
    fn integer(number: i64) -> Option<Self> {
        Some(number as Self)
    }
    fn float(number: f64) -> Option<Self> {
        Some(number)
    }
}

impl<'de> FromJson<'de> for Text<'de> {
    const EXPECTED: &'static str = "a text";
    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self(text))
    }
}

impl<'de> FromJson<'de> for Moment<'de> {
    const EXPECTED: &'static str = "a time: seconds, milliseconds or ISO text";
    fn integer(number: i64) -> Option<Self> {
        Some(Self::Whole(number))
    }
    fn float(number: f64) -> Option<Self> {
        Some(Self::Fraction(number))
    }
    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self::Text(text))
    }
}

/// Text, borrowed from the line where it has no escapes.
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}
