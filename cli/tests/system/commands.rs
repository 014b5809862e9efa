//! The commands: exit codes, JSON, and error messages.

use std::{path::Path, process::Command};

use serde_json::json;
use tasker_transport::sha256_hex;
use tempfile::TempDir;

use crate::{
    operators::{MEND, Server},
    program::{Ended, run, tasker},
    project::{Project, benchmark_shapes, counted_handlers},
};

const ONE_STEP: &str = "\
name: one
namespace_name: system
version: 1.0.0
identity_strategy: always_unique
input_schema: { type: object, required: [n] }
steps:
  - name: step
    handler: { callable: HANDLER }
";

fn one_step(component: std::path::PathBuf, handler: &str) -> Project {
    let project = Project::new(&[component]);
    project.write("templates/one.yaml", &ONE_STEP.replace("HANDLER", handler));
    project
}

fn run_locally(project: &Project, input: &str) -> Ended {
    run(tasker(project.path()).args(["--json", "task", "run", "system/one", "--local", "--input", input]))
}

#[test]
fn a_local_run_ends_with_0_where_the_task_completes_and_3_where_its_input_is_refused() {
    let project = one_step(benchmark_shapes(), "add_up");
    let complete = run_locally(&project, r#"{"n": 1}"#);
    assert_eq!(complete.code, Some(0), "{complete:#?}");
    assert_eq!(complete.json()[0]["workflow_steps"][0]["result"]["value"], 2, "{complete:#?}");
    let refused = run_locally(&project, "{}");
    assert_eq!(refused.code, Some(3), "{refused:#?}");
    let told = &refused.json()[0];
    assert_eq!(told["problem"]["code"], "invalid_input");
    assert!(
        told["problem"]["detail"].as_str().is_some_and(|reason| reason.contains("\"n\" is a required")),
        "{told}"
    );
}

#[test]
fn a_local_run_ends_with_3_where_a_step_fails_for_good() {
    let failed = run_locally(&one_step(counted_handlers(), "refuse"), r#"{"n": 1}"#);
    assert_eq!(failed.code, Some(3), "{failed:#?}");
    assert!(failed.stdout.contains("this handler always refuses"), "{failed:#?}");
}

#[test]
fn a_local_run_ends_with_1_where_the_project_is_broken() {
    let project = one_step(benchmark_shapes(), "add_up");
    project.write("templates/broken.yaml", "name: broken\nsteps: [{ name: a, dependencies: [b] }]\n");
    let broken = run_locally(&project, r#"{"n": 1}"#);
    assert_eq!(broken.code, Some(1), "{broken:#?}");
    assert!(broken.stdout.contains("broken.yaml:2"), "the place is missing: {broken:#?}");
}

#[test]
fn one_handler_runs_by_itself() {
    let project = Project::new(&[benchmark_shapes()]);
    let handler = |arguments: &[&str]| {
        run(tasker(project.path()).args(["--json", "handler", "run", "add_up"]).args(arguments))
    };
    let ended = handler(&["--input", r#"{"n": 1}"#, "--dependency", r#"left={"value": 20}"#]);
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.json()["ending"]["complete"]["inline"]["value"], 21, "{ended:#?}");
    let refused = handler(&["--input", r#"{"n": "one"}"#]);
    assert_eq!(refused.code, Some(3), "{refused:#?}");
    assert_eq!(refused.json()["ending"]["failed"]["error_type"], "InvalidInput", "{refused:#?}");
    let unknown = run(tasker(project.path()).args(["handler", "run", "add_down"]));
    assert_eq!(unknown.code, Some(1), "{unknown:#?}");
    assert!(unknown.stderr.contains("there are add_up"), "{unknown:#?}");
}

/// A WASI command that does nothing. `section` is the name of a section without meaning, of one letter.
fn command(section: char) -> Vec<u8> {
    let mut wasm = b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x07\x13\x02\x06_start\0\0\x06memory\x02\0\x0a\x04\x01\x02\0\x0b".to_vec();
    wasm.extend([0, 2, 1, section as u8]);
    wasm
}

#[test]
fn two_handlers_of_one_name_are_told_apart_or_refused() {
    let project = Project::new(&["bill.wasm".into(), "ship.wasm".into()]);
    for (name, section) in [("bill.wasm", 'b'), ("ship.wasm", 's')] {
        std::fs::write(project.path().join(name), command(section)).expect("the component is written");
    }
    project.write("templates/one.yaml", &ONE_STEP.replace("HANDLER", "bil"));
    let said = |arguments: &[&str]| {
        let ended = run(tasker(project.path()).args(arguments));
        format!("{:?} {}{}", ended.code, ended.stdout, ended.stderr)
    };
    for refused in [said(&["build"]), said(&["handler", "run", "run"]), said(&["template", "validate"])] {
        let names = ["Some(1)", "bill.wasm and", "ship.wasm both contain a handler `run`"];
        assert!(names.iter().all(|name| refused.contains(name)), "{refused}");
    }
    let config = std::fs::read_to_string(project.path().join("tasker.toml")).expect("it is there");
    project.write("tasker.toml", &format!("{config}[handlers]\nbill = \"bill/run\"\nship = \"ship/run\"\n"));
    assert!(said(&["handler", "run", "bill", "--input", "{}"]).starts_with("Some(0)"));
    assert!(said(&["handler", "run", "run"]).contains("name `bill/run` or `ship/run`"));
    // Each command that knows the handlers warns of an unknown one.
    for told in [said(&["build"]), said(&["template", "validate"])] {
        assert!(told.starts_with("Some(0)"), "{told}");
        assert!(told.contains("no component of the project contains `bil`; did you mean `bill`?"), "{told}");
    }
    let published = run_locally(&project, r#"{"n": 1}"#);
    assert!(published.stderr.contains("contains `bil`; did you mean `bill`?"), "{published:#?}");
    project.write("templates/one.yaml", &ONE_STEP.replace("HANDLER", "ship"));
    assert_eq!(run_locally(&project, r#"{"n": 1}"#).code, Some(0));
}

#[test]
fn the_configuration_tells_where_each_value_comes_from() {
    let project = Project::new(&[]);
    let ended = run(tasker(project.path())
        .args(["--json", "config", "show"])
        .env("TASKER__WORKER__LEASE_SECONDS", "7")
        .env("DATABASE_URL", "postgres://me:hidden@localhost/x"));
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(!ended.stdout.contains("hidden"), "{ended:#?}");
    let entries = ended.json();
    let entry = |key: &str| {
        let mut entries = entries.as_array().expect("entries").iter();
        entries.find(|entry| entry["key"] == key).unwrap_or_else(|| panic!("no {key}")).clone()
    };
    assert_eq!(entry("worker.lease_seconds")["value"], 7);
    assert_eq!(entry("worker.lease_seconds")["source"]["environment"], "TASKER__WORKER__LEASE_SECONDS");
    assert_eq!(entry("worker.drain_seconds")["source"], "default");
    let file = entry("project.name")["source"]["file"].as_str().expect("a file").to_owned();
    assert!(file.ends_with("tasker.toml"), "{file}");
}

#[test]
fn a_database_that_refuses_connections_is_told_of_at_once() {
    let project = Project::new(&[]);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address = closed.expect("a free port").to_string();
    for command in ["serve", "worker", "publish", "dev"] {
        let began = std::time::Instant::now();
        let url = format!("postgres://nobody@{address}/nothing");
        let ended = run(tasker(project.path())
            .arg(command)
            .env("DATABASE_URL", url)
            .env("TASKER__SERVER__LISTEN", "127.0.0.1:0"));
        assert_eq!(ended.code, Some(1), "{command}: {ended:#?}");
        let told = ended.stderr.to_lowercase();
        assert!(told.contains(&address) && told.contains("connection refused"), "{command}: {ended:#?}");
        assert!(began.elapsed() < std::time::Duration::from_secs(5), "{command}: {:?}", began.elapsed());
    }
}

#[test]
fn a_server_is_named_by_a_url_or_by_a_port_of_this_machine() {
    let project = Project::new(&[]);
    let list = |server: &str| {
        let ended = run(tasker(project.path()).args(["--server", server, "task", "list"]));
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        ended.stderr
    };
    for here in ["127.0.0.1:1", "localhost:1", "http://127.0.0.1:1"] {
        let told = list(here);
        let url = if here.contains("://") { here.to_owned() } else { format!("http://{here}") };
        assert!(told.contains(&format!("no server responds at {url}")), "{told}");
    }
    for elsewhere in ["tasker.example:8080", "tasker.example"] {
        let told = list(elsewhere);
        assert!(told.contains(&format!("write https://{elsewhere} or http://{elsewhere}")), "{told}");
    }
}

#[test]
fn a_project_is_made_in_the_current_folder_and_under_no_name_that_is_taken() {
    let folder = TempDir::with_prefix("tasker-new-").expect("a folder is made");
    let here = folder.path().join("here");
    std::fs::create_dir_all(here.join(".git")).expect("a folder is made");
    let made = run(tasker(&here).args(["new", "."]).current_dir(&here));
    assert_eq!(made.code, Some(0), "{made:#?}");
    let config = std::fs::read_to_string(here.join("tasker.toml")).expect("it is made");
    assert!(config.contains("name = \"here\""), "{config}");
    for taken in ["tasker-handler", "serde", "core"] {
        let ended = run(tasker(folder.path()).arg("new").arg(folder.path().join(taken)));
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert!(ended.stderr.contains(&format!("`{taken}` is the name of a crate")), "{ended:#?}");
    }
}

#[test]
fn a_version_that_is_older_than_a_published_one_is_said_to_be_unused() {
    let project = Project::new(&["ship.wasm".into()]);
    std::fs::write(project.path().join("ship.wasm"), command('s')).expect("the component is written");
    let publish = |version: &str| {
        let template = ONE_STEP.replace("HANDLER", "run").replace("1.0.0", version);
        project.write("templates/one.yaml", &template);
        run(tasker(project.path()).args(["task", "run", "system/one", "--local", "--input", "{\"n\": 1}"]))
            .stdout
    };
    assert!(!publish("1.10.0").contains("older"));
    let told = publish("1.2.0");
    assert!(told.contains("system/one 1.2.0 is older than 1.10.0"), "{told}");
}

#[test]
fn a_project_is_published_through_the_api() {
    let server = Server::start(&[("mend", MEND)]);
    let project = Project::new(&["ship.wasm".into()]);
    std::fs::write(project.path().join("ship.wasm"), command('s')).expect("the component is written");
    project.write("templates/one.yaml", &ONE_STEP.replace("HANDLER", "run"));
    let publish =
        || run(tasker(project.path()).args(["publish", "--remote"]).env("TASKER_URL", server.url()));
    let done = publish();
    assert_eq!(done.code, Some(0), "{done:#?}");
    assert!(done.stdout.contains("published system/one 1.0.0"), "{done:#?}");
    let (_, steps) = server.task("system/one", &json!({ "n": 1 }), 0);
    assert!(steps[0].contains("complete"), "{steps:?}");
    let again = publish();
    assert!(again.stdout.contains("unchanged system/one 1.0.0"), "{again:#?}");
    assert!(done.stdout.contains("storing") && !again.stdout.contains("storing"), "{again:#?}");
    project.write(
        "templates/one.yaml",
        &ONE_STEP.replace("HANDLER", "run").replace("- name: step", "- name: other"),
    );
    let refused = publish();
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(refused.stderr.contains("already published with other content"), "{refused:#?}");
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let project = Project::new(&[]);
    project.write("tasker.toml", "[project]\nname = \"x\"\n\n[worker]\nspeed = 9\n");
    let ended = run(tasker(project.path()).args(["config", "show"]));
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.stderr.contains("line 5") && ended.stderr.contains("speed"), "{ended:#?}");
}

#[test]
fn a_new_project_runs_and_passes_its_own_tests() {
    let folder = TempDir::with_prefix("tasker-new-").expect("a folder is made");
    let project = folder.path().join("hello");
    let made = run(tasker(folder.path()).args(["new"]).arg(&project));
    assert_eq!(made.code, Some(0), "{made:#?}");
    // Share the build of this test between runs, without network access.
    let lock =
        std::fs::read_to_string(counted_handlers().join("Cargo.lock")).expect("the lock file is there");
    std::fs::write(project.join("Cargo.lock"), lock.replace("\"system-test-handlers\"", "\"hello\""))
        .expect("the lock file is written");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-project");
    std::fs::create_dir_all(folder.path().join(".cargo")).expect("a folder is made");
    std::fs::write(folder.path().join(".cargo/config.toml"), format!("[build]\ntarget-dir = {target:?}\n"))
        .expect("Cargo's configuration is written");
    let ran = run(tasker(&project).current_dir(&project).args([
        "task",
        "run",
        "greeting",
        "--local",
        "--input",
        r#"{"name": "Ada"}"#,
    ]));
    assert_eq!(ran.code, Some(0), "{ran:#?}");
    let tested = run(Command::new("cargo")
        .args(["test", "--quiet"])
        .current_dir(&project)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS"));
    assert_eq!(tested.code, Some(0), "{tested:#?}");
    assert!(tested.stdout.contains("1 passed"), "{tested:#?}");
}

/// A WASI command of two modules.
const TWO_MODULES: &str = r#"(component
    (core module $numbers (func (export "zero") (result i32) (i32.const 0)))
    (core module $main (import "numbers" "zero" (func $zero (result i32)))
        (func (export "run") (result i32) (call $zero)))
    (core instance $numbers (instantiate $numbers))
    (core instance $main (instantiate $main (with "numbers" (instance $numbers))))
    (func $run (result (result)) (canon lift (core func $main "run")))
    (instance $run (export "run" (func $run)))
    (export "wasi:cli/run@0.2.0" (instance $run)))"#;

#[test]
fn a_component_is_built_with_one_core_module_unless_the_project_says_otherwise() {
    let project = Project::new(&["two.wasm".into()]);
    let wasm = wat::parse_str(TWO_MODULES).expect("the component is well formed");
    std::fs::write(project.path().join("two.wasm"), &wasm).expect("the file is written");
    let build = || {
        let built = run(tasker(project.path()).args(["--json", "build"]));
        assert_eq!(built.code, Some(0), "{built:#?}");
        let component = built.json()[0]["component"].as_str().expect("a digest").to_owned();
        (component, built.stderr)
    };
    let (merged, said) = build();
    assert!(said.contains("two.wasm: merged 2 core modules into 1"), "{said}");
    assert_eq!(build().0, merged, "the same file has the same digest");
    assert_ne!(merged, sha256_hex(&wasm));

    project.write(
        "tasker.toml",
        "[project]\nname = \"system\"\ncomponents = [\"two.wasm\"]\nmerge_modules = false\n",
    );
    let (original, said) = build();
    assert_eq!(original, sha256_hex(&wasm));
    assert!(!said.contains("merged"), "{said}");
}
