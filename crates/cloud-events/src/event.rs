//! One event: its attributes and data, parsed strictly from JSON or from the headers and body of an HTTP
//! request.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use chrono::DateTime;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::{Value, value::RawValue};

use crate::{
    check::{check_extension, check_text, check_uri_reference, is_media_type, scheme},
    data::{EventData, data_of_bytes, is_json, of_base64},
    depth::{MAX_DEPTH, is_too_deep},
    error::EventError,
};

/// A valid CloudEvent 1.0.
#[derive(Debug, Clone)]
pub struct CloudEvent {
    id: String,
    source: String,
    event_type: String,
    subject: Option<String>,
    time: Option<String>,
    datacontenttype: Option<String>,
    dataschema: Option<String>,
    extensions: BTreeMap<String, Value>,
    data: EventData,
}

impl CloudEvent {
    /// Creates an event with the required attributes and no data.
    pub fn new(id: &str, source: &str, event_type: &str) -> Result<Self, EventError> {
        let attributes = [("specversion", "1.0"), ("id", id), ("source", source), ("type", event_type)];
        let attributes = attributes.map(|(name, value)| (name.to_owned(), Value::from(value)));
        Self::of_attributes(attributes.into_iter(), EventData::None)
    }

    /// Parses an event in the JSON format (structured mode).
    pub fn from_json(text: &str) -> Result<Self, EventError> {
        let members: Members = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        Self::of_members(members)
    }

    /// Parses a batch in the JSON format. One invalid event fails the whole batch.
    pub fn batch_from_json(text: &str) -> Result<Vec<Self>, EventError> {
        let events: Vec<Members> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        let event = |(index, members)| {
            Self::of_members(members).map_err(|error| EventError { number: Some(index + 1), ..error })
        };
        events.into_iter().enumerate().map(event).collect()
    }

    /// Builds an event from its attributes as text and its data as bytes (binary mode). JSON and text are
    /// kept as such; other data is encoded in Base64.
    pub fn from_parts(
        attributes: impl IntoIterator<Item = (String, String)>,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Self, EventError> {
        let mut all: Vec<(String, Value)> = Vec::new();
        for (name, value) in attributes {
            if name == "datacontenttype" || name.starts_with("data_") {
                return Err(EventError::of(&name, "is not an attribute of an event in binary mode"));
            }
            if all.iter().any(|(other, _)| *other == name) {
                return Err(EventError::of(&name, "is given twice"));
            }
            // Keeps the search above short.
            if all.len() == MAX_MEMBERS {
                return Err(EventError::whole(too_many_members()));
            }
            all.push((name, value.into()));
        }
        if let Some(content_type) = content_type {
            all.push(("datacontenttype".to_owned(), content_type.into()));
        }
        let data = data_of_bytes(content_type, body)?;
        Self::of_attributes(all.into_iter(), data)
    }

    fn of_members(Members(members): Members) -> Result<Self, EventError> {
        let (mut attributes, mut data, mut encoded) = (Vec::new(), None, None);
        for (name, value) in members {
            match name.as_str() {
                "data" => data = Some(value),
                "data_base64" => encoded = Some(value),
                _ => {
                    let value: Value = serde_json::from_str(value.get())
                        .map_err(|error| EventError::of(&name, format_args!("cannot be parsed: {error}")))?;
                    attributes.push((name, value));
                }
            }
        }
        let content_type = attributes.iter().find(|(name, _)| name == "datacontenttype");
        let is_json = content_type.is_none_or(|(_, value)| value.as_str().is_none_or(is_json));
        let data = match (data, encoded) {
            (Some(_), Some(_)) => {
                return Err(EventError::of(
                    "data_base64",
                    "and `data` are both given; give only one of them",
                ));
            }
            (Some(data), None) => EventData::Json(data),
            (None, Some(encoded)) => of_base64(encoded.get(), is_json && content_type.is_some())?,
            (None, None) => EventData::None,
        };
        Self::of_attributes(attributes.into_iter(), data)
    }

    fn of_attributes(
        attributes: impl Iterator<Item = (String, Value)>,
        data: EventData,
    ) -> Result<Self, EventError> {
        if let EventData::Json(json) = &data
            && is_too_deep(json.get())
        {
            return Err(EventError::of("data", format_args!("is nested deeper than {MAX_DEPTH} levels")));
        }
        let mut texts: BTreeMap<&str, String> = BTreeMap::new();
        let mut extensions = BTreeMap::new();
        for (name, value) in attributes {
            if value.is_null() {
                continue; // The specification treats null as absent.
            }
            match ATTRIBUTES.iter().find(|known| **known == name) {
                Some(known) => {
                    let Value::String(text) = value else {
                        return Err(EventError::of(&name, format_args!("must be a string, not {value}")));
                    };
                    check_text(&name, &text)?;
                    texts.insert(known, text);
                }
                None => {
                    check_extension(&name, &value)?;
                    extensions.insert(name, value);
                }
            }
        }
        match texts.remove("specversion").as_deref() {
            Some("1.0") => {}
            Some(other) => {
                return Err(EventError::of(
                    "specversion",
                    format_args!("is `{other}`; only 1.0 is supported"),
                ));
            }
            None => return Err(EventError::of("specversion", "is missing; it must be 1.0")),
        }
        let mut required = |name| texts.remove(name).ok_or_else(|| EventError::of(name, "is missing"));
        let event = Self {
            id: required("id")?,
            source: required("source")?,
            event_type: required("type")?,
            subject: texts.remove("subject"),
            time: texts.remove("time"),
            datacontenttype: texts.remove("datacontenttype"),
            dataschema: texts.remove("dataschema"),
            extensions,
            data,
        };
        check_uri_reference("source", &event.source)?;
        if let Some(schema) = &event.dataschema {
            check_uri_reference("dataschema", schema)?;
            if scheme(schema).is_none() {
                return Err(EventError::of("dataschema", format_args!("is `{schema}`, not an absolute URI")));
            }
        }
        if let Some(time) = &event.time
            && let Err(error) = DateTime::parse_from_rfc3339(time)
        {
            let fault = format!("is `{time}`, not a time such as 2030-01-31T12:00:00Z (RFC 3339): {error}");
            return Err(EventError::of("time", fault));
        }
        if let Some(content_type) = &event.datacontenttype
            && !is_media_type(content_type)
        {
            let fault = format!("is `{content_type}`, not a media type such as application/json");
            return Err(EventError::of("datacontenttype", fault));
        }
        Ok(event)
    }

    /// The event's id, unique within its source.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The source of the event, a URI reference.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The type of the event.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The subject of the event.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The payload.
    pub fn data(&self) -> &EventData {
        &self.data
    }

    /// Returns the same event with this JSON as its data.
    #[must_use]
    pub fn with_data(self, data: Box<RawValue>) -> Self {
        Self { data: EventData::Json(data), ..self }
    }

    /// The value of a string attribute, by name.
    pub fn text(&self, name: &str) -> Option<&str> {
        match name {
            "specversion" => Some("1.0"),
            "id" => Some(&self.id),
            "source" => Some(&self.source),
            "type" => Some(&self.event_type),
            "subject" => self.subject.as_deref(),
            "time" => self.time.as_deref(),
            "datacontenttype" => self.datacontenttype.as_deref(),
            "dataschema" => self.dataschema.as_deref(),
            extension => self.extensions.get(extension)?.as_str(),
        }
    }

    /// All attributes that are set, with their values.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, Cow<'_, Value>)> {
        let known =
            ATTRIBUTES.into_iter().filter_map(|name| Some((name, Cow::Owned(Value::from(self.text(name)?)))));
        let others = self.extensions.iter().map(|(name, value)| (name.as_str(), Cow::Borrowed(value)));
        known.chain(others)
    }

    /// The event in the JSON format (structured mode).
    ///
    /// # Panics
    /// Never: every event serializes.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| unreachable!("events serialize: {error}"))
    }
}

impl Serialize for CloudEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.attributes() {
            map.serialize_entry(name, &value)?;
        }
        match &self.data {
            EventData::None => {}
            EventData::Json(json) => map.serialize_entry("data", json)?,
            EventData::Binary(base64) => map.serialize_entry("data_base64", base64)?,
        }
        map.end()
    }
}

/// The attributes that the specification defines.
const ATTRIBUTES: [&str; 8] =
    ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"];

/// The maximum number of members of an event: its attributes, with extensions, and its data. Our limit; the
/// specification sets none.
const MAX_MEMBERS: usize = 128;

fn too_many_members() -> String {
    format!("it has more than {MAX_MEMBERS} members")
}

/// The members of a JSON object. A duplicate member is an error.
struct Members(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object that holds an event")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members: Vec<(String, Box<RawValue>)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if members.iter().any(|(other, _)| *other == name) {
                        return Err(serde::de::Error::custom(format_args!("`{name}` is given twice")));
                    }
                    // Keeps the search above short.
                    if members.len() == MAX_MEMBERS {
                        return Err(serde::de::Error::custom(too_many_members()));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

fn not_json(error: &serde_json::Error) -> EventError {
    EventError::whole(format!("not a CloudEvent in JSON: {error}"))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
