//! `tasker doctor`: what it finds, and what it advises.

use std::time::Instant;

use serde_json::Value;
use sqlx::ConnectOptions as _;
use tasker_test_support::TestDatabase;

use crate::{
    operators::{MEND, Server},
    program::{Ended, PATIENCE, run, tasker},
    project::Project,
};

/// The findings of an area, as `verdict: detail`.
fn of<'a>(report: &'a Value, area: &str) -> Vec<String> {
    let findings = report["findings"].as_array().expect("there are findings").iter();
    let text = |finding: &'a Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    findings
        .filter(|finding| finding["area"] == area)
        .map(|finding| format!("{}: {}", text(finding, "verdict"), text(finding, "detail")))
        .collect()
}

fn contains(found: &[String], text: &str) -> bool {
    found.iter().any(|line| line.contains(text))
}

#[test]
fn a_wrong_configuration_is_named_with_its_line() {
    let project = Project::new(&[]);
    project.write("tasker.toml", "[project]\nname = \"x\"\n[server]\nlisen = \"127.0.0.1:0\"\n");
    let ended: Ended = run(tasker(project.path()).args(["--json", "doctor"]));
    assert_eq!(ended.code, Some(3), "{ended:#?}");
    let found = of(&ended.json(), "configuration");
    assert!(contains(&found, "tasker.toml:4") && contains(&found, "lisen"), "{found:?}");
}

#[test]
fn a_running_system_is_well() {
    let server = Server::start(&[("mend", MEND)]);
    // The worker says that it is there soon after the server responds.
    let start = Instant::now();
    let report = loop {
        let ended = server.run(&["--json", "doctor"]);
        let report = ended.json();
        assert_eq!((ended.code, &report["errors"]), (Some(0), &Value::from(0)), "{report:#}");
        if contains(&of(&report, "server"), "ok: 1 workers run") {
            break report;
        }
        assert!(start.elapsed() < PATIENCE, "{report:#}");
    };
    assert!(contains(&of(&report, "database"), "ok: its tables are those of this release"), "{report:#}");
}

#[tokio::test]
async fn a_database_that_may_lose_data_is_told_from_one_that_is_away() {
    let project = Project::new(&[]);
    project.write("templates/broken.yaml", "name: broken\n");
    // The database of tests does not wait for its disk.
    let database = TestDatabase::new().await;
    let doctor = |url: &str| {
        let ended = run(tasker(project.path()).args(["--json", "doctor"]).env("DATABASE_URL", url));
        assert_eq!(ended.code, Some(3), "{ended:#?}");
        ended.json()
    };
    let report = doctor(database.pool.connect_options().to_url_lossy().as_str());
    assert!(contains(&of(&report, "database"), "error: `fsync` is off"), "{report:#}");
    assert!(contains(&of(&report, "server"), "skipped: "), "{report:#}");
    let report = doctor("postgres://nobody:secret-word@127.0.0.1:1/none");
    let found = of(&report, "database");
    assert!(contains(&found, "error: it cannot be used"), "{found:?}");
    assert!(!report.to_string().contains("secret-word"), "{report:#}");
}
