//! Runs a scenario in a sandbox of the host, and checks its end.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tasker_protocol::{
    BatchSlice, DependencyResult, Ending, Execution, Grants, HandlerReference, Limits, Payload, RawValue,
    StepDispatch, VERSION, raw_json,
};
use tasker_runtime_host::{
    ComponentSource, ComponentSourceError, ExecutionControl, Host, HostConfig, SecretSource,
    SecretUnavailable,
};
use tasker_transport::{KeyValueStore, MemoryKeyValues, bucket_of_namespace};
use uuid::Uuid;

use crate::{
    compare::{contains, same, shown},
    language::{Language, suite},
    scenario::Scenario,
    server::{Request, Server, closed},
};

const NAMESPACE: &str = "shop";

/// The handlers of a language on a host.
pub(crate) struct Player {
    language: Language,
    host: Host,
    wasm: Vec<u8>,
    digest: String,
    buckets: Arc<MemoryKeyValues>,
    secrets: Secrets,
}

struct One(Vec<u8>);

#[async_trait]
impl ComponentSource for One {
    async fn fetch(&self, _digest: &str) -> Result<Vec<u8>, ComponentSourceError> {
        Ok(self.0.clone())
    }
}

/// The secrets of the scenario that is played.
#[derive(Debug, Clone, Default)]
struct Secrets(Arc<Mutex<BTreeMap<String, String>>>);

#[async_trait]
impl SecretSource for Secrets {
    async fn secret(&self, _namespace: &str, name: &str) -> Result<Option<String>, SecretUnavailable> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned())
    }
}

impl Player {
    /// Builds the handlers.
    pub(crate) fn new(language: Language) -> Self {
        let wasm = language.build();
        // That of `tasker build`, which has compiled it already.
        let cache_dir = language.folder().join(".tasker/cache");
        let config = HostConfig { cache_dir, max_concurrent: 4, ..HostConfig::default() };
        let (buckets, secrets) = (Arc::new(MemoryKeyValues::default()), Secrets::default());
        let host = Host::new(config, Arc::new(One(wasm.clone())), Arc::new(secrets.clone()));
        let host = host.expect("the host starts").with_key_values(buckets.clone());
        let digest =
            Sha256::digest(&wasm).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        Self { language, host, wasm, digest, buckets, secrets }
    }

    /// Checks what the component says about its handlers. Returns the faults.
    pub(crate) async fn describe(&self) -> Vec<String> {
        let text = fs::read_to_string(suite().join("describe.json")).expect("describe.json is there");
        let expected: Map<String, Value> = serde_json::from_str(&text).expect("describe.json has its form");
        let described = match self.host.describe(&self.wasm).await {
            Ok(described) => described,
            Err(error) => return vec![format!("describe: {error}")],
        };
        let mut faults = Vec::new();
        let names: Vec<&str> = described.handlers.iter().map(|handler| handler.name.as_str()).collect();
        if !names.is_sorted() {
            faults.push(format!("describe: the handlers are not sorted by name: {names:?}"));
        }
        for (name, expected) in &expected {
            let found = described.handlers.iter().find(|handler| handler.name == *name);
            let found = serde_json::to_value(found).expect("descriptions are JSON");
            if !contains(expected, &found) {
                faults.push(format!(
                    "describe {name}: expected {}\nfound {}",
                    shown(expected),
                    shown(&found)
                ));
            }
        }
        faults
    }

    /// Plays a scenario.
    ///
    /// # Errors
    /// What is not as expected.
    pub(crate) async fn play(&self, scenario: &Scenario) -> Result<(), String> {
        let server = Server::start(scenario.server.clone()).await;
        let closed = closed().await;
        let placed = |text: &str| text.replace("{server}", &server.url).replace("{closed}", &closed);
        self.prepare(scenario).await;
        let input = placed(&scenario.input());
        let dispatch = self.dispatch(scenario, &input, &placed);
        let control = ExecutionControl::new();
        let execution = self.run(scenario, &dispatch, &control).await;
        let expected = scenario.expected(&self.language.name);
        let said =
            || format!("\nit ended with {}\nand logged {:#?}", shown(&ending(&execution)), execution.logs);
        self.check_ending(&expected, &execution, &input).map_err(|fault| fault + &said())?;
        check_logs(&expected, &execution)?;
        check_requests(&expected, &server.requests())?;
        if let Some(progress) = expected.get("progress").and_then(Value::as_str)
            && control.progress().as_deref() != Some(progress)
        {
            return Err(format!("expected the progress `{progress}`, found {:?}", control.progress()));
        }
        if let Some(pointer) = &scenario.differs {
            let again = self.run(scenario, &dispatch, &ExecutionControl::new()).await;
            let part =
                |execution: &Execution| ending(execution)["complete"]["inline"].pointer(pointer).cloned();
            if part(&again) == part(&execution) {
                return Err(format!("{pointer} is the same in two runs: {:?}", part(&again)));
            }
        }
        self.check_stored(&expected).await
    }

    async fn prepare(&self, scenario: &Scenario) {
        self.secrets.0.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&scenario.secrets);
        let shelf = bucket_of_namespace(NAMESPACE, "shelf");
        loop {
            let page = self.buckets.keys(&shelf, None).await.expect("memory");
            if page.keys.is_empty() {
                break;
            }
            self.buckets.delete(&shelf, &page.keys).await.expect("memory");
        }
        for (bucket, values) in &scenario.stored {
            let values = values.iter().map(|(key, value)| (key.clone(), value.to_string().into_bytes()));
            let bucket = bucket_of_namespace(NAMESPACE, bucket);
            self.buckets.set(&bucket, values.collect()).await.expect("memory");
        }
        let generated =
            (0..scenario.generate.stored.unwrap_or(0)).map(|number| (format!("key {number}"), b"1".to_vec()));
        self.buckets.set(&shelf, generated.collect()).await.expect("memory");
    }

    fn dispatch(&self, scenario: &Scenario, input: &str, placed: &dyn Fn(&str) -> String) -> StepDispatch {
        let facts = &scenario.context;
        let defaults = Limits::default();
        let batch = facts.batch.as_ref().map(|worker| {
            let metadata = json!({
                "batch_step": "batch", "worker_number": worker.number, "total_workers": worker.total,
                "batch_size": 10, "parallelism": 1, "cursor_field": "id", "failure_strategy": "continue_on_failure",
            });
            BatchSlice { metadata: raw(&metadata.to_string()), is_no_op: worker.is_no_op }
        });
        StepDispatch {
            version: VERSION,
            task_id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001),
            step_index: 0,
            execution: 1,
            template_step: 0,
            batch,
            attempt: facts.attempt.unwrap_or(1),
            max_attempts: facts.max_attempts.unwrap_or(3),
            step_name: "step".to_owned(),
            namespace: NAMESPACE.to_owned(),
            task_name: "order".to_owned(),
            task_version: "1.2.3".to_owned(),
            release_id: Uuid::nil(),
            correlation_id: "c-1".to_owned(),
            handler: HandlerReference {
                callable: scenario.handler.clone(),
                component: self.digest.clone(),
                function: scenario.handler.clone(),
            },
            input: Payload::Inline(raw(input)),
            configuration: facts.configuration.clone().unwrap_or_else(|| raw("{}")),
            dependency_results: facts
                .dependencies
                .iter()
                .map(|(step, result)| DependencyResult {
                    step: step.clone(),
                    result: Payload::Inline(result.clone()),
                })
                .collect(),
            cursor: facts.cursor.clone(),
            checkpoint: facts.checkpoint.clone().map(Payload::Inline),
            limits: Limits {
                wall_ms: scenario.limits.wall_ms.unwrap_or(defaults.wall_ms),
                cpu_ms: scenario.limits.cpu_ms.unwrap_or(defaults.cpu_ms),
                ..defaults
            },
            grants: Grants {
                http: scenario.grants.http.iter().map(|origin| placed(origin)).collect(),
                private_networks: vec!["127.0.0.1/32".to_owned()],
                secrets: scenario.grants.secrets.clone(),
                key_value: scenario.grants.buckets.clone(),
            },
            traceparent: facts.traceparent.clone(),
            sent_at: None,
            next: Vec::new(),
        }
    }

    async fn run(
        &self,
        scenario: &Scenario,
        dispatch: &StepDispatch,
        control: &ExecutionControl,
    ) -> Execution {
        let canceller = scenario.cancel_after_progress.then(|| {
            let control = control.clone();
            tokio::spawn(async move {
                while control.progress().is_none() {
                    tokio::task::yield_now().await;
                }
                control.cancel();
            })
        });
        let execution = self.host.execute(dispatch, control).await;
        if let Some(canceller) = canceller {
            canceller.abort();
        }
        execution
    }

    fn check_ending(
        &self,
        expected: &Map<String, Value>,
        execution: &Execution,
        input: &str,
    ) -> Result<(), String> {
        let ending = ending(execution);
        if let Some(failure) = expected.get("failure") {
            return self.check_failure(failure, &ending["failed"]);
        }
        if expected.get("same") == Some(&Value::Bool(true)) {
            let input: Value = serde_json::from_str(input).expect("such inputs can be read");
            let found = ending.get("complete").map(|payload| &payload["inline"]);
            let is_same = found.is_some_and(|found| same(&input, found));
            return if is_same { Ok(()) } else { Err("the result is not the input".to_owned()) };
        }
        let (kind, wanted) = ["complete", "checkpoint", "branch", "batch"]
            .into_iter()
            .find_map(|kind| expected.get(kind).map(|wanted| (kind, wanted)))
            .expect("a scenario expects an ending");
        let found = ending.get(kind).map(|found| match kind {
            "complete" | "checkpoint" => found["inline"].clone(),
            _ => {
                let mut found = found.clone();
                found["result"] = found["result"]["inline"].clone();
                found
            }
        });
        match found {
            Some(found) if same(wanted, &found) => Ok(()),
            _ => Err(format!("expected {kind} {}", shown(wanted))),
        }
    }

    fn check_failure(&self, expected: &Value, found: &Value) -> Result<(), String> {
        for field in ["error_type", "retryable"] {
            if found[field] != expected[field] {
                return Err(format!("expected the failure's {field} {}", expected[field]));
            }
        }
        let origin = expected.get("origin").and_then(Value::as_str).unwrap_or("handler");
        if found["origin"] != origin {
            return Err(format!("expected the origin `{origin}`"));
        }
        let message = found["message"].as_str().unwrap_or_default();
        for part in expected["message"].as_array().expect("messages are lists of parts") {
            let part = part.as_str().expect("a text");
            if !message.contains(part) {
                return Err(format!("the message does not contain `{part}`"));
            }
        }
        let wait = found["retry_after_ms"].as_u64();
        let is_wait_expected = match (expected.get("retry_after_ms"), wait) {
            (None, None) => true,
            (Some(range), Some(wait)) => same(&json!({ "$between": range }), &json!(wait)),
            _ => false,
        };
        if !is_wait_expected {
            return Err(format!("expected the wait {:?}", expected.get("retry_after_ms")));
        }
        let details = found.get("details");
        if expected.get("stack") == Some(&Value::Bool(true)) {
            let frame = self.language.frame().expect("languages.json says what a frame looks like");
            let stack = details.and_then(|details| details["stack"].as_str()).unwrap_or_default();
            return if stack.contains(&frame) {
                Ok(())
            } else {
                Err(format!("`details.stack` has no `{frame}`"))
            };
        }
        match (expected.get("details"), details) {
            (None, None) => Ok(()),
            (Some(expected), Some(found)) if same(expected, found) => Ok(()),
            (expected, _) => Err(format!("expected the details {expected:?}")),
        }
    }

    async fn check_stored(&self, expected: &Map<String, Value>) -> Result<(), String> {
        let Some(expected) = expected.get("stored").and_then(Value::as_object) else { return Ok(()) };
        for (bucket, values) in expected {
            let name = bucket_of_namespace(NAMESPACE, bucket);
            let keys = self.buckets.keys(&name, None).await.expect("memory").keys;
            let entries = self.buckets.get(&name, &keys).await.expect("memory");
            let read = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or(Value::Null);
            let found = entries.iter().map(|(key, entry)| (key.clone(), read(&entry.value)));
            let found = Value::Object(found.collect());
            if !same(values, &found) {
                return Err(format!(
                    "expected the bucket `{bucket}` to hold {}, found {}",
                    shown(values),
                    shown(&found)
                ));
            }
        }
        Ok(())
    }
}

fn raw(text: &str) -> Box<RawValue> {
    raw_json(text.to_owned()).expect("scenarios are JSON")
}

/// The ending as JSON. What JSON values cannot hold is null.
fn ending(execution: &Execution) -> Value {
    let text = serde_json::to_string(&execution.ending).expect("endings are JSON");
    let kind = match &execution.ending {
        Ending::Failed(_) => "failed",
        Ending::Complete(_) => "complete",
        _ => "other",
    };
    serde_json::from_str(&text).unwrap_or_else(|error| json!({ kind: format!("unreadable: {error}") }))
}

fn check_logs(expected: &Map<String, Value>, execution: &Execution) -> Result<(), String> {
    let Some(expected) = expected.get("logs") else { return Ok(()) };
    let line = |line: &tasker_protocol::LogLine| json!({ "level": line.level, "message": line.message });
    let found = Value::Array(execution.logs.iter().map(line).collect());
    if same(expected, &found) {
        return Ok(());
    }
    Err(format!("expected the logs {}, found {}", shown(expected), shown(&found)))
}

fn check_requests(expected: &Map<String, Value>, found: &[Request]) -> Result<(), String> {
    let Some(expected) = expected.get("requests").and_then(Value::as_array) else { return Ok(()) };
    if expected.len() != found.len() {
        return Err(format!("expected {} requests, found {found:#?}", expected.len()));
    }
    for (expected, found) in expected.iter().zip(found) {
        let is_same = |(field, wanted): (&String, &Value)| match field.as_str() {
            "method" => found.method == *wanted,
            "path" => found.path == *wanted,
            "headers" => contains(wanted, &json!(found.headers)),
            "body" => String::from_utf8_lossy(&found.body) == wanted.as_str().unwrap_or_default(),
            "bytes" => json!(found.body.len()) == *wanted,
            "json" => serde_json::from_slice(&found.body).is_ok_and(|body| same(wanted, &body)),
            other => panic!("`{other}` is nothing of a request"),
        };
        if !expected.as_object().expect("a request").iter().all(is_same) {
            return Err(format!("expected the request {}, found {found:#?}", shown(expected)));
        }
    }
    Ok(())
}
