//! Sends domain events to EventBridge, SNS and SQS.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_eventbridge::{error::DisplayErrorContext, types::PutEventsRequestEntry};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{DeliveryError, OutgoingEvent, Outlet};

/// Puts events on an event bus. Target: `{"bus": "name or ARN"}`. The entry's `Source` and `DetailType`, for
/// rules to match, are the event's `source` and `type`; its `Detail` is the whole CloudEvent.
#[derive(Debug, Clone)]
pub struct EventBusOutlet(aws_sdk_eventbridge::Client);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bus {
    bus: String,
}

/// The attributes that EventBridge needs.
#[derive(Deserialize)]
struct Address {
    source: String,
    r#type: String,
}

impl EventBusOutlet {
    /// Reaches the buses that the process's role may put events on.
    pub fn new(config: &SdkConfig) -> Self {
        Self(aws_sdk_eventbridge::Client::new(config))
    }
}

#[async_trait]
impl Outlet for EventBusOutlet {
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError> {
        read::<Bus>(target, r#"{"bus": "name or ARN"}"#).map(|_| target.clone())
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<(), DeliveryError> {
        let Bus { bus } = read(target, r#"{"bus": "name or ARN"}"#)?;
        let address: Address =
            serde_json::from_str(&event.body).map_err(|error| DeliveryError::new(error.to_string()))?;
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&bus)
            .source(address.source)
            .detail_type(address.r#type)
            .detail(&event.body)
            .build();
        let put = self.0.put_events().entries(entry).send().await;
        let put = put.map_err(|error| DeliveryError::new(DisplayErrorContext(error).to_string()))?;
        match put.entries().iter().find_map(|entry| entry.error_message()) {
            Some(message) => Err(DeliveryError::new(format!("bus `{bus}`: {message}"))),
            None => Ok(()),
        }
    }
}

/// Publishes events to an SNS topic. Target: `{"topic": "ARN"}`. The message is the CloudEvent; the message
/// attribute `name`, for filters, is the event name.
#[derive(Debug, Clone)]
pub struct TopicOutlet(aws_sdk_sns::Client);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    topic: String,
}

impl TopicOutlet {
    /// Reaches the topics that the process's role may publish to.
    pub fn new(config: &SdkConfig) -> Self {
        Self(aws_sdk_sns::Client::new(config))
    }
}

#[async_trait]
impl Outlet for TopicOutlet {
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError> {
        read::<Topic>(target, r#"{"topic": "ARN"}"#).map(|_| target.clone())
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<(), DeliveryError> {
        let Topic { topic } = read(target, r#"{"topic": "ARN"}"#)?;
        let name = aws_sdk_sns::types::MessageAttributeValue::builder()
            .data_type("String")
            .string_value(&event.name)
            .build()
            .map_err(|error| DeliveryError::new(error.to_string()))?;
        let published = self
            .0
            .publish()
            .topic_arn(topic)
            .message(&event.body)
            .message_attributes("name", name)
            .send()
            .await;
        published.map(drop).map_err(|error| DeliveryError::new(DisplayErrorContext(error).to_string()))
    }
}

/// Sends events to an SQS queue. Target: `{"queue": "URL"}`. The message is the CloudEvent.
#[derive(Debug, Clone)]
pub struct SqsOutlet(aws_sdk_sqs::Client);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventQueue {
    queue: String,
}

impl SqsOutlet {
    /// Reaches the queues that the process's role may send to.
    pub fn new(config: &SdkConfig) -> Self {
        Self(aws_sdk_sqs::Client::new(config))
    }
}

#[async_trait]
impl Outlet for SqsOutlet {
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError> {
        read::<EventQueue>(target, r#"{"queue": "URL"}"#).map(|_| target.clone())
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<(), DeliveryError> {
        let EventQueue { queue } = read(target, r#"{"queue": "URL"}"#)?;
        let sent = self.0.send_message().queue_url(queue).message_body(&event.body).send().await;
        sent.map(drop).map_err(|error| DeliveryError::new(DisplayErrorContext(error).to_string()))
    }
}

fn read<T: DeserializeOwned>(target: &Value, shape: &str) -> Result<T, DeliveryError> {
    serde_json::from_value(target.clone()).map_err(|error| {
        DeliveryError::new(format!("the target of this subscription must be {shape}: {error}"))
    })
}
