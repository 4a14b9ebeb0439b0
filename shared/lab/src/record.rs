//! Flat records: the parameters of a cell and the rows it measured.
//!
//! A parameter set and a row are plain structs of numbers, flags, words and unit-only enums. They
//! travel as [`Record`]s, which keep the order of the fields and, unlike JSON, every float:
//! `serde_json` writes NaN and the infinities as `null`, so a lost number would look like an absent
//! one. Here they are spelled out as `{"float": "NaN"}`, and finite floats round-trip exactly.

use std::fmt;

use serde::de::value::{MapDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::ser;
use serde::{Deserialize, Serialize, forward_to_deserialize_any};
use serde_json::{Map, Value, json};

mod serialise;

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
        serialise::fields(value).map(Self)
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
        assert_eq!(fault, format!("field `plan`: {}", serialise::NOT_PLAIN));
        assert_eq!(Record::of(&3).unwrap_err().to_string(), serialise::NOT_FLAT);
        #[derive(Serialize)]
        struct Large {
            id: u64,
        }
        assert!(Record::of(&Large { id: u64::MAX }).unwrap_err().to_string().contains("`id`"));
    }
}
