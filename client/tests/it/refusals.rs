//! What the real API refuses, as typed errors.

use std::time::Duration;

use serde_json::json;
use tasker_api::Authentication;
use tasker_client::{
    Error,
    types::{NewKey, ProblemCode},
};
use uuid::Uuid;

use crate::server::Server;

#[tokio::test]
async fn what_does_not_exist_is_told_by_its_code() {
    let server = Server::start().await;
    let client = server.client();
    let error = client.start("shop/nothing", &json!({})).send().await.unwrap_err();
    let Error::Api(problem) = &error else { panic!("{error}") };
    assert_eq!((&problem.code, problem.status), (&ProblemCode::NoSuchTemplate, 404));
    assert_eq!(error.code(), "no_such_template");
    assert!(error.request_id().is_some_and(|id| Uuid::parse_str(&id).is_ok()), "{error:?}");
    let nobody = client.task(Uuid::nil());
    assert_eq!(nobody.get().await.unwrap_err().code(), "no_such_task");
    assert_eq!(nobody.wait(Duration::from_secs(30)).await.unwrap_err().code(), "no_such_task");
    let wrong = client.tasks().query("colour", "red").page().await.unwrap_err();
    assert_eq!(wrong.code(), "invalid_request");
}

#[tokio::test]
async fn who_may_not_is_told_so() {
    let server = Server::start_with(Authentication::Own(None), |router| router).await;
    let key = server.key("submitter").await;
    let other = if key.ends_with('x') { 'y' } else { 'x' };
    let stranger = server.builder().api_key(format!("{}{other}", &key[..key.len() - 1])).build().unwrap();
    let error = stranger.start("order", &json!({})).send().await.unwrap_err();
    assert_eq!((error.code(), error.status()), ("unauthenticated", Some(401)));
    let waited = stranger.task(Uuid::nil()).wait(Duration::from_secs(30)).await.unwrap_err();
    assert_eq!(waited.code(), "unauthenticated");
    let submitter = server.builder().api_key(&key).build().unwrap();
    let task = submitter.start("order", &json!({})).send().await.unwrap();
    assert_eq!(task.cancel("mine").await.unwrap_err().code(), "forbidden");
    // A key is a token, too.
    let bearer = server.builder().bearer(&key).build().unwrap();
    assert!(bearer.me().await.unwrap().permissions.contains_key("tasks:create"));
    let admin = server.builder().api_key(server.key("admin").await).build().unwrap();
    let refused = admin.audit().outcome("denied").all().await.unwrap();
    assert!(refused.iter().any(|access| access.permission == "tasks:cancel"), "{refused:?}");
    let wanted = NewKey { name: "ci".to_owned(), roles: vec!["viewer".to_owned()], ..NewKey::default() };
    let made = admin.create_key(&wanted).await.unwrap();
    assert!(made.secret.starts_with("tsk_"));
    assert!(admin.revoke_key(&made.key_id).await.unwrap().revoked_at.is_some());
}
