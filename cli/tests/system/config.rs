//! `tasker config`: reports every fault at once, and explains every key.

use serde_json::json;

use crate::{
    program::{Ended, run, tasker},
    project::Project,
};

fn validate(project: &Project, variables: &[(&str, &str)]) -> Ended {
    run(tasker(project.path())
        .args(["--json", "config", "validate"])
        .env("XDG_CONFIG_HOME", project.path())
        .envs(variables.iter().copied()))
}

#[test]
fn everything_that_is_wrong_is_told_with_its_place() {
    let project = Project::new(&[]);
    assert_eq!(validate(&project, &[]).code, Some(0), "{:#?}", validate(&project, &[]));
    project.write(
        "tasker.toml",
        "[project]\nname = \"x\"\n\n[worker]\nspeed = 9\nmax_concurrent = \"many\"\n[serve]\n",
    );
    let ended = validate(&project, &[("TASKER__WORKER__LEASE", "1")]);
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let told = ended.json();
    let places: Vec<_> = told["faults"]
        .as_array()
        .expect("faults")
        .iter()
        .map(|fault| (fault["line"].as_u64(), fault["key"].as_str().unwrap_or_default()))
        .collect();
    assert_eq!(
        places,
        [
            (Some(5), "worker.speed"),
            (Some(6), "worker.max_concurrent"),
            (Some(7), "serve"),
            (None, "worker.lease")
        ],
        "{told:#}"
    );
    let text = run(tasker(project.path()).args(["config", "validate"]));
    let hint = "tasker.toml:7: serve: `serve` is no section; did you mean `server`?";
    assert!(text.code == Some(1) && text.stderr.contains(hint), "{text:#?}");
}

#[test]
fn values_are_checked_without_starting_anything() {
    let project = Project::new(&[]);
    project.write(
        "tasker.toml",
        "[project]\ncomponents = [\"gone\"]\n[server]\nlisten = \"here\"\nsecret = \"short\"\n[database]\nurl = \"mysql://me:hidden@x\"
[orchestrator]\nreport_loops = 0\nwebhook_networks = [\"ten\"]\n[auth]\njwks_url = \"https://idp.example/keys\"
[telemetry]\nmetrics_listen = \"9464\"\notlp_endpoint = \"collector:4318\"\n",
    );
    let ended = validate(&project, &[("TASKER__BLOBS__URL", "no url"), ("TASKER_PROFILE", "nobody")]);
    let told = ended.json();
    let keys: Vec<_> = told["faults"].as_array().expect("faults").iter().map(|fault| &fault["key"]).collect();
    assert_eq!(
        keys,
        [
            &json!("project.components"),
            &json!("server.listen"),
            &json!("server.secret"),
            &json!("database.url"),
            &json!("orchestrator.report_loops"),
            &json!("orchestrator.webhook_networks"),
            &json!("telemetry.metrics_listen"),
            &json!("telemetry.otlp_endpoint"),
            &json!("auth.jwt_issuer"),
            &json!("blobs.url"),
            &json!(null),
        ],
        "{told:#}"
    );
    let named = validate(&project, &[("TASKER_URL", "tasker.example")]);
    assert!(named.stdout.contains("$TASKER_URL: `tasker.example` is not the URL"), "{named:#?}");
    assert_eq!(told["faults"][9]["variable"], "TASKER__BLOBS__URL");
    assert!(!ended.stdout.contains("hidden"), "{ended:#?}");
    assert!(!project.path().join(".tasker").exists(), "nothing is made");
}

#[test]
fn a_key_is_explained_with_its_value_and_source() {
    let project = Project::new(&[]);
    let explain = |key: &[&str]| {
        run(tasker(project.path())
            .args(["--json", "config", "explain"])
            .args(key)
            .env("TASKER__WORKER__LEASE_SECONDS", "7"))
    };
    let told = explain(&["worker.lease_seconds"]).json();
    let told = &told[0];
    assert!(told["about"].as_str().expect("a text").starts_with("The visibility timeout"), "{told}");
    let facts = [&told["type"], &told["value"], &told["source"]["environment"], &told["variable"]];
    let variable = json!("TASKER__WORKER__LEASE_SECONDS");
    assert_eq!(facts, [&json!("whole number"), &json!(7), &variable, &variable]);
    assert!(told["default"].as_i64().is_some_and(|default| default > 7), "{told}");
    let (section, all) = (explain(&["worker"]).json(), explain(&[]).json());
    let count = |told: &serde_json::Value| told.as_array().map_or(0, Vec::len);
    assert!(count(&section) > 5 && count(&all) > 40, "{section} {all}");
    for (key, expected) in [
        ("worker.leese_seconds", "did you mean `worker.lease_seconds`?"),
        ("handlers.pay", "[handlers] has no keys of its own"),
    ] {
        let refused = explain(&[key]);
        assert!(refused.code == Some(1) && refused.stdout.contains(expected), "{refused:#?}");
    }
}
