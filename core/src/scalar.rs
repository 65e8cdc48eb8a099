//! Writes one scalar field into an encoded row, and says so when the field is none.

use serde::ser::{self, Serialize};

use crate::dataset::{Column, Kind};
use crate::time::{TIMESTAMP_TOKEN, Timestamp};
use crate::value::{ValueRef, append};

/// Text and bytes longer than this are refused: SQLite's own limit is 1,000,000,000 bytes a row.
const LONGEST: usize = 512 << 20;

/// Why a field is not a scalar.
#[derive(Debug)]
pub(crate) enum ScalarError {
    /// A list, map or struct: the caller writes it as JSON.
    Compound,
    /// It cannot be stored.
    Refused(String),
}

impl std::fmt::Display for ScalarError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Compound => f.write_str("not a scalar"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ScalarError {}

impl ser::Error for ScalarError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Refused(message.to_string())
    }
}

/// Writes one scalar field.
pub(crate) struct Scalar<'a> {
    /// Its column's position.
    pub(crate) number: u8,
    /// Its column.
    pub(crate) column: &'static Column,
    /// Whether the dataset is a series, which stores times as integers.
    pub(crate) series: bool,
    /// Whether the integer to come is the inside of a [`Timestamp`].
    pub(crate) instant: bool,
    /// Where it goes.
    pub(crate) row: &'a mut Vec<u8>,
}

impl Scalar<'_> {
    #[inline]
    fn integer(self, number: i64) -> Result<(), ScalarError> {
        if self.column.kind == Kind::Milli {
            // Thousandths of a larger integer may not fit 53 bits; such a one is written as text below.
            append_milli(self.row, self.number, number as f64);
        } else {
            append(self.row, self.number, ValueRef::Integer(number));
        }
        Ok(())
    }

    #[inline]
    fn real(self, number: f64) -> Result<(), ScalarError> {
        if self.column.kind == Kind::Milli {
            append_milli(self.row, self.number, number);
        } else {
            append(self.row, self.number, ValueRef::Real(number));
        }
        Ok(())
    }

    #[inline]
    fn text(self, text: &str) -> Result<(), ScalarError> {
        fits(text.len())?;
        append(self.row, self.number, ValueRef::Text(text));
        Ok(())
    }

    #[inline]
    fn time(self, micros: i64) -> Result<(), ScalarError> {
        if self.series || self.column.kind == Kind::Integer {
            self.integer(micros)
        } else {
            self.time_text(micros)
        }
    }

    fn time_text(self, micros: i64) -> Result<(), ScalarError> {
        let time = Timestamp::from_micros(micros).ok_or_else(|| {
            ScalarError::Refused(format!("{micros} µs is outside the years 0 to 9999"))
        })?;
        let mut text = Vec::with_capacity(27);
        time.write_text(&mut text);
        self.text(std::str::from_utf8(&text).unwrap_or_default())
    }
}

#[inline]
fn fits(length: usize) -> Result<(), ScalarError> {
    if length > LONGEST {
        return Err(too_long(length));
    }
    Ok(())
}

#[cold]
fn too_long(length: usize) -> ScalarError {
    ScalarError::Refused(format!(
        "{length} bytes are more than the {LONGEST} that fit a row"
    ))
}

/// The largest magnitude whose thousandths are kept as an integer.
const MILLI_LIMIT: f64 = 1e12;

/// A decimal with at most three places as its thousandths; one with more as the float it is. A whole number
/// past the limit becomes text, as it would compare equal to the thousandths of a smaller one.
#[inline]
fn append_milli(row: &mut Vec<u8>, column: u8, value: f64) {
    let thousandths = (value * 1e3).round();
    if value.abs() < MILLI_LIMIT && thousandths / 1e3 == value {
        append(row, column, ValueRef::Integer(thousandths as i64));
    } else if value.fract() == 0.0 {
        append(row, column, ValueRef::Text(&format!("{value:e}")));
    } else {
        append(row, column, ValueRef::Real(value));
    }
}

macro_rules! integers {
    ($($method:ident: $type:ty),* $(,)?) => {
        $(#[inline]
        fn $method(self, value: $type) -> Result<(), ScalarError> { self.integer(i64::from(value)) })*
    };
}

impl ser::Serializer for Scalar<'_> {
    type Ok = ();
    type Error = ScalarError;
    type SerializeSeq = ser::Impossible<(), ScalarError>;
    type SerializeTuple = ser::Impossible<(), ScalarError>;
    type SerializeTupleStruct = ser::Impossible<(), ScalarError>;
    type SerializeTupleVariant = ser::Impossible<(), ScalarError>;
    type SerializeMap = ser::Impossible<(), ScalarError>;
    type SerializeStruct = ser::Impossible<(), ScalarError>;
    type SerializeStructVariant = ser::Impossible<(), ScalarError>;

    integers!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32);

    fn is_human_readable(&self) -> bool {
        false
    }
    #[inline]
    fn serialize_i64(self, value: i64) -> Result<(), ScalarError> {
        if self.instant {
            self.time(value)
        } else {
            self.integer(value)
        }
    }
    fn serialize_u64(self, value: u64) -> Result<(), ScalarError> {
        let number = i64::try_from(value).map_err(|_| {
            ScalarError::Refused(format!("{value} does not fit 64 bits with a sign"))
        })?;
        self.integer(number)
    }
    fn serialize_f32(self, value: f32) -> Result<(), ScalarError> {
        self.serialize_f64(f64::from(value))
    }
    #[inline]
    fn serialize_f64(self, value: f64) -> Result<(), ScalarError> {
        // SQLite stores NaN as NULL behind one's back; here it is absent, openly. -0.0 equals 0.0 and is
        // stored as it.
        if value.is_nan() {
            Ok(())
        } else {
            self.real(value + 0.0)
        }
    }
    fn serialize_char(self, value: char) -> Result<(), ScalarError> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }
    #[inline]
    fn serialize_str(self, value: &str) -> Result<(), ScalarError> {
        self.text(value)
    }
    fn serialize_bytes(self, value: &[u8]) -> Result<(), ScalarError> {
        fits(value.len())?;
        append(self.row, self.number, ValueRef::Blob(value));
        Ok(())
    }
    #[inline]
    fn serialize_none(self) -> Result<(), ScalarError> {
        // Absent and NULL are the same: nothing is written.
        Ok(())
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), ScalarError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), ScalarError> {
        Ok(())
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), ScalarError> {
        Ok(())
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), ScalarError> {
        self.text(variant)
    }
    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), ScalarError> {
        value.serialize(Self {
            instant: name == TIMESTAMP_TOKEN,
            ..self
        })
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), ScalarError> {
        Err(ScalarError::Compound)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, ScalarError> {
        Err(ScalarError::Compound)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, ScalarError> {
        Err(ScalarError::Compound)
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, ScalarError> {
        Err(ScalarError::Compound)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, ScalarError> {
        Err(ScalarError::Compound)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, ScalarError> {
        Err(ScalarError::Compound)
    }
    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, ScalarError> {
        Err(ScalarError::Compound)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, ScalarError> {
        Err(ScalarError::Compound)
    }
}
