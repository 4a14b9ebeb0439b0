//! Flat records: the parameters of a cell and the rows it measured.
//!
//! A parameter set and a row are plain structs of numbers, flags, words and unit-only enums. They
//! travel as [`Record`]s, which keep the order of the fields and, unlike JSON, every float:
//! `serde_json` writes NaN and the infinities as `null`, so a lost number would look like an absent
//! one. Here they are spelled out as `{"float": "NaN"}`, and finite floats round-trip exactly.

use std::fmt;

use serde::de::value::{MapDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::ser::{self, Impossible, SerializeMap, SerializeStruct, Serializer};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::{Map, Value, json};

/// One plain value of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// Nothing: an `Option` that is `None`.
    Null,
    /// A flag.
    Bool(bool),
    /// A whole number that fits 64 signed bits.
    Integer(i64),
    /// A float, finite or not.
    Float(f64),
    /// A word, or the name of an enum's variant.
    Text(String),
}

/// Named scalars in the order of the struct's fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Map<String, Value>", try_from = "Map<String, Value>")]
pub struct Record(pub Vec<(String, Scalar)>);

/// Why a struct is no flat record, or a record not that struct.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct RecordError(String);

impl Record {
    /// The record of a flat struct.
    ///
    /// # Errors
    /// Names the field that is nested, a sequence, or a whole number beyond 64 signed bits.
    pub fn of(value: &impl Serialize) -> Result<Self, RecordError> {
        let mut fields = Fields(Vec::new());
        value.serialize(RecordSerializer { fields: &mut fields })?;
        Ok(Self(fields.0))
    }

    /// The struct that the record describes.
    ///
    /// # Errors
    /// Names the missing field or the value of the wrong kind.
    pub fn to<T: DeserializeOwned>(&self) -> Result<T, RecordError> {
        T::deserialize(MapDeserializer::new(self.0.iter().cloned()))
    }

    /// The record as one line of JSON: a cell's name in storage and in its random stream.
    pub fn canonical(&self) -> String {
        Value::Object(self.clone().into()).to_string()
    }

    /// `name=value` pairs for a person.
    pub fn describe(&self) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join(" ")
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("none"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Text(word) => f.write_str(word),
        }
    }
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Null => Value::Null,
            Scalar::Bool(flag) => flag.into(),
            Scalar::Integer(number) => number.into(),
            Scalar::Float(number) if number.is_finite() => number.into(),
            Scalar::Float(number) => json!({ "float": number.to_string() }),
            Scalar::Text(word) => word.into(),
        }
    }
}

impl TryFrom<Value> for Scalar {
    type Error = RecordError;

    fn try_from(value: Value) -> Result<Self, RecordError> {
        let unknown = |value: &Value| RecordError(format!("{value} is no plain value"));
        match value {
            Value::Null => Ok(Self::Null),
            Value::Bool(flag) => Ok(Self::Bool(flag)),
            Value::String(word) => Ok(Self::Text(word)),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Ok(Self::Integer(whole)),
                (None, Some(float)) if number.is_f64() => Ok(Self::Float(float)),
                _ => Err(RecordError(format!("{number} does not fit 64 signed bits"))),
            },
            Value::Object(ref object) => match object.get("float").and_then(Value::as_str).map(str::parse) {
                Some(Ok(float)) => Ok(Self::Float(float)),
                _ => Err(unknown(&value)),
            },
            Value::Array(_) => Err(unknown(&value)),
        }
    }
}

impl From<Record> for Map<String, Value> {
    fn from(record: Record) -> Self {
        record.0.into_iter().map(|(name, scalar)| (name, scalar.into())).collect()
    }
}

impl TryFrom<Map<String, Value>> for Record {
    type Error = RecordError;

    fn try_from(map: Map<String, Value>) -> Result<Self, RecordError> {
        let fields = map.into_iter().map(|(name, value)| Ok((name, Scalar::try_from(value)?)));
        fields.collect::<Result<_, _>>().map(Self)
    }
}

impl ser::Error for RecordError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for RecordError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
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

const NOT_FLAT: &str = "a record is a flat struct of numbers, flags and words";

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

const NOT_PLAIN: &str = "not a number, a flag, a word or a unit-only enum";

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

impl<'de> IntoDeserializer<'de, RecordError> for Scalar {
    type Deserializer = ScalarDeserializer;
    fn into_deserializer(self) -> ScalarDeserializer {
        ScalarDeserializer(self)
    }
}

/// Hands a scalar to serde as what it is.
pub struct ScalarDeserializer(Scalar);

impl<'de> Deserializer<'de> for ScalarDeserializer {
    type Error = RecordError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        match self.0 {
            Scalar::Null => visitor.visit_unit(),
            Scalar::Bool(flag) => visitor.visit_bool(flag),
            Scalar::Integer(number) => visitor.visit_i64(number),
            Scalar::Float(number) => visitor.visit_f64(number),
            Scalar::Text(word) => visitor.visit_string(word),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RecordError> {
        match self.0 {
            Scalar::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RecordError> {
        match self.0 {
            Scalar::Text(word) => {
                StringDeserializer::<RecordError>::new(word).deserialize_enum(name, variants, visitor)
            }
            other => Err(RecordError(format!("{other} is no variant of {name}"))),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, RecordError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Method {
        ExactPlan,
        Sparse,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        method: Method,
        value: f64,
        count: usize,
        bound: Option<f64>,
        converged: bool,
        note: String,
    }

    fn through_json(record: &Record) -> Record {
        serde_json::from_str(&serde_json::to_string(record).unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn every_float_word_and_count_comes_back(bits: u64, count in 0..=i64::MAX as usize, bound: Option<f64>, note: String) {
            let row = Row { method: Method::Sparse, value: f64::from_bits(bits), count, bound, converged: true, note };
            let record = Record::of(&row).unwrap();
            let back: Row = through_json(&record).to().unwrap();
            // NaN's payload is no part of its meaning; all else is compared bit by bit.
            prop_assert!(back.value.to_bits() == bits || (row.value.is_nan() && back.value.is_nan()));
            prop_assert_eq!(Row { value: 0.0, ..back }, Row { value: 0.0, ..row });
        }
    }

    #[test]
    fn a_whole_float_stays_a_float_and_names_keep_their_order() {
        let row = Row {
            method: Method::ExactPlan,
            value: 2.0,
            count: 3,
            bound: None,
            converged: false,
            note: "a".into(),
        };
        let record = through_json(&Record::of(&row).unwrap());
        assert_eq!(record.0[1], ("value".into(), Scalar::Float(2.0)));
        assert_eq!(
            record.canonical(),
            r#"{"method":"exact-plan","value":2.0,"count":3,"bound":null,"converged":false,"note":"a"}"#
        );
    }

    #[test]
    fn what_is_not_flat_is_refused_by_name() {
        #[derive(Serialize)]
        struct Nested {
            plan: Vec<f64>,
        }
        let fault = Record::of(&Nested { plan: vec![] }).unwrap_err().to_string();
        assert_eq!(fault, format!("field `plan`: {NOT_PLAIN}"));
        assert_eq!(Record::of(&3).unwrap_err().to_string(), NOT_FLAT);
        #[derive(Serialize)]
        struct Large {
            id: u64,
        }
        assert!(Record::of(&Large { id: u64::MAX }).unwrap_err().to_string().contains("`id`"));
    }
}
