//! Converts notifications of AWS services to CloudEvents, by the [adapters of the specification][adapters]
//! where one exists.
//!
//! An event's source is what its channel can vouch for: the topic of SNS, the source on the bus of EventBridge. What the
//! event itself said is kept as its extension `claimedsource`. Otherwise whoever may publish to one topic could speak for
//! every other source, and keep its events from being received by using their ids first.
//!
//! Nothing is rejected here. A message of unknown shape becomes an event that contains it, for a trigger or a
//! dead letter.
//!
//! [adapters]: https://github.com/cloudevents/spec/blob/main/cloudevents/adapters/README.md

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use tasker_cloud_events::CloudEvent;
use tasker_protocol::raw_json;

/// SNS wraps messages in messages. No supported notification is nested deeper than this.
const MAX_DEPTH: u32 = 4;

/// A message received from a queue.
#[derive(Debug, Clone, Copy)]
pub struct IncomingMessage<'a> {
    /// The message id.
    pub id: &'a str,
    /// The ARN of the queue.
    pub source: &'a str,
    /// The message body.
    pub body: &'a str,
}

/// The events in a message. CloudEvents are kept as they are, notifications of EventBridge, S3 and SNS are
/// converted, and anything else becomes one event of type `com.amazonaws.sqs.message`. Empty for the test
/// message that S3 sends when a notification is set up.
pub fn cloud_events(message: IncomingMessage<'_>) -> Vec<CloudEvent> {
    known(message.body, MAX_DEPTH).unwrap_or_else(|| {
        let IncomingMessage { id, source, body } = message;
        let event = [("id", id), ("source", source), ("type", "com.amazonaws.sqs.message")];
        put_together(&event, &document(body)).into_iter().collect()
    })
}

/// The events in a document of known shape; None for any other.
fn known(body: &str, depth: u32) -> Option<Vec<CloudEvent>> {
    if depth == 0 {
        return None;
    }
    let body = body.trim_start();
    if body.starts_with('[') {
        return CloudEvent::batch_from_json(body).ok();
    }
    if !body.starts_with('{') {
        return None;
    }
    match serde_json::from_str(body).ok()? {
        Shape { specversion: Some(_), .. } => Some(vec![CloudEvent::from_json(body).ok()?]),
        Shape {
            detail_type: Some(detail_type),
            detail: Some(detail),
            id: Some(id),
            source: Some(source),
            rest,
            ..
        } => {
            // An EventBridge `detail` that is itself a CloudEvent is taken, but for its source.
            if let Ok(event) = CloudEvent::from_json(detail.get()) {
                return Some(vec![vouched_for(event, &source)?]);
            }
            let mut attributes = vec![("id", id), ("source", source), ("type", detail_type)];
            let extension = |name: &str| rest.get(name)?.as_str().map(str::to_owned);
            attributes.extend(extension("time").map(|time| ("time", time)));
            attributes.extend(extension("account").map(|account| ("awsaccount", account)));
            attributes.extend(extension("region").map(|region| ("awsregion", region)));
            let resource = rest.get("resources").and_then(|all| all.get(0)?.as_str());
            attributes.extend(resource.map(|resource| ("subject", resource.to_owned())));
            let attributes: Vec<(&str, &str)> =
                attributes.iter().map(|(name, value)| (*name, value.as_str())).collect();
            Some(vec![put_together(&attributes, detail)?])
        }
        Shape { event: Some(event), .. } if event == "s3:TestEvent" => Some(Vec::new()),
        Shape { records: Some(records), .. } => records.iter().map(|record| of_s3(record)).collect(),
        Shape { topic: Some(topic), message: Some(message), message_id: Some(id), timestamp, .. } => {
            let inner = known(&message, depth - 1);
            let inner =
                inner.map(|events| events.into_iter().map(|event| vouched_for(event, &topic)).collect());
            inner.unwrap_or_else(|| {
                let mut attributes =
                    vec![("id", id.as_str()), ("source", &topic), ("type", "com.amazonaws.sns.notification")];
                attributes.extend(timestamp.as_deref().map(|time| ("time", time)));
                Some(vec![put_together(&attributes, &document(&message))?])
            })
        }
        _ => None,
    }
}

/// The event with this source, and its own one as `claimedsource`.
fn vouched_for(event: CloudEvent, source: &str) -> Option<CloudEvent> {
    if event.source() == source {
        return Some(event);
    }
    let claimed = event.text("claimedsource").unwrap_or(event.source()).to_owned();
    let mut members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(&event.to_json()).ok()?;
    for (name, value) in [("source", source), ("claimedsource", &claimed)] {
        members.insert(name.to_owned(), serde_json::value::to_raw_value(value).ok()?);
    }
    CloudEvent::from_json(&serde_json::to_string(&members).ok()?).ok()
}

/// The fields that distinguish the shapes.
#[derive(Deserialize)]
struct Shape<'a> {
    specversion: Option<Value>,
    id: Option<String>,
    source: Option<String>,
    #[serde(rename = "detail-type")]
    detail_type: Option<String>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(rename = "Records", borrow)]
    records: Option<Vec<&'a RawValue>>,
    #[serde(rename = "Event")]
    event: Option<String>,
    #[serde(rename = "TopicArn")]
    topic: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
    #[serde(rename = "MessageId")]
    message_id: Option<String>,
    #[serde(rename = "Timestamp")]
    timestamp: Option<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

/// Converts one record of an S3 notification by the S3 adapter. The id includes the sequencer, because one
/// request may change several objects.
fn of_s3(record: &RawValue) -> Option<CloudEvent> {
    let fields: Value = serde_json::from_str(record.get()).ok()?;
    let text = |path: &str| fields.pointer(path).and_then(Value::as_str);
    if text("/eventSource") != Some("aws:s3") {
        return None;
    }
    let (region, bucket) = (text("/awsRegion").unwrap_or("unknown"), text("/s3/bucket/name")?);
    let key = text("/s3/object/key")?;
    let request = text("/responseElements/x-amz-request-id").unwrap_or("");
    let sequencer = text("/s3/object/sequencer").unwrap_or("");
    let name = text("/eventName")?;
    let id = match (request, sequencer) {
        // Only the time distinguishes two changes of one object then.
        ("", "") => format!("{}/{key}", text("/eventTime")?),
        _ => format!("{request}.{sequencer}.{key}"),
    };
    let source = format!("aws:s3.{region}.{bucket}");
    let event_type = format!("com.amazonaws.s3.{name}");
    let mut attributes =
        vec![("id", id.as_str()), ("source", &source), ("type", &event_type), ("subject", key)];
    attributes.extend(text("/eventTime").map(|time| ("time", time)));
    put_together(&attributes, record)
}

fn put_together(attributes: &[(&str, &str)], data: &RawValue) -> Option<CloudEvent> {
    let mut event = json!({ "specversion": "1.0" });
    for (name, value) in attributes {
        event[*name] = Value::from(*value);
    }
    // Use the parser, so that its validation applies.
    let event = CloudEvent::from_json(&event.to_string());
    event.ok().map(|event| event.with_data(data.to_owned()))
}

/// Text as JSON: the document itself, or a JSON string if it is not JSON.
fn document(text: &str) -> Box<RawValue> {
    raw_json(text.to_owned())
        .or_else(|_| raw_json(Value::from(text).to_string()))
        .unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(body: &Value) -> Vec<Value> {
        let message =
            IncomingMessage { id: "m1", source: "arn:aws:sqs:eu-west-1:1:q", body: &body.to_string() };
        let events = cloud_events(message);
        events.iter().map(|event| serde_json::from_str(&event.to_json()).unwrap()).collect()
    }

    fn order() -> Value {
        json!({ "specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "data": { "id": 7 } })
    }

    fn eventbridge(detail: &Value) -> Value {
        json!({ "version": "0", "id": "e1", "detail-type": "Order Placed", "source": "shop", "account": "1",
                "time": "2030-01-01T00:00:00Z", "region": "eu-west-1", "resources": ["arn:x"], "detail": detail })
    }

    #[test]
    fn a_wrapped_cloud_event_has_the_source_that_its_channel_vouches_for() {
        let topic = "arn:aws:sns:eu-west-1:1:t";
        let by_topic = |message: &Value| {
            json!({ "Type": "Notification", "MessageId": "n", "TopicArn": topic, "Message": message.to_string(),
                    "Timestamp": "2030-01-01T00:00:00Z" })
        };
        let from = |source: &str| {
            let mut event = order();
            (event["source"], event["claimedsource"]) = (json!(source), json!("/shop"));
            event
        };
        assert_eq!(events(&order()), [order()]);
        assert_eq!(events(&eventbridge(&order())), [from("shop")]);
        for message in [order(), eventbridge(&order())] {
            assert_eq!(events(&by_topic(&message)), [from(topic)], "{message}");
        }
        assert_eq!(events(&json!([order(), order()])).len(), 2);
        // Nobody speaks for a bucket through a topic.
        let record = json!({ "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventTime": "2030-01-01T00:00:00Z",
                             "eventName": "ObjectCreated:Put", "s3": { "bucket": { "name": "orders" }, "object": { "key": "a" } } });
        let told = events(&by_topic(&json!({ "Records": [record] })));
        assert_eq!(
            (&told[0]["source"], &told[0]["claimedsource"]),
            (&json!(topic), &json!("aws:s3.eu-west-1.orders"))
        );
    }

    #[test]
    fn an_event_of_eventbridge_keeps_its_names() {
        assert_eq!(
            events(&eventbridge(&json!({ "n": 1 }))),
            [
                json!({ "specversion": "1.0", "id": "e1", "source": "shop", "type": "Order Placed", "subject": "arn:x",
                     "time": "2030-01-01T00:00:00Z", "awsaccount": "1", "awsregion": "eu-west-1", "data": { "n": 1 } })
            ]
        );
    }

    #[test]
    fn each_object_of_a_notification_is_an_event_and_a_test_is_none() {
        let record = |key: &str| {
            json!({ "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1",
                    "eventTime": "2030-01-01T00:00:00Z", "eventName": "ObjectCreated:Put",
                    "responseElements": { "x-amz-request-id": "r" },
                    "s3": { "bucket": { "name": "orders" }, "object": { "key": key, "sequencer": "01" } } })
        };
        let told = events(&json!({ "Records": [record("a.csv"), record("b.csv")] }));
        assert_eq!(told.len(), 2);
        assert_eq!(told[0]["source"], "aws:s3.eu-west-1.orders");
        assert_eq!(told[0]["type"], "com.amazonaws.s3.ObjectCreated:Put");
        assert_eq!(told[0]["subject"], "a.csv");
        assert_eq!(told[0]["data"]["s3"]["object"]["key"], "a.csv");
        assert_ne!(told[0]["id"], told[1]["id"]);
        assert!(
            events(&json!({ "Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "orders" }))
                .is_empty()
        );
    }

    #[test]
    fn what_nobody_knows_is_an_event_of_its_message() {
        let strange = [json!({ "n": 1 }), json!([1, 2]), json!("text"), json!({ "Records": [{ "n": 1 }] })];
        for body in strange {
            let told = events(&body);
            assert_eq!(told.len(), 1, "{body}");
            assert_eq!(told[0]["type"], "com.amazonaws.sqs.message");
            assert_eq!((&told[0]["id"], &told[0]["data"]), (&json!("m1"), &body));
        }
        // An invalid CloudEvent is kept whole, as data of an event about the message.
        let mut invalid = order();
        invalid["id"] = json!("");
        assert_eq!(events(&invalid)[0]["data"], invalid);
        let text = IncomingMessage { id: "m1", source: "arn:aws:sqs:eu-west-1:1:q", body: "no { json" };
        assert!(cloud_events(text)[0].to_json().contains(r#""data":"no { json""#));
    }
}
