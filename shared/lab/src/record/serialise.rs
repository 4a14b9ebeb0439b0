//! The serde side of [`Record`](super::Record): a struct is taken apart into named scalars.

use serde::Serialize;
use serde::ser::{Impossible, SerializeMap, SerializeStruct, Serializer};

use super::{RecordError, Scalar};

/// The fields of a flat struct, in its order.
///
/// # Errors
/// Names the field that is no plain value.
pub(super) fn fields(value: &impl Serialize) -> Result<Vec<(String, Scalar)>, RecordError> {
    let mut fields = Fields(Vec::new());
    value.serialize(RecordSerializer { fields: &mut fields })?;
    Ok(fields.0)
}

/// Collects named scalars.
struct Fields(Vec<(String, Scalar)>);

impl Fields {
    fn push<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), RecordError> {
        let scalar = value
            .serialize(ScalarSerializer)
            .map_err(|fault| RecordError(format!("field `{name}`: {fault}")))?;
        self.0.push((name.to_owned(), scalar));
        Ok(())
    }
}

pub(super) const NOT_FLAT: &str = "a record is a flat struct of numbers, flags and words";

/// Refuses every serde call in the list with the given sentence.
macro_rules! refuse {
    ($error:expr => $($method:ident($($type:ty),*);)*) => {
        $(fn $method(self, $(_: $type),*) -> Result<Self::Ok, RecordError> { Err(RecordError($error.into())) })*
    };
}

/// Refuses the compound kinds that neither a record nor a scalar can be.
macro_rules! refuse_compounds {
    ($error:expr) => {
        type SerializeSeq = Impossible<Self::Ok, RecordError>;
        type SerializeTuple = Impossible<Self::Ok, RecordError>;
        type SerializeTupleStruct = Impossible<Self::Ok, RecordError>;
        type SerializeTupleVariant = Impossible<Self::Ok, RecordError>;
        type SerializeStructVariant = Impossible<Self::Ok, RecordError>;

        fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, RecordError> {
            Err(RecordError($error.into()))
        }
        fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, RecordError> {
            Err(RecordError($error.into()))
        }
        fn serialize_tuple_struct(
            self,
            _: &str,
            _: usize,
        ) -> Result<Self::SerializeTupleStruct, RecordError> {
            Err(RecordError($error.into()))
        }
        fn serialize_tuple_variant(
            self,
            _: &str,
            _: u32,
            _: &str,
            _: usize,
        ) -> Result<Self::SerializeTupleVariant, RecordError> {
            Err(RecordError($error.into()))
        }
        fn serialize_struct_variant(
            self,
            _: &str,
            _: u32,
            _: &str,
            _: usize,
        ) -> Result<Self::SerializeStructVariant, RecordError> {
            Err(RecordError($error.into()))
        }
        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self,
            _: &str,
            _: u32,
            _: &str,
            _: &T,
        ) -> Result<Self::Ok, RecordError> {
            Err(RecordError($error.into()))
        }
    };
}

struct RecordSerializer<'a> {
    fields: &'a mut Fields,
}

impl<'a> Serializer for RecordSerializer<'a> {
    type Ok = ();
    type Error = RecordError;
    type SerializeMap = MapFields<'a>;
    type SerializeStruct = StructFields<'a>;
    refuse_compounds!(NOT_FLAT);

    refuse! { NOT_FLAT =>
        serialize_bool(bool); serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64); serialize_f32(f32);
        serialize_f64(f64); serialize_char(char); serialize_str(&str); serialize_bytes(&[u8]); serialize_none();
        serialize_unit_variant(&str, u32, &str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), RecordError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), RecordError> {
        Ok(())
    }
    fn serialize_unit_struct(self, _: &str) -> Result<(), RecordError> {
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &str, value: &T) -> Result<(), RecordError> {
        value.serialize(self)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<MapFields<'a>, RecordError> {
        Ok(MapFields { fields: self.fields, name: String::new() })
    }
    fn serialize_struct(self, _: &str, _: usize) -> Result<StructFields<'a>, RecordError> {
        Ok(StructFields(self.fields))
    }
}

struct StructFields<'a>(&'a mut Fields);

impl SerializeStruct for StructFields<'_> {
    type Ok = ();
    type Error = RecordError;
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        value: &T,
    ) -> Result<(), RecordError> {
        self.0.push(name, value)
    }
    fn end(self) -> Result<(), RecordError> {
        Ok(())
    }
}

/// A struct with a flattened part arrives as a map.
struct MapFields<'a> {
    fields: &'a mut Fields,
    name: String,
}

impl SerializeMap for MapFields<'_> {
    type Ok = ();
    type Error = RecordError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), RecordError> {
        match key.serialize(ScalarSerializer)? {
            Scalar::Text(name) => self.name = name,
            other => return Err(RecordError(format!("{other} is no field name"))),
        }
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), RecordError> {
        self.fields.push(&self.name, value)
    }
    fn end(self) -> Result<(), RecordError> {
        Ok(())
    }
}

struct ScalarSerializer;

/// Whole numbers of every width, checked.
macro_rules! whole_numbers {
    ($($method:ident($type:ty);)*) => {
        $(fn $method(self, number: $type) -> Result<Scalar, RecordError> {
            i64::try_from(number)
                .map(Scalar::Integer)
                .map_err(|_| RecordError(format!("{number} does not fit 64 signed bits")))
        })*
    };
}

pub(super) const NOT_PLAIN: &str = "not a number, a flag, a word or a unit-only enum";

impl Serializer for ScalarSerializer {
    type Ok = Scalar;
    type Error = RecordError;
    type SerializeMap = Impossible<Scalar, RecordError>;
    type SerializeStruct = Impossible<Scalar, RecordError>;
    refuse_compounds!(NOT_PLAIN);
    refuse! { NOT_PLAIN => serialize_bytes(&[u8]); }
    whole_numbers! {
        serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64);
    }

    fn serialize_bool(self, flag: bool) -> Result<Scalar, RecordError> {
        Ok(Scalar::Bool(flag))
    }
    fn serialize_f32(self, number: f32) -> Result<Scalar, RecordError> {
        Ok(Scalar::Float(number.into()))
    }
    fn serialize_f64(self, number: f64) -> Result<Scalar, RecordError> {
        Ok(Scalar::Float(number))
    }
    fn serialize_char(self, letter: char) -> Result<Scalar, RecordError> {
        Ok(Scalar::Text(letter.into()))
    }
    fn serialize_str(self, word: &str) -> Result<Scalar, RecordError> {
        Ok(Scalar::Text(word.to_owned()))
    }
    fn serialize_none(self) -> Result<Scalar, RecordError> {
        Ok(Scalar::Null)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Scalar, RecordError> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<Scalar, RecordError> {
        Ok(Scalar::Null)
    }
    fn serialize_unit_struct(self, name: &'static str) -> Result<Scalar, RecordError> {
        self.serialize_str(name)
    }
    fn serialize_unit_variant(self, _: &str, _: u32, variant: &str) -> Result<Scalar, RecordError> {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &str,
        value: &T,
    ) -> Result<Scalar, RecordError> {
        value.serialize(self)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, RecordError> {
        Err(RecordError(NOT_PLAIN.into()))
    }
    fn serialize_struct(self, _: &str, _: usize) -> Result<Self::SerializeStruct, RecordError> {
        Err(RecordError(NOT_PLAIN.into()))
    }
}
