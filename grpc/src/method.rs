//! A call of a method: its message becomes a request, and the response a message.

use std::{convert::Infallible, future::Future, pin::Pin, time::Duration};

use bytes::Bytes;
use futures_util::{Stream, future::BoxFuture};
use http::{HeaderMap, Request as HttpRequest, Response as HttpResponse};
use http_body_util::BodyExt as _;
use prost_reflect::DynamicMessage;
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};
use tonic::{
    Request, Response, Status,
    body::Body,
    codec::CompressionEncoding,
    metadata::MetadataValue,
    server::{Grpc, ServerStreamingService, UnaryService},
};
use tower::ServiceExt as _;

use crate::{codec::DynamicCodec, descriptors::Method, events, from_json, request, routes::Routes, status};

const GRPC_STATUS: &str = "grpc-status";
const OUT_OF_RANGE: &str = "11";
/// Says that the response is that of an earlier request with the same idempotency key.
const REPLAYED: &str = "idempotency-replayed";

type Messages = Pin<Box<dyn Stream<Item = Result<DynamicMessage, Status>> + Send>>;

/// Performs a call whose message has at most `longest` bytes, within the time that the caller has set.
pub(crate) async fn call(
    method: &'static Method,
    routes: Routes,
    longest: usize,
    call: HttpRequest<Body>,
) -> HttpResponse<Body> {
    let mut grpc = Grpc::new(DynamicCodec(method.request.clone()))
        .accept_compressed(CompressionEncoding::Gzip)
        .send_compressed(CompressionEncoding::Gzip)
        .max_decoding_message_size(longest);
    let deadline = timeout(call.headers()).and_then(|time| Instant::now().checked_add(time));
    let call_of = Call { method, routes, deadline };
    let answered = async {
        if method.is_stream {
            grpc.server_streaming(call_of, call).await
        } else {
            grpc.unary(call_of, call).await
        }
    };
    let response = match deadline {
        None => answered.await,
        Some(deadline) => match timeout_at(deadline, answered).await {
            Ok(response) => response,
            Err(_) => return Status::deadline_exceeded("the deadline of the call is over").into_http(),
        },
    };
    // The library's status for a message that is too long.
    if response.headers().get(GRPC_STATUS).is_some_and(|status| status == OUT_OF_RANGE) {
        return status::too_long(longest).into_http();
    }
    response
}

/// The time in `grpc-timeout`: digits and a unit.
fn timeout(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number.saturating_mul(3600)),
        "M" => Duration::from_secs(number.saturating_mul(60)),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

struct Call {
    method: &'static Method,
    routes: Routes,
    deadline: Option<Instant>,
}

impl Call {
    /// Sends the request, and returns its response if that is a success.
    fn send(
        &self,
        call: Request<DynamicMessage>,
    ) -> impl Future<Output = Result<HttpResponse<Body>, Status>> + Send + use<> {
        let (metadata, extensions, message) = call.into_parts();
        let request = request::of_call(self.method, metadata, extensions, &message);
        let routes = self.routes.clone();
        async move {
            let response = send(routes, request?).await;
            if response.status().is_success() {
                return Ok(response);
            }
            let (head, body) = response.into_parts();
            Err(status::of_response(head.status, &head.headers, &collect(body).await?))
        }
    }
}

async fn send(routes: Routes, request: HttpRequest<Bytes>) -> HttpResponse<Body> {
    let answer: Result<_, Infallible> = routes.oneshot(request).await;
    let Ok(response) = answer;
    response
}

async fn collect(body: Body) -> Result<Bytes, Status> {
    let body =
        body.collect().await.map_err(|error| Status::internal(format!("the response broke: {error}")))?;
    Ok(body.to_bytes())
}

impl UnaryService<DynamicMessage> for Call {
    type Response = DynamicMessage;
    type Future = BoxFuture<'static, Result<Response<DynamicMessage>, Status>>;

    fn call(&mut self, call: Request<DynamicMessage>) -> Self::Future {
        let kind = self.method.response.clone();
        let sent = self.send(call);
        Box::pin(async move {
            let (head, body) = sent.await?.into_parts();
            let body = collect(body).await?;
            if body.is_empty() {
                return Ok(Response::new(DynamicMessage::new(kind)));
            }
            let broken = |error: String| Status::internal(format!("the response cannot be read: {error}"));
            let json: &RawValue = serde_json::from_slice(&body).map_err(|error| broken(error.to_string()))?;
            let mut response =
                Response::new(from_json::message(kind, json).map_err(|error| broken(error.0))?);
            if head.headers.contains_key(REPLAYED) {
                response.metadata_mut().insert(REPLAYED, MetadataValue::from_static("true"));
            }
            Ok(response)
        })
    }
}

impl ServerStreamingService<DynamicMessage> for Call {
    type Response = DynamicMessage;
    type ResponseStream = Messages;
    type Future = BoxFuture<'static, Result<Response<Messages>, Status>>;

    fn call(&mut self, call: Request<DynamicMessage>) -> Self::Future {
        let (kind, deadline) = (self.method.response.clone(), self.deadline);
        let sent = self.send(call);
        Box::pin(async move {
            let messages: Messages = Box::pin(events::messages(kind, sent.await?.into_body(), deadline));
            Ok(Response::new(messages))
        })
    }
}
