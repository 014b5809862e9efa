//! The emulator, asked over plain HTTP: what little the tests need of AWS's own interfaces.

use serde_json::{Value, json};
use ureq::Agent;

/// The account and the region of everything.
pub(crate) const REGION: &str = "us-east-1";

/// AWS, as far as the tests see it.
pub(crate) struct Aws {
    pub(crate) endpoint: &'static str,
    agent: Agent,
}

/// A message received.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) count: String,
}

impl Aws {
    pub(crate) fn start() -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).build().into();
        Self { endpoint: tasker_test_support::emulator(), agent }
    }

    /// Calls an operation: `AmazonSQS.SendMessage`.
    fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let credential = format!(
            "AWS4-HMAC-SHA256 Credential=test/20300101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let mut answer = self
            .agent
            .post(self.endpoint)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", credential)
            .send(body.to_string())
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{target}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    pub(crate) fn create_queue(&self, name: &str) -> String {
        let made = self.call("sqs", "AmazonSQS.CreateQueue", &json!({ "QueueName": name }));
        made["QueueUrl"].as_str().unwrap().to_owned()
    }

    pub(crate) fn send(&self, queue: &str, body: &str) {
        self.call("sqs", "AmazonSQS.SendMessage", &json!({ "QueueUrl": queue, "MessageBody": body }));
    }

    /// Receives up to ten messages, which stay hidden for so many seconds.
    pub(crate) fn receive(&self, queue: &str, hidden: u32) -> Vec<Received> {
        let request = json!({ "QueueUrl": queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 0,
                              "VisibilityTimeout": hidden, "MessageSystemAttributeNames": ["ApproximateReceiveCount"] });
        let received = self.call("sqs", "AmazonSQS.ReceiveMessage", &request);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let messages = received["Messages"].as_array().cloned().unwrap_or_default();
        messages
            .iter()
            .map(|message| Received {
                id: text(&message["MessageId"]),
                receipt: text(&message["ReceiptHandle"]),
                body: text(&message["Body"]),
                count: text(&message["Attributes"]["ApproximateReceiveCount"]),
            })
            .collect()
    }

    pub(crate) fn delete(&self, queue: &str, receipt: &str) {
        self.call("sqs", "AmazonSQS.DeleteMessage", &json!({ "QueueUrl": queue, "ReceiptHandle": receipt }));
    }

    /// How many messages wait in a queue, are held by a receiver, and are not due yet.
    pub(crate) fn depths(&self, queue: &str) -> [u64; 3] {
        let asked = self.call(
            "sqs",
            "AmazonSQS.GetQueueAttributes",
            &json!({ "QueueUrl": queue, "AttributeNames": ["All"] }),
        );
        ["", "NotVisible", "Delayed"].map(|kind| {
            let count = &asked["Attributes"][format!("ApproximateNumberOfMessages{kind}")];
            count.as_str().unwrap().parse().unwrap()
        })
    }

    pub(crate) fn backlog(&self, queue: &str) -> u64 {
        self.depths(queue)[0]
    }

    pub(crate) fn put_event(&self, bus: &str, source: &str, detail_type: &str, detail: &Value) {
        let entry = json!({ "EventBusName": bus, "Source": source, "DetailType": detail_type,
                            "Detail": detail.to_string() });
        let put = self.call("events", "AWSEvents.PutEvents", &json!({ "Entries": [entry] }));
        assert_eq!(put["FailedEntryCount"], 0, "{put}");
    }

    pub(crate) fn create_bus(&self, name: &str) {
        self.call("events", "AWSEvents.CreateEventBus", &json!({ "Name": name }));
    }

    /// Lets a queue hear of everything on a bus.
    pub(crate) fn listen(&self, bus: &str, queue: &str) {
        let name = queue.rsplit('/').next().unwrap();
        let rule = json!({ "Name": name, "EventBusName": bus, "EventPattern": r#"{"source":[{"prefix":"/tasker/"}]}"# });
        self.call("events", "AWSEvents.PutRule", &rule);
        let arn = format!("arn:aws:sqs:{REGION}:000000000000:{name}");
        let targets =
            json!({ "Rule": name, "EventBusName": bus, "Targets": [{ "Id": "queue", "Arn": arn }] });
        self.call("events", "AWSEvents.PutTargets", &targets);
    }

    /// What the only container of a service on ECS finds in its environment.
    pub(crate) fn container_environment(&self, service: &str, cluster: &str) -> Vec<(String, String)> {
        let ecs = |operation: &str, body: Value| {
            self.call("ecs", &format!("AmazonEC2ContainerServiceV20141113.{operation}"), &body)
        };
        let described = ecs("DescribeServices", json!({ "cluster": cluster, "services": [service] }));
        let definition = described["services"][0]["taskDefinition"].clone();
        let described = ecs("DescribeTaskDefinition", json!({ "taskDefinition": definition }));
        let containers = described["taskDefinition"]["containerDefinitions"].as_array().unwrap();
        assert_eq!(containers.len(), 1, "{containers:?}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let variables = containers[0]["environment"].as_array().unwrap();
        variables.iter().map(|variable| (text(&variable["name"]), text(&variable["value"]))).collect()
    }

    pub(crate) fn create_bucket(&self, name: &str) {
        let made = self.agent.put(format!("{}/{name}", self.endpoint)).send_empty().unwrap();
        assert!(made.status().is_success(), "bucket {name}: {}", made.status());
    }

    pub(crate) fn put_object(&self, bucket: &str, key: &str, body: &str) {
        let put = self.agent.put(format!("{}/{bucket}/{key}", self.endpoint)).send(body).unwrap();
        assert!(put.status().is_success(), "object {key}: {}", put.status());
    }

    /// S3's list of the objects under a prefix: their keys, and when each was written last.
    pub(crate) fn objects(&self, bucket: &str, prefix: &str) -> String {
        let url = format!("{}/{bucket}?list-type=2&prefix={prefix}", self.endpoint);
        self.agent.get(url).call().unwrap().body_mut().read_to_string().unwrap()
    }

    /// All items of a table.
    pub(crate) fn items(&self, table: &str) -> Vec<Value> {
        let scanned = self.call("dynamodb", "DynamoDB_20120810.Scan", &json!({ "TableName": table }));
        scanned["Items"].as_array().cloned().unwrap_or_default()
    }

    /// Switches Lambda's own reading of queues on or off.
    pub(crate) fn switch_event_sources(&self, on: bool) {
        let url = format!("{}/2015-03-31/event-source-mappings/", self.endpoint);
        let all: Value = self.agent.get(&url).call().unwrap().body_mut().read_json().unwrap();
        for mapping in all["EventSourceMappings"].as_array().unwrap() {
            let one = format!("{url}{}", mapping["UUID"].as_str().unwrap());
            let switched = self.agent.put(one).send(json!({ "Enabled": on }).to_string()).unwrap();
            assert!(switched.status().is_success(), "{mapping}");
        }
    }

    /// Invokes a function. The error: it did not come to an end.
    pub(crate) fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let mut answer = self.agent.post(url).send(event.to_string()).map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        if answer.headers().contains_key("x-amz-function-error") || !answer.status().is_success() {
            return Err(text);
        }
        serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
    }

    /// Asks a function's URL: in the emulator by the name of its host.
    pub(crate) fn ask(&self, method: &str, host: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.endpoint))
            .header("host", host)
            .header("content-type", "application/cloudevents+json");
        let request = request.body(body.map(Value::to_string).unwrap_or_default()).unwrap();
        let mut answer = self.agent.run(request).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}
