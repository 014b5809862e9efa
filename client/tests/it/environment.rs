//! A client by the environment, in a process of its own.

use std::{env, fs, process::Command};

use serde_json::json;
use tasker_client::Client;

use crate::fake::{Fake, json_of};

#[tokio::test]
#[ignore = "the other test runs it in a process of its own"]
async fn somebody_asks() {
    Client::from_environment().unwrap().me().await.unwrap();
}

#[cfg(feature = "profiles")]
#[tokio::test]
#[ignore = "the other test runs it in a process of its own"]
async fn somebody_asks_the_server_of_a_profile() {
    Client::profile("prod").unwrap().build().unwrap().me().await.unwrap();
    let error = Client::profile("production").unwrap_err();
    assert!(error.to_string().contains("no profile `production` (prod)"), "{error}");
}

/// The headers with which a process with these variables asks.
async fn credentials(variables: &[(&'static str, &'static str)]) -> [Option<String>; 2] {
    let server = server().await;
    let mut process = Command::new(env::current_exe().unwrap());
    process.args(["--exact", "environment::somebody_asks", "--ignored"]);
    process.env_clear().envs(variables.iter().copied()).env("TASKER_URL", &server.url);
    asked(process, &server).await
}

async fn server() -> Fake {
    let me = json!({ "principal": { "kind": "key", "name": "ci" }, "permissions": {} });
    Fake::start(move |_, _| json_of(200, &me)).await
}

/// The headers with which a process asks the server.
async fn asked(mut process: Command, server: &Fake) -> [Option<String>; 2] {
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

#[cfg(feature = "profiles")]
#[tokio::test]
async fn a_profile_names_the_server_and_the_credentials() {
    let key = [None, Some("tsk_1".to_owned())];
    let token = [Some("Bearer tss_1".to_owned()), None];
    for (secrets, expected) in
        [("api_key = \"tsk_1\"", key), ("api_key = \"tsk_1\"\ntoken = \"tss_1\"", token), ("", [None, None])]
    {
        let server = server().await;
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join(".config/tasker")).unwrap();
        let profiles = format!("[prod]\nurl = \"{}\"\n{secrets}\n", server.url);
        fs::write(home.path().join(".config/tasker/profiles.toml"), profiles).unwrap();
        let mut process = Command::new(env::current_exe().unwrap());
        process.args(["--exact", "environment::somebody_asks_the_server_of_a_profile", "--ignored"]);
        process.env_clear().env("HOME", home.path());
        assert_eq!(asked(process, &server).await, expected);
    }
}
