//! Turns a plugin's struct into an encoded row: field names are column names, scalars are stored as they
//! are, and anything else as JSON text.

use serde::ser::{self, Serialize};

use crate::dataset::{Column, Dataset, Shape};
use crate::scalar::{Scalar, ScalarError};
use crate::value::{ValueRef, append};

/// Why a value did not become a row. The text is shown to people as the reason of a reject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodeError(pub(crate) String);

impl std::fmt::Display for EncodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EncodeError {}

impl ser::Error for EncodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// Encodes `value`, a struct (or map) whose fields are columns of `dataset`, behind what `row` holds.
pub(crate) fn encode<T: Serialize + ?Sized>(
    dataset: &'static Dataset,
    value: &T,
    row: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    value.serialize(RowSerializer { dataset, row })
}

/// Accepts a struct only.
struct RowSerializer<'a> {
    dataset: &'static Dataset,
    row: &'a mut Vec<u8>,
}

/// Writes the fields of a struct, guessing that they come in the order of the columns.
struct Fields<'a> {
    dataset: &'static Dataset,
    row: &'a mut Vec<u8>,
    next: usize,
}

impl Fields<'_> {
    #[inline]
    fn column(&mut self, name: &str) -> Result<(usize, &'static Column), EncodeError> {
        let columns = self.dataset.columns;
        let place = match columns.get(self.next) {
            Some(column) if column.name == name => self.next,
            _ => self.dataset.column(name).ok_or_else(|| {
                EncodeError(format!(
                    "the dataset {} has no column {name}",
                    self.dataset.name
                ))
            })?,
        };
        self.next = place + 1;
        Ok((place, &columns[place]))
    }
}

impl ser::SerializeStruct for Fields<'_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        let (place, column) = self.column(name)?;
        let start = self.row.len();
        let target = Scalar {
            number: place as u8,
            column,
            series: self.dataset.shape == Shape::Series,
            instant: false,
            row: self.row,
        };
        match value.serialize(target) {
            Ok(()) => Ok(()),
            Err(ScalarError::Compound) => {
                self.row.truncate(start);
                let text = serde_json::to_string(value)
                    .map_err(|error| EncodeError(format!("{name}: {error}")))?;
                append(self.row, place as u8, ValueRef::Text(&text));
                Ok(())
            }
            Err(ScalarError::Refused(why)) => Err(EncodeError(format!("{name}: {why}"))),
        }
    }

    fn end(self) -> Result<(), EncodeError> {
        Ok(())
    }
}

/// Refuses what is no struct, with the words for people.
fn not_a_struct<T>() -> Result<T, EncodeError> {
    Err(EncodeError(String::from(
        "a record is built from a struct with named fields",
    )))
}

macro_rules! refuse {
    ($($method:ident: $type:ty),* $(,)?) => {
        $(fn $method(self, _: $type) -> Result<(), EncodeError> { not_a_struct() })*
    };
}

impl<'a> ser::Serializer for RowSerializer<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = ser::Impossible<(), EncodeError>;
    type SerializeTuple = ser::Impossible<(), EncodeError>;
    type SerializeTupleStruct = ser::Impossible<(), EncodeError>;
    type SerializeTupleVariant = ser::Impossible<(), EncodeError>;
    type SerializeMap = ser::Impossible<(), EncodeError>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = ser::Impossible<(), EncodeError>;

    refuse!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_unit_struct: &'static str);

    fn is_human_readable(&self) -> bool {
        false
    }
    fn serialize_none(self) -> Result<(), EncodeError> {
        not_a_struct()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), EncodeError> {
        not_a_struct()
    }
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
    ) -> Result<(), EncodeError> {
        not_a_struct()
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), EncodeError> {
        not_a_struct()
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, EncodeError> {
        not_a_struct()
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, EncodeError> {
        not_a_struct()
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, EncodeError> {
        not_a_struct()
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, EncodeError> {
        not_a_struct()
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, EncodeError> {
        not_a_struct()
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Fields<'a>, EncodeError> {
        Ok(Fields {
            dataset: self.dataset,
            row: self.row,
            next: 0,
        })
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, EncodeError> {
        not_a_struct()
    }
}
