//! Sends domain events to EventBridge, SNS and SQS.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_eventbridge::{error::DisplayErrorContext, types::PutEventsRequestEntry};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::address::QueueAddress;
use crate::{DeliveryError, OutgoingEvent, Outlet, Sent};

/// Where events may be sent, as the deployment's templates grant it: ARNs, or names of event buses.
#[derive(Debug, Clone)]
struct Granted(Vec<String>);

impl Granted {
    /// Refuses a target that is not granted. `variables` are the settings of Terraform and SAM that grant it.
    fn check(&self, what: &str, target: &str, variables: &str) -> Result<(), DeliveryError> {
        if self.0.iter().any(|granted| granted == target) {
            return Ok(());
        }
        let allowed = if self.0.is_empty() { "none".to_owned() } else { self.0.join(", ") };
        Err(DeliveryError::new(format!(
            "this deployment may not send to the {what} `{target}`: add it to {variables} and deploy; allowed: {allowed}"
        )))
    }
}

/// Puts events on an event bus. Target: `{"bus": "name or ARN"}`. The entry's `Source` and `DetailType`, for
/// rules to match, are the event's `source` and `type`; its `Detail` is the whole CloudEvent.
#[derive(Debug, Clone)]
pub struct EventBusOutlet {
    client: aws_sdk_eventbridge::Client,
    granted: Granted,
}

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
    /// Reaches these buses, which the process's role may put events on.
    pub fn new(config: &SdkConfig, buses: Vec<String>) -> Self {
        Self { client: aws_sdk_eventbridge::Client::new(config), granted: Granted(buses) }
    }
}

#[async_trait]
impl Outlet for EventBusOutlet {
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError> {
        let Bus { bus } = read(target, r#"{"bus": "name or ARN"}"#)?;
        // A granted name stands for the ARN that ends with it, and the other way round. The role decides on the account.
        let name = |bus: &str| bus.rsplit("event-bus/").next().map(str::to_owned);
        let is_arn = |bus: &str| bus.starts_with("arn:");
        let same = |granted: &String| is_arn(granted) != is_arn(&bus) && name(granted) == name(&bus);
        if !self.granted.0.iter().any(same) {
            self.granted.check("event bus", &bus, "event_bus (Terraform) or PublishBusName (SAM)")?;
        }
        Ok(target.clone())
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<Sent, DeliveryError> {
        let Bus { bus } = read(target, r#"{"bus": "name or ARN"}"#)?;
        let address: Address =
            serde_json::from_str(&event.body).map_err(|error| DeliveryError::new(error.to_string()))?;
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&bus)
            .source(address.source)
            .detail_type(address.r#type)
            .detail(&event.body)
            .build();
        let put = self.client.put_events().entries(entry).send().await;
        let put = put.map_err(|error| DeliveryError::new(DisplayErrorContext(error).to_string()))?;
        match put.entries().iter().find_map(|entry| entry.error_message()) {
            Some(message) => Err(DeliveryError::new(format!("bus `{bus}`: {message}"))),
            None => Ok(Sent::Arrived),
        }
    }
}

/// Publishes events to an SNS topic. Target: `{"topic": "ARN"}`. The message is the CloudEvent; the message
/// attribute `name`, for filters, is the event name.
#[derive(Debug, Clone)]
pub struct TopicOutlet {
    client: aws_sdk_sns::Client,
    granted: Granted,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    topic: String,
}

impl TopicOutlet {
    /// Reaches these topics (ARNs), which the process's role may publish to.
    pub fn new(config: &SdkConfig, topics: Vec<String>) -> Self {
        Self { client: aws_sdk_sns::Client::new(config), granted: Granted(topics) }
    }
}

#[async_trait]
impl Outlet for TopicOutlet {
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError> {
        let Topic { topic } = read(target, r#"{"topic": "ARN"}"#)?;
        self.granted.check("topic", &topic, "publish_topics (Terraform) or PublishTopicArns (SAM)")?;
        Ok(target.clone())
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<Sent, DeliveryError> {
        let Topic { topic } = read(target, r#"{"topic": "ARN"}"#)?;
        let name = aws_sdk_sns::types::MessageAttributeValue::builder()
            .data_type("String")
            .string_value(&event.name)
            .build()
            .map_err(|error| DeliveryError::new(error.to_string()))?;
        let published = self
            .client
            .publish()
            .topic_arn(topic)
            .message(&event.body)
            .message_attributes("name", name)
            .send()
            .await;
        published
            .map(|_| Sent::Arrived)
            .map_err(|error| DeliveryError::new(DisplayErrorContext(error).to_string()))
    }
}

/// Sends events to an SQS queue. Target: `{"queue": "URL"}`. The message is the CloudEvent.
#[derive(Debug, Clone)]
pub struct SqsOutlet {
    client: aws_sdk_sqs::Client,
    region: String,
    granted: Granted,
    own: Vec<QueueAddress>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventQueue {
    queue: String,
}

impl SqsOutlet {
    /// Reaches these queues (ARNs), which the process's role may send to, but none of `own`, the URLs of Tasker's own queues,
    /// nor any whose name begins with the name of one and a hyphen: dead letters, and steps of namespaces.
    pub fn new(config: &SdkConfig, queues: Vec<String>, own: &[String]) -> Self {
        Self {
            client: aws_sdk_sqs::Client::new(config),
            region: config.region().map(ToString::to_string).unwrap_or_default(),
            granted: Granted(queues),
            own: own.iter().filter_map(|url| QueueAddress::of_url(url)).collect(),
        }
    }

    /// Reads a target. Refuses a queue that must not or may not be reached.
    fn queue(&self, target: &Value) -> Result<String, DeliveryError> {
        let EventQueue { queue } = read(target, r#"{"queue": "URL"}"#)?;
        let address = QueueAddress::of_url(&queue).ok_or_else(|| {
            DeliveryError::new(format!(
                "`{queue}` is not the URL of a queue: https://sqs.region.amazonaws.com/account/name"
            ))
        })?;
        if self.own.iter().any(|own| address.belongs_to(own)) {
            return Err(DeliveryError::new(format!(
                "`{queue}` is a queue of Tasker itself; events sent there would be read as its own messages"
            )));
        }
        let arn = self.granted.0.iter().find(|arn| address.is(arn, &self.region));
        let named = arn.map_or(queue.as_str(), String::as_str);
        self.granted.check("queue", named, "publish_queues (Terraform) or PublishQueueArns (SAM)")?;
        Ok(queue)
    }
}

#[async_trait]
impl Outlet for SqsOutlet {
    async fn prepare(&self, target: &Value) -> Result<Value, DeliveryError> {
        self.queue(target).map(|_| target.clone())
    }

    async fn deliver(&self, target: &Value, event: &OutgoingEvent) -> Result<Sent, DeliveryError> {
        // Again, because a subscription may be older than the rules.
        let queue = self.queue(target)?;
        let sent = self.client.send_message().queue_url(queue).message_body(&event.body).send().await;
        sent.map(|_| Sent::Arrived)
            .map_err(|error| DeliveryError::new(DisplayErrorContext(error).to_string()))
    }
}

fn read<T: DeserializeOwned>(target: &Value, shape: &str) -> Result<T, DeliveryError> {
    serde_json::from_value(target.clone()).map_err(|error| {
        DeliveryError::new(format!("the target of this subscription must be {shape}: {error}"))
    })
}

#[cfg(test)]
mod tests {
    use aws_config::Region;
    use serde_json::json;

    use super::*;

    fn config() -> SdkConfig {
        SdkConfig::builder()
            .region(Region::new("eu-west-1"))
            .behavior_version(aws_config::BehaviorVersion::latest())
            .build()
    }

    #[tokio::test]
    async fn a_queue_that_is_not_granted_or_taskers_own_is_refused() {
        let account = "https://sqs.eu-west-1.amazonaws.com/123456789012";
        let arn = |name: &str| format!("arn:aws:sqs:eu-west-1:123456789012:{name}");
        // The own ones are refused even if they are granted, as their sends are.
        let granted =
            ["orders", "tasker-steps", "tasker-steps-mail-dead", "tasker-deliveries", "tasker-reports"];
        let own =
            ["tasker-steps", "tasker-reports", "tasker-deliveries"].map(|name| format!("{account}/{name}"));
        let outlet = SqsOutlet::new(&config(), granted.map(arn).to_vec(), &own);
        let prepare = async |url: &str| outlet.prepare(&json!({ "queue": url })).await;
        for good in [format!("{account}/orders"), "http://localhost:4566/123456789012/orders".to_owned()] {
            assert!(prepare(&good).await.is_ok(), "{good}");
        }
        for name in &granted[1..] {
            let refused = prepare(&format!("{account}/{name}")).await.unwrap_err();
            assert!(refused.message.contains("of Tasker itself"), "{}", refused.message);
        }
        for other in [
            format!("{account}/others"),
            "https://sqs.eu-west-1.amazonaws.com/999999999999/orders".to_owned(),
            "https://sqs.us-east-1.amazonaws.com/123456789012/orders".to_owned(),
        ] {
            let refused = prepare(&other).await.unwrap_err();
            assert!(refused.message.contains("publish_queues"), "{}", refused.message);
        }
        for wrong in ["orders", "https://sqs.eu-west-1.amazonaws.com/orders", "https://example.com/a/b/c"] {
            let refused = prepare(wrong).await.unwrap_err();
            assert!(refused.message.contains("is not the URL of a queue"), "{}", refused.message);
        }
        // A subscription from before these rules.
        let event = OutgoingEvent {
            delivery: "1/2".to_owned(),
            name: "e".to_owned(),
            body: "{}".to_owned(),
            attempt: 1,
        };
        let target = json!({ "queue": format!("{account}/tasker-reports") });
        assert!(outlet.deliver(&target, &event).await.unwrap_err().message.contains("of Tasker itself"));
    }

    #[tokio::test]
    async fn a_topic_or_bus_that_is_not_granted_is_refused() {
        let topic = "arn:aws:sns:eu-west-1:123456789012:news";
        let topics = TopicOutlet::new(&config(), vec![topic.to_owned()]);
        assert!(topics.prepare(&json!({ "topic": topic })).await.is_ok());
        let refused = topics.prepare(&json!({ "topic": format!("{topic}2") })).await.unwrap_err();
        assert!(
            refused.message.contains("publish_topics") && refused.message.contains(topic),
            "{}",
            refused.message
        );
        let buses = EventBusOutlet::new(&config(), vec!["told".to_owned()]);
        for bus in ["told", "arn:aws:events:eu-west-1:123456789012:event-bus/told"] {
            assert!(buses.prepare(&json!({ "bus": bus })).await.is_ok(), "{bus}");
        }
        let refused = buses.prepare(&json!({ "bus": "default" })).await.unwrap_err();
        assert!(refused.message.contains("event_bus"), "{}", refused.message);
    }
}
