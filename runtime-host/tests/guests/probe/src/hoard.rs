//! Handlers that try to store data in the host. Each uses one call, again and again, until it is stopped.

use std::mem::forget;

use serde_json::{Value, json};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::outgoing_handler;
use wasip2::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, Scheme};

use crate::tasker::handler::execution::heartbeat;
use crate::wasi::config::store as config;
use crate::wasi::keyvalue::atomics::Cas;
use crate::wasi::keyvalue::{batch, store};
use crate::wasi::logging::logging::{Level, log};
use crate::{Answer, StepContext, complete, failure};

/// More than the host lets a guest keep, whatever the call.
const ENDLESSLY: usize = 1_000_000;

/// As much as one call may copy out of the guest.
const MEGABYTES: usize = 7_000_000;

pub(crate) fn handle(handler: &str, context: &StepContext) -> Option<Answer> {
    let what = handler.strip_prefix("hoard-")?;
    let input: Value = serde_json::from_str(&context.task_input).unwrap_or_default();
    Some(match what {
        "requests" => endlessly(|_| forget(large_request())),
        "parts-of-requests" => complete(json!(parts_of_requests()).to_string()),
        "headers" => endlessly(|_| forget(headers(1, 100_000))),
        "small-headers" => endlessly(|_| forget(headers(1_000, 0))),
        "headers-of-requests" => {
            let request = OutgoingRequest::new(headers(1, 100_000));
            // Each copy shares its content with the request until it is changed.
            endlessly(|_| {
                let copy = request.headers().clone();
                copy.append("y", b"y").unwrap();
                forget(copy);
            })
        }
        "bodies" => endlessly(|_| full_body()),
        "responses" => endlessly(|_| response(input.as_str().unwrap_or_default())),
        "logs" => {
            let line = "x".repeat(1_000);
            endlessly(|_| log(Level::Info, "", &line))
        }
        "escapes" => {
            let line = "\u{1b}[31m".repeat(1_000);
            endlessly(|_| log(Level::Info, "", &line))
        }
        "output" => {
            let line = "x".repeat(1_000);
            endlessly(|_| println!("{line}"))
        }
        "streams" => endlessly(|_| forget(wasip2::cli::stdout::get_stdout())),
        "timers" => endlessly(|_| forget(subscribe_duration(u64::MAX))),
        "swaps" => {
            let bucket = store::open("cache").unwrap();
            bucket.set("k", &vec![b'x'; 400_000]).unwrap();
            endlessly(|_| forget(Cas::new(&bucket, "k").unwrap()))
        }
        "entries" => {
            let bucket = store::open("cache").unwrap();
            let entries: Vec<(String, Vec<u8>)> =
                (0..input.as_u64().unwrap()).map(|n| (n.to_string(), vec![b'x'; 400_000])).collect();
            batch::set_many(&bucket, &entries).unwrap();
            complete("\"stored\"")
        }
        "answers" => {
            let bucket = store::open("cache").unwrap();
            bucket.set("k", &vec![b'x'; 400_000]).unwrap();
            let keys = vec!["k".to_owned(); 10];
            complete(json!(batch::get_many(&bucket, &keys).unwrap().len()).to_string())
        }
        // The host keeps none of these, or only their beginning.
        "texts" => {
            let text = "x".repeat(MEGABYTES);
            for _ in 0..50 {
                heartbeat(Some(&text));
                assert!(store::open(&text).is_err());
                assert!(config::get(&text).unwrap().is_none());
                log(Level::Info, &text, &text);
            }
            Err(failure(&text[..1_000_000], &text[..1_000_000]))
        }
        _ => return None,
    })
}

fn endlessly(mut again: impl FnMut(usize)) -> Answer {
    (0..ENDLESSLY).for_each(&mut again);
    complete("\"never stopped\"")
}

/// The largest request that the host accepts.
fn large_request() -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Other("M".repeat(64))).unwrap();
    request.set_scheme(Some(&Scheme::Other("s".repeat(64)))).unwrap();
    request.set_authority(Some(&"a".repeat(1 << 10))).unwrap();
    request.set_path_with_query(Some(&format!("/{}", "p".repeat((16 << 10) - 1)))).unwrap();
    request
}

/// How many parts of megabytes the host accepts.
fn parts_of_requests() -> usize {
    let text = "a".repeat(MEGABYTES);
    let mut accepted = 0;
    for _ in 0..200 {
        let request = OutgoingRequest::new(Fields::new());
        accepted += [
            request.set_method(&Method::Other(text.clone())),
            request.set_scheme(Some(&Scheme::Other(text.clone()))),
            request.set_authority(Some(&text)),
            request.set_path_with_query(Some(&text)),
        ]
        .iter()
        .filter(|set| set.is_ok())
        .count();
        forget(request);
    }
    accepted
}

fn headers(count: usize, bytes: usize) -> Fields {
    let fields = Fields::new();
    for n in 0..count {
        fields.append(&format!("x-{n}"), &vec![b'x'; bytes]).unwrap();
    }
    fields
}

/// A request whose body is full, because nobody reads it.
fn full_body() {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body().unwrap();
    let stream = body.write().unwrap();
    loop {
        let room = stream.check_write().unwrap();
        if room == 0 {
            break;
        }
        stream.write(&vec![b'x'; room as usize]).unwrap();
    }
    forget((request, body, stream));
}

/// A response with its headers and the end of its body. The connection is done, so that the next one may begin.
fn response(authority: &str) {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some("/")).unwrap();
    let body = request.body().unwrap();
    OutgoingBody::finish(body, Some(headers(1, 1_000))).unwrap();
    let pending = outgoing_handler::handle(request, None).unwrap();
    pending.subscribe().block();
    let Ok(response) = pending.get().unwrap().unwrap() else {
        // The connections before are not closed yet.
        return std::thread::sleep(std::time::Duration::from_millis(1));
    };
    let headers = response.headers();
    let length: u64 =
        String::from_utf8(headers.get("content-length").pop().unwrap()).unwrap().parse().unwrap();
    let body = response.consume().unwrap();
    let stream = body.stream().unwrap();
    let mut left = length - 1;
    while left > 0 {
        left -= stream.blocking_read(left).unwrap().len() as u64;
    }
    forget((headers, stream, body, response));
}
