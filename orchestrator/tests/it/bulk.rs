//! Bulk operations: previews, each action on tasks in all states, and what is forgotten.

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use serde_json::json;
use tasker_orchestrator::{
    Error, Slice, TaskAction,
    access::{Caller, Grant, Permission, Scope},
    bulk::{Bulk, BulkAction, BulkArguments, BulkOperation, BulkRequest, BulkState},
    read::TaskFilter,
    state::TaskState,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fixture::{Fixture, failed, request, template};

/// The reason of all operations.
const REASON: &str = "the shop was closed";

/// A request for the tasks of a template.
pub(crate) fn of_template(action: BulkAction, name: &str) -> BulkRequest {
    BulkRequest {
        action,
        arguments: BulkArguments::default(),
        filter: Some(TaskFilter { name: Some(name.to_owned()), ..TaskFilter::default() }),
        task_ids: None,
        reason: Some(REASON.to_owned()),
        actor: Some("ada".to_owned()),
        max: None,
    }
}

impl Fixture {
    /// A worker in a process of its own, as fast as it can be or at this rate.
    pub(crate) fn worker(&self, per_second: u32) -> Arc<Bulk> {
        Arc::new(Bulk::new(Arc::clone(&self.orchestrator.engine), per_second))
    }

    pub(crate) async fn preview(&self, request: BulkRequest) -> BulkOperation {
        self.orchestrator.bulk.preview(&Caller::local(), request).await.unwrap()
    }

    pub(crate) async fn confirm(&self, preview: &BulkOperation) -> Result<BulkOperation, Error> {
        self.orchestrator.bulk.confirm(&Caller::local(), preview.confirm.as_deref().unwrap()).await
    }

    pub(crate) async fn begin(&self, request: BulkRequest) -> Uuid {
        self.confirm(&self.preview(request).await).await.unwrap().bulk_id
    }

    pub(crate) async fn operation(&self, bulk: Uuid) -> BulkOperation {
        self.orchestrator.bulk.show(bulk, &Scope::All).await.unwrap()
    }

    /// Works until nothing is to be done.
    pub(crate) async fn work(&self) {
        self.worker(0).work(&CancellationToken::new(), None).await.unwrap();
    }

    /// Works until an operation has ended. The transaction of a worker that died may hold it for a moment.
    pub(crate) async fn finish(&self, bulk: Uuid) {
        while self.operation(bulk).await.state == BulkState::Running {
            self.work().await;
        }
    }

    /// Starts a worker, and returns when it has done some tasks.
    pub(crate) async fn at_work(&self, bulk: Uuid, per_second: u32) -> JoinHandle<()> {
        let worker = self.worker(per_second);
        let working =
            tokio::spawn(async move { worker.work(&CancellationToken::new(), None).await.unwrap() });
        while self.operation(bulk).await.done < 4 {
            tokio::task::yield_now().await;
        }
        working
    }

    /// Creates tasks of the template `name` that are blocked by failures.
    pub(crate) async fn blocked(&self, name: &str, count: usize) -> Vec<Uuid> {
        self.publish(&template(name, &[("a", &[])])).await;
        let mut tasks = Vec::new();
        for _ in 0..count.div_ceil(100) {
            let requests = (0..100.min(count - tasks.len())).map(|_| request(name, &json!({}))).collect();
            for created in self.orchestrator.engine.create_tasks(requests).await {
                let tasker_orchestrator::Creation::Created(task) = created.unwrap() else { panic!() };
                tasks.push(task);
            }
            let reports = self.dispatched().iter().map(|step| self.finished(step, failed(false))).collect();
            self.orchestrator.engine.apply(reports).await.unwrap();
        }
        tasks
    }

    /// How often the audit of each task names an operation as the cause of a change of this kind.
    pub(crate) async fn changes(&self, bulk: Uuid, event: &str) -> BTreeMap<Uuid, i64> {
        let rows: Vec<(Uuid, i64)> = sqlx::query_as(
            "SELECT task_id, count(*) FILTER (WHERE step_index IS NULL) FROM tasker.audit
             WHERE reason LIKE '%' || $1 AND event = $2 GROUP BY task_id",
        )
        .bind(format!("bulk {bulk})"))
        .bind(event)
        .fetch_all(&self.database.pool)
        .await
        .unwrap();
        rows.into_iter().collect()
    }

    /// Creates a task of this template in each of the states that matter.
    async fn mixture(&self, name: &str) -> [Uuid; 7] {
        self.publish(&template(name, &[("a", &[])])).await;
        let engine = &self.orchestrator.engine;
        let mut tasks = [Uuid::nil(); 7];
        for (place, task) in tasks.iter_mut().enumerate() {
            *task = self.create(name, json!({})).await;
            let step = self.dispatched_one();
            let operate = async |action| engine.operate_on_task(*task, &action, "test", None).await.unwrap();
            match place {
                1 => drop(operate(TaskAction::Pause).await),
                2..=4 => {
                    self.fail(&step, false).await;
                    match place {
                        3 => drop(operate(TaskAction::GiveUp).await),
                        4 => drop(operate(TaskAction::ResolveManually).await),
                        _ => {}
                    }
                }
                5 => drop(self.complete(&step, json!({})).await),
                6 => drop(engine.cancel(*task, "test", None).await.unwrap()),
                _ => {}
            }
        }
        let mut states = Vec::new();
        for task in tasks {
            states.push(self.task_state(task).await);
        }
        let (running, blocked) = (TaskState::StepsInProcess, TaskState::BlockedByFailures);
        let ended =
            [TaskState::Error, TaskState::ResolvedManually, TaskState::Complete, TaskState::Cancelled];
        assert_eq!(states, [[running, running, blocked].as_slice(), &ended].concat());
        tasks
    }
}

#[tokio::test]
async fn each_action_is_applied_to_the_tasks_whose_state_allows_it() {
    let fixture = Fixture::new().await;
    let step = BulkArguments { step: Some("a".to_owned()), ..BulkArguments::default() };
    let version = BulkArguments { version: Some("2.0.0".to_owned()), ..BulkArguments::default() };
    let none = BulkArguments::default;
    for (action, arguments, event, done, impossible, code) in [
        (BulkAction::Cancel, none(), "cancelled", 3, json!({ "already_ended": 4 }), "already_ended"),
        (
            BulkAction::Pause,
            none(),
            "paused",
            2,
            json!({ "already_ended": 4, "already_paused": 1 }),
            "not_possible",
        ),
        (BulkAction::Resume, none(), "resumed", 1, json!({ "not_paused": 6 }), "not_possible"),
        (BulkAction::Redrive, none(), "redriven", 2, json!({ "no_failed_steps": 5 }), "not_possible"),
        (BulkAction::GiveUp, none(), "given_up", 1, json!({ "not_blocked": 6 }), "not_possible"),
        (
            BulkAction::ResolveManually,
            none(),
            "resolved_manually",
            1,
            json!({ "not_blocked": 6 }),
            "not_possible",
        ),
        (BulkAction::Rerun, step, "rerun", 6, json!({ "cancelled": 1 }), "not_possible"),
        (
            BulkAction::Upgrade,
            version,
            "upgraded",
            1,
            json!({ "already_ended": 4, "steps_running": 2 }),
            "not_possible",
        ),
        (BulkAction::Clone, none(), "created", 7, json!({}), ""),
    ] {
        let name = action.as_str();
        let tasks = fixture.mixture(name).await;
        if action == BulkAction::Upgrade {
            let next = template(name, &[("a", &[])]).replace("1.0.0", "2.0.0");
            fixture.publish(&next).await;
        }
        let preview = fixture.preview(BulkRequest { arguments, ..of_template(action, name) }).await;
        assert_eq!(json!(preview.impossible), impossible, "{name}");
        assert_eq!((preview.matching.count, preview.matching.capped, preview.sample.len()), (7, false, 5));
        assert_eq!(preview.sample[0].task_id, tasks[6]);
        let bulk = fixture.confirm(&preview).await.unwrap().bulk_id;
        fixture.work().await;
        let after = fixture.operation(bulk).await;
        assert_eq!((after.state, after.done, after.failed), (BulkState::Complete, done, 7 - done), "{name}");
        let failures = fixture.orchestrator.bulk.failures(bulk, &Scope::All, Slice::all()).await.unwrap();
        assert_eq!(failures.len() as i64, after.failed, "{name}");
        assert!(failures.iter().all(|failure| failure.code == code), "{name}: {failures:?}");
        let changes = fixture.changes(bulk, event).await;
        assert_eq!(changes.len() as i64, done, "{name}: {changes:?}");
        assert!(changes.values().all(|count| *count == 1), "{name}: {changes:?}");
        if action == BulkAction::Clone {
            let tags: Vec<String> = sqlx::query_scalar(
                "SELECT unnest(tags) FROM tasker.tasks WHERE name = 'clone' AND tags <> '{}' ORDER BY 1",
            )
            .fetch_all(&fixture.database.pool)
            .await
            .unwrap();
            assert_eq!(tags, tasks.map(|task| format!("rerun-of:{task}")));
        } else {
            for task in tasks {
                fixture.check_counters(task).await;
            }
        }
        // What was enqueued has left.
        if action == BulkAction::Redrive {
            assert_eq!(fixture.complete_all().await.len(), 2);
        }
        fixture.dispatched();
    }
}

#[tokio::test]
async fn a_preview_changes_nothing_and_fixes_the_set() {
    let fixture = Fixture::new().await;
    let tasks = fixture.blocked("fixed", 3).await;
    let preview = fixture.preview(of_template(BulkAction::GiveUp, "fixed")).await;
    assert_eq!((preview.state, preview.matching.count), (BulkState::Previewed, 3));
    fixture.work().await;
    for &task in &tasks {
        assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    }
    let listed = async || fixture.orchestrator.bulk.list(&Scope::All, Slice::all()).await.unwrap().len();
    assert_eq!(listed().await, 0);
    assert!(matches!(
        fixture.orchestrator.bulk.show(preview.bulk_id, &Scope::All).await,
        Err(Error::NoSuchBulk(_))
    ));
    let later = fixture.blocked("fixed", 2).await;
    let begun = fixture.confirm(&preview).await.unwrap();
    assert_eq!((begun.state, begun.bulk_id), (BulkState::Running, preview.bulk_id));
    assert!(matches!(fixture.confirm(&preview).await, Err(Error::ConfirmExpired)));
    fixture.work().await;
    for task in tasks {
        assert_eq!(fixture.task_state(task).await, TaskState::Error);
    }
    for task in later {
        assert_eq!(fixture.task_state(task).await, TaskState::BlockedByFailures);
    }
    let after = fixture.operation(preview.bulk_id).await;
    assert_eq!((after.state, after.done, after.failed), (BulkState::Complete, 3, 0));
    assert_eq!(listed().await, 1);
}

#[tokio::test]
async fn what_matches_later_or_no_longer_is_left_alone() {
    let fixture = Fixture::new().await;
    fixture.publish(&template("later", &[("a", &[])])).await;
    let running = fixture.create("later", json!({})).await;
    let step = fixture.dispatched_one();
    let tasks = fixture.blocked("later", 2).await;
    let mut request = of_template(BulkAction::Cancel, "later");
    request.filter.as_mut().unwrap().states = vec![TaskState::BlockedByFailures];
    let preview = fixture.preview(request).await;
    assert_eq!(preview.matching.count, 2);
    // One more is blocked, and one is no longer.
    fixture.fail(&step, false).await;
    let engine = &fixture.orchestrator.engine;
    engine.operate_on_task(tasks[1], &TaskAction::Redrive, "test", None).await.unwrap();
    let bulk = fixture.confirm(&preview).await.unwrap().bulk_id;
    fixture.work().await;
    let after = fixture.operation(bulk).await;
    assert_eq!((after.state, after.done, after.failed), (BulkState::Complete, 1, 1));
    assert_eq!(fixture.task_state(running).await, TaskState::BlockedByFailures);
    assert_eq!(fixture.task_state(tasks[0]).await, TaskState::Cancelled);
    assert_eq!(fixture.task_state(tasks[1]).await, TaskState::StepsInProcess);
    let failures = fixture.orchestrator.bulk.failures(bulk, &Scope::All, Slice::all()).await.unwrap();
    assert_eq!((failures[0].task_id, failures[0].code.as_str()), (tasks[1], "not_possible"));
}

#[tokio::test]
async fn what_the_caller_may_do_when_it_confirms_counts() {
    let fixture = Fixture::new().await;
    let tasks = fixture.blocked("rights", 2).await;
    let with = |permissions: &[&str]| {
        let permissions: Vec<String> = permissions.iter().map(|&name| name.to_owned()).collect();
        Caller { grant: Grant::read(&[], &permissions, None).unwrap(), ..Caller::local() }
    };
    let bulk = &fixture.orchestrator.bulk;
    for (permissions, outcome) in [
        (["tasks:list", "tasks:cancel"], None),
        (["tasks:list", "tasks:operate@shop"], Some(0)),
        (["tasks:list@default", "tasks:operate"], Some(2)),
    ] {
        let preview = fixture.preview(of_template(BulkAction::GiveUp, "rights")).await;
        let token = preview.confirm.unwrap();
        let confirmed = bulk.confirm(&with(&permissions), &token).await;
        let Some(done) = outcome else {
            assert!(matches!(confirmed, Err(Error::Forbidden { permission: Permission::TasksOperate })));
            continue;
        };
        let id = confirmed.unwrap().bulk_id;
        fixture.work().await;
        let after = fixture.operation(id).await;
        assert_eq!((after.state, after.matching.count, after.done), (BulkState::Complete, 2, done));
    }
    assert_eq!(fixture.task_state(tasks[0]).await, TaskState::Error);
}

#[tokio::test]
async fn only_the_newest_tasks_are_concerned_or_those_that_are_named() {
    let fixture = Fixture::new().await;
    let tasks = fixture.blocked("some", 6).await;
    let preview =
        fixture.preview(BulkRequest { max: Some(4), ..of_template(BulkAction::GiveUp, "some") }).await;
    assert_eq!((preview.matching.count, preview.matching.capped), (4, true));
    fixture.confirm(&preview).await.unwrap();
    fixture.work().await;
    let after = fixture.operation(preview.bulk_id).await;
    assert_eq!((after.state, after.done), (BulkState::Complete, 4));
    let named = BulkRequest {
        filter: None,
        task_ids: Some(vec![tasks[0], tasks[0], tasks[5], Uuid::nil()]),
        ..of_template(BulkAction::GiveUp, "")
    };
    let preview = fixture.preview(named).await;
    assert_eq!(json!(preview.impossible), json!({ "no_such_task": 1, "not_blocked": 1 }));
    let bulk = fixture.confirm(&preview).await.unwrap().bulk_id;
    fixture.work().await;
    let after = fixture.operation(bulk).await;
    assert_eq!((after.matching.count, after.done, after.failed), (2, 1, 1));
    assert_eq!(fixture.task_state(tasks[1]).await, TaskState::BlockedByFailures);
}

#[tokio::test]
async fn previews_expire_and_ended_operations_are_forgotten() {
    let mut fixture = Fixture::new().await;
    fixture.blocked("old", 2).await;
    let count = async |fixture: &Fixture| -> (i64, i64) {
        fixture.orchestrator.bulk.forget().await.unwrap();
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM tasker.bulk_operations), (SELECT count(*) FROM tasker.bulk_failures)",
        )
        .fetch_one(&fixture.database.pool)
        .await
        .unwrap()
    };
    let confirmed = fixture.preview(of_template(BulkAction::Resume, "old")).await;
    let late = fixture.preview(of_template(BulkAction::Resume, "old")).await;
    fixture.advance(TimeDelta::seconds(599));
    fixture.confirm(&confirmed).await.unwrap();
    assert_eq!(count(&fixture).await, (2, 0));
    fixture.advance(TimeDelta::seconds(1));
    assert!(matches!(fixture.confirm(&late).await, Err(Error::ConfirmExpired)));
    fixture.advance(TimeDelta::seconds(1));
    fixture.work().await;
    assert_eq!(count(&fixture).await, (1, 2));
    fixture.advance(TimeDelta::days(30));
    assert_eq!(count(&fixture).await, (1, 2));
    fixture.advance(TimeDelta::seconds(1));
    assert_eq!(count(&fixture).await, (0, 0));
}

#[tokio::test]
async fn a_request_that_makes_no_sense_is_refused() {
    let fixture = Fixture::new().await;
    let step = || BulkArguments { step: Some("a".to_owned()), ..BulkArguments::default() };
    let base = || of_template(BulkAction::Redrive, "any");
    for (request, expected) in [
        (BulkRequest { filter: None, ..base() }, "`filter` is missing"),
        (BulkRequest { task_ids: Some(vec![Uuid::nil()]), ..base() }, "exclude each other"),
        (BulkRequest { filter: None, task_ids: Some(Vec::new()), ..base() }, "`task_ids` are 0"),
        (BulkRequest { filter: None, task_ids: Some(vec![Uuid::nil(); 1001]), ..base() }, "are 1001"),
        (BulkRequest { max: Some(0), ..base() }, "between 1 and 100000"),
        (BulkRequest { reason: Some("x".repeat(4001)), ..base() }, "`reason` is longer"),
        (BulkRequest { arguments: step(), ..base() }, "`redrive` does not take"),
        (BulkRequest { action: BulkAction::Rerun, ..base() }, "need `step`"),
        (BulkRequest { actor: Some("a\u{0}".to_owned()), ..base() }, "`actor`"),
    ] {
        let refused = fixture.orchestrator.bulk.preview(&Caller::local(), request).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
}
