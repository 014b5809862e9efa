//! The trigger commands: tests events without a server, publishes triggers, sends events, and replays dead letters.

use std::{path::Path, thread, time::Instant};

use serde_json::{Value, json};

use crate::{
    program::{Ended, PATIENCE, Process, run, tasker},
    project::{Project, benchmark_shapes},
};

const TEMPLATE: &str = "\
name: one
namespace_name: system
version: 1.0.0
identity_strategy: always_unique
input_schema: { type: object, required: [n], properties: { n: { type: integer } } }
steps:
  - { name: step, handler: { callable: add_up } }
";

const TRIGGER: &str = "\
name: count
namespace: system
pattern: { type: [counted], data: { count: [{ exists: true }] } }
task: { name: one }
input: \"{'n': data.count}\"
";

fn project() -> Project {
    let project = Project::new(&[benchmark_shapes()]);
    project.write("templates/one.yaml", TEMPLATE);
    project.write("triggers/count.yaml", TRIGGER);
    project
}

fn event(id: &str, count: &Value) -> String {
    json!({ "specversion": "1.0", "id": id, "source": "/system", "type": "counted", "data": { "count": count } })
        .to_string()
}

fn test(project: &Project, event: &str) -> Ended {
    run(tasker(project.path()).args(["event", "test", event]))
}

#[test]
fn an_event_is_tried_without_a_server_and_every_reason_is_told() {
    let project = project();
    let starts = test(&project, &event("1", &json!(5)));
    assert_eq!(starts.code, Some(0), "{starts:#?}");
    assert!(
        starts.stdout.contains("starts  system/one") && starts.stdout.contains("\"n\": 5"),
        "{starts:#?}"
    );
    let other =
        test(&project, r#"{"specversion":"1.0","id":"1","source":"/s","type":"other","data":{"count":1}}"#);
    assert_eq!(other.code, Some(3), "{other:#?}");
    assert!(other.stdout.contains("✗ type is \"other\", wanted [\"counted\"]"), "{other:#?}");
    assert!(other.stdout.contains("✓ data.count is 1"), "{other:#?}");
    let refused = test(&project, &event("1", &json!("five")));
    assert_eq!(refused.code, Some(3), "{refused:#?}");
    assert!(refused.stdout.contains("does not fit the template's input_schema"), "{refused:#?}");
    let none = test(&project, r#"{"specversion":"1.0","source":"/s","type":"other"}"#);
    assert_eq!(none.code, Some(1), "{none:#?}");
    assert!(none.stderr.contains("`id` is missing"), "{none:#?}");
}

#[test]
fn the_examples_trigger_is_for_the_event_beside_it() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/order-fulfillment");
    let ended =
        run(tasker(&example).args(["--json", "event", "test"]).arg(example.join("events/order_placed.json")));
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.json()[0]["triggers"][0]["input"]["items"][0]["sku"], "tea-assam-250", "{ended:#?}");
}

#[test]
fn a_broken_trigger_is_refused_with_its_place_wherever_it_is_read() {
    let project = project();
    project.write(
        "triggers/count.yaml",
        &TRIGGER.replace("data.count}", "dta.count}").replace("exists", "exist"),
    );
    for arguments in [&["trigger", "validate"][..], &["event", "test", &event("1", &json!(1))], &["build"]] {
        let ended = run(tasker(project.path()).args(arguments));
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        let told = [
            "count.yaml:3:47: error BAD_VALUE: there is no operator `exist`",
            "count.yaml:5:1: error BAD_VALUE: `input`",
        ];
        assert!(told.iter().all(|told| ended.stderr.contains(told)), "{ended:#?}");
    }
    project.write("triggers/count.yaml", &TRIGGER.replace("name: one", "name: two"));
    let missing = run(tasker(project.path()).args(["trigger", "validate"]));
    assert_eq!(missing.code, Some(0), "{missing:#?}");
    assert!(
        missing.stderr.contains("count.yaml:4:9: warning: the project has no template `system/two`"),
        "{missing:#?}"
    );
}

#[test]
fn an_event_starts_a_task_and_a_dead_letter_does_once_its_trigger_is_put_right() {
    let project = project();
    let mut dev =
        Process::start(tasker(project.path()).arg("dev").env("TASKER__SERVER__LISTEN", "127.0.0.1:0"));
    dev.wait_for("triggers   system/count");
    let url = dev.wait_for("API ");
    let call = |arguments: &[&str]| {
        let ended = run(tasker(project.path()).arg("--json").args(arguments).env("TASKER_URL", &url));
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended.json()
    };
    let sent = call(&["event", "send", &event("1", &json!(5))]);
    let task = sent[0]["tasks"][0]["task_id"].as_str().unwrap_or_else(|| panic!("{sent}")).to_owned();
    let again = call(&["event", "send", &event("1", &json!(5)), &event("2", &json!(6))]);
    assert_eq!((&again[0]["duplicate"], &again[0]["tasks"]), (&json!(true), &sent[0]["tasks"]));
    assert_eq!(again[1]["state"], "started");
    let until = Instant::now() + PATIENCE;
    while call(&["task", "show", &task])["status"] != "complete" {
        assert!(Instant::now() < until, "{}", dev.said());
        thread::sleep(std::time::Duration::from_millis(100));
    }
    let put_together = [
        "event",
        "send",
        "--type",
        "counted",
        "--source",
        "/system",
        "--id",
        "3",
        "--data",
        r#"{"count": "7"}"#,
    ];
    let dead = call(&put_together);
    assert_eq!(dead[0]["state"], "failed", "{dead}");
    let failed = call(&["event", "received", "--failed"]);
    assert_eq!((failed["items"].as_array().map(Vec::len), &failed["items"][0]["id"]), (Some(1), &json!("3")));
    // The running server publishes the corrected file.
    project.write("triggers/count.yaml", &TRIGGER.replace("data.count}", "int(data.count)}"));
    while call(&["trigger", "list"])[0]["version"] != 2 {
        assert!(Instant::now() < until, "{}", dev.said());
        thread::sleep(std::time::Duration::from_millis(100));
    }
    let replayed = call(&["event", "replay", "--all"]);
    assert_eq!(
        (replayed.as_array().map(Vec::len), &replayed[0]["state"]),
        (Some(1), &json!("started")),
        "{replayed}"
    );
    assert_eq!(call(&["event", "received", "--failed"])["items"], json!([]));
    call(&["trigger", "disable", "system/count"]);
    assert_eq!(call(&["event", "send", &event("4", &json!(1))])[0]["state"], "unmatched");
    assert!(dev.interrupt().success(), "{}", dev.said());
}
