//! Handlers that try to leave the sandbox: files, environment, sockets, requests.

use std::net::{TcpStream, UdpSocket};

use serde_json::json;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, Method, OutgoingRequest, Scheme};

use crate::{Answer, StepContext, complete};

pub(crate) fn handle(handler: &str, context: &StepContext) -> Option<Answer> {
    let input: String = serde_json::from_str(&context.task_input).unwrap_or_default();
    Some(match handler {
        "open-file" => tried(std::fs::read_to_string(&input)),
        "environment" => {
            let variables: Vec<_> = std::env::vars().collect();
            let arguments: Vec<_> = std::env::args().collect();
            complete(json!({ "variables": variables, "arguments": arguments }).to_string())
        }
        "connect" => tried(TcpStream::connect(&input).map(|_| "connected")),
        "send-datagram" => {
            let sent = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(b"hello", &input));
            tried(sent)
        }
        "request" => tried(request(&input)),
        _ => return None,
    })
}

/// The result, or the error.
fn tried<T: serde::Serialize, E: ToString>(result: Result<T, E>) -> Answer {
    complete(match result {
        Ok(got) => json!({ "got": got }).to_string(),
        Err(error) => json!({ "refused": error.to_string() }).to_string(),
    })
}

/// Returns status, `location` header and body length, or the name of the error.
fn request(url: &str) -> Result<(u16, Option<String>, usize), String> {
    let (scheme, rest) = url.split_once("://").ok_or("no scheme")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Get).map_err(|()| "method refused")?;
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.into()),
    };
    request.set_scheme(Some(&scheme)).map_err(|()| "scheme refused")?;
    request.set_authority(Some(authority)).map_err(|()| "authority refused")?;
    request
        .set_path_with_query(Some(if path.is_empty() { "/" } else { path }))
        .map_err(|()| "path refused")?;
    let pending = outgoing_handler::handle(request, None).map_err(|error| format!("{error:?}"))?;
    pending.subscribe().block();
    let response = pending
        .get()
        .ok_or("not ready")?
        .map_err(|()| "taken twice")?
        .map_err(|error| format!("{error:?}"))?;
    let location = response.headers().get("location").pop().and_then(|value| String::from_utf8(value).ok());
    let body = response.consume().map_err(|()| "no body")?;
    let stream = body.stream().map_err(|()| "no stream")?;
    let mut length = 0;
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(bytes) => length += bytes.len(),
            Err(wasip2::io::streams::StreamError::Closed) => break,
            Err(wasip2::io::streams::StreamError::LastOperationFailed(error)) => {
                return Err(wasip2::http::types::http_error_code(&error)
                    .map_or_else(|| error.to_debug_string(), |code| format!("{code:?}")));
            }
        }
    }
    Ok((response.status(), location, length))
}
