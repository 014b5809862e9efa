//! Takes a token apart (RFC 7515, compact serialization). Nothing that it returns is verified.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// The maximum length of a token, in bytes.
const MAX_TOKEN: usize = 8 * 1024;

/// The parts of a token.
#[derive(Debug)]
pub(crate) struct Token<'text> {
    /// `alg` of the header.
    pub(crate) algorithm: String,
    /// `kid` of the header.
    pub(crate) key: Option<String>,
    /// What is signed.
    pub(crate) message: &'text [u8],
    pub(crate) signature: Vec<u8>,
    payload: &'text str,
}

impl<'text> Token<'text> {
    /// Reads the header, and finds the other parts.
    pub(crate) fn read(text: &'text str) -> Result<Self, Refusal> {
        if text.len() > MAX_TOKEN {
            return Err(Refusal::TooLong);
        }
        let three = Refusal::Malformed("it does not have three parts");
        let Some((message, signature)) = text.rsplit_once('.') else { return Err(three) };
        let Some((header, payload)) = message.split_once('.') else { return Err(three) };
        if payload.contains('.') {
            return Err(three);
        }
        let header = object(header)?;
        // Keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are whoever's sent it: they are not looked at.
        if header.contains_key("crit") {
            return Err(Refusal::Critical);
        }
        let Some(Value::String(algorithm)) = header.get("alg") else {
            return Err(Refusal::Malformed("its header has no text `alg`"));
        };
        let key = match header.get("kid") {
            None => None,
            Some(Value::String(key)) => Some(key.clone()),
            Some(_) => return Err(Refusal::Malformed("`kid` in its header is not a text")),
        };
        let algorithm = algorithm.clone();
        Ok(Self { algorithm, key, message: message.as_bytes(), signature: decode(signature)?, payload })
    }

    /// Reads the claims. The signature must have been verified.
    pub(crate) fn claims(&self) -> Result<Map<String, Value>, Refusal> {
        object(self.payload)
    }
}

/// Accepts one encoding of each content only: without padding, and with unused bits 0.
fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed("a part is not base64url without padding"))
}

fn object(part: &str) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(&decode(part)?) {
        Ok(Unique(Value::Object(object))) => Ok(object),
        _ => Err(Refusal::Malformed("a part is not a JSON object, or has a member twice")),
    }
}

/// Any JSON whose objects have no member twice: readers differ in which of two members they take. Not `Value`'s own
/// reading, which also takes certain members as raw JSON.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON whose objects have no member twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, Unique(value))) = members.next_entry()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member is there twice"));
            }
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Unique(value)) = elements.next_element()? {
            array.push(value);
        }
        Ok(Value::Array(array))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}
