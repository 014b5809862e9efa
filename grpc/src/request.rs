//! The request that a call stands for.

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage as _, Value};
use tonic::{Extensions, Status, metadata::MetadataMap};

use crate::{
    descriptors::{Method, Place},
    from_json::TIMESTAMP,
    into_json::{Members, add_member, document, is_set, moment},
    status::invalid,
};

/// What a path or query may have as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The metadata of a call that its request takes over.
const TAKEN_OVER: [HeaderName; 5] = [
    AUTHORIZATION,
    USER_AGENT,
    HeaderName::from_static("x-api-key"),
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("traceparent"),
];

/// Returns the request.
///
/// # Errors
/// The status says which field does not fit.
pub(crate) fn of_call(
    method: &Method,
    metadata: MetadataMap,
    extensions: Extensions,
    message: &DynamicMessage,
) -> Result<Request<Bytes>, Status> {
    let mut path = method.path.clone();
    let mut query = Vec::new();
    let (mut members, mut has_members) = (Members::new(), false);
    let mut body: Option<(String, String)> = None;
    let mut request = Request::new(Bytes::new());
    for (field, place) in &method.fields {
        match place {
            Place::Path => {
                let value = plain(field, &message.get_field(field))?;
                if value.is_empty() {
                    return Err(invalid(format!("`{}` is missing", field.name())));
                }
                path = path.replace(&format!("{{{}}}", field.name()), &escaped(&value));
            }
            Place::Query if is_set(message, field) => {
                let value = message.get_field(field);
                let values = value.as_list().unwrap_or(std::slice::from_ref(&*value));
                for value in values {
                    query.push(format!("{}={}", field.name(), escaped(&plain(field, value)?)));
                }
            }
            Place::Header(name) if is_set(message, field) => {
                let value = plain(field, &message.get_field(field))?;
                let unfit = || invalid(format!("`{}` cannot be a header", field.name()));
                let name = HeaderName::try_from(name.as_str()).map_err(|_| unfit())?;
                request.headers_mut().insert(name, HeaderValue::try_from(value).map_err(|_| unfit())?);
            }
            Place::Query | Place::Header(_) => {}
            Place::Member => {
                has_members = true;
                add_member(&mut members, message, field)?;
            }
            Place::Body(kind) => {
                let text = plain(field, &message.get_field(field))?;
                if kind.ends_with("json") {
                    document(field.name(), &text)?;
                }
                body = Some((kind.clone(), text));
            }
        }
    }
    if has_members {
        let text = serde_json::to_string(&members).map_err(|error| Status::internal(error.to_string()))?;
        body = Some((JSON.to_owned(), text));
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    *request.method_mut() = method.verb.clone();
    *request.uri_mut() = path.parse().map_err(|error| invalid(format!("{path}: {error}")))?;
    *request.extensions_mut() = extensions;
    let taken_over = metadata.into_headers();
    for name in TAKEN_OVER {
        if let Some(value) = taken_over.get(&name) {
            request.headers_mut().insert(name, value.clone());
        }
    }
    if let Some((kind, text)) = body {
        let kind = HeaderValue::try_from(kind).map_err(|error| Status::internal(error.to_string()))?;
        request.headers_mut().insert(CONTENT_TYPE, kind);
        *request.body_mut() = text.into();
    }
    Ok(request)
}

const JSON: &str = "application/json";

fn escaped(value: &str) -> String {
    utf8_percent_encode(value, ESCAPED).to_string()
}

/// A value as a path, a query or a header has it.
fn plain(field: &FieldDescriptor, value: &Value) -> Result<String, Status> {
    Ok(match value {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::I32(number) => number.to_string(),
        Value::I64(number) => number.to_string(),
        Value::F64(number) => number.to_string(),
        Value::Message(message) if message.descriptor().full_name() == TIMESTAMP => moment(message)?,
        _ => return Err(Status::internal(format!("`{}` has no place in a path or query", field.name()))),
    })
}
