//! `tasker dev`: interrupted at work, with a killed database, and started twice.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use tasker_test_support::Counter;
use ureq::Agent;

use crate::{
    cluster::Cluster,
    program::{PATIENCE, Process, run, signal, tasker},
    project::{Project, benchmark_shapes, counted_handlers},
};

fn start(project: &Project) -> (Process, String) {
    start_with(project, &[])
}

/// Starts it with these environment variables. Returns its URL, too.
pub(crate) fn start_with(project: &Project, variables: &[(&str, &str)]) -> (Process, String) {
    let mut dev = Process::start(
        tasker(project.path())
            .arg("dev")
            .env("TASKER__SERVER__LISTEN", "127.0.0.1:0")
            .envs(variables.iter().copied()),
    );
    let url = dev.wait_for("API ");
    (dev, url)
}

/// Returns the number of complete tasks.
pub(crate) fn complete(url: &str) -> usize {
    let agent: Agent = Agent::config_builder().timeout_global(Some(Duration::from_secs(30))).build().into();
    let mut answer =
        agent.get(format!("{url}/v1/tasks?state=complete&limit=1000")).call().expect("the API lists tasks");
    let page: Value = answer.body_mut().read_json().expect("a page of tasks");
    page["items"].as_array().expect("tasks").len()
}

fn wait_for_complete(dev: &Process, url: &str, tasks: usize) {
    let until = Instant::now() + PATIENCE;
    while complete(url) < tasks {
        assert!(Instant::now() < until, "{} of {tasks} are complete\n{}", complete(url), dev.said());
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_ctrl_c_interrupts_the_next_run_completes_and_nothing_runs_twice() {
    const TASKS: usize = 30;
    let counter = Counter::start();
    let project = Project::new(&[counted_handlers()]);
    project.add_counted("chain", &counter, &[("a", 100, &[]), ("b", 400, &["a"]), ("c", 100, &["b"])]);
    let (mut dev, url) = start(&project);
    (0..TASKS).for_each(|n| Cluster::create(&url, "chain", n));
    let status = dev.interrupt();
    assert!(status.success(), "{status}: {}", dev.said());
    let (executions, _) = counter.totals();
    assert!(executions < TASKS * 3, "all was done before it was interrupted");
    let (dev, url) = start(&project);
    wait_for_complete(&dev, &url, TASKS);
    assert_eq!(counter.totals(), (TASKS * 3, TASKS * 3), "repeated: {:?}", counter.repeated());
}

#[test]
fn the_private_database_may_die() {
    const TASKS: usize = 20;
    let counter = Counter::start();
    let project = Project::new(&[counted_handlers()]);
    project.add_counted("chain", &counter, &[("a", 50, &[]), ("b", 300, &["a"])]);
    let (dev, url) = start(&project);
    (0..TASKS).for_each(|n| Cluster::create(&url, "chain", n));
    let path = project.path().join(".tasker/postgres/data/postmaster.pid");
    let text = fs::read_to_string(path).expect("PostgreSQL writes its process id");
    signal(text.lines().next().and_then(|line| line.trim().parse().ok()).expect("a process id"), "KILL");
    (TASKS..2 * TASKS).for_each(|n| Cluster::create(&url, "chain", n));
    wait_for_complete(&dev, &url, 2 * TASKS);
    assert_eq!(counter.totals(), (TASKS * 4, TASKS * 4), "repeated: {:?}", counter.repeated());
}

#[test]
fn a_second_one_on_the_same_project_is_refused() {
    let project = Project::new(&[benchmark_shapes()]);
    let (_dev, _) = start(&project);
    let second = run(tasker(project.path()).arg("dev").env("TASKER__SERVER__LISTEN", "127.0.0.1:0"));
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("another `tasker dev` is already running this project"), "{second:?}");
}

#[test]
fn a_template_that_changes_under_its_version_runs_as_the_newest_build_of_it() {
    let project = Project::new(&[benchmark_shapes()]);
    let write = |description: &str| {
        let text = format!(
            "name: one\nnamespace_name: system\nversion: 1.0.0\ndescription: {description}\nidentity_strategy: \
             always_unique\nsteps:\n  - {{ name: step, handler: {{ callable: add_up }} }}\n"
        );
        project.write("templates/one.yaml", &text);
    };
    let runs_as = |url: &str| {
        let create = ["--json", "task", "run", "system/one", "--input", r#"{"n": 1}"#];
        let ended = run(tasker(project.path()).args(create).env("TASKER_URL", url));
        assert_eq!(ended.code, Some(0), "{ended:#?}");
        ended.json()[0]["version"].as_str().expect("a version").to_owned()
    };
    write("first");
    let (mut dev, url) = start(&project);
    dev.wait_for("system/one 1.0.0");
    assert_eq!(runs_as(&url), "1.0.0");
    // Content of an earlier build becomes the newest again, because the file decides what runs.
    for (before, description) in ["second", "third", "second", "first"].iter().enumerate() {
        write(description);
        let version = format!("1.0.0+dev.{}", before + 1);
        dev.wait_for(&format!("one 1.0.0 changed: published as {version}"));
        assert_eq!(runs_as(&url), version);
    }
    assert!(dev.interrupt().success(), "{}", dev.said());
    let (mut dev, _) = start(&project);
    dev.wait_for("system/one 1.0.0+dev.4");
    assert!(!dev.said().contains("changed"), "{}", dev.said());
}
