//! A server with both doors on a real port, and requests for each method.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use serde_json::{Value, json};
use tasker_api::{Authentication, Doors};
use tasker_orchestrator::access::{Caller, NewKey, NewSession};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use super::client::Client;
use crate::{
    host::{complete, failed},
    server::{Answer, Server},
};

pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) address: SocketAddr,
    /// The key of an administrator.
    pub(crate) admin: String,
    numbers: AtomicU32,
    pub(crate) stop: CancellationToken,
    /// Ends with the server.
    pub(crate) served: JoinHandle<std::io::Result<()>>,
    _end: DropGuard,
}

impl World {
    pub(crate) async fn start() -> Self {
        let server = Server::start_with(Authentication::Own(None)).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let doors = Doors::from(Authentication::Own(None));
        let served =
            tasker_api::serve(listener, server.orchestrator.clone(), doors, Vec::new(), stop.clone());
        let served = tokio::spawn(served);
        let admin = server.key("admin", None).await;
        let client = Client::connect(address).await;
        Self {
            server,
            client,
            address,
            admin,
            numbers: AtomicU32::new(0),
            served,
            _end: stop.clone().drop_guard(),
            stop,
        }
    }

    /// A number that no other input has: equal requests within a minute are one.
    fn number(&self) -> u32 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Creates a key with only this permission.
    pub(crate) async fn key_for(&self, permission: &str) -> String {
        let request = NewKey {
            name: "narrow".to_owned(),
            permissions: vec![permission.to_owned()],
            ..NewKey::default()
        };
        self.server.orchestrator.keys.create(&request, &Caller::local()).await.unwrap().secret
    }

    /// Sends a request to the REST API, as the administrator.
    async fn rest(&self, verb: &str, path: &str, body: &Value) -> Answer {
        let request = Request::builder().method(verb).uri(path).header("x-api-key", &self.admin);
        let request = request.header("content-type", "application/json");
        self.server.call(request.body(Body::from(body.to_string())).unwrap()).await
    }

    pub(crate) async fn task(&self) -> Uuid {
        let body = json!({ "name": "order", "context": { "n": self.number() }, "reason": "a test", "tags": ["web"] });
        let created = self.rest("POST", "/v1/tasks", &body).await;
        assert_eq!(created.status, StatusCode::CREATED, "{created:?}");
        created.body["task_id"].as_str().unwrap().parse().unwrap()
    }

    pub(crate) async fn completed_task(&self) -> Uuid {
        let task = self.task().await;
        let logs = [(tasker_protocol::LogLevel::Info, "working")];
        self.server.end(task, "a", (0, 1), complete(&json!({ "total": 7.5 })), &logs).await;
        task
    }

    pub(crate) async fn blocked_task(&self) -> Uuid {
        let task = self.task().await;
        self.server.end(task, "a", (0, 1), failed("Broken", false), &[]).await;
        task
    }

    async fn dlq_entry(&self) -> Value {
        let task = self.blocked_task().await;
        let entries = self.rest("GET", &format!("/v1/dlq/task/{task}"), &Value::Null).await;
        entries.body["items"][0]["dlq_entry_id"].clone()
    }

    async fn trigger(&self) {
        self.trigger_of("paid", "order").await;
    }

    /// Publishes a trigger for events of this type, with its name.
    async fn trigger_of(&self, kind: &str, template: &str) {
        let trigger = format!(
            "{{ name: {kind}, namespace: shop, pattern: {{ type: [{kind}] }}, task: {{ name: {template}, namespace: default }} }}"
        );
        let trigger = tasker_templates::trigger::parse_trigger(&trigger).unwrap();
        self.server.orchestrator.triggers.publish_trigger(trigger.compiled.trigger()).await.unwrap();
    }

    async fn event(&self) -> Value {
        self.trigger().await;
        let sent = self.send(&event()).await;
        sent.body[0]["received_id"].clone()
    }

    async fn send(&self, event: &Value) -> Answer {
        let kind = ("content-type", "application/cloudevents+json");
        let headers = [kind, ("x-api-key", self.admin.as_str())];
        let mut request = Request::post("/v1/events");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.server.call(request.body(Body::from(event.to_string())).unwrap()).await
    }

    async fn subscription(&self) -> String {
        let name = format!("subscription-{}", self.number());
        let target = json!({ "namespace": "default", "name": "order" });
        let body = json!({ "name": name, "event": "order.*", "kind": "task", "target": target });
        let subscribed = self.rest("POST", "/v1/subscriptions", &body).await;
        assert_eq!(subscribed.status, StatusCode::CREATED, "{subscribed:?}");
        name
    }

    /// Confirms a bulk operation. Returns its id.
    async fn bulk(&self) -> Value {
        let body = json!({ "action": "pause", "task_ids": [self.task().await], "reason": "lunch" });
        let preview = self.rest("POST", "/v1/tasks/bulk", &body).await;
        let token = json!({ "confirm": preview.body["confirm"] });
        let begun = self.rest("POST", "/v1/tasks/bulk", &token).await;
        assert_eq!(begun.status, StatusCode::ACCEPTED, "{begun:?}");
        begun.body["bulk_id"].clone()
    }

    async fn session(&self) -> Uuid {
        let new = NewSession { caller: Arc::new(Caller::local()), address: None, user_agent: None };
        self.server.orchestrator.sessions.create(&new).await.unwrap().session.session_id
    }

    async fn another_key(&self) -> Value {
        let created = self.rest("POST", "/v1/keys", &json!({ "name": "another", "roles": ["viewer"] })).await;
        created.body["key_id"].clone()
    }

    /// Makes what a method works on, and returns a request to it.
    pub(crate) async fn request(&self, path: &str) -> Value {
        let order = || json!({ "namespace": "default", "name": "order", "version": "1.0.0" });
        match path.strip_prefix("/tasker.v1.").unwrap() {
            "TaskService/CreateTask" => {
                let context = json!({ "n": self.number() }).to_string();
                json!({ "name": "order", "context_json": context, "tags": ["web"], "priority": 3 })
            }
            "TaskService/ValidateTask" => json!({ "name": "order", "context_json": "{}" }),
            "TaskService/CreateTasks" => {
                let context = self.number().to_string();
                json!({ "tasks": [{ "name": "order", "context_json": context }, { "name": "nothing" }] })
            }
            "TaskService/ListTasks" => {
                self.completed_task().await;
                json!({ "namespace": "default", "state": ["complete", "error"], "limit": 1 })
            }
            "TaskService/CountTasks" => json!({ "by": "state", "open": true }),
            "TaskService/OperateTask" => {
                json!({ "task_id": self.task().await, "action": "pause", "reason": "lunch" })
            }
            "TaskService/CancelTask" => json!({ "task_id": self.task().await, "reason": "no more" }),
            "TaskService/CloneTask" => json!({ "task_id": self.task().await, "reason": "again" }),
            "TaskService/BulkOperate" => json!({
                "action": "clone", "task_ids": [self.task().await], "reason": "again",
                "arguments": { "context_json": "{\"n\": 0}" },
            }),
            "TaskService/ListBulk" => {
                self.bulk().await;
                json!({ "limit": 1 })
            }
            "TaskService/GetBulk" | "TaskService/StopBulk" => json!({ "bulk_id": self.bulk().await }),
            "TaskService/ListBulkFailures" => json!({ "bulk_id": self.bulk().await, "limit": 1 }),
            "TaskService/ListTimeline" | "TaskService/GetTaskGraph" | "StepService/ListSteps" => {
                json!({ "task_id": self.blocked_task().await })
            }
            "TaskService/WatchTasks" => json!({ "tag": ["nobody-has-it"], "limit": 1 }),
            "TaskService/GetTask"
            | "TaskService/GetTaskSummary"
            | "TaskService/GetTaskContext"
            | "TaskService/GetTaskInput"
            | "TaskService/ListAudit"
            | "TaskService/ListLogs"
            | "TaskService/StreamTaskStatus" => json!({ "task_id": self.completed_task().await }),
            "StepService/GetStep" => json!({ "task_id": self.blocked_task().await, "step": "a" }),
            "StepService/ResolveStep" => json!({
                "task_id": self.blocked_task().await, "step": "a", "action": "complete_manually", "reason": "by hand",
                "result_json": "{\"total\": 7}",
            }),
            "StepService/GetStepAudit"
            | "StepService/ListAttempts"
            | "StepService/GetStepResult"
            | "StepService/ListLogs" => json!({ "task_id": self.completed_task().await, "step": "a" }),
            "StepService/GetAttempt" => {
                json!({ "task_id": self.completed_task().await, "step": "a", "attempt": 1 })
            }
            "TemplateService/GetTemplate"
            | "TemplateService/GetTemplateGraph"
            | "TemplateService/GetTemplateSchema" => order(),
            "TemplateService/ListTemplateVersions" => json!({ "namespace": "default", "name": "order" }),
            "TemplateService/ValidateTemplate" => json!({ "template": "name: x\nsteps: [{ name: a }]\n" }),
            "TemplateService/Publish" => json!({
                "dry_run": true,
                "templates_json": [json!({ "name": "new", "version": "1.0.0",
                    "steps": [{ "name": "a", "handler": { "callable": "work" } }] }).to_string()],
            }),
            "HandlerService/ListHandlers" | "HandlerService/GetNamespace" => {
                json!({ "namespace": "default" })
            }
            "HandlerService/GetHandler" => json!({ "namespace": "default", "name": "order" }),
            "HandlerService/ListVersions" => json!({ "callable": "work" }),
            "HandlerService/OperateCallable" => {
                json!({ "callable": "work", "action": "promote", "version": 1 })
            }
            "DlqService/GetEntriesByTask" => json!({ "task_id": self.blocked_task().await }),
            "DlqService/GetEntry" => json!({ "dlq_entry_id": self.dlq_entry().await }),
            "DlqService/AddEntry" => json!({ "task_id": self.task().await, "note": "look" }),
            "DlqService/UpdateInvestigations" => json!({
                "dlq_entry_ids": [self.dlq_entry().await, Uuid::nil()],
                "update": { "resolution_status": "permanently_failed", "resolution_notes": "n" },
            }),
            "DlqService/UpdateInvestigation" => json!({
                "dlq_entry_id": self.dlq_entry().await, "resolution_status": "permanently_failed", "resolution_notes": "n",
            }),
            "DlqService/ListEntries" | "DlqService/GetStats" | "DlqService/GetInvestigationQueue" => {
                self.blocked_task().await;
                json!({})
            }
            "DlqService/GetStalenessMonitoring" => {
                self.task().await;
                json!({ "limit": 2 })
            }
            "EventService/SendEvents" => {
                self.trigger().await;
                json!({ "events_json": json!([event()]).to_string() })
            }
            "EventService/ListReceived" => {
                self.event().await;
                json!({ "state": ["started"], "limit": 1 })
            }
            "EventService/GetReceived" => json!({ "received_id": self.event().await }),
            "EventService/Replay" => {
                let strict =
                    "{ name: strict, version: 1.0.0, input_schema: { type: object, required: [sku] },
                    steps: [{ name: a, handler: { callable: work } }] }";
                self.server.publish_template(strict).await;
                self.trigger_of("unfit", "strict").await;
                let mut unfit = event();
                unfit["type"] = json!("unfit");
                json!({ "received_id": self.send(&unfit).await.body[0]["received_id"] })
            }

            "EventService/Subscribe" => json!({
                "name": Uuid::now_v7(), "event": "order.*", "kind": "task",
                "target_json": "{\"namespace\": \"default\", \"name\": \"order\"}",
            }),
            "EventService/ListSubscriptions" => {
                self.subscription().await;
                json!({})
            }
            "EventService/GetSubscription" | "EventService/ListDeliveries" => {
                json!({ "name": self.subscription().await })
            }
            "EventService/RetryDelivery" => {
                let name = self.subscription().await;
                let delivery = "INSERT INTO tasker.deliveries (event_id, subscription_id, envelope, attempts)
                    SELECT 7, subscription_id, '{}', 24 FROM tasker.subscriptions WHERE name = $1";
                let pool = &self.server.database.pool;
                sqlx::query(delivery).bind(name.as_str()).execute(pool).await.unwrap();
                json!({ "name": name, "event_id": 7 })
            }
            "EventService/ReplayAll" => {
                self.send(&nobody_waits_for()).await;
                json!({ "state": ["unmatched"], "max": 1 })
            }
            "EventService/Unsubscribe" => json!({ "name": self.subscription().await }),
            "TriggerService/GetTrigger" => {
                self.trigger().await;
                json!({ "namespace": "shop", "name": "paid" })
            }
            "TriggerService/RemoveTrigger" => {
                let kind = format!("kind-{}", self.number());
                self.trigger_of(&kind, "order").await;
                json!({ "namespace": "shop", "name": kind })
            }
            "TriggerService/SwitchTrigger" => {
                self.trigger().await;
                json!({ "namespace": "shop", "name": "paid", "enabled": false })
            }
            "TriggerService/TestTriggers" => {
                self.trigger().await;
                json!({ "event_json": event().to_string(), "trigger": "shop/paid" })
            }
            "AnalyticsService/GetBottlenecks" => {
                json!({ "hours": 2, "min_executions": 1, "namespace": "nowhere" })
            }
            "AnalyticsService/GetThroughput" => {
                json!({ "interval": "1h", "by": "template", "namespace": "nowhere" })
            }
            "AnalyticsService/GetStepStatistics" | "AnalyticsService/GetTaskStatistics" => {
                json!({ "sort": "mean", "limit": 3, "version": "1.0.0" })
            }
            "AnalyticsService/GetPerformanceMetrics"
            | "AnalyticsService/GetErrorStatistics"
            | "AnalyticsService/GetRetryStatistics"
            | "AnalyticsService/GetCosts"
            | "AnalyticsService/GetHealthScore" => json!({ "hours": 48, "namespace": "nowhere" }),
            "AdminService/CreateKey" => {
                json!({ "name": "made", "permissions": ["tasks:read"], "namespaces": ["shop"] })
            }
            "AdminService/GetKey" | "AdminService/RevokeKey" => json!({ "key_id": self.another_key().await }),
            "AdminService/EndSession" => json!({ "session_id": self.session().await }),
            "AdminService/ListSessions" => {
                self.session().await;
                json!({ "limit": 1 })
            }
            "AdminService/RotateKey" => json!({ "key_id": self.another_key().await, "overlap_seconds": 60 }),
            "EventService/WatchEvents"
            | "EventService/ListDomainEvents"
            | "TemplateService/ListTemplates"
            | "HandlerService/ListNamespaces"
            | "HandlerService/ListNamespaceSummaries"
            | "AdminService/ListWorkers"
            | "AdminService/ListQueues"
            | "ConfigService/GetConfig"
            | "HandlerService/ListCallables"
            | "TriggerService/ListTriggers"
            | "HealthService/CheckHealth"
            | "HealthService/CheckLiveness"
            | "HealthService/CheckReadiness"
            | "HealthService/CheckDetailedHealth"
            | "AdminService/WhoAmI"
            | "AdminService/GetMeta"
            | "AdminService/ListKeys"
            | "AdminService/ListAudit" => json!({}),
            other => panic!("{other} has no scenario: add a request to it"),
        }
    }
}

fn event() -> Value {
    json!({ "specversion": "1.0", "id": Uuid::now_v7(), "source": "/till", "type": "paid", "data": { "n": 1 } })
}

fn nobody_waits_for() -> Value {
    json!({ "specversion": "1.0", "id": Uuid::now_v7(), "source": "/till", "type": "unknown", "data": {} })
}
