//! Operators' commands: inspect failures, correct them, and watch events.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    program::{Ended, PATIENCE, Process, run, tasker},
    project::{Project, counted_handlers},
};

/// A template whose first step fails and blocks the task.
pub(crate) const MEND: &str = "
name: mend
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: broken, handler: { callable: refuse } }
  - { name: after, dependencies: [broken], handler: { callable: echo } }
";

pub(crate) const ROWS: &str = "
name: rows
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: cut, type: batchable, handler: { callable: cut }, batch_config: { parallelism: 5 } }
  - { name: row, type: batch_worker, dependencies: [cut], handler: { callable: row } }
  - name: sum
    type: deferred_convergence
    dependencies: [row]
    handler: { callable: echo }
    publishes_events: [{ name: rows.summed }]
";

pub(crate) const CHOICE: &str = "
name: choice
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: choose, type: decision, handler: { callable: choose } }
  - { name: left, dependencies: [choose], handler: { callable: echo } }
  - { name: right, dependencies: [choose], handler: { callable: echo } }
  - { name: join, type: deferred_convergence, dependencies: [left, right], handler: { callable: echo } }
";

pub(crate) const LATE: &str = "
name: late
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: later, handler: { callable: later }, retry: { max_backoff_ms: 3600000 } }
";

/// A project with these workflows, and its server.
pub(crate) struct Server {
    project: Project,
    process: Process,
    url: String,
}

impl Server {
    pub(crate) fn start(templates: &[(&str, &str)]) -> Self {
        let project = Project::new(&[counted_handlers()]);
        for (name, template) in templates {
            project.write(&format!("templates/{name}.yaml"), template);
        }
        let mut command = tasker(project.path());
        let mut process = Process::start(command.arg("dev").env("TASKER__SERVER__LISTEN", "127.0.0.1:0"));
        let url = process.wait_for("API ");
        Self { project, process, url }
    }

    /// The URL of the API.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The folder of the project.
    pub(crate) fn path(&self) -> &Path {
        self.project.path()
    }

    /// Runs a command on this server and returns how it ended.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(tasker(self.project.path()).args(arguments).env("TASKER_URL", &self.url).env("USER", "somebody"))
    }

    /// Runs a command that must succeed, and returns its output.
    pub(crate) fn say(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:#?}");
        ended.stdout
    }

    /// Runs a command that must succeed, and returns its JSON output.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let said = self.say(&[&["--json"], arguments].concat());
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
    }

    /// Runs a command that must fail, and returns its error.
    pub(crate) fn refusal(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:#?}");
        ended.stderr
    }

    /// Creates a task with `task run`. Returns its id and the lines of its final drawing, without times.
    pub(crate) fn task(&self, template: &str, input: &Value, code: i32) -> (String, Vec<String>) {
        let ended = self.run(&["task", "run", template, "--input", &input.to_string()]);
        assert_eq!(ended.code, Some(code), "{ended:#?}");
        let mut lines = ended.stdout.trim_end().lines().map(words);
        let title = lines.next().unwrap_or_default();
        let task = title.split(' ').nth(1).unwrap_or_default().to_owned();
        (task, lines.collect())
    }

    pub(crate) fn wait_for_status(&self, task: &str, status: &str) {
        let until = Instant::now() + PATIENCE;
        while self.json(&["task", "show", task])["status"] != status {
            assert!(Instant::now() < until, "{task} did not become {status}\n{}", self.process.said());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Removes times and repeated spaces from a line.
fn words(line: &str) -> String {
    let mut words: Vec<&str> = line.split_whitespace().collect();
    while let Some(unit) = words.iter().position(|word| ["µs", "ms", "s", "min"].contains(word)) {
        words.drain(unit.saturating_sub(1)..=unit);
    }
    words.join(" ")
}

#[test]
fn a_failed_step_is_looked_at_and_put_right() {
    let server = Server::start(&[("mend", MEND)]);
    let (task, lines) = server.task("mend", &json!({}), 3);
    let task = task.as_str();
    assert_eq!(lines[0], "✗ broken error 1 attempt Refused: this handler always refuses");
    assert_eq!(lines[1], "○ after pending");
    assert_eq!(lines[3], format!("tasker task redrive {task} retries the failed steps"));

    assert!(server.say(&["step", "list", task]).contains("Refused: this handler always refuses"));
    let shown = server.say(&["step", "show", task, "broken", "--history"]);
    for part in ["Refused (permanent, from the handler)", "attempt 1 ", "pending → enqueued", "created"] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    let step = server.json(&["step", "show", task, "0"]);
    assert_eq!((&step["name"], &step["attempts"][0]["attempt"]), (&json!("broken"), &json!(1)));

    let entries = server.json(&["dlq", "list", "--status", "pending"]);
    let entries = entries["items"].clone();
    assert_eq!(entries[0]["task_id"], task);
    let entry = entries[0]["dlq_entry_id"].as_str().expect("an id").to_owned();
    assert_eq!(server.json(&["dlq", "show", &entry])[0], entries[0]);
    assert!(server.say(&["dlq", "show", task]).contains("max_retries_exceeded"));
    assert!(server.say(&["dlq", "queue"]).contains(&entry));
    assert_eq!(server.json(&["dlq", "stats"])[0]["pending"], 1);
    assert_eq!(server.json(&["dlq", "staleness"])[0]["health_status"], "healthy");
    server.say(&["dlq", "requeue", task, "--reason", "once more"]);
    server.wait_for_status(task, "blocked_by_failures");
    let resolved = server.json(&["dlq", "show", &entry]);
    assert_eq!(
        (&resolved[0]["resolution_status"], &resolved[0]["resolved_by"]),
        (&json!("manually_resolved"), &json!("somebody"))
    );
    let resolve = ["dlq", "resolve", task, "--as", "permanently-failed", "--reason", "no"];
    assert!(server.say(&resolve).contains("permanently_failed"));
    assert!(server.say(&["dlq", "add", task, "--reason", "look at it"]).contains("has the DLQ entry"));
    assert!(
        server.refusal(&["dlq", "show", "00000000-0000-0000-0000-000000000000"]).contains("no DLQ entry")
    );

    server.say(&["task", "redrive", task, "--reason", "try"]);
    server.wait_for_status(task, "blocked_by_failures");
    let again = server.json(&["step", "reset", task, "broken", "--reason", "again", "--actor", "Ada"]);
    assert_eq!(again["status"], "steps_in_process");
    server.wait_for_status(task, "blocked_by_failures");
    let history = server.json(&["step", "show", task, "broken", "--history"]);
    let reset = history["transitions"].as_array().expect("transitions").iter();
    let reset =
        reset.clone().find(|change| change["event"] == "reset_for_retry").expect("the reset is listed");
    assert_eq!((&reset["actor"], &reset["reason"]), (&json!("Ada"), &json!("again")));
    assert_eq!(server.run(&["step", "reset", task, "broken"]).code, Some(2), "a reason is needed");

    let long = r#"{"id": 123456789012345678901234567890, "price": 1.10}"#;
    let run = server.run(&["--json", "task", "run", "mend", "--input", long]);
    let id = run.json()[0]["task_id"].as_str().expect("an id").to_owned();
    for told in [run.stdout, server.say(&["--json", "task", "show", &id])] {
        assert!(told.contains("123456789012345678901234567890") && told.contains("1.10"), "{told}");
    }

    server.say(&[
        "step",
        "complete",
        task,
        "broken",
        "--result",
        r#"{"value": 1.50}"#,
        "--reason",
        "by hand",
    ]);
    assert!(server.say(&["task", "watch", task]).contains(r#"[{"value":1.5}]"#));
    assert_eq!(server.json(&["task", "rerun", task, "--from", "after"])["status"], "steps_in_process");
    server.wait_for_status(task, "complete");
    for refused in ["pause", "resume", "redrive", "give-up", "resolve", "upgrade", "cancel"] {
        assert!(server.refusal(&["task", refused, task]).contains("task"), "{refused}");
    }

    let (task, _) = server.task("mend", &json!({}), 3);
    server.say(&["step", "resolve", &task, "broken", "--reason", "not needed"]);
    server.wait_for_status(&task, "complete");
    for (action, status) in [("give-up", "error"), ("resolve", "resolved_manually")] {
        let (task, _) = server.task("mend", &json!({}), 3);
        assert_eq!(server.json(&["task", action, &task, "--reason", "enough"])["status"], status);
    }

    let copy = server.json(&["task", "clone", &task, "--context", r#"{"copy": 7}"#, "--reason", "once more"]);
    let shown = server.json(&["task", "show", copy["task_id"].as_str().expect("an id")]).to_string();
    assert!(shown.contains(&format!("rerun-of:{task}")) && shown.contains("once more"), "{shown}");

    let versions = server.json(&["handler", "versions", "refuse"]);
    assert_eq!((versions[0]["version"].as_i64(), versions[0]["is_current"].as_bool()), (Some(1), Some(true)));
    assert!(server.say(&["handler", "promote", "refuse", "1"]).contains("current"));
    assert!(server.refusal(&["handler", "promote", "refuse", "7"]).contains("has no version 7; it has 1"));
    assert!(server.refusal(&["handler", "roll-back", "refuse"]).contains("no earlier version"));
}

#[test]
fn batches_decisions_pauses_and_events_are_seen() {
    let mut server = Server::start(&[("rows", ROWS), ("choice", CHOICE), ("late", LATE)]);
    server.say(&["event", "subscribe", "sums", "rows.*", "--queue", "sums"]);
    let hook = ["event", "subscribe", "hook", "rows.summed", "--webhook", "http://127.0.0.1:9/"];
    assert!(server.say(&hook).contains("signed with the secret"));
    let starter = ["event", "subscribe", "starter", "never.heard", "--task", "rows@1.0.0"];
    assert_eq!(server.json(&starter)["target"]["version"], "1.0.0");
    assert!(server.refusal(&hook).contains("remove it first"));
    let mut watch = Process::start(
        tasker(server.project.path()).args(["event", "watch", "rows.*"]).env("TASKER_URL", &server.url),
    );
    watch.wait_for("watching events");

    let (task, lines) = server.task("rows", &json!({ "workers": 12, "failing": [2], "checkpoints": 1 }), 3);
    assert_eq!(
        lines[..4],
        [
            "✓ cut complete 1 attempt 12",
            "✗ row ×12 error 11 done, 1 failed",
            r#"✗ row_003 error 1 attempt {"end":30,"start":20} · BadRow: row 23 has no amount"#,
            "○ sum pending",
        ]
    );
    let worker = server.say(&["step", "show", &task, "row_001"]);
    assert!(worker.contains("checkpoints  1") && worker.contains("run 2, attempt 1"), "{worker}");
    server.say(&["step", "complete", &task, "row_003", "--result", "0", "--reason", "skipped"]);
    let sum = watch.wait_for("rows.summed");
    assert!(sum.contains(&task) && sum.contains("[10,10,0,10"), "{sum}");
    let (_, lines) = server.task("rows", &json!({ "workers": 2 }), 0);
    assert_eq!(lines[1..3], ["✓ row_001 complete 1 attempt 10", "✓ row_002 complete 1 attempt 10"]);
    assert!(watch.interrupt().success(), "Ctrl-C ends it");
    let events = server.json(&["event", "list"]);
    assert_eq!(events["items"].as_array().map(Vec::len), Some(2), "{events}");
    assert!(server.say(&["event", "list"]).contains("rows.summed"));
    server.say(&["event", "unsubscribe", "hook"]);
    let left = server.say(&["event", "subscriptions"]);
    assert!(
        left.contains("queue sums") && left.contains("task default/rows") && !left.contains("hook"),
        "{left}"
    );

    server.project.write(
        "three.jsonl",
        &format!(
            "{{\"branch\": []}}\n\n{}1{}\n{{\"branch\": [\"left\"]}}\n",
            "[".repeat(130),
            "]".repeat(130)
        ),
    );
    let file = server.project.path().join("three.jsonl");
    let file = file.to_str().expect("a path");
    let made = server.run(&["--json", "task", "create", "choice", "--input", file]);
    assert_eq!(made.code, Some(3), "{made:#?}");
    let told = made.json();
    assert_eq!(told["task_ids"].as_array().map(Vec::len), Some(2), "{told}");
    assert_eq!((&told["refused"][0]["line"], &told["refused"][1]), (&json!(3), &json!(null)), "{told}");
    let made = server.run(&["task", "create", "choice", "--input", file]);
    assert_eq!((made.code, made.stdout.lines().count()), (Some(3), 2), "{made:#?}");
    assert!(made.stderr.contains("refused line 3, [[") && made.stderr.contains("nested deeper"), "{made:#?}");
    assert!(
        server
            .refusal(&["task", "create", "choice", "--input", file, "--idempotency-key", "k"])
            .contains("has 3 inputs")
    );

    let (_, lines) = server.task("choice", &json!({ "branch": ["right"] }), 0);
    assert_eq!(
        lines,
        [
            "✓ choose complete 1 attempt 1",
            "· left not chosen",
            "✓ right complete 1 attempt [1]",
            "✓ join complete 1 attempt [[1]]",
        ]
    );
    let created = server.json(&["task", "create", "late"]);
    let late = created["task_ids"][0].as_str().expect("an id");
    server.wait_for_status(late, "waiting_for_retry");
    let shown = server.say(&["task", "show", late]);
    assert!(shown.contains("next in 59 min") && shown.contains("NotYet: the bank is closed"), "{shown}");
    server.say(&["task", "pause", late, "--reason", "holiday"]);
    let shown = server.say(&["task", "show", late]);
    assert!(shown.contains("paused 0 s ago") && shown.contains("next when resumed"), "{shown}");
    assert!(server.say(&["task", "list"]).contains("waiting_for_retry, paused"));
    server.say(&["task", "resume", late]);
    assert!(server.say(&["task", "cancel", late, "--reason", "enough"]).contains("1 of its steps"));

    // An open listener does not keep the server from stopping.
    let mut watch = Process::start(
        tasker(server.project.path()).args(["--json", "event", "watch"]).env("TASKER_URL", &server.url),
    );
    std::thread::sleep(Duration::from_millis(300));
    assert!(server.process.interrupt().success(), "{}", server.process.said());
    watch.wait_for("the server has ended the connection");
}

#[test]
fn a_task_is_looked_into_and_every_list_is_printed() {
    let server = Server::start(&[("mend", MEND), ("rows", ROWS), ("choice", CHOICE)]);
    let (task, _) = server.task("mend", &json!({}), 3);
    let task = task.as_str();
    server.task("rows", &json!({ "workers": 3 }), 0);

    let counted = server.json(&["task", "count", "--by", "state"]);
    assert_eq!((&counted["count"], &counted["capped"]), (&json!(2), &json!(false)));
    assert!(server.say(&["task", "count", "--name", "mend"]).starts_with("1 tasks"));
    let mermaid = server.say(&["task", "graph", task]);
    assert!(mermaid.starts_with("flowchart LR") && mermaid.contains("broken<br/>error"), "{mermaid}");
    let svg = server.say(&["task", "graph", task, "--format", "svg"]);
    assert!(svg.starts_with("<svg") && svg.contains(">broken</text>") && svg.contains("<polyline"), "{svg}");
    assert_eq!(server.json(&["task", "graph", task])["analysis"]["blocked_by"][0]["step"], "broken");
    let drawn = server.say(&["template", "graph", "choice", "--format", "dot"]);
    assert!(drawn.contains("\"choose\" -> \"left\""), "{drawn}");
    let timeline = server.say(&["task", "timeline", task]);
    assert!(timeline.contains("broken") && timeline.contains("Refused"), "{timeline}");
    assert!(server.say(&["task", "logs", task]).contains("no log lines"));
    assert_eq!(server.json(&["task", "context", task])["input"], json!({}));
    assert!(server.refusal(&["task", "logs", task, "--step", "brokn"]).contains("did you mean `broken`?"));

    assert!(
        server
            .refusal(&["dlq", "bulk", "--name", "mend", "--as", "cancelled", "--reason", "r"])
            .contains("--yes")
    );
    let many = ["dlq", "bulk", "--name", "mend", "--as", "cancelled", "--reason", "r", "--yes"];
    assert!(server.say(&many).contains("1 of 1 entries were updated"));
    assert_eq!(server.json(&["dlq", "list", "--name", "mend"])["items"][0]["resolution_status"], "cancelled");
    assert!(server.say(&many).contains("no pending entry matches"));

    server.say(&["task", "cancel", task, "--reason", "enough"]);
    let trail = server.json(&["audit", "--permission", "tasks:cancel"]);
    assert_eq!((&trail["items"][0]["reason"], &trail["items"][0]["status"]), (&json!("enough"), &json!(200)));
    let trail = server.say(&["audit"]);
    assert!(trail.contains("enough") && trail.contains("127.0.0.1"), "{trail}");

    assert_eq!(server.say(&["task", "input", task]).trim(), "{}");
    let changes = server.say(&["task", "history", task]);
    assert!(changes.contains("broken") && changes.contains("enough"), "{changes}");
    assert!(server.say(&["task", "validate", "mend"]).contains("valid for default/mend 1.0.0"));
    let refused = server.run(&["task", "validate", "nothing"]);
    assert!(refused.code == Some(3) && refused.stderr.contains("nothing"), "{refused:#?}");
    assert_eq!(server.json(&["template", "versions", "mend"])["versions"][0]["tasks_24h"], 1);
    assert!(server.say(&["template", "validate", "--remote"]).contains("mend.yaml: is valid"));
    server.project.write("bad.yaml", "name: bad\nversion: 1.0.0\nsteps: [{ name: a, dependencies: [b] }]\n");
    let bad = server.project.path().join("bad.yaml");
    let refused = server.run(&["template", "validate", "--remote", bad.to_str().expect("a path")]);
    assert!(refused.code == Some(1) && refused.stdout.contains("bad.yaml:3:"), "{refused:#?}");

    let hook = ["event", "subscribe", "hook", "never.heard", "--webhook", "http://127.0.0.1:9/"];
    server.say(&hook);
    assert!(server.say(&["event", "subscription", "show", "hook"]).contains("http://127.0.0.1:9/"));
    assert_eq!(server.json(&["event", "subscription", "deliveries", "hook"])["items"], json!([]));
    assert!(server.refusal(&["event", "subscription", "retry", "hook", "7"]).contains('7'));
    assert_eq!(server.json(&["session", "list"])["items"], json!([]));

    for (list, expected) in [
        (&["template", "list"][..], "default/choice"),
        (&["task", "list"], "default/rows"),
        (&["handler", "list"], "refuse"),
        (&["trigger", "list"], ""),
        (&["event", "list"], "rows.summed"),
        (&["event", "received"], ""),
        (&["event", "subscriptions"], ""),
        (&["dlq", "list"], "mend"),
        (&["dlq", "queue"], ""),
        (&["dlq", "staleness"], ""),
        (&["key", "list"], ""),
    ] {
        let said = server.say(list);
        assert!(said.contains(expected), "{list:?}: {said}");
    }
}
