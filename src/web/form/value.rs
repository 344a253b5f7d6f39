//! The typed values of a form's fields. `docs/decisions/0018` says why serde_html_form does not do this.

use serde::de::value::{Error, MapDeserializer, SeqDeserializer, StringDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use crate::web::problem::{Kind, Problem};

/// Reads fields, each with its values, as a struct.
///
/// # Errors
/// [`Kind::BadRequest`], which names the field.
pub(super) fn read<T: DeserializeOwned>(fields: &[(String, Vec<String>)]) -> Result<T, Problem> {
    let pairs = fields
        .iter()
        .map(|(name, values)| (name.as_str(), Entered(values.clone())));
    serde_path_to_error::deserialize(MapDeserializer::<_, Error>::new(pairs)).map_err(|e| {
        Problem::new(Kind::BadRequest).because(format!("field {}: {}", e.path(), e.inner()))
    })
}

/// The values of one field. For a single value the last one counts.
#[derive(Clone)]
struct Entered(Vec<String>);

impl Entered {
    fn last(mut self) -> String {
        self.0.pop().unwrap_or_default()
    }
}

impl IntoDeserializer<'_, Error> for Entered {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident $number:ty,)+) => {$(
        fn $method<S: Visitor<'de>>(self, visitor: S) -> Result<S::Value, Error> {
            let number = self.last().trim().parse::<$number>();
            visitor.$visit(number.map_err(|_| Error::custom("must be a number"))?)
        }
    )+};
}

impl<'de> Deserializer<'de> for Entered {
    type Error = Error;

    numbers! {
        deserialize_i8 visit_i64 i64,
        deserialize_i16 visit_i64 i64,
        deserialize_i32 visit_i64 i64,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u64 u64,
        deserialize_u16 visit_u64 u64,
        deserialize_u32 visit_u64 u64,
        deserialize_u64 visit_u64 u64,
        deserialize_f64 visit_f64 f64,
    }

    fn deserialize_any<S: Visitor<'de>>(self, visitor: S) -> Result<S::Value, Error> {
        visitor.visit_string(self.last())
    }

    fn deserialize_bool<S: Visitor<'de>>(self, visitor: S) -> Result<S::Value, Error> {
        visitor.visit_bool(!matches!(&*self.last(), "" | "no" | "false" | "off" | "0"))
    }

    fn deserialize_option<S: Visitor<'de>>(self, visitor: S) -> Result<S::Value, Error> {
        if self.0.iter().all(String::is_empty) {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_seq<S: Visitor<'de>>(self, visitor: S) -> Result<S::Value, Error> {
        let each = self.0.into_iter().map(|value| Self(vec![value]));
        visitor.visit_seq(SeqDeserializer::new(each))
    }

    fn deserialize_newtype_struct<S: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: S,
    ) -> Result<S::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<S: Visitor<'de>>(
        self,
        name: &'static str,
        words: &'static [&'static str],
        visitor: S,
    ) -> Result<S::Value, Error> {
        StringDeserializer::<Error>::new(self.last()).deserialize_enum(name, words, visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 f32 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct
        identifier ignored_any
    }
}
