//! The work on bulk operations: crashes, processes that compete, and many tasks.

use std::{collections::BTreeMap, time::Instant};

use chrono::TimeDelta;
use tasker_orchestrator::{
    access::{Caller, Scope},
    bulk::{BulkAction, BulkArguments, BulkRequest, BulkState},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{bulk::of_template, fixture::Fixture};

#[tokio::test]
async fn after_a_crash_another_process_goes_on_and_does_each_task_once() {
    let mut fixture = Fixture::new().await;
    let tasks = fixture.blocked("crash", 30).await;
    for action in [BulkAction::Clone, BulkAction::Redrive] {
        let bulk = fixture.begin(of_template(action, "crash")).await;
        let working = fixture.at_work(bulk, 100).await;
        working.abort();
        assert!(working.await.unwrap_err().is_cancelled());
        // Waits for the last transaction of the dead.
        sqlx::query("SELECT FROM tasker.bulk_operations WHERE bulk_id = $1 FOR UPDATE")
            .bind(bulk)
            .execute(&fixture.database.pool)
            .await
            .unwrap();
        let done = fixture.operation(bulk).await.done;
        fixture.work().await;
        let during = fixture.operation(bulk).await;
        assert_eq!((during.state, during.done), (BulkState::Running, done), "the lease has not ended");
        if action == BulkAction::Clone {
            // It died between the creation of a copy and its count.
            sqlx::query("UPDATE tasker.bulk_operations SET done = $2 - 1, last_task = $3 WHERE bulk_id = $1")
                .bind(bulk)
                .bind(done)
                .bind(tasks[tasks.len() + 1 - done as usize])
                .execute(&fixture.database.pool)
                .await
                .unwrap();
        }
        fixture.advance(TimeDelta::seconds(31));
        fixture.finish(bulk).await;
        let after = fixture.operation(bulk).await;
        assert_eq!((after.state, after.done, after.failed), (BulkState::Complete, 30, 0));
        if action == BulkAction::Clone {
            let copies: (i64, i64) = sqlx::query_as(
                "SELECT count(*), count(DISTINCT tags) FROM tasker.tasks WHERE tags <> '{}' AND name = 'crash'",
            )
            .fetch_one(&fixture.database.pool)
            .await
            .unwrap();
            assert_eq!(copies, (30, 30));
            // So that the next operation concerns the others only.
            sqlx::query("UPDATE tasker.tasks SET name = 'copies' WHERE tags <> '{}'")
                .execute(&fixture.database.pool)
                .await
                .unwrap();
        } else {
            let changes = fixture.changes(bulk, "redriven").await;
            assert_eq!(changes, tasks.iter().map(|task| (*task, 1)).collect());
        }
        fixture.dispatched();
    }
}

#[tokio::test]
async fn two_processes_that_take_each_other_for_dead_do_no_task_twice() {
    let mut fixture = Fixture::new().await;
    let tasks = fixture.blocked("twice", 150).await;
    let request = BulkRequest {
        arguments: BulkArguments { step: Some("a".to_owned()), ..BulkArguments::default() },
        // May be applied any number of times.
        ..of_template(BulkAction::Rerun, "twice")
    };
    let bulk = fixture.begin(request).await;
    let first = fixture.at_work(bulk, 200).await;
    fixture.advance(TimeDelta::seconds(31));
    let others = [fixture.worker(0), fixture.worker(0)];
    let stop = CancellationToken::new();
    let (one, two) = tokio::join!(others[0].work(&stop, None), others[1].work(&stop, None));
    one.and(two).unwrap();
    first.await.unwrap();
    fixture.finish(bulk).await;
    let after = fixture.operation(bulk).await;
    assert_eq!((after.state, after.done, after.failed), (BulkState::Complete, 150, 0));
    assert_eq!(
        fixture.changes(bulk, "rerun").await,
        tasks.iter().map(|task| (*task, 1)).collect::<BTreeMap<_, _>>()
    );
}

#[tokio::test]
async fn a_stopped_operation_ends_soon_and_what_was_done_stands() {
    let fixture = Fixture::new().await;
    fixture.blocked("stop", 100).await;
    let bulk = fixture.begin(of_template(BulkAction::GiveUp, "stop")).await;
    let working = fixture.at_work(bulk, 100).await;
    let stopped = fixture.orchestrator.bulk.stop(&Caller::local(), bulk, &Scope::All).await.unwrap();
    assert_eq!(stopped.state, BulkState::Stopped);
    working.await.unwrap();
    fixture.work().await;
    let after = fixture.operation(bulk).await;
    assert_eq!((after.state, after.done), (BulkState::Stopped, stopped.done));
    assert!(after.done < 100 && after.ended_at.is_some(), "{after:?}");
    assert_eq!(fixture.changes(bulk, "given_up").await.len() as i64, after.done);
    let again = fixture.orchestrator.bulk.stop(&Caller::local(), bulk, &Scope::All).await.unwrap();
    assert_eq!(again.state, BulkState::Stopped);
}

#[tokio::test]
async fn several_operations_share_the_time() {
    let fixture = Fixture::new().await;
    fixture.blocked("long", 250).await;
    fixture.blocked("short", 5).await;
    let long = fixture.begin(of_template(BulkAction::GiveUp, "long")).await;
    let short = fixture.begin(of_template(BulkAction::GiveUp, "short")).await;
    let working = fixture.at_work(long, 0).await;
    while fixture.operation(short).await.state == BulkState::Running {
        tokio::task::yield_now().await;
    }
    let during = fixture.operation(long).await;
    working.await.unwrap();
    assert_eq!(fixture.operation(long).await.done, 250);
    let ended: Vec<Uuid> = sqlx::query_scalar(
        "SELECT o.bulk_id FROM tasker.bulk_operations o ORDER BY (
             SELECT max(audit_id) FROM tasker.audit a WHERE a.reason LIKE '%' || o.bulk_id || ')')",
    )
    .fetch_all(&fixture.database.pool)
    .await
    .unwrap();
    assert_eq!(ended, [short, long], "{during:?}");
}

#[tokio::test]
async fn a_visit_works_with_one_connection() {
    let fixture = Fixture::in_visits().await;
    fixture.blocked("visit", 12).await;
    let requests = [
        of_template(BulkAction::Clone, "visit"),
        BulkRequest {
            arguments: BulkArguments { step: Some("a".to_owned()), ..BulkArguments::default() },
            ..of_template(BulkAction::Rerun, "visit")
        },
    ];
    for request in requests {
        let bulk = fixture.begin(request).await;
        fixture.orchestrator.visit_all().await.unwrap();
        let after = fixture.operation(bulk).await;
        assert_eq!((after.state, after.failed), (BulkState::Complete, 0));
    }
}

#[tokio::test]
async fn thousands_of_blocked_tasks_are_redriven() {
    const TASKS: usize = 2000;
    let mut fixture = Fixture::new().await;
    let tasks = fixture.blocked("many", TASKS).await;
    let bulk = fixture.begin(of_template(BulkAction::Redrive, "many")).await;
    let working = fixture.at_work(bulk, 0).await;
    working.abort();
    let _ = working.await;
    fixture.advance(TimeDelta::seconds(31));
    let (began, before) = (Instant::now(), fixture.operation(bulk).await.done);
    fixture.finish(bulk).await;
    eprintln!("{:.0} tasks a second", (TASKS as i64 - before) as f64 / began.elapsed().as_secs_f64());
    let after = fixture.operation(bulk).await;
    assert_eq!((after.state, after.done, after.failed), (BulkState::Complete, TASKS as i64, 0));
    let once: BTreeMap<Uuid, i64> = tasks.into_iter().map(|task| (task, 1)).collect();
    assert_eq!(fixture.changes(bulk, "redriven").await, once);
    // The message of the task at the time of the crash may have been lost.
    fixture.advance(TimeDelta::minutes(10));
    fixture.orchestrator.engine.sweep().await.unwrap();
    let sent: BTreeMap<Uuid, i64> = fixture.dispatched().iter().map(|step| (step.task_id, 1)).collect();
    assert_eq!(sent, once);
}
