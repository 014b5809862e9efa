//! A client of gRPC services that learns their types from their descriptors.

use axum::http::{HeaderMap, Request};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, MethodDescriptor,
    ReflectMessage, Value as Field,
};
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tonic_types::Status as ErrorDetails;

/// An open connection.
pub(crate) struct Client {
    connection: http2::SendRequest<Full<Bytes>>,
    pub(crate) pool: DescriptorPool,
}

/// What a call returned.
#[derive(Debug)]
pub(crate) struct Returned {
    /// The number of the status: 0 for a success.
    pub(crate) status: u32,
    pub(crate) detail: String,
    /// The reason in `google.rpc.ErrorInfo`.
    pub(crate) reason: Option<String>,
    pub(crate) messages: Vec<Value>,
    pub(crate) headers: HeaderMap,
}

impl Client {
    pub(crate) async fn connect(address: std::net::SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let (connection, driver) =
            http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(driver);
        let mut pool = DescriptorPool::decode(tasker_grpc::DESCRIPTORS).unwrap();
        pool.decode_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET).unwrap();
        Self { connection, pool }
    }

    /// Returns all methods of the package, by the paths of their calls.
    pub(crate) fn methods(&self) -> Vec<(String, MethodDescriptor)> {
        let services = self.pool.services().filter(|service| service.package_name() == "tasker.v1");
        services
            .flat_map(|service| {
                service.methods().map(|method| (path_of(&method), method)).collect::<Vec<_>>()
            })
            .collect()
    }

    fn method(&self, path: &str) -> MethodDescriptor {
        let (service, name) = path.rsplit_once('/').unwrap();
        let service = self.pool.get_service_by_name(service.trim_start_matches('/')).expect(path);
        service.methods().find(|method| method.name() == name).expect(path)
    }

    /// Calls a method, and reads the response to its end.
    pub(crate) async fn call(&self, path: &str, metadata: &[(&str, &str)], request: &Value) -> Returned {
        let method = self.method(path);
        let message = message_of(method.input(), request).encode_to_vec();
        self.send(path, metadata, &message, method.output()).await
    }

    pub(crate) async fn send(
        &self,
        path: &str,
        metadata: &[(&str, &str)],
        message: &[u8],
        output: MessageDescriptor,
    ) -> Returned {
        self.send_frame(path, metadata, 0, message, output).await
    }

    /// As `send`, with a message that is compressed if `flag` is 1.
    pub(crate) async fn send_frame(
        &self,
        path: &str,
        metadata: &[(&str, &str)],
        flag: u8,
        message: &[u8],
        output: MessageDescriptor,
    ) -> Returned {
        let response = self.open_frame(path, metadata, flag, message).await;
        let (head, body) = response.into_parts();
        let whole = body.collect().await.unwrap();
        let trailers = whole.trailers().cloned().unwrap_or_default();
        let mut data = whole.to_bytes();
        let mut messages = Vec::new();
        while data.remaining() > 0 {
            assert_eq!(data.get_u8(), 0, "the message is compressed");
            let length = data.get_u32() as usize;
            let message = DynamicMessage::decode(output.clone(), data.split_to(length)).unwrap();
            messages.push(json_of(&message, false));
        }
        let field = |name: &str| trailers.get(name).or_else(|| head.headers.get(name)).cloned();
        let details = field("grpc-status-details-bin").map(|value| {
            use base64::Engine as _;
            let engine = base64::engine::general_purpose::STANDARD_NO_PAD;
            ErrorDetails::decode(&*engine.decode(value.as_bytes()).unwrap()).unwrap()
        });
        let detail =
            field("grpc-message").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        Returned {
            status: field("grpc-status").unwrap().to_str().unwrap().parse().unwrap(),
            detail: percent_encoding::percent_decode_str(&detail).decode_utf8().unwrap().into_owned(),
            reason: details.and_then(|details| reason(&details)),
            messages,
            headers: head.headers,
        }
    }

    /// Sends a call, and returns the response before its messages have come.
    pub(crate) async fn open(
        &self,
        path: &str,
        metadata: &[(&str, &str)],
        message: &[u8],
    ) -> axum::http::Response<Incoming> {
        self.open_frame(path, metadata, 0, message).await
    }

    async fn open_frame(
        &self,
        path: &str,
        metadata: &[(&str, &str)],
        flag: u8,
        message: &[u8],
    ) -> axum::http::Response<Incoming> {
        let mut frame = BytesMut::new();
        frame.put_u8(flag);
        frame.put_u32(u32::try_from(message.len()).unwrap());
        frame.extend_from_slice(message);
        let mut request = Request::post(format!("http://localhost{path}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in metadata {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(frame.freeze())).unwrap();
        self.connection.clone().send_request(request).await.unwrap()
    }
}

pub(crate) fn path_of(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

fn reason(details: &ErrorDetails) -> Option<String> {
    use tonic_types::pb::ErrorInfo;
    let any = details.details.iter().find(|any| any.type_url.ends_with("google.rpc.ErrorInfo"))?;
    let info = ErrorInfo::decode(&*any.value).unwrap();
    assert_eq!(info.domain, "tasker");
    Some(info.reason)
}

/// A message with these fields, whose names are those of the proto files.
pub(crate) fn message_of(kind: MessageDescriptor, fields: &Value) -> DynamicMessage {
    let mut message = DynamicMessage::new(kind);
    for (name, value) in fields.as_object().expect("fields") {
        let field = message
            .descriptor()
            .get_field_by_name(name)
            .unwrap_or_else(|| panic!("{} has no field {name}", message.descriptor().full_name()));
        let value = match value {
            Value::Array(items) if field.is_list() => {
                Field::List(items.iter().map(|item| plain(&field, item)).collect())
            }
            value => plain(&field, value),
        };
        message.set_field(&field, value);
    }
    message
}

fn plain(field: &FieldDescriptor, value: &Value) -> Field {
    let name = field.name();
    match (field.kind(), value) {
        (Kind::String, Value::String(text)) => Field::String(text.clone()),
        (Kind::Bool, Value::Bool(value)) => Field::Bool(*value),
        (Kind::Int32, value) => Field::I32(value.as_i64().unwrap().try_into().unwrap()),
        (Kind::Int64, value) => Field::I64(value.as_i64().unwrap()),
        (Kind::Double, value) => Field::F64(value.as_f64().unwrap()),
        (Kind::Message(kind), Value::String(text)) if kind.name() == "Timestamp" => {
            let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
            Field::Message(message_of(kind, &serde_json::json!({ "seconds": at.timestamp() })))
        }
        (Kind::Message(kind), Value::Array(_)) => {
            Field::Message(message_of(kind, &serde_json::json!({ "values": value })))
        }
        (Kind::Message(kind), value) => Field::Message(message_of(kind, value)),
        _ => panic!("{name} cannot be {value}"),
    }
}

/// The message as the REST API would have it: documents are parsed, timestamps are texts, and lists are lists.
fn json_of(message: &DynamicMessage, is_document: bool) -> Value {
    let kind = message.descriptor();
    if kind.name() == "Timestamp" {
        let part = |name: &str| message.get_field_by_name(name).unwrap().into_owned();
        let (seconds, nanos) = (part("seconds").as_i64().unwrap(), part("nanos").as_i32().unwrap());
        let at = chrono::DateTime::<chrono::Utc>::from_timestamp(seconds, nanos.unsigned_abs()).unwrap();
        return Value::String(at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true));
    }
    if kind.name() == "Document" {
        return document(message.get_field_by_name("document_json").unwrap().as_str().unwrap());
    }
    if let Some(values) = kind.get_field_by_name("values") {
        return json(&message.get_field(&values), is_document);
    }
    let mut members = Map::new();
    for field in kind.fields() {
        if field.supports_presence() && !message.has_field(&field) {
            continue;
        }
        let member = field.name().strip_suffix("_json");
        let value = json(&message.get_field(&field), member.is_some());
        members.insert(member.unwrap_or(field.name()).to_owned(), value);
    }
    Value::Object(members)
}

fn json(value: &Field, is_document: bool) -> Value {
    match value {
        Field::String(text) if is_document => document(text),
        Field::String(text) => Value::String(text.clone()),
        Field::Bool(value) => Value::Bool(*value),
        Field::I32(number) => Value::from(*number),
        Field::I64(number) => Value::from(*number),
        Field::F64(number) => Value::from(*number),
        Field::EnumNumber(number) => Value::from(*number),
        Field::List(items) => items.iter().map(|item| json(item, is_document)).collect(),
        Field::Map(entries) => {
            let entries = entries.iter().map(|(key, value)| {
                let MapKey::String(key) = key else { panic!("{key:?}") };
                (key.clone(), json(value, is_document))
            });
            Value::Object(entries.collect())
        }
        Field::Message(message) => json_of(message, is_document),
        other => panic!("{other:?}"),
    }
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("`{text}` is not JSON: {error}"))
}
