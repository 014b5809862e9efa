//! A client of the emulator over plain HTTP, for the few AWS operations that the tests need.

use serde_json::{Value, json};
use ureq::Agent;

/// The region of all resources.
pub(crate) const REGION: &str = "us-east-1";

/// The credential of the account's root user. The emulator does not check signatures.
fn credential(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=test/20300101/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
    )
}

/// The AWS emulator.
pub(crate) struct Aws {
    pub(crate) endpoint: &'static str,
    agent: Agent,
    /// The API key to send to functions' URLs; empty for none.
    pub(crate) api_key: String,
}

/// A received message.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) count: String,
}

impl Aws {
    pub(crate) fn start() -> Self {
        let agent = Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        Self { endpoint: tasker_test_support::strict_emulator(), agent, api_key: String::new() }
    }

    /// Calls an operation, such as `AmazonSQS.SendMessage`.
    fn call(&self, service: &str, target: &str, body: &Value) -> Value {
        let mut answer = self
            .agent
            .post(self.endpoint)
            .header("x-amz-target", target)
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", credential(service))
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

    /// Receives up to ten messages, which stay hidden for `hidden` seconds.
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

    /// The numbers of visible, in-flight and delayed messages in a queue.
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

    /// Sends all events on a bus to a queue.
    pub(crate) fn listen(&self, bus: &str, queue: &str) {
        let name = queue.rsplit('/').next().unwrap();
        let rule = json!({ "Name": name, "EventBusName": bus, "EventPattern": r#"{"source":[{"prefix":"/tasker/"}]}"# });
        self.call("events", "AWSEvents.PutRule", &rule);
        let arn = format!("arn:aws:sqs:{REGION}:000000000000:{name}");
        let targets =
            json!({ "Rule": name, "EventBusName": bus, "Targets": [{ "Id": "queue", "Arn": arn }] });
        self.call("events", "AWSEvents.PutTargets", &targets);
    }

    /// The environment of the only container of an ECS service.
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

    /// Environment variables with the credentials of a role, for the AWS SDKs. Lets the account assume the
    /// role, not only ECS.
    pub(crate) fn credentials_of(&self, role: &str) -> [(&'static str, String); 3] {
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": "arn:aws:iam::000000000000:root" },
        }] });
        let form = [
            ("Action", "UpdateAssumeRolePolicy"),
            ("Version", "2010-05-08"),
            ("RoleName", role),
            ("PolicyDocument", &trust.to_string()),
        ];
        self.call_with_form("iam", form);
        let arn = format!("arn:aws:iam::000000000000:role/{role}");
        let form = [
            ("Action", "AssumeRole"),
            ("Version", "2011-06-15"),
            ("RoleArn", &arn),
            ("RoleSessionName", "test"),
        ];
        let text = self.call_with_form("sts", form);
        [
            ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
            ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("AWS_SESSION_TOKEN", "SessionToken"),
        ]
        .map(|(variable, element)| {
            let found = text.split_once(&format!("<{element}>")).and_then(|(_, rest)| rest.split_once("</"));
            let (value, _) = found.unwrap_or_else(|| panic!("{role} cannot be assumed: {text}"));
            (variable, value.to_owned())
        })
    }

    /// Calls an operation of an older API, which returns XML.
    fn call_with_form(&self, service: &str, form: [(&str, &str); 4]) -> String {
        let mut answer = self
            .agent
            .post(self.endpoint)
            .header("authorization", credential(service))
            .send_form(form)
            .unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert!(answer.status().is_success(), "{form:?}: {text}");
        text
    }

    pub(crate) fn create_bucket(&self, name: &str) {
        let made = self
            .agent
            .put(format!("{}/{name}", self.endpoint))
            .header("authorization", credential("s3"))
            .send_empty()
            .unwrap();
        assert!(made.status().is_success(), "bucket {name}: {}", made.status());
    }

    pub(crate) fn put_object(&self, bucket: &str, key: &str, body: &str) {
        let put = self
            .agent
            .put(format!("{}/{bucket}/{key}", self.endpoint))
            .header("authorization", credential("s3"))
            .send(body)
            .unwrap();
        assert!(put.status().is_success(), "object {key}: {}", put.status());
    }

    /// Lists the objects under a prefix with their keys and modification times.
    pub(crate) fn objects(&self, bucket: &str, prefix: &str) -> String {
        let url = format!("{}/{bucket}?list-type=2&prefix={prefix}", self.endpoint);
        self.agent
            .get(url)
            .header("authorization", credential("s3"))
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap()
    }

    /// All items of a table.
    pub(crate) fn items(&self, table: &str) -> Vec<Value> {
        let scanned = self.call("dynamodb", "DynamoDB_20120810.Scan", &json!({ "TableName": table }));
        scanned["Items"].as_array().cloned().unwrap_or_default()
    }

    /// The log messages of functions about requests that IAM denied.
    pub(crate) fn refused_requests(&self) -> Vec<String> {
        let groups = self.call("logs", "Logs_20140328.DescribeLogGroups", &json!({}));
        let mut refused = Vec::new();
        for group in groups["logGroups"].as_array().unwrap() {
            let mut request = json!({ "logGroupName": group["logGroupName"] });
            loop {
                let page = self.call("logs", "Logs_20140328.FilterLogEvents", &request);
                let messages =
                    page["events"].as_array().unwrap().iter().filter_map(|event| event["message"].as_str());
                refused
                    .extend(messages.filter(|said| said.contains("is not authorized to")).map(str::to_owned));
                if page["nextToken"].is_null() {
                    break;
                }
                request["nextToken"] = page["nextToken"].clone();
            }
        }
        refused
    }

    /// How many log messages of a function contain this text.
    pub(crate) fn logged(&self, function: &str, text: &str) -> usize {
        let mut request = json!({ "logGroupName": format!("/aws/lambda/{function}") });
        let mut count = 0;
        loop {
            let page = self.call("logs", "Logs_20140328.FilterLogEvents", &request);
            let messages = page["events"].as_array().unwrap().iter();
            count += messages
                .filter(|event| event["message"].as_str().is_some_and(|said| said.contains(text)))
                .count();
            if page["nextToken"].is_null() {
                return count;
            }
            request["nextToken"] = page["nextToken"].clone();
        }
    }

    /// Enables or disables Lambda's polling of queues.
    pub(crate) fn switch_event_sources(&self, on: bool) {
        let url = format!("{}/2015-03-31/event-source-mappings/", self.endpoint);
        let all: Value = self
            .agent
            .get(&url)
            .header("authorization", credential("lambda"))
            .call()
            .unwrap()
            .body_mut()
            .read_json()
            .unwrap();
        for mapping in all["EventSourceMappings"].as_array().unwrap() {
            let one = format!("{url}{}", mapping["UUID"].as_str().unwrap());
            let switched = self
                .agent
                .put(one)
                .header("authorization", credential("lambda"))
                .send(json!({ "Enabled": on }).to_string())
                .unwrap();
            assert!(switched.status().is_success(), "{mapping}");
        }
    }

    /// Invokes a function. Returns an error if it did not finish.
    pub(crate) fn invoke(&self, function: &str, event: &Value) -> Result<Value, String> {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let mut answer = self
            .agent
            .post(url)
            .header("authorization", credential("lambda"))
            .send(event.to_string())
            .map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        if answer.headers().contains_key("x-amz-function-error") || !answer.status().is_success() {
            return Err(text);
        }
        serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))
    }

    /// Sends a request to a function's URL. The emulator routes by the host name.
    pub(crate) fn ask(&self, method: &str, host: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.endpoint))
            .header("host", host)
            .header("content-type", "application/cloudevents+json")
            .header("x-api-key", &self.api_key);
        let request = request.body(body.map(Value::to_string).unwrap_or_default()).unwrap();
        let mut answer = self.agent.run(request).unwrap();
        // Followed without the headers of the first request: the link is signed.
        if answer.status() == 303 {
            let link = answer.headers()["location"].to_str().unwrap().to_owned();
            answer = self.agent.get(link).call().unwrap();
        }
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}
