//! What a gRPC call has beside its route: digits, deadlines, streams, health and reflection.

use std::time::Duration;

use axum::http::StatusCode;
use http_body_util::BodyExt;
use prost::Message;
use serde_json::{Value, json};
use tasker_orchestrator::access::NewSession;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use uuid::Uuid;

use super::{client::message_of, world::World};

const CHECK: &str = "/grpc.health.v1.Health/Check";
const GET_TASK: &str = "/tasker.v1.TaskService/GetTask";
const GET_META: &str = "/tasker.v1.AdminService/GetMeta";
const WATCH_EVENTS: &str = "/tasker.v1.EventService/WatchEvents";
const STREAM: &str = "/tasker.v1.TaskService/StreamTaskStatus";
const LIST: &str = "/tasker.v1.TaskService/WatchTasks";

#[tokio::test]
async fn a_document_keeps_its_digits() {
    let world = World::start().await;
    let digits = r#"{"n":12345678901234567890.123456789,"big":123456789012345678901234567890}"#;
    let metadata = [("authorization", format!("Bearer {}", world.admin))];
    let metadata = [(metadata[0].0, metadata[0].1.as_str())];
    let request = json!({ "name": "order", "context_json": digits });
    let created = world.client.call("/tasker.v1.TaskService/CreateTask", &metadata, &request).await;
    let task = created.messages[0]["task_id"].clone();
    // The text as it came, which a parsed document would hide.
    let method = "/tasker.v1.TaskService/GetTaskInput";
    let kind = world.client.pool.get_message_by_name("tasker.v1.GetTaskInputRequest").unwrap();
    let message = message_of(kind, &json!({ "task_id": task })).encode_to_vec();
    let body =
        world.client.open(method, &metadata, &message).await.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8_lossy(&body).replace(' ', "");
    assert!(text.contains("12345678901234567890.123456789"), "{text}");
    assert!(text.contains("123456789012345678901234567890"), "{text}");
}

#[tokio::test]
async fn a_followed_task_is_told_as_server_sent_events_tell_it() {
    let world = World::start().await;
    let metadata = [("x-api-key", world.admin.as_str())];
    let task = world.task().await;
    let message = world.client.pool.get_message_by_name("tasker.v1.StreamTaskStatusRequest").unwrap();
    let message = message_of(message, &json!({ "task_id": task, "logs": true })).encode_to_vec();
    let open = world.client.open(STREAM, &metadata, &message).await;
    assert_eq!(open.status(), StatusCode::OK);
    drop(open);
    world.server.end(task, "a", (0, 1), crate::host::complete(&json!(1)), &[]).await;
    let returned =
        world.client.call(STREAM, &metadata, &json!({ "task_id": task, "last_event_id": 0 })).await;
    assert_eq!(returned.status, 0, "{returned:?}");
    let messages = &returned.messages;
    assert_eq!(messages[0]["snapshot"]["task_id"], json!(task), "{messages:?}");
    assert_eq!(messages.last().unwrap()["end"], json!({ "task_id": task, "status": "complete" }));
    let audit =
        world.client.call("/tasker.v1.TaskService/ListAudit", &metadata, &json!({ "task_id": task })).await;
    let changes: Vec<Value> = messages
        .iter()
        .filter_map(|message| {
            [&message["task"], &message["step"]].into_iter().find(|change| change.is_object())
        })
        .cloned()
        .collect();
    assert_eq!(json!(changes), audit.messages[0]["items"]);
    assert!(changes.len() > 6, "{changes:?}");
    // Each complete record can be gone on from.
    let middle = messages.iter().find_map(|message| message["id"].as_i64().filter(|id| *id > 0)).unwrap();
    let request = json!({ "task_id": task, "last_event_id": middle });
    let later = world.client.call(STREAM, &metadata, &request).await.messages;
    assert!(later.len() < messages.len() && later.len() > 2, "{later:?}");

    let unknown = world.client.call(STREAM, &metadata, &json!({ "task_id": Uuid::nil() })).await;
    assert_eq!((unknown.status, unknown.reason.as_deref()), (5, Some("no_such_task")));
}

#[tokio::test]
async fn a_call_ends_at_its_deadline() {
    let world = World::start().await;
    let metadata = [("x-api-key", world.admin.as_str()), ("grpc-timeout", "50m")];
    let task = world.task().await;
    for (path, request) in [
        (GET_TASK, json!({ "task_id": task, "wait_seconds": 30.0 })),
        (STREAM, json!({ "task_id": task })),
        (WATCH_EVENTS, json!({})),
    ] {
        let waited =
            tokio::time::timeout(Duration::from_secs(10), world.client.call(path, &metadata, &request));
        assert_eq!(waited.await.expect("the call outlives its deadline").status, 4, "{path}");
    }
}

#[tokio::test]
async fn a_stream_that_the_server_ends_does_not_look_complete() {
    let world = World::start().await;
    let metadata = [("x-api-key", world.admin.as_str())];
    let request = json!({ "task_id": world.task().await });
    let followed = world.client.call(STREAM, &metadata, &request);
    let stopped = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.stop.cancel();
    };
    let (followed, ()) = tokio::join!(followed, stopped);
    assert_eq!((followed.status, followed.messages.len()), (14, 1), "{followed:?}");
}

#[tokio::test]
async fn what_stays_open_does_not_hold_up_the_end_of_the_server() {
    let world = World::start().await;
    let _silent = TcpStream::connect(world.address).await.unwrap();
    let mut halted = TcpStream::connect(world.address).await.unwrap();
    halted.write_all(b"PRI ").await.unwrap();
    let watch = |service: &str| HealthCheckRequest { service: service.to_owned() }.encode_to_vec();
    let mut bodies = Vec::new();
    for service in ["", "tasker.v1.Nothing"] {
        let mut body =
            world.client.open("/grpc.health.v1.Health/Watch", &[], &watch(service)).await.into_body();
        body.frame().await.unwrap().unwrap();
        bodies.push(body);
    }
    world.stop.cancel();
    let served = tokio::time::timeout(Duration::from_millis(1500), world.served);
    served.await.expect("the server does not end").unwrap().unwrap();
    // The first has been told of the end.
    let told = bodies[0].frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(HealthCheckResponse::decode(&told[5..]).unwrap().status, 2);
}

#[tokio::test]
async fn who_may_not_call_is_not_read_at_length() {
    let world = World::start().await;
    let create = "/tasker.v1.TaskService/CreateTasks";
    let kind = world.client.pool.get_message_by_name("tasker.v1.CreatedTasks").unwrap();
    // Two million empty requests.
    let many = [0x0a, 0x00].repeat(2 << 20);
    for metadata in [&[][..], &[("x-api-key", "tsk_wrong")]] {
        let refused = world.client.send(create, metadata, &many, kind.clone()).await;
        assert_eq!(
            (refused.status, refused.reason.as_deref()),
            (8, Some("payload_too_large")),
            "{refused:?}"
        );
    }
    // What unpacks to more than a body may have.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packed, &vec![0; 64 << 20]).unwrap();
    let metadata = [("x-api-key", world.admin.as_str()), ("grpc-encoding", "gzip")];
    let refused = world.client.send_frame(create, &metadata, 1, &packed.finish().unwrap(), kind).await;
    assert_eq!(refused.status, 8, "{refused:?}");
}

#[tokio::test]
async fn pages_of_others_cannot_call() {
    let world = World::start().await;
    let metadata = [("host", "evil.example")];
    let refused = world.client.call(GET_META, &metadata, &json!({})).await;
    assert_eq!((refused.status, refused.reason.as_deref()), (7, Some("host_refused")), "{refused:?}");
    let refused = world.client.call(GET_META, &[("origin", "https://evil.example")], &json!({})).await;
    assert_eq!((refused.status, refused.reason.as_deref()), (7, Some("origin_refused")), "{refused:?}");
}

#[tokio::test]
async fn reflection_lists_all_services() {
    use tonic_reflection::pb::v1::{
        ServerReflectionRequest, ServerReflectionResponse, server_reflection_request::MessageRequest,
        server_reflection_response::MessageResponse,
    };
    let world = World::start().await;
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        let body = world.client.open(&path, &[], &request.encode_to_vec()).await.into_body();
        let data = body.collect().await.unwrap().to_bytes();
        let Some(MessageResponse::ListServicesResponse(listed)) =
            ServerReflectionResponse::decode(&data[5..]).unwrap().message_response
        else {
            panic!("{data:?}")
        };
        let names: Vec<String> = listed.service.into_iter().map(|service| service.name).collect();
        let ours = world.client.pool.services().map(|service| service.full_name().to_owned());
        for service in ours {
            assert!(names.contains(&service), "{service} in {names:?}");
        }
    }
}

#[tokio::test]
async fn what_is_missing_is_not_what_is_empty() {
    let world = World::start().await;
    let metadata = [("x-api-key", world.admin.as_str())];
    for given in [None, Some(json!(["shop"]))] {
        let mut request = json!({ "name": "made", "permissions": ["tasks:read"] });
        if let Some(given) = given.clone() {
            request["namespaces"] = given;
        }
        let created = world.client.call("/tasker.v1.AdminService/CreateKey", &metadata, &request).await;
        assert_eq!(created.messages[0].get("namespaces"), given.as_ref(), "{created:?}");
    }
    let request = json!({ "name": "made", "permissions": ["tasks:read"], "namespaces": [] });
    let refused = world.client.call("/tasker.v1.AdminService/CreateKey", &metadata, &request).await;
    assert_eq!((refused.status, refused.detail.contains("no permission")), (3, true), "{refused:?}");
    // A switch that does not say which way.
    world.request("/tasker.v1.TriggerService/SwitchTrigger").await;
    let request = json!({ "namespace": "shop", "name": "paid" });
    let switched = world.client.call("/tasker.v1.TriggerService/SwitchTrigger", &metadata, &request).await;
    assert_eq!((switched.status, switched.detail.contains("enabled")), (3, true), "{switched:?}");
    // A document may be `null`.
    let request = json!({ "name": "order", "context_json": "null" });
    let created = world.client.call("/tasker.v1.TaskService/CreateTask", &metadata, &request).await;
    let task = json!({ "task_id": created.messages[0]["task_id"] });
    let context = world.client.call("/tasker.v1.TaskService/GetTaskContext", &metadata, &task).await;
    assert_eq!(context.messages[0].get("input"), Some(&Value::Null), "{context:?}");
}

#[tokio::test]
async fn a_list_of_documents_has_documents() {
    let world = World::start().await;
    let metadata = [("x-api-key", world.admin.as_str())];
    let template = "{ name: bulk, version: 1.0.0, steps: [
        { name: cut, type: batchable, handler: { callable: work }, retry: { retryable: false } },
        { name: part, type: batch_worker, dependencies: [cut], handler: { callable: work } }] }";
    world.server.publish_template(template).await;
    let request = json!({ "name": "bulk" });
    let created = world.client.call("/tasker.v1.TaskService/CreateTask", &metadata, &request).await;
    let task = created.messages[0]["task_id"].clone();
    let id = task.as_str().unwrap().parse().unwrap();
    world.server.end(id, "cut", (0, 1), crate::host::failed("Broken", false), &[]).await;
    let request = json!({
        "task_id": task, "step": "cut", "action": "complete_manually", "reason": "by hand", "result_json": "1",
        "cursors_json": { "values": [r#"{"from": 0}"#, "7"] },
    });
    let resolved = world.client.call("/tasker.v1.StepService/ResolveStep", &metadata, &request).await;
    assert_eq!(resolved.status, 0, "{resolved:?}");
    let steps =
        world.client.call("/tasker.v1.StepService/ListSteps", &metadata, &json!({ "task_id": task })).await;
    let cursors: Vec<&Value> = steps.messages[0]["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|step| step.get("cursor"))
        .filter(|cursor| !cursor.is_null())
        .collect();
    assert_eq!(cursors, [&json!({ "from": 0 }), &json!(7)], "{steps:?}");
}

#[tokio::test]
async fn calls_that_are_none_get_a_status() {
    let world = World::start().await;
    let metadata = [("x-api-key", world.admin.as_str())];
    let kind = world.client.pool.get_message_by_name("tasker.v1.CreatedTask").unwrap();
    for path in ["/tasker.v1.TaskService/Nothing", "/nothing", "/", "/v1/tasks"] {
        assert_eq!(world.client.send(path, &metadata, &[], kind.clone()).await.status, 12, "{path}");
    }
    let broken = world.client.send(GET_TASK, &metadata, &[0xff, 0xff], kind.clone()).await;
    assert_eq!(
        (broken.status, broken.detail.contains("not a tasker.v1.GetTaskRequest")),
        (3, true),
        "{broken:?}"
    );
    let missing = world.client.call(GET_TASK, &metadata, &json!({})).await;
    assert_eq!((missing.status, missing.detail.as_str()), (3, "`task_id` is missing"));
    assert_eq!(missing.reason.as_deref(), Some("invalid_request"));
    let request = json!({ "name": "order", "context_json": "{not JSON" });
    let unfit = world.client.call("/tasker.v1.TaskService/CreateTask", &metadata, &request).await;
    assert_eq!((unfit.status, unfit.detail.contains("`context_json` is not JSON")), (3, true), "{unfit:?}");
    let long = vec![0; (8 << 20) + 1];
    let refused = world.client.send(GET_TASK, &metadata, &long, kind).await;
    assert_eq!((refused.status, refused.reason.as_deref()), (8, Some("payload_too_large")), "{refused:?}");
}

#[tokio::test]
async fn health_is_that_of_the_api_and_needs_no_credentials() {
    let world = World::start().await;
    let check = async |service: &str| {
        let request = HealthCheckRequest { service: service.to_owned() }.encode_to_vec();
        let kind = world.client.pool.get_message_by_name("grpc.health.v1.HealthCheckResponse").unwrap();
        let returned = world.client.send(CHECK, &[], &request, kind).await;
        (returned.status, returned.messages.first().map(|message| message["status"].clone()))
    };
    assert_eq!(check("").await, (0, Some(json!(1))));
    assert_eq!(check("tasker.v1.TaskService").await, (0, Some(json!(1))));
    assert_eq!(check("tasker.v1.Nothing").await.0, 5);

    let watch = HealthCheckRequest::default().encode_to_vec();
    let mut watched = world.client.open("/grpc.health.v1.Health/Watch", &[], &watch).await.into_body();
    let mut next = async || {
        let frame =
            tokio::time::timeout(Duration::from_secs(30), watched.frame()).await.unwrap().unwrap().unwrap();
        HealthCheckResponse::decode(&frame.into_data().unwrap()[5..]).unwrap().status
    };
    assert_eq!(next().await, 1);
    for statement in [
        "UPDATE pg_database SET datallowconn = false WHERE datname = current_database()",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    ] {
        sqlx::query(statement).execute(&world.server.database.pool).await.unwrap();
    }
    assert_eq!(next().await, 2, "without its database the server does not serve");
    assert_eq!(check("").await, (0, Some(json!(2))));
}

#[tokio::test]
async fn http_1_and_http_2_share_the_port_however_slowly_a_client_begins() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.address).await.unwrap();
    // The first letter is that of an HTTP/2 connection, too.
    for part in [
        "P",
        "O",
        "ST /v1/tasks HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ] {
        stream.write_all(part.as_bytes()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 401 "), "{text}");
    // A client that says nothing does not hold up others.
    let _silent = TcpStream::connect(world.address).await.unwrap();
    let health = world.client.call("/tasker.v1.HealthService/CheckHealth", &[], &json!({})).await;
    assert_eq!(health.status, 0);
}

#[tokio::test]
async fn a_followed_list_is_told_as_server_sent_events_tell_it() {
    let world = World::start().await;
    let task = world.task().await;
    let metadata = [("x-api-key", world.admin.as_str()), ("grpc-timeout", "2500m")];
    let request = json!({ "tag": ["web"], "limit": 1 });
    let followed = world.client.call(LIST, &metadata, &request);
    let change = async {
        while world.server.orchestrator.feed.lists() == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        world.server.end(task, "a", (0, 1), crate::host::complete(&json!(1)), &[]).await;
    };
    let (followed, ()) = tokio::join!(followed, change);
    // It has no end of its own.
    assert_eq!(followed.status, 4, "{followed:?}");
    let status = |place: usize, event: &str| followed.messages[place][event]["tasks"][0]["status"].clone();
    // The snapshot may be read after the change, which is sent in any case.
    assert!(status(0, "snapshot").is_string(), "{followed:?}");
    assert_eq!(status(1, "changes"), "complete");
    assert!(followed.messages[1]["id"].is_string() || followed.messages[1]["id"].is_number());
}

#[tokio::test]
async fn the_cookie_of_a_browser_is_no_credential_of_a_call() {
    let world = World::start().await;
    let caller = world.server.orchestrator.keys.verify(&world.admin).await.unwrap().unwrap();
    let new = NewSession { caller, address: None, user_agent: None };
    let session = world.server.orchestrator.sessions.create(&new).await.unwrap().secret;
    let (cookie, bearer) = (format!("tasker_session={session}"), format!("Bearer {session}"));
    let who_am_i = async |name: &str, value: &str| {
        world.client.call("/tasker.v1.AdminService/WhoAmI", &[(name, value)], &json!({})).await.status
    };
    assert_eq!(who_am_i("cookie", &cookie).await, 16);
    assert_eq!(who_am_i("authorization", &bearer).await, 0);
}
