//! An event source mapping: receives messages, makes an event of them, and deletes processed messages.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tasker_test_support::emulator;

use crate::{
    installation::{ask, queue_url},
    lineage,
};

/// Receives messages like Lambda. Returns the event for the function, or None if the queue is empty.
pub(crate) fn receive(queue: &str, max: usize) -> Result<Option<Value>> {
    let url = queue_url(emulator(), queue);
    let asked = json!({
        "QueueUrl": url, "MaxNumberOfMessages": max, "WaitTimeSeconds": 0, "MessageSystemAttributeNames": ["All"],
    });
    let received = ask("AmazonSQS.ReceiveMessage", &asked)?;
    let Some(messages) = received["Messages"].as_array().filter(|messages| !messages.is_empty()) else {
        return Ok(None);
    };
    // The event format of Lambda's manual, "Using Lambda with Amazon SQS".
    let record = |message: &Value| {
        json!({
            "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"], "body": message["Body"],
            "attributes": lineage::attributes(message), "messageAttributes": {}, "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs", "eventSourceARN": format!("arn:aws:sqs:us-east-1:000000000000:{queue}"),
            "awsRegion": "us-east-1",
        })
    };
    Ok(Some(json!({ "Records": messages.iter().map(record).collect::<Vec<_>>() })))
}

/// Deletes the messages that the function has processed, like Lambda.
pub(crate) fn delete(queue: &str, event: &Value, answer: &Value) -> Result<()> {
    if answer["batchItemFailures"].as_array().is_some_and(|failures| !failures.is_empty()) {
        bail!("the function did not process its whole batch: {answer}");
    }
    let records = event["Records"].as_array().context("an event has records")?;
    let entry = |(index, record): (usize, &Value)| json!({ "Id": index.to_string(), "ReceiptHandle": record["receiptHandle"] });
    let entries: Vec<Value> = records.iter().enumerate().map(entry).collect();
    let url = queue_url(emulator(), queue);
    ask("AmazonSQS.DeleteMessageBatch", &json!({ "QueueUrl": url, "Entries": entries }))?;
    Ok(())
}
