//! Analytics: each record of the audit counts once, whatever happens while it is counted, and the answers follow from the counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use fastrand::Rng;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tasker_orchestrator::{
    Creation, FUNCTION_SET, TaskAction,
    access::Scope,
    analytics::{AnalyticsFilter, Severity, SortBy, ThroughputInterval, forget, recount},
};
use tasker_protocol::{
    Ending, Execution, Failure, FailureOrigin, OrchestratorMessage, StepDispatch, StepEvent, Usage,
};
use uuid::Uuid;

use crate::fixture::{Fixture, batch, branch, payload, report_of, request, template};

const GRAINS: [i64; 3] = [1, 60, 1440];

fn day() -> AnalyticsFilter {
    AnalyticsFilter { hours: 24, limit: 100, ..AnalyticsFilter::default() }
}

/// A report of an execution with this usage.
fn ended(
    fixture: &Fixture,
    step: &StepDispatch,
    ending: Ending,
    usage: Usage,
    wait: i64,
) -> OrchestratorMessage {
    let started_at = fixture.now + TimeDelta::microseconds(wait);
    let finished_at = started_at + TimeDelta::microseconds(usage.wall_us.cast_signed());
    let execution = Execution { started_at, finished_at, ending, usage, logs: Vec::new() };
    report_of(step, StepEvent::Finished(Box::new(execution)))
}

fn failure(error_type: &str, retryable: bool, origin: FailureOrigin) -> Ending {
    Ending::Failed(Failure {
        error_type: error_type.to_owned(),
        message: "it went wrong".to_owned(),
        retryable,
        retry_after_ms: None,
        details: None,
        origin,
    })
}

/// A random end of a step. The workers of batches fail seldom enough to end.
fn random_ending(random: &mut Rng, step: &StepDispatch) -> Ending {
    match random.u8(0..20) {
        0 => failure(&format!("Type{}", random.u8(0..80)), true, FailureOrigin::Handler),
        1 => failure("Refused", false, FailureOrigin::Handler),
        2 => failure("WallTimeExceeded", true, FailureOrigin::Limit),
        3 => failure("MemoryLimitExceeded", true, FailureOrigin::Limit),
        4 => failure("Trap", true, FailureOrigin::Crash),
        5 => Ending::Checkpoint(payload(&json!({ "n": 1 }))),
        _ if step.step_name == "choose" => branch(&["left"]),
        _ if step.step_name == "cut" => batch(&[json!(1), json!(2), json!(3)]),
        _ => Ending::Complete(payload(&json!(1))),
    }
}

/// Publishes a template with each kind of step.
async fn publish(fixture: &Fixture, name: &str) {
    let step = |name: &str, kind: &str, dependencies: &[&str]| {
        json!({ "name": name, "type": kind, "dependencies": dependencies, "handler": { "callable": "work" },
                "retry": { "max_attempts": 3, "backoff_base_ms": 1000 } })
    };
    let mut cut = step("cut", "batchable", &["left"]);
    cut["batch_config"] =
        json!({ "worker_template": "rows", "parallelism": 2, "failure_strategy": "continue_on_failure" });
    let steps = [
        step("begin", "standard", &[]),
        step("choose", "decision", &["begin"]),
        step("left", "standard", &["choose"]),
        step("right", "standard", &["choose"]),
        cut,
        step("rows", "batch_worker", &["cut"]),
        step("end", "deferred_convergence", &["rows", "right"]),
    ];
    fixture
        .publish(&json!({ "name": name, "version": "1.0.0", "identity_strategy": "always_unique", "steps": steps }).to_string())
        .await;
}

/// Makes a random history, and calls `between` after each round.
async fn history(
    fixture: &mut Fixture,
    seed: u64,
    rounds: usize,
    mut between: impl AsyncFnMut(&mut Fixture, &mut Rng),
) {
    let mut random = Rng::with_seed(seed);
    let mut tasks: Vec<Uuid> = Vec::new();
    let mut open: Vec<StepDispatch> = Vec::new();
    for _ in 0..rounds {
        for name in ["one", "two"] {
            let count = random.usize(0..4);
            let requests = (0..count).map(|_| request(name, &json!({}))).collect();
            for created in fixture.orchestrator.engine.create_tasks(requests).await {
                let (Creation::Created(task) | Creation::Duplicate(task)) = created.unwrap();
                tasks.push(task);
            }
        }
        open.extend(fixture.dispatched());
        random.shuffle(&mut open);
        let now = random.usize(0..=open.len());
        let mut reports = Vec::new();
        for step in open.drain(..now) {
            if random.u8(0..10) == 0 {
                let begun = fixture.heartbeat(&step, 1_000_000);
                fixture.orchestrator.engine.apply(vec![begun]).await.unwrap();
                fixture.advance(TimeDelta::milliseconds(random.i64(0..500)));
            }
            let usage = Usage {
                wall_us: (random.f64() * 14.0).exp() as u64,
                cpu_us: random.u64(0..1000),
                peak_memory_bytes: random.u64(0..200 << 20),
                dropped_log_bytes: 0,
            };
            let ending = random_ending(&mut random, &step);
            reports.push(ended(fixture, &step, ending, usage, random.i64(-100..100_000)));
        }
        fixture.orchestrator.engine.apply(reports).await.unwrap();
        if random.u8(0..4) == 0 && !tasks.is_empty() {
            let task = tasks[random.usize(0..tasks.len())];
            let actions = [TaskAction::Redrive, TaskAction::GiveUp, TaskAction::ResolveManually];
            let engine = &fixture.orchestrator.engine;
            // Most are not possible in the state of the task.
            let _ = match actions.get(random.usize(0..4)) {
                Some(action) => engine.operate_on_task(task, action, "test", None).await.map(drop),
                None => engine.cancel(task, "test", None).await.map(drop),
            };
        }
        fixture.advance(TimeDelta::milliseconds(random.i64(0..120_000)));
        fixture.orchestrator.engine.sweep().await.unwrap();
        between(fixture, &mut random).await;
    }
}

type Counts = BTreeMap<String, i64>;

fn add(counts: &mut Counts, key: String, number: i64) {
    if number != 0 {
        *counts.entry(key).or_default() += number;
    }
}

fn most(counts: &mut Counts, key: String, number: i64) {
    if number != 0 {
        let entry = counts.entry(key).or_default();
        *entry = (*entry).max(number);
    }
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

fn micros(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_microseconds().unwrap().max(0)
}

fn bucket(at: DateTime<Utc>, minutes: i64) -> String {
    at.duration_trunc(TimeDelta::minutes(minutes)).unwrap().to_rfc3339()
}

/// Counts the audit by brute force: what the rollups must contain, with the cells of histograms by their SQL function.
async fn expected(fixture: &Fixture) -> Counts {
    let rows = sqlx::query(AssertSqlSafe(format!(
        "SELECT to_jsonb(a) AS record, to_jsonb(t.created_at) AS created_at, t.release_id,
             coalesce((SELECT s.template_step FROM tasker.steps s WHERE s.task_id = a.task_id AND s.step_index = a.step_index),
                      a.step_index) AS template_step,
             a.detail -> 'usage' AS usage, {FUNCTION_SET}.cell((a.detail #>> '{{usage,wall_us}}')::bigint)::bigint AS run_cell
         FROM tasker.audit a JOIN tasker.tasks t USING (task_id) ORDER BY a.audit_id"
    )))
    .fetch_all(&fixture.database.pool)
    .await
    .unwrap();
    let mut counts = Counts::new();
    for row in rows {
        let record: Value = row.get("record");
        let (created, at) = (time(&row.get("created_at")), time(&record["at"]));
        let release: Uuid = row.get("release_id");
        let last =
            |name: &str| record[name].as_array().map(|states| states.last().unwrap().as_str().unwrap());
        let moved = last("task_states").filter(|last| record["task_states"][0] != *last);
        for minutes in GRAINS {
            let key = |column: &str| format!("task {minutes} {} {release} {column}", bucket(at, minutes));
            if record["event"] == "created" {
                add(&mut counts, key("created"), 1);
            }
            let column = match moved {
                Some("complete") => "completed",
                Some("error") => "failed",
                Some("cancelled") => "cancelled",
                Some("resolved_manually") => "resolved",
                Some("blocked_by_failures") => "blocked",
                _ => "",
            };
            if !column.is_empty() {
                add(&mut counts, key(column), 1);
            }
            if column == "completed" {
                add(&mut counts, key("duration_us"), micros(created, at));
                most(&mut counts, key("longest_us"), micros(created, at));
            }
            let Some(step) = row.get::<Option<i32>, _>("template_step") else { continue };
            let key =
                |column: &str| format!("step {minutes} {} {release} {step} {column}", bucket(at, minutes));
            let times = |index: usize| time(&record["step_times"][index]);
            let states = &record["step_states"];
            if states[0] == "enqueued" && states[1] == "in_progress" && !record["step_times"].is_null() {
                add(&mut counts, key("starts"), 1);
                add(&mut counts, key("wait_us"), micros(times(0), times(1)));
            }
            if record["event"] == "retry_due" {
                add(&mut counts, key("retries"), 1);
                add(&mut counts, key("backoff_us"), micros(times(0), times(1)));
            }
            let detail = &record["detail"];
            if detail.is_null() {
                continue;
            }
            let failure = &detail["failure"];
            let outcome = match (failure["error_type"].as_str(), failure["origin"].as_str()) {
                (None, _) if last("step_states") == Some("enqueued") => "checkpoints",
                (None, _) if last("step_states") == Some("error") => "over_limit",
                (None, _) => "succeeded",
                (Some("LeaseLost"), Some("host")) => "lost",
                (Some("WallTimeExceeded"), Some("limit")) => "timeout",
                (_, Some("limit")) => "over_limit",
                _ if failure["retryable"] == true => "retryable",
                _ => "permanent",
            };
            add(&mut counts, key(outcome), 1);
            if last("step_states") == Some("error") {
                add(&mut counts, key("given_up"), 1);
            }
            match record["attempt"].as_i64() {
                Some(2) if outcome == "succeeded" => add(&mut counts, key("succeeded_second"), 1),
                Some(3..) if outcome == "succeeded" => add(&mut counts, key("succeeded_later"), 1),
                _ => {}
            }
            if !failure.is_null() {
                add(&mut counts, format!("failures {minutes} {} {release} {step}", bucket(at, minutes)), 1);
            }
            let number = |name: &str| detail["usage"][name].as_i64().unwrap();
            let (run, memory) = (number("wall_us"), number("peak_memory_bytes"));
            add(&mut counts, key("runs"), i64::from(run > 0));
            add(&mut counts, key("run_us"), run);
            most(&mut counts, key("longest_us"), run);
            add(&mut counts, key("cpu_us"), number("cpu_us"));
            most(&mut counts, key("peak_memory"), memory);
            add(&mut counts, key("kib_us"), (memory >> 10) * run);
            if run > 0 {
                let cell: i64 = row.get("run_cell");
                add(
                    &mut counts,
                    format!("cell {minutes} {} {release} {step} {cell}", bucket(at, minutes)),
                    1,
                );
            }
        }
    }
    counts
}

/// What the rollups contain.
async fn counted(fixture: &Fixture) -> Counts {
    let pool = &fixture.database.pool;
    let mut counts = Counts::new();
    for (kind, table) in [("task", "analytics_tasks"), ("step", "analytics_steps")] {
        let rows: Vec<Value> =
            sqlx::query_scalar(AssertSqlSafe(format!("SELECT to_jsonb(t) FROM tasker.{table} t")))
                .fetch_all(pool)
                .await
                .unwrap();
        for row in rows {
            let step = row["template_step"].as_i64().map(|step| format!("{step} ")).unwrap_or_default();
            let release = row["release_id"].as_str().unwrap();
            let bucket = time(&row["bucket"]).to_rfc3339();
            for (column, number) in row.as_object().unwrap() {
                if let Some(number) = number.as_i64()
                    && !["minutes", "template_step"].contains(&column.as_str())
                {
                    let key = format!("{kind} {} {bucket} {release} {step}{column}", row["minutes"]);
                    add(&mut counts, key, number);
                }
            }
        }
    }
    let cells: Vec<(i16, DateTime<Utc>, Uuid, i32, i16, i64)> = sqlx::query_as(
        "SELECT minutes, bucket, release_id, template_step, cell, count
         FROM tasker.analytics_histogram, unnest(cells, counts) AS c (cell, count) WHERE kind = 'run'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    for (minutes, bucket, release, step, cell, count) in cells {
        add(&mut counts, format!("cell {minutes} {} {release} {step} {cell}", bucket.to_rfc3339()), count);
    }
    let errors: Vec<(i16, DateTime<Utc>, Uuid, i32, i64, i64)> = sqlx::query_as(
        "SELECT minutes, bucket, release_id, template_step, sum(count)::bigint, count(*) FILTER (WHERE error_type <> 'other')
         FROM tasker.analytics_errors GROUP BY minutes, bucket, release_id, template_step",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    for (minutes, bucket, release, step, count, types) in errors {
        assert!(types <= 50, "{types} types of failures of a step in a bucket");
        add(&mut counts, format!("failures {minutes} {} {release} {step}", bucket.to_rfc3339()), count);
    }
    counts
}

/// Compares the rollups with the audit.
async fn check(fixture: &Fixture) {
    let (expected, counted) = (expected(fixture).await, counted(fixture).await);
    assert!(expected.len() > 1000, "{} numbers", expected.len());
    let keys: BTreeSet<&String> = expected.keys().chain(counted.keys()).collect();
    let differ: Vec<_> = keys
        .into_iter()
        .filter(|key| expected.get(*key) != counted.get(*key))
        .map(|key| format!("{key}: {:?} is {:?}", expected.get(key), counted.get(key)))
        .collect();
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ[..differ.len().min(20)].join("\n"));
}

/// Counts all that there is. Transactions of other tests on the server may keep it waiting.
async fn fold_all(fixture: &mut Fixture) {
    while fixture.orchestrator.analytics.fold_once(1_000_000).await.unwrap().is_behind {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fixture.advance(TimeDelta::seconds(1));
}

/// Counts in a process that is killed: its transaction ends without a commit.
async fn fold_and_die(fixture: &Fixture, most: i64) {
    let mut connection = fixture.database.pool.acquire().await.unwrap().detach();
    let mut transaction = connection.begin().await.unwrap();
    sqlx::query(AssertSqlSafe(format!("SELECT * FROM {FUNCTION_SET}.fold($1)")))
        .bind(most)
        .fetch_optional(&mut *transaction)
        .await
        .unwrap();
    let pid: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *transaction).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend($1)").bind(pid).execute(&fixture.database.pool).await.unwrap();
    assert!(transaction.commit().await.is_err(), "it was killed");
}

#[tokio::test]
async fn what_is_counted_between_kills_is_what_the_audit_says() {
    let mut fixture = Fixture::new().await;
    publish(&fixture, "one").await;
    publish(&fixture, "two").await;
    let mut late: Option<(sqlx::PgConnection, DateTime<Utc>)> = None;
    Box::pin(history(&mut fixture, 7, 120, async |fixture: &mut Fixture, random: &mut Rng| {
        match random.u8(0..6) {
            0 => fold_and_die(fixture, random.i64(1..400)).await,
            1 => {
                // A transaction whose record has a number before those that are committed first.
                if let Some((mut connection, _)) = late.take() {
                    sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap();
                } else {
                    let mut connection = fixture.database.pool.acquire().await.unwrap().detach();
                    sqlx::raw_sql("BEGIN").execute(&mut connection).await.unwrap();
                    sqlx::query(
                        "INSERT INTO tasker.audit (task_id, at, event, actor, task_states)
                         SELECT task_id, $1, 'redriven', 'test', '{blocked_by_failures,complete}' FROM tasker.tasks LIMIT 1",
                    )
                    .bind(fixture.now)
                    .execute(&mut connection)
                    .await
                    .unwrap();
                    late = Some((connection, fixture.now));
                }
            }
            2 => {}
            _ => drop(fixture.orchestrator.analytics.fold_once(random.i64(1..400)).await.unwrap()),
        }
    }))
    .await;
    if let Some((mut connection, _)) = late {
        sqlx::raw_sql("COMMIT").execute(&mut connection).await.unwrap();
    }
    fold_all(&mut fixture).await;
    check(&fixture).await;

    // Counted again, in parts.
    let from = fixture.now - TimeDelta::days(2);
    let pool = fixture.database.pool.clone().into();
    assert_eq!(forget(&pool, from).await.unwrap(), from.duration_trunc(TimeDelta::days(1)).unwrap());
    assert!(counted(&fixture).await.is_empty());
    let mut parts = 0;
    while let folded = fixture.orchestrator.analytics.fold_once(500).await.unwrap()
        && folded.is_behind
    {
        parts += usize::from(folded.records > 0);
        tokio::task::yield_now().await;
    }
    assert!(parts > 2, "{parts} parts");
    check(&fixture).await;
    // By the command, in one process.
    let mut records = 0;
    recount(&pool, from, |counted| records += counted).await.unwrap();
    assert!(records > 1000, "{records}");
    check(&fixture).await;
}

/// The bodies of 100,000 executions: the records of a random history, many times, at other times and with other usage.
#[tokio::test]
async fn a_hundred_thousand_executions_are_counted_exactly() {
    let mut fixture = Fixture::new().await;
    publish(&fixture, "one").await;
    publish(&fixture, "two").await;
    Box::pin(history(&mut fixture, 11, 40, async |_: &mut Fixture, _: &mut Rng| {})).await;
    sqlx::query(
        "INSERT INTO tasker.audit (task_id, at, event, actor, reason, task_states, step_index, attempt, step_states, step_times,
             enqueued_steps, detail)
         SELECT task_id, at + copy * interval '7 seconds', event, actor, reason, task_states, step_index, attempt, step_states,
             step_times, enqueued_steps, CASE WHEN detail IS NOT NULL THEN json_build_object('usage', json_build_object(
                 'wall_us', floor(exp(random() * 14)), 'cpu_us', floor(random() * 1000),
                 'peak_memory_bytes', floor(random() * 2e8), 'dropped_log_bytes', 0), 'failure', detail -> 'failure') END
         FROM (SELECT * FROM tasker.audit WHERE detail IS NOT NULL) a,
             generate_series(1, (100000 / (SELECT count(*) FROM tasker.audit WHERE detail IS NOT NULL))::integer + 1) AS copy",
    )
    .execute(&fixture.database.pool)
    .await
    .unwrap();
    let began = std::time::Instant::now();
    let mut records = 0;
    let mut random = Rng::with_seed(3);
    loop {
        if random.bool() {
            fold_and_die(&fixture, 10_000).await;
        }
        let folded = fixture.orchestrator.analytics.fold_once(20_000).await.unwrap();
        records += folded.records;
        if !folded.is_behind {
            break;
        }
    }
    eprintln!("{records} records in {:?}, with those that were killed", began.elapsed());
    assert!(records > 100_000);
    check(&fixture).await;
}

#[tokio::test]
async fn a_record_that_cannot_be_counted_keeps_no_other_from_it() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("chain", &[("a", &[]), ("b", &["a"])])).await;
    for _ in 0..3 {
        fixture.create("chain", json!({})).await;
        fixture.complete_all().await;
    }
    sqlx::query(
        r#"INSERT INTO tasker.audit (task_id, at, event, actor, step_index, attempt, step_states, detail)
           SELECT task_id, $1, 'failed', 'h', 0, 1, '{in_progress,error}',
               '{"usage": {"wall_us": "x"}, "failure": {"error_type": "A"}}' FROM tasker.tasks LIMIT 1"#,
    )
    .bind(fixture.now)
    .execute(&fixture.database.pool)
    .await
    .unwrap();
    fixture.create("chain", json!({})).await;
    fixture.complete_all().await;
    fold_all(&mut fixture).await;
    let found = fixture.orchestrator.analytics.tasks(&day(), SortBy::P95).await.unwrap();
    assert_eq!((found.items[0].created, found.items[0].completed), (4, 4));
    assert!(found.lag_seconds.abs() < f64::EPSILON, "{}", found.lag_seconds);
}

/// Runs a step so many times, each time for as long as `run` says, in seconds.
async fn run_all(fixture: &Fixture, name: &str, times: usize, mut run: impl FnMut(&str) -> f64) {
    let requests = (0..times).map(|_| request(name, &json!({}))).collect();
    for created in fixture.orchestrator.engine.create_tasks(requests).await {
        created.unwrap();
    }
    loop {
        let dispatched = fixture.dispatched();
        if dispatched.is_empty() {
            return;
        }
        let mut reports = Vec::new();
        for step in dispatched {
            let wall_us = (run(&step.step_name) * 1e6) as u64;
            let usage =
                Usage { wall_us, cpu_us: wall_us / 20, peak_memory_bytes: 1 << 20, dropped_log_bytes: 0 };
            reports.push(ended(fixture, &step, Ending::Complete(payload(&json!(1))), usage, 1000));
        }
        fixture.orchestrator.engine.apply(reports).await.unwrap();
    }
}

#[tokio::test]
async fn the_slow_step_is_the_first_bottleneck() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("order", &[("quick", &[]), ("slow", &["quick"]), ("end", &["slow"])])).await;
    let mut random = Rng::with_seed(5);
    let mut exact = Vec::new();
    for _ in 0..10 {
        run_all(&fixture, "order", 50, |step| {
            let seconds = if step == "slow" { 1.0 + 4.0 * random.f64() } else { 0.001 };
            if step == "slow" {
                exact.push(seconds);
            }
            seconds
        })
        .await;
        fixture.advance(TimeDelta::seconds(20));
    }
    fold_all(&mut fixture).await;
    let found = fixture.orchestrator.analytics.bottlenecks(&day(), 5).await.unwrap();
    let slow = &found.slow_steps[0];
    assert_eq!(slow.step, "slow");
    exact.sort_by(f64::total_cmp);
    let p95 = exact[(0.95 * exact.len() as f64).ceil() as usize - 1];
    let measured = slow.duration.unwrap().p95;
    assert!((measured / p95 - 1.0).abs() < 0.05, "{measured} is not {p95}");
    assert_eq!(slow.execution_count, 500);
    assert!((slow.average_duration_seconds.unwrap() - exact.iter().sum::<f64>() / 500.0).abs() < 1e-4);

    let performance = fixture.orchestrator.analytics.performance(&day()).await.unwrap();
    assert_eq!((performance.current.total_tasks, performance.current.completed_tasks), (500, 500));
    assert_eq!(performance.active_tasks, 0);
    assert!((performance.system_health_score - 100.0).abs() < 5.0, "{}", performance.system_health_score);

    let throughput =
        fixture.orchestrator.analytics.throughput(&day(), ThroughputInterval::Auto, false).await.unwrap();
    let points = &throughput.series[0].points;
    assert_eq!(throughput.interval_minutes, 15);
    assert!(points.len() > 90, "without gaps: {}", points.len());
    assert_eq!(points.iter().map(|point| point.created).sum::<i64>(), 500);
    assert_eq!(points.iter().map(|point| point.step_attempts).sum::<i64>(), 1500);
    let costs = fixture.orchestrator.analytics.costs(&day()).await.unwrap();
    assert_eq!((costs.executions, costs.estimate), (1500, None));
    assert_eq!(costs.items[0].step, "slow");
}

#[tokio::test]
async fn recommendations_name_the_step_and_their_numbers() {
    let mut fixture = Fixture::new().await;
    let quick = json!({ "name": "order", "version": "1.0.0", "identity_strategy": "always_unique", "steps": [
        { "name": "pay", "handler": { "callable": "work" }, "timeout_seconds": 5,
          "retry": { "max_attempts": 3, "jitter": false } }] });
    fixture.publish(&quick.to_string()).await;
    for round in 0..10 {
        fixture.create("order", json!({})).await;
        let step = fixture.dispatched_one();
        fixture.advance(TimeDelta::seconds(8));
        let usage =
            Usage { wall_us: 4_900_000, cpu_us: 1000, peak_memory_bytes: 127 << 20, dropped_log_bytes: 0 };
        let ending = if round % 2 == 0 {
            failure("WallTimeExceeded", false, FailureOrigin::Limit)
        } else {
            Ending::Complete(payload(&json!(1)))
        };
        let report = ended(&fixture, &step, ending, usage, 0);
        fixture.orchestrator.engine.apply(vec![report]).await.unwrap();
    }
    fold_all(&mut fixture).await;
    let found = fixture.orchestrator.analytics.bottlenecks(&day(), 5).await.unwrap();
    let codes: Vec<&str> = found.recommendations.iter().map(|found| found.code.as_str()).collect();
    for code in ["time_limit_near", "memory_limit_near", "dominates_task_time"] {
        let named = found.recommendations.iter().find(|found| found.code == code);
        let named = named.unwrap_or_else(|| panic!("{code} is not among {codes:?}"));
        assert_eq!(named.subject, "default/order.pay");
        assert!(named.text.contains("`default/order.pay`"), "{}", named.text);
        assert!(named.severity >= Severity::Warning && named.evidence.len() > 1, "{named:?}");
    }
    let memory = found.recommendations.iter().find(|found| found.code == "memory_limit_near").unwrap();
    assert!((memory.evidence["peak_memory_bytes"] - f64::from(127 << 20)).abs() < 1.0);
}

#[tokio::test]
async fn a_caller_sees_only_its_namespaces() {
    let mut fixture = Fixture::new().await;
    for namespace in ["shop", "billing"] {
        let template = json!({ "name": "order", "namespace_name": namespace, "version": "1.0.0",
            "identity_strategy": "always_unique", "steps": [{ "name": "pay", "handler": { "callable": "work" } }] });
        fixture.publish(&template.to_string()).await;
        let mut order = request("order", &json!({}));
        order.namespace = namespace.to_owned();
        fixture.orchestrator.engine.create_tasks(vec![order]).await.remove(0).unwrap();
        let step = fixture.dispatched_one();
        let ending = failure("Broken", false, FailureOrigin::Handler);
        fixture.report(&step, ending).await;
    }
    fold_all(&mut fixture).await;
    let scope = Scope::Namespaces(BTreeSet::from(["shop".to_owned()]));
    let analytics = &fixture.orchestrator.analytics;
    let filter = AnalyticsFilter { scope, ..day() };
    let performance = analytics.performance(&filter).await.unwrap();
    assert_eq!((performance.current.total_tasks, performance.active_tasks), (1, 1));
    assert_eq!(performance.current.blocked_tasks, 1);
    let errors = analytics.errors(&filter).await.unwrap().items;
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].namespace.as_str(), errors[0].error_type.as_str()), ("shop", "Broken"));
    let found = analytics.bottlenecks(&filter, 1).await.unwrap();
    assert!(found.slow_steps.iter().all(|row| row.namespace == "shop"));
    assert!(found.resource_utilization.queues.is_empty(), "they belong to no namespace");
    assert_eq!(
        found.resource_utilization.open_tasks,
        BTreeMap::from([("blocked_by_failures".to_owned(), 1)])
    );
    let health = analytics.health(&filter).await.unwrap();
    assert!(!health.parts.iter().any(|part| part.name == "database"));
    assert!(health.score < 80.0, "all of its tasks are blocked: {}", health.score);
    assert_eq!(analytics.performance(&day()).await.unwrap().current.total_tasks, 2);
    let nothing = AnalyticsFilter { namespace: Some("billing".to_owned()), ..filter };
    assert_eq!(analytics.performance(&nothing).await.unwrap().current.total_tasks, 0);
}

/// Retries, which types of failures there are, and since which version.
#[tokio::test]
async fn retries_and_errors_are_told_apart() {
    let mut fixture = Fixture::new().await;
    fixture.publish(&template("order", &[("pay", &[])])).await;
    fixture.create("order", json!({})).await;
    let step = fixture.dispatched_one();
    fixture.report(&step, failure("Busy", true, FailureOrigin::Handler)).await;
    fixture.advance(TimeDelta::seconds(120));
    fixture.orchestrator.engine.sweep().await.unwrap();
    fixture.complete_all().await;
    let newer = template("order", &[("pay", &[])]).replace("1.0.0", "1.1.0");
    fixture.publish(&newer).await;
    fixture.create("order", json!({})).await;
    let step = fixture.dispatched_one();
    fixture.report(&step, failure("New", false, FailureOrigin::Handler)).await;
    fold_all(&mut fixture).await;

    let analytics = &fixture.orchestrator.analytics;
    let retries = analytics.retries(&day()).await.unwrap().items;
    assert_eq!(retries.len(), 1);
    let pay = &retries[0];
    assert_eq!((pay.retries, pay.attempts, pay.succeeded_first, pay.succeeded_second), (1, 3, 0, 1));
    assert!((pay.waited_seconds - 120.0).abs() < 1e-6, "{}", pay.waited_seconds);
    let errors = analytics.errors(&day()).await.unwrap().items;
    let since = |kind: &str| errors.iter().find(|row| row.error_type == kind).unwrap().since_version.clone();
    assert_eq!((since("Busy"), since("New")), ("1.0.0".to_owned(), "1.1.0".to_owned()));
    let only = AnalyticsFilter { version: Some("1.0.0".to_owned()), ..day() };
    assert_eq!(analytics.errors(&only).await.unwrap().items.len(), 1);
}
