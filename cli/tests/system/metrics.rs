//! Metrics of a server and a worker, as Prometheus reads them.

use std::{
    collections::BTreeMap,
    io::Write as _,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use tasker_local_postgres::{Durability, LocalPostgres};
use tasker_test_support::promtool;

use crate::{
    operators::MEND,
    program::{PATIENCE, Process, run, tasker},
    project::{Project, counted_handlers},
};

const SIMPLE: &str = "
name: simple
version: 1.0.0
identity_strategy: always_unique
steps:
  - { name: first, handler: { callable: echo } }
  - { name: second, dependencies: [first], handler: { callable: echo } }
  - { name: choose, type: decision, dependencies: [second], handler: { callable: choose } }
  - { name: left, dependencies: [choose], handler: { callable: echo } }
";

/// How many tasks of the first template run.
const TASKS: u64 = 5;

/// A series with its labels in order.
fn ordered(series: &str) -> String {
    let Some((name, labels)) = series.trim_end_matches('}').split_once('{') else { return series.to_owned() };
    let mut labels: Vec<&str> = labels.split(',').collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

/// A page of metrics: the value of each series, by its text.
#[derive(Debug)]
struct Page {
    text: String,
    series: BTreeMap<String, f64>,
}

impl Page {
    fn read(url: &str) -> Self {
        let text = ureq::get(url).call().expect("metrics").body_mut().read_to_string().expect("text");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let series = lines.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((ordered(name), value.parse().expect("a number")))
        });
        Self { series: series.collect(), text }
    }

    /// The value of a series, without its fraction.
    fn value(&self, series: &str) -> u64 {
        let value = self.series.get(&ordered(series));
        *value.unwrap_or_else(|| panic!("{series} is not in\n{}", self.text)) as u64
    }

    /// The sum of the series of a metric.
    fn sum(&self, metric: &str) -> u64 {
        let of_metric = self.series.iter().filter(|(name, _)| name.split('{').next() == Some(metric));
        of_metric.map(|(_, value)| *value as u64).sum()
    }

    /// Checks the page with Prometheus's own tool, and that no label is an id.
    fn check(&self) {
        let mut check = Command::new(promtool())
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("promtool starts");
        check.stdin.take().expect("its input").write_all(self.text.as_bytes()).expect("it reads");
        let checked = check.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success() && said.is_empty(), "{said}\n{}", self.text);
        for series in self.series.keys() {
            for value in series.split('"').skip(1).step_by(2) {
                let is_id = value.len() == 36 && value.matches('-').count() == 4;
                assert!(!is_id, "{series} has an id as a label");
            }
        }
    }
}

#[test]
fn what_a_server_and_its_worker_did_is_what_their_metrics_say() {
    let folder = tempfile::tempdir().expect("a temporary folder is made");
    let database = LocalPostgres::start(folder.path(), Durability::Full).expect("PostgreSQL starts");
    let project = Project::new(&[counted_handlers()]);
    project.write("templates/simple.yaml", SIMPLE);
    project.write("templates/mend.yaml", MEND);
    let command = |name: &str| {
        let mut command = tasker(project.path());
        command
            .arg(name)
            .env("DATABASE_URL", database.url())
            .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
            .env("TASKER__TELEMETRY__METRICS_LISTEN", "127.0.0.1:0")
            .env("TASKER__TELEMETRY__LOG_FORMAT", "json");
        command
    };
    let mut server = Process::start(command("serve").arg("--publish"));
    let server_metrics = server.wait_for("metrics on ");
    let url = format!("http://{}", server.wait_for("API on http://"));
    let mut worker = Process::start(&mut command("worker"));
    let worker_metrics = worker.wait_for("metrics on ");

    let task = |template: &str, input: &serde_json::Value, code: i32| {
        let mut command = tasker(project.path());
        let ended = run(command
            .args(["task", "run", template, "--input", &input.to_string()])
            .env("TASKER_URL", &url));
        assert_eq!(ended.code, Some(code), "{ended:#?}\n{}\n{}", server.said(), worker.said());
        ended.stdout.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    for _ in 0..TASKS {
        task("default/simple", &json!({ "branch": ["left"] }), 0);
    }
    task("default/mend", &json!({}), 3);
    task("default/missing", &json!({}), 1);

    let page = Page::read(&server_metrics);
    page.check();
    let of = |metric: &str, labels: &str| page.value(&format!("{metric}{{namespace=\"default\",{labels}}}"));
    assert_eq!(of("tasker_tasks_created_total", "origin=\"request\",template=\"simple\""), TASKS);
    assert_eq!(of("tasker_tasks_created_total", "origin=\"request\",template=\"mend\""), 1);
    assert_eq!(of("tasker_tasks_ended_total", "state=\"complete\",template=\"simple\""), TASKS);
    assert_eq!(of("tasker_task_duration_seconds_count", "state=\"complete\",template=\"simple\""), TASKS);
    assert_eq!(of("tasker_tasks_blocked_total", "template=\"mend\""), 1);
    for step in ["first", "second", "choose", "left"] {
        let attempts = format!("outcome=\"success\",step=\"{step}\",template=\"simple\"");
        assert_eq!(of("tasker_step_attempts_total", &attempts), TASKS);
        let runs = format!("step=\"{step}\",template=\"simple\"");
        assert_eq!(of("tasker_step_run_duration_seconds_count", &runs), TASKS);
    }
    assert_eq!(of("tasker_decisions_total", "branches=\"1\",step=\"choose\",template=\"simple\""), TASKS);
    let refused = "outcome=\"permanent\",step=\"broken\",template=\"mend\"";
    assert_eq!(of("tasker_step_attempts_total", refused), 1);
    let error = "error_type=\"Refused\",step=\"broken\",template=\"mend\"";
    assert_eq!(of("tasker_step_failures_total", error), 1);
    assert_eq!(page.value("tasker_reports_total{result=\"applied\"}"), 4 * TASKS + 1);
    assert_eq!(page.value("tasker_report_lag_seconds_count"), 4 * TASKS + 1);
    assert_eq!(page.sum("tasker_tasks_rejected_total"), 1);
    assert_eq!(page.value("tasker_breaker_state{service=\"database\"}"), 0);
    let created = page.value(
        "http_server_request_duration_seconds_count{http_request_method=\"POST\",\
         http_response_status_code=\"201\",http_route=\"/v1/tasks\"}",
    );
    assert_eq!(created, TASKS + 1);
    assert!(page.value("tasker_auth_attempts_total{outcome=\"accepted\"}") > TASKS);
    assert!(page.value("process_resident_memory_bytes") > 1_000_000);

    let of_worker = Page::read(&worker_metrics);
    of_worker.check();
    assert_eq!(of_worker.value("tasker_host_executions_ended_total{outcome=\"success\"}"), 4 * TASKS);
    assert_eq!(of_worker.value("tasker_host_executions_ended_total{outcome=\"failure\"}"), 1);
    assert_eq!(of_worker.value("tasker_host_executions"), 0);
    assert_eq!(of_worker.value("tasker_host_capacity"), 100);
    assert_eq!(of_worker.value("tasker_host_component_load_seconds_count"), 1);
    // The host went on with the others by itself.
    let waits = of_worker.sum("tasker_step_queue_wait_seconds_count");
    assert!(waits > TASKS && waits < 4 * TASKS + 1, "{waits}");

    // The API returns the same metrics to those who may read them, which is everybody here.
    let of_api = Page::read(&format!("{url}/metrics"));
    assert_eq!(of_api.sum("tasker_tasks_created_total"), TASKS + 1);

    // No message names the template of a task that an operator ends.
    let blocked = task("default/mend", &json!({}), 3);
    let mut cancel = tasker(project.path());
    let cancelled =
        run(cancel.args(["task", "cancel", &blocked, "--reason", "enough"]).env("TASKER_URL", &url));
    assert_eq!(cancelled.code, Some(0), "{cancelled:#?}");
    let page = Page::read(&server_metrics);
    assert_eq!(page.value("tasker_operator_actions_total{target=\"task\",action=\"cancel\"}"), 1);
    let ended = "{namespace=\"default\",template=\"mend\",state=\"cancelled\"}";
    assert_eq!(page.value(&format!("tasker_tasks_ended_total{ended}")), 1);
    assert_eq!(page.value(&format!("tasker_task_duration_seconds_count{ended}")), 1);
    let logs = server.said();
    let line = logs.lines().find(|line| line.starts_with('{')).expect("a line of JSON");
    let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
    assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    assert!(server.interrupt().success());

    // What the database holds is read by one process at a time, when it starts and every 15 seconds.
    let mut next = Process::start(command("serve").env("TASKER__SERVER__MAX_BODIES_BYTES", "10"));
    let next_metrics = next.wait_for("metrics on ");
    let url = format!("http://{}", next.wait_for("API on http://"));
    let sent = ureq::post(format!("{url}/v1/tasks")).send(r#"{"name":"simple","context":{}}"#);
    assert!(matches!(sent, Err(ureq::Error::StatusCode(503))), "{sent:?}");
    let began = Instant::now();
    let read = loop {
        let read = Page::read(&next_metrics);
        if read.series.contains_key("tasker_queue_depth{queue=\"steps\",state=\"ready\"}") {
            break read;
        }
        assert!(began.elapsed() < PATIENCE, "{read:#?}");
        thread::sleep(Duration::from_millis(20));
    };
    read.check();
    assert_eq!(read.value("tasker_tasks_open{state=\"blocked_by_failures\"}"), 1);
    assert_eq!(read.value("tasker_steps_open{state=\"enqueued\"}"), 0);
    assert_eq!(read.sum("tasker_dlq_pending"), 1);
    assert_eq!(read.value("tasker_hosts{status=\"present\"}"), 1);
    // It counts every few seconds.
    assert!(read.value("tasker_rollup_lag_seconds") < 300);
    assert_eq!(read.value("tasker_queue_depth{queue=\"steps\",state=\"ready\"}"), 0);
    assert_eq!(read.value("tasker_overloaded_total{room=\"bodies\"}"), 1);
    assert_eq!(read.sum("tasker_tasks_created_total"), 0, "it created none");
}
