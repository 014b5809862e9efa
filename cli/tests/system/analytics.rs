//! Analytics of a running system: what really ran is counted, and each form of the output shows the same.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::operators::{MEND, ROWS, Server};

/// How long after its end a task may be missing in analytics.
const COUNTED_WITHIN: Duration = Duration::from_secs(30);

/// The rows of comma-separated values without quotation marks, by the names of the first line.
fn rows(csv: &str) -> Vec<Value> {
    let mut lines = csv.trim_end().lines().map(|line| line.split(',').collect::<Vec<_>>());
    let names = lines.next().expect("a line of names");
    let row = |cells: Vec<&str>| {
        names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), json!(cell))).collect()
    };
    lines.map(|cells| Value::Object(row(cells))).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn what_ran_is_counted_and_all_outputs_agree() {
    let server = Server::start(&[("mend", MEND), ("rows", ROWS)]);
    server.task("mend", &json!({}), 3);
    for _ in 0..2 {
        server.task("rows", &json!({ "workers": 4, "hold_ms": 400 }), 0);
    }
    let until = Instant::now() + COUNTED_WITHIN;
    loop {
        let performance = server.json(&["analytics", "performance"]);
        if performance["completed_tasks"] == 2 && performance["blocked_tasks"] == 1 {
            assert_eq!((&performance["total_tasks"], &performance["active_tasks"]), (&json!(3), &json!(1)));
            break;
        }
        assert!(Instant::now() < until, "{performance:#}");
        thread::sleep(Duration::from_millis(100));
    }

    // The slow step is the first, and a recommendation names it.
    let found = server.json(&["analytics", "bottlenecks"]);
    let slow = &found["slow_steps"][0];
    assert_eq!(
        (&slow["name"], &slow["step"], &slow["execution_count"]),
        (&json!("rows"), &json!("row"), &json!(8))
    );
    let p50 = number(&slow["duration"]["p50"]);
    assert!((0.38..5.0).contains(&p50), "each ran for 0.4 s or more: {p50}");
    let recommended = found["recommendations"].as_array().expect("recommendations");
    assert!(recommended.iter().any(|one| one["subject"] == "default/rows.row"), "{recommended:#?}");
    assert!(server.say(&["analytics", "bottlenecks"]).contains("`default/rows.row`"));

    // The API, JSON, CSV and the table say the same.
    let url = format!("{}/v1/analytics/steps?hours=24&limit=50&sort=failures", server.url());
    let mut response = ureq::get(&url).call().expect("the steps");
    assert_eq!(response.headers()["cache-control"], "private, no-cache");
    let answer: Value =
        serde_json::from_str(&response.body_mut().read_to_string().expect("text")).expect("JSON");
    let steps = ["analytics", "steps", "--sort", "failures"];
    assert_eq!(server.json(&steps)["items"], answer["items"]);
    let csv = rows(&server.say(&[&steps[..], &["--csv"]].concat()));
    let items = answer["items"].as_array().expect("rows");
    assert_eq!(csv.len(), items.len());
    let table = server.say(&steps);
    for (row, item) in csv.iter().zip(items) {
        assert_eq!(row["template"], format!("default/{}", item["name"].as_str().expect("a name")));
        assert_eq!(row["step"], item["step"]);
        assert!((number(&row["executions"]) - number(&item["execution_count"])).abs() < 1e-9);
        assert!((number(&row["p95_seconds"]) - number(&item["duration"]["p95"])).abs() < 1e-9);
        let line = table.lines().find(|line| line.split_whitespace().nth(1) == item["step"].as_str());
        let line = line.unwrap_or_else(|| panic!("{} is not in\n{table}", item["step"]));
        let count = item["execution_count"].to_string();
        assert!(line.split_whitespace().any(|word| word == count), "{line}");
    }
    assert_eq!((&items[0]["step"], &items[0]["error_count"]), (&json!("broken"), &json!(1)));

    let errors = server.json(&["analytics", "errors", "--template", "default/mend"]);
    assert_eq!(
        (&errors["items"][0]["error_type"], &errors["items"][0]["count"]),
        (&json!("Refused"), &json!(1))
    );
    assert!(server.json(&["analytics", "errors", "--template", "default/rows"])["items"] == json!([]));
    let throughput =
        rows(&server.say(&["analytics", "throughput", "--interval", "1h", "--by-template", "--csv"]));
    let created: f64 = throughput.iter().map(|row| number(&row["created"])).sum();
    assert!((created - 3.0).abs() < 1e-9, "{throughput:#?}");
    for (command, expected) in [
        ("tasks", "default/rows"),
        ("retries", "nothing in this period"),
        ("costs", "executions"),
        ("health", "health score"),
    ] {
        let said = server.say(&["analytics", command]);
        assert!(said.contains(expected), "{command}: {said}");
    }
    assert!(server.refusal(&["analytics", "steps", "--hours", "0"]).contains("`hours` is 0"));
    assert!(server.refusal(&["analytics", "rebuild", "--from", "soon"]).contains("`soon` is neither"));
}
