//! Each method returns what its route returns: results and errors alike.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use prost_reflect::MethodDescriptor;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{client::Returned, world::World};
use crate::server::Answer;

/// A request to the REST API that a call of this method should be.
fn request_to(method: &MethodDescriptor, fields: &Value) -> Request<Body> {
    let pool = method.parent_pool();
    let option = |name: &str| pool.get_extension_by_name(&format!("tasker.v1.{name}")).unwrap();
    let route = method.options().get_extension(&option("route")).as_str().unwrap().to_owned();
    let (verb, path) = route.split_once(' ').unwrap();
    let (mut path, mut query, mut members, mut body) = (path.to_owned(), Vec::new(), Map::new(), None);
    let mut kind = "application/json".to_owned();
    for (name, value) in fields.as_object().unwrap() {
        let field = method.input().get_field_by_name(name).unwrap();
        let options = field.options();
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        if path.contains(&format!("{{{name}}}")) {
            path = path.replace(&format!("{{{name}}}"), &text);
        } else if options.has_extension(&option("body")) {
            options.get_extension(&option("body")).as_str().unwrap().clone_into(&mut kind);
            body = Some(text);
        } else if ["GET", "DELETE"].contains(&verb) || options.has_extension(&option("query")) {
            let values = value.as_array().cloned().unwrap_or_else(|| vec![Value::String(text)]);
            query.extend(
                values.iter().map(|value| format!("{name}={}", value.as_str().unwrap().replace(' ', "%20"))),
            );
        } else if let Some(name) = name.strip_suffix("_json") {
            members.insert(name.to_owned(), document(value));
        } else {
            members.insert(name.clone(), with_documents(value));
        }
    }
    let has_members = ["POST", "PATCH"].contains(&verb) && method.input().fields().len() > 0;
    let body = body.or_else(|| has_members.then(|| Value::Object(members).to_string()));
    let request = Request::builder().method(verb).uri(format!("{path}?{}", query.join("&")));
    let request = if body.is_some() { request.header("content-type", kind) } else { request };
    request.body(body.map_or_else(Body::empty, Body::from)).unwrap()
}

/// The members of nested messages, whose documents are texts.
fn with_documents(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(with_documents).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| match name.strip_suffix("_json") {
                Some(name) => (name.to_owned(), document(value)),
                None => (name.clone(), value.clone()),
            });
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

/// A document, or several, whose texts these are.
fn document(value: &Value) -> Value {
    match value {
        Value::Array(texts) => texts.iter().map(document).collect(),
        text => serde_json::from_str(text.as_str().unwrap()).unwrap(),
    }
}

/// Without what differs from one request to the next, and without members that say nothing.
fn comparable(value: &Value) -> Value {
    match value {
        Value::String(text) if Uuid::try_parse(text).is_ok() => json!("a UUID"),
        Value::String(text) if chrono::DateTime::parse_from_rfc3339(text).is_ok() => json!("a moment"),
        Value::Array(items) => items.iter().map(comparable).collect(),
        Value::Object(members) => {
            let says = |value: &Value| match value {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(members) => !members.is_empty(),
                _ => true,
            };
            let varies = |name: &str| {
                name.starts_with("minutes")
                    || [
                        "n",
                        "features",
                        "secret",
                        "confirm",
                        "key_id",
                        "instance",
                        "last_used_at",
                        "priority_score",
                        "next_cursor",
                        "duration_ms",
                        "oldest_seconds",
                        "lag_seconds",
                    ]
                    .contains(&name)
            };
            let kept = members.iter().filter(|(name, _)| !varies(name));
            let kept = kept.map(|(name, value)| (name.clone(), comparable(value)));
            Value::Object(kept.filter(|(_, value)| says(value)).collect())
        }
        other => other.clone(),
    }
}

/// The status of a call that stands for a status of HTTP.
fn status_of(answer: &Answer) -> u32 {
    match (answer.status, answer.body["code"].as_str()) {
        (status, _) if status.is_success() => 0,
        (StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY, _) => 3,
        (StatusCode::NOT_FOUND, _) => 5,
        (StatusCode::CONFLICT, Some("duplicate_task")) => 6,
        (StatusCode::FORBIDDEN, _) => 7,
        (StatusCode::CONFLICT, _) => 9,
        (StatusCode::UNAUTHORIZED, _) => 16,
        other => panic!("{other:?}"),
    }
}

impl World {
    /// Sends the same through both doors.
    async fn both(
        &self,
        method: &MethodDescriptor,
        path: &str,
        key: Option<&str>,
        (rest, grpc): (&Value, &Value),
    ) -> (Answer, Returned) {
        let mut request = request_to(method, rest);
        if let Some(key) = key {
            request.headers_mut().insert("x-api-key", key.parse().unwrap());
        }
        let answer = self.server.call(request).await;
        let metadata: Vec<_> = key.map(|key| ("x-api-key", key)).into_iter().collect();
        let returned = self.client.call(path, &metadata, grpc).await;
        (answer, returned)
    }

    /// Asserts that both doors refuse this alike. Returns the code.
    async fn refused(
        &self,
        method: &MethodDescriptor,
        path: &str,
        key: Option<&str>,
        request: &Value,
    ) -> String {
        let (answer, returned) = self.both(method, path, key, (request, request)).await;
        let context = format!("{path} {request:?}\n{answer:?}\n{returned:?}");
        assert_eq!(returned.status, status_of(&answer), "{context}");
        assert_eq!(returned.reason.as_deref(), answer.body["code"].as_str(), "{context}");
        assert_eq!(returned.detail, answer.body["detail"].as_str().unwrap_or_default(), "{context}");
        returned.reason.unwrap_or_else(|| "a success".to_owned())
    }
}

/// These need no credentials.
const PUBLIC: [&str; 4] = [
    "/tasker.v1.HealthService/CheckHealth",
    "/tasker.v1.HealthService/CheckLiveness",
    "/tasker.v1.HealthService/CheckReadiness",
    "/tasker.v1.AdminService/GetMeta",
];

#[tokio::test]
async fn each_method_returns_what_its_route_returns() {
    let world = World::start().await;
    let methods = world.client.methods();
    assert!(methods.len() > 60, "{}", methods.len());
    for (path, method) in methods {
        if method.is_server_streaming() {
            continue;
        }
        let rest = world.request(&path).await;
        // A request that changes something does so once.
        let reads = request_to(&method, &rest).method() == "GET" || path.ends_with("/TestTriggers");
        let grpc = if reads { rest.clone() } else { world.request(&path).await };
        let (answer, returned) = world.both(&method, &path, Some(&world.admin), (&rest, &grpc)).await;
        let context = format!("{path} {rest}\n{answer:?}\n{returned:?}");
        assert_eq!((answer.status.is_success(), returned.status), (true, 0), "{context}");
        // An empty body is an empty message.
        let body = if answer.status == StatusCode::NO_CONTENT { json!({}) } else { comparable(&answer.body) };
        assert_eq!(comparable(&returned.messages[0]), body, "{context}");
        assert!(Uuid::try_parse(returned.headers["x-request-id"].to_str().unwrap()).is_ok(), "{context}");
    }
}

#[tokio::test]
async fn each_method_refuses_what_its_route_refuses() {
    let world = World::start().await;
    let (useless, other) = (world.key_for("dlq:stats").await, world.key_for("tasks:list").await);
    let mut codes = Vec::new();
    for (path, method) in world.client.methods() {
        let is_public = PUBLIC.contains(&path.as_str());
        let request = world.request(&path).await;
        if !is_public {
            codes.push(world.refused(&method, &path, None, &request).await);
        }
        if !is_public && !path.ends_with("/WhoAmI") {
            let key = if path.ends_with("/GetStats") { &other } else { &useless };
            codes.push(world.refused(&method, &path, Some(key), &request).await);
        }
        let field = |name: &str| method.input().get_field_by_name(name).is_some();
        for (name, value) in [
            ("task_id", json!(Uuid::nil())),
            ("task_id", json!("nonsense")),
            ("dlq_entry_id", json!(Uuid::nil())),
            ("received_id", json!(Uuid::nil())),
            ("key_id", json!("00000000")),
            ("callable", json!("nothing")),
            ("step", json!("nothing")),
            ("namespace", json!("nowhere")),
            ("cursor", json!("nonsense")),
            ("limit", json!(-1)),
            ("action", json!("dance")),
        ] {
            // Of a whole task only some actions have a step.
            if field(name)
                && !method.is_server_streaming()
                && (name != "step" || !path.ends_with("/OperateTask"))
            {
                let mut request = request.clone();
                request[name] = value;
                codes.push(world.refused(&method, &path, Some(&world.admin), &request).await);
            }
        }
    }
    for expected in [
        "unauthenticated",
        "forbidden",
        "no_such_task",
        "no_such_step",
        "no_such_dlq_entry",
        "no_such_template",
        "no_such_trigger",
        "no_such_event",
        "no_such_handler",
        "no_such_key",
        "invalid_request",
    ] {
        assert!(codes.iter().any(|code| code == expected), "{expected} in {codes:?}");
    }
}

#[tokio::test]
async fn conflicts_are_the_same_through_both_doors() {
    let world = World::start().await;
    let methods = world.client.methods();
    let conflict = async |name: &str, request: &Value| {
        let (path, method) = methods.iter().find(|(path, _)| path.ends_with(name)).unwrap();
        world.refused(method, path, Some(&world.admin), request).await
    };
    let once = json!({ "name": "order", "idempotency_key": "once" });
    let created =
        world.client.call("/tasker.v1.TaskService/CreateTask", &[("x-api-key", &world.admin)], &once).await;
    assert_eq!(created.status, 0, "{created:?}");
    assert_eq!(conflict("/CreateTask", &once).await, "duplicate_task");
    let task = json!({ "task_id": world.completed_task().await, "reason": "late" });
    assert_eq!(conflict("/CancelTask", &task).await, "already_ended");
    let task = json!({ "task_id": world.completed_task().await, "action": "redrive" });
    assert_eq!(conflict("/OperateTask", &task).await, "not_possible");
}
