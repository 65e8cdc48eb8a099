//! The fields of a line, read in one pass without copying: the known ones by name, the others kept as the
//! JSON text they are.

use std::borrow::Cow;
use std::fmt;

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
                "timestamp" => set(&mut fields.timestamp, &mut map)?,
                "pid" => set_as(&mut fields.pid, &mut map, |Whole(number)| number)? << 1,
                "rss_bytes" => {
                    set_as(&mut fields.rss_bytes, &mut map, |Whole(number)| number)? << 2
                }
                "rss_mb" => set(&mut fields.rss_mb, &mut map)? << 3,
                "rate_mb_min" => set(&mut fields.rate, &mut map)? << 4,
                "command" => set_as(&mut fields.command, &mut map, |Text(text)| text)? << 5,
                "session_id" => set_as(&mut fields.session, &mut map, |Text(text)| text)? << 6,
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
    unwrap: impl FnOnce(W) -> T,
) -> Result<u16, A::Error> {
    *field = map.next_value::<Option<W>>()?.map(unwrap);
    Ok(1)
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

/// A whole number; also one written with a point, such as 500.0.
struct Whole(i64);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WholeVisitor;
        impl Visitor<'_> for WholeVisitor {
            type Value = Whole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of 64 bits")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
                Ok(Whole(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
                let signed = i64::try_from(number);
                signed
                    .map(Whole)
                    .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
                // Up to 2^53 every whole float is one integer and no other.
                if number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0 {
                    return Ok(Whole(number as i64));
                }
                Err(E::invalid_value(Unexpected::Float(number), &self))
            }
        }
        deserializer.deserialize_any(WholeVisitor)
    }
}

impl<'de> Deserialize<'de> for Moment<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MomentVisitor;
        impl<'de> Visitor<'de> for MomentVisitor {
            type Value = Moment<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time: seconds, milliseconds or ISO text")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Moment::Whole(number))
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                let signed = i64::try_from(number);
                signed
                    .map(Moment::Whole)
                    .map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
                Ok(Moment::Fraction(number))
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Moment::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Moment::Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_any(MomentVisitor)
    }
}
