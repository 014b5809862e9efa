//! Incoming events through the API: the three HTTP modes of CloudEvents, and dead letters.

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tasker_api::{Authentication, router};
use tasker_orchestrator::Orchestrator;
use tasker_templates::trigger::parse_trigger;
use tasker_test_support::TestDatabase;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::orchestrator::{orchestrator, publish_order};

type Headers<'a> = Vec<(&'a str, &'a str)>;

struct Server {
    router: Router,
    orchestrator: Orchestrator,
    _blobs: TempDir,
}

impl Server {
    /// A server with a template and a trigger for `order.placed`.
    async fn start() -> Self {
        let database = TestDatabase::new().await;
        let blobs = tempfile::tempdir().unwrap();
        let (orchestrator, _) = orchestrator(database.pool.clone(), &blobs);
        publish_order(&orchestrator).await;
        let server = Self {
            router: router(orchestrator.clone(), Authentication::Off, CancellationToken::new()),
            orchestrator,
            _blobs: blobs,
        };
        server.trigger("").await;
        server
    }

    async fn trigger(&self, more: &str) {
        let text =
            format!("{{ name: orders, pattern: {{ type: [order.placed] }}, task: {{ name: order }}{more} }}");
        let trigger = parse_trigger(&text).unwrap();
        self.orchestrator.triggers.publish_trigger(trigger.compiled.trigger()).await.unwrap();
    }

    async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&body).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.call("GET", path, &[], "").await
    }

    async fn send(&self, headers: &[(&str, &str)], body: &str) -> (StatusCode, Value) {
        self.call("POST", "/v1/events", headers, body).await
    }

    async fn input_of(&self, reception: &Value) -> Value {
        let task = reception["tasks"][0]["task_id"].as_str().unwrap_or_else(|| panic!("{reception}"));
        self.get(&format!("/v1/tasks/{task}")).await.1["context"].clone()
    }
}

fn event(id: &str) -> Value {
    json!({ "specversion": "1.0", "id": id, "source": "/shop", "type": "order.placed", "data": { "order": id } })
}

const STRUCTURED: &[(&str, &str)] = &[("content-type", "application/cloudevents+json; charset=utf-8")];
const BATCHED: &[(&str, &str)] = &[("content-type", "application/cloudevents-batch+json")];
const BINARY: &[(&str, &str)] = &[
    ("ce-specversion", "1.0"),
    ("ce-id", "Bestellung%20%E2%82%AC"),
    ("ce-source", "/shop"),
    ("ce-type", "order.placed"),
    ("ce-tenant", "\"a \\\"b\\\"\""),
];

#[tokio::test]
async fn an_event_comes_in_each_mode_and_is_the_same() {
    let server = Server::start().await;
    server.trigger(", input: \"{'id': event.id, 'tenant': event.?tenant.orValue(''), 'data': data}\"").await;
    let mut json = BINARY.to_vec();
    json.push(("content-type", "application/json"));
    let (status, answer) = server.send(&json, r#"{"order": 1}"#).await;
    assert_eq!((status, &answer[0]["state"]), (StatusCode::OK, &json!("started")), "{answer}");
    let expected = json!({ "id": "Bestellung €", "tenant": "a \"b\"", "data": { "order": 1 } });
    assert_eq!(server.input_of(&answer[0]).await, expected);
    let structured = json!({ "specversion": "1.0", "id": "Bestellung €", "source": "/shop", "type": "order.placed",
                             "tenant": "a \"b\"", "data": { "order": 1 } });
    let (status, same) = server.send(STRUCTURED, &structured.to_string()).await;
    assert_eq!((status, &same[0]["duplicate"]), (StatusCode::OK, &json!(true)));
    assert_eq!(
        (&same[0]["received_id"], &same[0]["tasks"]),
        (&answer[0]["received_id"], &answer[0]["tasks"])
    );
    let (_, batch) = server.send(BATCHED, &json!([event("1"), structured, event("2")]).to_string()).await;
    let told: Vec<(&str, bool)> = batch
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["duplicate"].as_bool().unwrap()))
        .collect();
    assert_eq!(told, [("1", false), ("Bestellung €", true), ("2", false)]);
    assert_eq!(server.input_of(&batch[0]).await["data"], json!({ "order": "1" }));
}

#[tokio::test]
async fn what_is_no_event_is_refused_with_the_reason_and_nothing_of_a_batch_is_taken() {
    let server = Server::start().await;
    let mut broken = event("1");
    broken["source"] = json!("");
    let batch = json!([event("0"), broken]).to_string();
    let with = |name: &'static str, value: &'static str| {
        let mut headers: Headers<'_> = BINARY.iter().copied().filter(|(other, _)| *other != name).collect();
        headers.push((name, value));
        headers
    };
    let cases: Vec<(Headers<'_>, &str, StatusCode, &str)> = vec![
        (STRUCTURED.to_vec(), "{", StatusCode::BAD_REQUEST, "not a CloudEvent in JSON"),
        (STRUCTURED.to_vec(), "[]", StatusCode::BAD_REQUEST, "a JSON object that holds an event"),
        (BATCHED.to_vec(), &batch, StatusCode::BAD_REQUEST, "event 2 of the batch: `source` is empty"),
        (with("ce-specversion", "0.3"), "", StatusCode::BAD_REQUEST, "`specversion` is `0.3`"),
        (with("ce-source", "a b"), "", StatusCode::BAD_REQUEST, "`source` is `a b`, not a URI reference"),
        (with("ce-id", "%ff"), "", StatusCode::BAD_REQUEST, "the header `ce-id` is not UTF-8"),
        (with("ce-tenant-id", "x"), "", StatusCode::BAD_REQUEST, "`tenant-id` is not a valid attribute name"),
        (
            with("ce-datacontenttype", "a/b"),
            "",
            StatusCode::BAD_REQUEST,
            "`datacontenttype` is not an attribute",
        ),
        (
            with("content-type", "application/json"),
            "{",
            StatusCode::BAD_REQUEST,
            "`data` is declared as application/json",
        ),
        (
            vec![("content-type", "application/json")],
            "{}",
            StatusCode::BAD_REQUEST,
            "this is not a CloudEvent",
        ),
        (
            vec![("content-type", "application/cloudevents+avro")],
            "",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "are not supported",
        ),
    ];
    for (headers, body, expected, why) in cases {
        let (status, answer) = server.send(&headers, body).await;
        let message = answer["detail"].as_str().unwrap_or_default();
        assert!(status == expected && message.contains(why), "{headers:?} {body}: {status} {answer}");
    }
    let many: Vec<Value> = (0..1001).map(|n| event(&n.to_string())).collect();
    let (status, _) = server.send(BATCHED, &Value::from(many).to_string()).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(server.get("/v1/events").await.1["items"], json!([]), "no event was stored");
}

#[tokio::test]
async fn dead_letters_are_listed_shown_and_replayed() {
    let server = Server::start().await;
    server.trigger(", input: data.missing").await;
    let other = json!({ "specversion": "1.0", "id": "2", "source": "/shop", "type": "other" });
    let (_, answer) = server.send(BATCHED, &json!([event("1"), other]).to_string()).await;
    assert_eq!(
        (&answer[0]["state"], &answer[1]["state"]),
        (&json!("failed"), &json!("unmatched")),
        "{answer}"
    );
    let ids = async |query: &str| {
        let (_, listed) = server.get(&format!("/v1/events{query}")).await;
        let mut ids: Vec<String> = listed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("?state=dead").await, ["1", "2"]);
    assert_eq!(ids("?state=failed").await, ["1"]);
    assert_eq!(ids("?state=started").await, Vec::<String>::new());
    // A page begins behind the last event of the page before, also if others have arrived since.
    let (_, first) = server.get("/v1/events?limit=1").await;
    let late = json!({ "specversion": "1.0", "id": "3", "source": "/shop", "type": "other" });
    server.send(BATCHED, &json!([late]).to_string()).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = ids(&format!("?cursor={cursor}")).await;
    let mut both = vec![first["items"][0]["id"].as_str().unwrap().to_owned()];
    both.extend(second);
    both.sort();
    assert_eq!(both, ["1", "2"]);
    assert_eq!(server.get("/v1/events?state=lost").await.0, StatusCode::BAD_REQUEST);
    let path = format!("/v1/events/{}", answer[0]["received_id"].as_str().unwrap());
    let (_, shown) = server.get(&path).await;
    assert_eq!((&shown["type"], &shown["event"]["data"]["order"]), (&json!("order.placed"), &json!("1")));
    server.trigger("").await;
    let replay = format!("{path}/replay");
    let (status, replayed) = server.call("POST", &replay, &[], "").await;
    assert_eq!((status, &replayed["state"]), (StatusCode::OK, &json!("started")), "{replayed}");
    assert_eq!(server.call("POST", &replay, &[], "").await.0, StatusCode::CONFLICT);
    let unknown = "/v1/events/00000000-0000-0000-0000-000000000000";
    assert_eq!(server.get(unknown).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn triggers_are_listed_switched_and_removed() {
    let server = Server::start().await;
    assert_eq!(
        server.get("/v1/triggers").await.1["items"][0]["definition"]["pattern"],
        json!({ "type": ["order.placed"] })
    );
    let path = "/v1/triggers/default/orders";
    let body = |enabled: bool| json!({ "enabled": enabled }).to_string();
    let json = &[("content-type", "application/json")];
    let (status, switched) = server.call("PATCH", path, json, &body(false)).await;
    assert_eq!((status, &switched["enabled"]), (StatusCode::OK, &json!(false)));
    assert_eq!(server.send(STRUCTURED, &event("1").to_string()).await.1[0]["state"], "unmatched");
    server.call("PATCH", path, json, &body(true)).await;
    assert_eq!(server.send(STRUCTURED, &event("2").to_string()).await.1[0]["state"], "started");
    assert_eq!(server.call("DELETE", path, &[], "").await.0, StatusCode::NO_CONTENT);
    assert_eq!(server.get(path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(server.call("PATCH", path, json, &body(true)).await.0, StatusCode::NOT_FOUND);
}
