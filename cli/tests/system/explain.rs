//! Where the time of real tasks went: batches, decisions, retries, failures, pauses, cancellations.

use serde_json::{Value, json};

use crate::operators::{CHOICE, LATE, MEND, ROWS, Server};

/// The sum of parts, in microseconds.
fn sum(parts: &Value) -> i64 {
    parts
        .as_object()
        .expect("they have names")
        .values()
        .map(|part| part.as_i64().expect("it is a number"))
        .sum()
}

fn part(of: &Value, kind: &str) -> i64 {
    of["parts_us"][kind].as_i64().unwrap_or_default()
}

/// Explains a task, and checks that everything adds up. Returns the explanation and the steps of the critical path.
fn explained(server: &Server, task: &str) -> (Value, Vec<String>) {
    let explained = server.json(&["task", "explain", task, "--limit", "1000"]);
    let path = &explained["critical_path"];
    assert_eq!(sum(&path["parts_us"]), explained["duration_us"], "{explained:#}");
    let mut at = 0;
    for leg in path["legs"].as_array().expect("it is a list") {
        assert_eq!(leg["from_us"], at, "{explained:#}");
        at = leg["to_us"].as_i64().expect("it is a number");
        assert_eq!(sum(&leg["parts_us"]), at - leg["from_us"].as_i64().unwrap(), "{leg:#}");
    }
    assert_eq!(explained["duration_us"], at);
    for step in explained["steps"].as_array().expect("it is a list") {
        assert_eq!(sum(&step["parts_us"]), step["until_us"], "{step:#}");
    }
    let legs = path["legs"].as_array().into_iter().flatten();
    let steps = legs.map(|leg| leg["step"].as_str().unwrap_or("people").to_owned()).collect();
    (explained, steps)
}

#[test]
fn the_time_of_a_task_is_accounted_for_whatever_happens_to_it() {
    let server = Server::start(&[("mend", MEND), ("rows", ROWS), ("choice", CHOICE), ("late", LATE)]);

    let (task, _) = server.task("rows", &json!({ "workers": 7 }), 0);
    let (rows, path) = explained(&server, &task);
    assert_eq!((&rows["all_steps"]["count"], &rows["omitted_steps"]), (&json!(9), &json!(0)));
    assert!(path[0] == "cut" && path[1].starts_with("row_") && path.last().unwrap() == "sum", "{path:?}");
    let shown = server.json(&["task", "show", &task]);
    let time = |name: &str| shown[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let took = (time("completed_at") - time("created_at")).num_microseconds().unwrap();
    assert_eq!(rows["duration_us"], took);
    // Only the longest are listed, and nothing is lost.
    let short = server.json(&["task", "explain", &task, "--limit", "2"]);
    let listed = short["critical_path"]["legs"].as_array().unwrap();
    let sums: i64 = listed.iter().map(|leg| sum(&leg["parts_us"])).sum();
    assert_eq!((listed.len(), sums + short["critical_path"]["omitted_us"].as_i64().unwrap()), (2, took));
    assert_eq!((short["steps"].as_array().unwrap().len(), &short["omitted_steps"]), (2, &json!(7)));

    let (task, _) = server.task("choice", &json!({ "branch": ["left"] }), 0);
    let (_, path) = explained(&server, &task);
    assert_eq!((path[0].as_str(), path.last().unwrap().as_str()), ("choose", "join"));

    // A step that failed for good waits for people, until they act.
    let (task, _) = server.task("mend", &json!({}), 3);
    let (blocked, path) = explained(&server, &task);
    assert_eq!((path, &blocked["status"]), (vec!["broken".to_owned()], &json!("blocked_by_failures")));
    assert!(part(&blocked["critical_path"], "people") > 0, "{blocked:#}");
    server.say(&["task", "pause", &task, "--reason", "lunch"]);
    server.say(&["step", "complete", &task, "broken", "--result", "1", "--reason", "by hand"]);
    server.say(&["task", "resume", &task]);
    server.say(&["task", "watch", &task]);
    let (mended, path) = explained(&server, &task);
    assert_eq!(
        (path, &mended["status"]),
        (["broken", "people", "after"].map(str::to_owned).to_vec(), &json!("complete"))
    );
    assert!(
        part(&mended["critical_path"], "people") >= part(&blocked["critical_path"], "people"),
        "{mended:#}"
    );

    let created = server.json(&["task", "create", "late"]);
    let task = created["task_ids"][0].as_str().expect("an id");
    server.wait_for_status(task, "waiting_for_retry");
    let (late, _) = explained(&server, task);
    assert!(part(&late["critical_path"], "retry") > 0 && late["completed_at"].is_null(), "{late:#}");
    server.say(&["task", "cancel", task, "--reason", "enough"]);
    let (cancelled, _) = explained(&server, task);
    assert!(
        part(&cancelled["critical_path"], "retry") > part(&late["critical_path"], "retry"),
        "{cancelled:#}"
    );

    let file = server.path().join("late.svg");
    let said = server.say(&["task", "explain", task, "--svg", file.to_str().unwrap()]);
    for words in ["CRITICAL PATH", "waits for a retry", "together", "later*"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let drawn = std::fs::read_to_string(file).expect("it was written");
    assert!(drawn.starts_with("<svg") && drawn.contains("later: waits for a retry"), "{drawn}");
    let refused = server.refusal(&["task", "explain", task, "--svg", "/nowhere/late.svg"]);
    assert!(refused.contains("/nowhere/late.svg cannot be written"), "{refused}");
}
