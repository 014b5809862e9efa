//! Who may use a server: refused to listen to everybody, and API keys from the first to a revoked one.

use std::{
    thread,
    time::{Duration, Instant},
};

use tasker_local_postgres::{Durability, LocalPostgres};

use crate::{
    program::{PATIENCE, Process, run, tasker},
    project::Project,
};

#[test]
fn a_server_beyond_this_machine_lets_in_only_those_with_a_key() {
    let folder = tempfile::tempdir().expect("a temporary folder is made");
    let database = LocalPostgres::start(folder.path(), Durability::Full).expect("PostgreSQL starts");
    let project = Project::new(&[]);
    let command = |arguments: &[&str]| {
        let mut command = tasker(project.path());
        command.args(arguments).env("DATABASE_URL", database.url());
        command
    };
    let serve = || {
        let mut command = command(&["serve"]);
        command.env("TASKER__SERVER__LISTEN", "0.0.0.0:0");
        command
    };
    let refused = run(&mut serve());
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    assert!(refused.stderr.contains("tasker key create"), "{refused:#?}");
    let mut open = Process::start(serve().arg("--insecure-no-auth"));
    open.wait_for("API on http://0.0.0.0:");
    open.kill();

    let created =
        run(&mut command(&["--json", "key", "create", "--database", "--name", "ci", "--role", "operator"]))
            .json();
    let (id, key) = (created["key_id"].as_str().expect("an id"), created["secret"].as_str().expect("a key"));
    let mut server = Process::start(serve().arg("-vv"));
    let port = server.wait_for("API on http://0.0.0.0:");
    let url = format!("http://127.0.0.1:{port}");
    let with = |key: &str, arguments: &[&str]| {
        run(command(arguments).args(["--server", &url]).env("TASKER_API_KEY", key))
    };
    let without = run(command(&["task", "list"]).args(["--server", &url]));
    assert_eq!(without.code, Some(1), "{without:#?}");
    assert!(without.stderr.contains("X-API-Key"), "{without:#?}");
    assert_eq!(with(key, &["task", "list"]).code, Some(0));
    let me = with(key, &["key", "me"]);
    assert!(me.stdout.starts_with("key ci\n") && me.stdout.contains("tasks:operate"), "{me:#?}");
    let more = with(key, &["key", "create", "--name", "more", "--role", "admin"]);
    assert!(more.stderr.contains("keys:create"), "{more:#?}");
    let wrong = format!("{}x", &key[..60]);
    assert_eq!(with(&wrong, &["task", "list"]).code, Some(1));
    assert!(!server.said().contains(&key[12..60]), "the log holds a key");

    // Another process revokes it.
    assert_eq!(run(&mut command(&["key", "revoke", "--database", id])).code, Some(0));
    let revoked = Instant::now();
    while with(key, &["task", "list"]).code == Some(0) {
        assert!(revoked.elapsed() < PATIENCE, "a revoked key is still valid");
        thread::sleep(Duration::from_millis(100));
    }
    let listed = run(&mut command(&["key", "list", "--database"])).stdout;
    assert!(listed.contains("revoked") && !listed.contains(&key[12..]), "{listed}");
}
