//! A client by the environment, in a process of its own.

use std::{env, process::Command};

use serde_json::json;
use tasker_client::Client;

use crate::fake::{Fake, json_of};

#[tokio::test]
#[ignore = "the other test runs it in a process of its own"]
async fn somebody_asks() {
    Client::from_environment().unwrap().me().await.unwrap();
}

/// The headers with which a process with these variables asks.
async fn credentials(variables: &[(&'static str, &'static str)]) -> [Option<String>; 2] {
    let me = json!({ "principal": { "kind": "key", "name": "ci" }, "permissions": {} });
    let server = Fake::start(move |_, _| json_of(200, &me)).await;
    let mut process = Command::new(env::current_exe().unwrap());
    process.args(["--exact", "environment::somebody_asks", "--ignored"]);
    process.env_clear().envs(variables.iter().copied()).env("TASKER_URL", &server.url);
    // A proxy of the environment does not reach this machine.
    process.env("http_proxy", "http://127.0.0.1:1").env("ALL_PROXY", "http://127.0.0.1:1");
    let output = tokio::task::spawn_blocking(move || process.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let seen = server.seen().remove(0);
    ["authorization", "x-api-key"].map(|name| seen.header(name).map(str::to_owned))
}

#[tokio::test]
async fn the_environment_names_the_server_and_the_credentials() {
    let none = credentials(&[("TASKER_AUTH_TOKEN", ""), ("TASKER_API_KEY", "")]).await;
    assert_eq!(none, [None, None]);
    let key = credentials(&[("TASKER_API_KEY", "tsk_1")]).await;
    assert_eq!(key, [None, Some("tsk_1".to_owned())]);
    let token = credentials(&[("TASKER_AUTH_TOKEN", "a.b.c"), ("TASKER_API_KEY", "tsk_1")]).await;
    assert_eq!(token, [Some("Bearer a.b.c".to_owned()), None]);
}
