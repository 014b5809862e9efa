//! Lambda's detection of recursive loops. An invocation's trace header counts the invocations before it that led to it; the AWS
//! SDKs copy the header into each request, SQS keeps it with the message, and Lambda reads it there.

use anyhow::Result;
use serde_json::{Value, json};

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

/// Adds the trace header of a request to the messages that it sends, as SQS does.
pub(crate) fn keep_with_messages(request: &mut Message) -> Result<()> {
    let sends =
        request.header("x-amz-target").is_some_and(|target| target.starts_with("AmazonSQS.SendMessage"));
    let Some(header) = request.header(HEADER).filter(|_| sends).map(str::to_owned) else { return Ok(()) };
    let attributes = json!({ ATTRIBUTE: { "DataType": "String", "StringValue": header } });
    let mut body: Value = serde_json::from_slice(&request.body)?;
    match body["Entries"].as_array_mut() {
        Some(entries) => {
            entries.iter_mut().for_each(|entry| entry["MessageSystemAttributes"] = attributes.clone());
        }
        None => body["MessageSystemAttributes"] = attributes,
    }
    request.body = body.to_string().into_bytes();
    Ok(())
}
