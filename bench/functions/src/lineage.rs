//! Lambda's detection of recursive loops. An invocation's trace header counts the invocations before it that led to it; the AWS
//! SDKs copy the header into each request, SQS keeps it with the message, and Lambda reads it there.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use anyhow::Result;
use serde_json::Value;

use crate::http::Message;

/// Lambda stops the invocation after this many in one chain, unless the function allows recursive loops.
#[cfg(test)]
pub(crate) const LIMIT: u32 = 16;
/// The header of requests and responses.
const HEADER: &str = "x-amzn-trace-id";
/// The attribute of a message.
const ATTRIBUTE: &str = "AWSTraceHeader";

/// Returns the number of invocations in the chain that an event continues: of the longest one in a batch.
pub(crate) fn length(event: &Value) -> u32 {
    let records = event["Records"].as_array().map_or(&[][..], Vec::as_slice);
    let headers = records.iter().filter_map(|record| record["attributes"][ATTRIBUTE].as_str());
    headers.filter_map(count).max().unwrap_or(0)
}

/// The trace header of an invocation that is the nth of its chain.
pub(crate) fn header(number: u32) -> String {
    format!("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0;Lineage={number}:fc3b4ff1:0")
}

fn count(header: &str) -> Option<u32> {
    let lineage = header.split(';').find_map(|part| part.trim().strip_prefix("Lineage="))?;
    lineage.split(':').next()?.parse().ok()
}

/// The trace headers of sent messages, by body. The emulator keeps none with messages of a batch.
static SENT: Mutex<BTreeMap<String, String>> = Mutex::new(BTreeMap::new());

/// Keeps the trace header of a request with the messages that it sends, as SQS does.
pub(crate) fn keep(request: &Message) -> Result<()> {
    let sends =
        request.header("x-amz-target").is_some_and(|target| target.starts_with("AmazonSQS.SendMessage"));
    let Some(header) = request.header(HEADER).filter(|_| sends) else { return Ok(()) };
    let body: Value = serde_json::from_slice(&request.body)?;
    let entries = body["Entries"].as_array().cloned().unwrap_or_else(|| vec![body]);
    let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
    for entry in entries {
        sent.insert(entry["MessageBody"].as_str().unwrap_or_default().to_owned(), header.to_owned());
    }
    Ok(())
}

/// The attributes of a message in Lambda's event: those of SQS, with the trace header of its request.
pub(crate) fn attributes(message: &Value) -> Value {
    let mut attributes = message["Attributes"].clone();
    let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(header) = message["Body"].as_str().and_then(|body| sent.remove(body)) {
        attributes[ATTRIBUTE] = header.into();
    }
    attributes
}
