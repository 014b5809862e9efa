//! Random workflows on frozen time, with a transport that drops, repeats, delays and reorders messages, hosts that
//! fail and die, and operators who interfere. Invariants: no step runs before its dependencies, none completes twice,
//! nothing is lost, every task ends, and the incremental counters match a full count.

use std::{cell::RefCell, collections::HashMap};

use chrono::TimeDelta;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::{Value, json};
use tasker_orchestrator::{
    Completion, Error, FUNCTION_SET, Slice, StepAction, Swept, TaskAction,
    read::StepDetail,
    state::{StepState, TaskState},
};
use tasker_protocol::{Ending, OrchestratorMessage, Predecessor, StepDispatch, StepReport, decode, raw_json};
use tasker_templates::template::StepType;
use tasker_transport::Message;
use uuid::Uuid;

use crate::fixture::{Fixture, batch, branch, failed, payload};

/// The number of random workflows. `PROPTEST_CASES` overrides it.
const CASES: u32 = 150;
/// A run that has not ended after this many turns is considered stuck.
const MAX_TURNS: usize = 20_000;
/// Operators interfere until this turn.
const OPERATED_TURNS: usize = 400;
const MAX_ATTEMPTS: u32 = 3;
const PARALLELISM: u32 = 2;

/// A type of step, and its dependencies as indexes into the list before it.
#[derive(Debug, Clone)]
struct Wish {
    kind: u8,
    parents: Vec<prop::sample::Index>,
    strategy: u8,
}

/// A DAG of all step types, and the seed of all random choices.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    steps: Vec<Value>,
    tasks: usize,
    interfering: bool,
    seed: u64,
}

pub(crate) fn scenario() -> impl Strategy<Value = Scenario> {
    let wish = (0..12_u8, prop::collection::vec(any::<prop::sample::Index>(), 0..4), 0..3_u8)
        .prop_map(|(kind, parents, strategy)| Wish { kind, parents, strategy });
    (prop::collection::vec(wish, 1..9), 1..3_usize, any::<bool>(), any::<u64>()).prop_map(
        |(wishes, tasks, interfering, seed)| Scenario { steps: steps(&wishes), tasks, interfering, seed },
    )
}

fn steps(wishes: &[Wish]) -> Vec<Value> {
    let mut steps: Vec<Value> = Vec::new();
    for wish in wishes {
        let mut parents: Vec<usize> = if steps.is_empty() {
            Vec::new()
        } else {
            wish.parents.iter().map(|parent| parent.index(steps.len())).collect()
        };
        parents.sort_unstable();
        parents.dedup();
        let kind = match wish.kind {
            0..5 => "standard",
            5..8 => "decision",
            8..10 if !parents.is_empty() => "deferred_convergence",
            10..12 => "batchable",
            _ => "standard",
        };
        let name = |index: usize| format!("s{index}");
        let index = steps.len();
        let parents: Vec<String> = parents.into_iter().map(name).collect();
        let mut step = json!({ "name": name(index), "type": kind, "dependencies": parents,
                               "handler": { "callable": "work" }, "retry": { "max_attempts": MAX_ATTEMPTS } });
        if kind == "batchable" {
            let strategy = ["continue_on_failure", "fail_fast", "isolate"][usize::from(wish.strategy)];
            step["batch_config"] = json!({ "worker_template": name(index + 1), "parallelism": PARALLELISM,
                                           "failure_strategy": strategy });
            steps.push(step);
            steps.push(json!({ "name": name(index + 1), "type": "batch_worker", "dependencies": [name(index)],
                               "handler": { "callable": "work" }, "retry": { "max_attempts": MAX_ATTEMPTS } }));
        } else {
            steps.push(step);
        }
    }
    steps
}

#[test]
fn nothing_is_lost_and_nothing_is_done_twice() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cases = std::env::var("PROPTEST_CASES").map_or(CASES, |cases| cases.parse().unwrap());
    let config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: 60,
        ..ProptestConfig::with_cases(cases)
    };
    // All runs share a database, which must not matter.
    let fixture = RefCell::new(Some(runtime.block_on(Fixture::new())));
    let done = TestRunner::new(config).run(&scenario(), |scenario| {
        // After a failure the next run uses a fresh database.
        let taken = fixture.borrow_mut().take().unwrap_or_else(|| runtime.block_on(Fixture::new()));
        let left = runtime.block_on(async { Box::pin(World::new(taken, &scenario).await.run()).await });
        *fixture.borrow_mut() = Some(left);
        Ok(())
    });
    if let Err(failure) = done {
        panic!("{failure}");
    }
}

/// The state of one run.
pub(crate) struct World {
    fixture: Fixture,
    dice: fastrand::Rng,
    pub(crate) tasks: Vec<Uuid>,
    interfering: bool,
    /// The type of each template step, and the names of the steps that depend on it.
    kinds: Vec<StepType>,
    children: HashMap<usize, Vec<String>>,
    /// Messages that were sent and not received.
    steps: Vec<Message>,
    reports: Vec<OrchestratorMessage>,
    /// All reports so far. Any of them may arrive again.
    past: Vec<OrchestratorMessage>,
}

impl World {
    pub(crate) async fn new(fixture: Fixture, scenario: &Scenario) -> Self {
        let dice = fastrand::Rng::with_seed(scenario.seed);
        let name = format!("t{}", fastrand::u64(..));
        let template = json!({ "name": name, "version": "1.0.0", "identity_strategy": "always_unique", "steps": scenario.steps });
        fixture.publish(&template.to_string()).await;
        fixture.steps.take();
        fixture.reports.take();
        let mut tasks = Vec::new();
        for _ in 0..scenario.tasks {
            tasks.push(fixture.create(&name, json!({})).await);
        }
        let kinds =
            scenario.steps.iter().map(|step| serde_json::from_value(step["type"].clone()).unwrap()).collect();
        let mut children: HashMap<usize, Vec<String>> = HashMap::new();
        for step in &scenario.steps {
            for parent in step["dependencies"].as_array().unwrap() {
                let parent = parent.as_str().unwrap()[1..].parse().unwrap();
                children.entry(parent).or_default().push(step["name"].as_str().unwrap().to_owned());
            }
        }
        let interfering = scenario.interfering;
        let (steps, reports, past) = (Vec::new(), Vec::new(), Vec::new());
        Self { fixture, dice, tasks, interfering, kinds, children, steps, reports, past }
    }

    pub(crate) async fn run(mut self) -> Fixture {
        for turn in 0..MAX_TURNS {
            self.post();
            match self.dice.u32(0..100) {
                0..40 => self.deliver_step().await,
                40..80 => self.deliver_reports().await,
                80..88 => self.repeat_reports().await,
                88..92 if self.interfering && turn < OPERATED_TURNS => self.interfere().await,
                _ => self.let_time_pass().await,
            }
            if turn % 20 == 0 {
                self.check_counts().await;
                if turn >= OPERATED_TURNS || !self.interfering {
                    self.resume_all().await;
                    if self.all_at_rest().await {
                        return Box::pin(self.check()).await;
                    }
                }
            }
        }
        for &task in &self.tasks {
            println!("{:?}", self.fixture.task_state(task).await);
            for step in self.fixture.orchestrator.reader.steps(task, Slice::all()).await.unwrap() {
                println!(
                    "  {} {} {:?} needs {:?}",
                    step.step_index, step.name, step.state, step.dependencies
                );
            }
        }
        panic!("tasks {:?} have not ended", self.tasks);
    }

    /// Receives the sent messages, with losses and copies.
    fn post(&mut self) {
        let steps = self.fixture.steps.take();
        let timers = self.fixture.reports.take();
        for message in steps {
            for _ in 0..self.copies() {
                self.steps.push(message.clone());
            }
        }
        for message in timers {
            for _ in 0..self.copies() {
                self.reports.push(decode(&message.body).unwrap());
            }
        }
    }

    /// Returns how often a message arrives.
    fn copies(&mut self) -> usize {
        match self.dice.u32(0..100) {
            0..15 => 0,
            15..30 => 2,
            _ => 1,
        }
    }

    /// Delivers a random message to a host.
    async fn deliver_step(&mut self) {
        if self.steps.is_empty() {
            return;
        }
        let message = self.steps.swap_remove(self.dice.usize(0..self.steps.len()));
        let dispatch: StepDispatch = decode(&message.body).unwrap();
        self.check_dispatch(&dispatch).await;
        let ending = match self.dice.u32(0..100) {
            0..70 => Some(self.success(&dispatch)),
            70..85 => Some(failed(true)),
            85..90 => Some(failed(false)),
            // The host dies.
            _ => None,
        };
        if self.dice.bool() {
            self.send_report(self.fixture.heartbeat(&dispatch, 30_000));
        }
        if let Some(ending) = ending {
            self.end(&dispatch, ending);
        }
    }

    /// Reports the end of a step. After some, the host goes on with the next step.
    fn end(&mut self, dispatch: &StepDispatch, ending: Ending) {
        let (mut dispatch, mut ending, mut after) = (dispatch.clone(), ending, None);
        loop {
            let next = match &ending {
                Ending::Complete(result) if self.dice.bool() => dispatch.following(result.clone()),
                _ => None,
            };
            // Times tell the ends of an execution apart.
            self.fixture.advance(TimeDelta::microseconds(1));
            let OrchestratorMessage::Report(mut report) = self.fixture.finished(&dispatch, ending) else {
                unreachable!()
            };
            (report.continues, report.after) = (next.is_some(), after);
            self.send_report(OrchestratorMessage::Report(report));
            // A host may die before it goes on.
            let Some(next) = next.filter(|_| self.dice.u32(0..10) > 0) else { return };
            after = Some(Predecessor { step_index: dispatch.step_index, finished_at: self.fixture.now });
            dispatch = next;
            if self.dice.bool() {
                let OrchestratorMessage::Report(beat) = self.fixture.heartbeat(&dispatch, 30_000) else {
                    unreachable!()
                };
                self.send_report(OrchestratorMessage::Report(StepReport { after, ..beat }));
            }
            ending = self.success(&dispatch);
        }
    }

    fn success(&mut self, dispatch: &StepDispatch) -> Ending {
        let definition = dispatch.template_step as usize;
        let given: Vec<Value> =
            dispatch.dependency_results.iter().map(|given| run_of(given.result.inline())).collect();
        let result = json!({ "step": dispatch.step_name, "run": self.dice.u32(..), "given": given });
        match self.kinds[definition] {
            StepType::Decision => {
                let children = self.children.get(&definition).cloned().unwrap_or_default();
                let chosen: Vec<&str> =
                    children.iter().filter(|_| self.dice.u32(0..3) > 0).map(String::as_str).collect();
                branch(&chosen)
            }
            StepType::Batchable => {
                let count = self.dice.u32(0..5);
                batch(&(0..count).map(|cursor| json!(cursor)).collect::<Vec<_>>())
            }
            _ if self.dice.u32(0..10) == 0 => Ending::Checkpoint(payload(&result)),
            _ => Ending::Complete(payload(&result)),
        }
    }

    fn send_report(&mut self, report: OrchestratorMessage) {
        for _ in 0..self.copies() {
            self.reports.push(report.clone());
        }
        self.past.push(report);
    }

    /// Delivers some of the waiting reports as one batch, in random order.
    async fn deliver_reports(&mut self) {
        self.dice.shuffle(&mut self.reports);
        let count = self.dice.usize(0..6).min(self.reports.len());
        let batch: Vec<_> = self.reports.drain(..count).collect();
        self.fixture.orchestrator.engine.apply(batch).await.unwrap();
    }

    /// Delivers old reports again.
    async fn repeat_reports(&mut self) {
        let batch = self.dice.choose_multiple(self.past.iter().cloned(), 2);
        self.fixture.orchestrator.engine.apply(batch).await.unwrap();
    }

    async fn let_time_pass(&mut self) {
        let seconds = self.dice.i64(0..120);
        self.fixture.advance(TimeDelta::seconds(seconds));
        if self.dice.bool() {
            self.fixture.orchestrator.engine.sweep().await.unwrap();
        }
    }

    /// Applies a random operator action to a task or a step.
    async fn interfere(&mut self) {
        let task = self.tasks[self.dice.usize(0..self.tasks.len())];
        let steps = self.fixture.orchestrator.reader.steps(task, Slice::all()).await.unwrap();
        let step = steps[self.dice.usize(0..steps.len())].clone();
        let orchestrator = &self.fixture.orchestrator;
        let result = match self.dice.u32(0..22) {
            0 => orchestrator.engine.cancel(task, "ops", None).await.map(drop),
            choice @ 1..13 => {
                let action = match choice {
                    1 | 2 => TaskAction::Pause,
                    3..6 => TaskAction::Resume,
                    6..9 => TaskAction::Redrive,
                    9 => TaskAction::GiveUp,
                    _ => TaskAction::Rerun { step: step.name },
                };
                orchestrator.engine.operate_on_task(task, &action, "ops", None).await.map(drop)
            }
            choice => {
                let action = match choice {
                    13..17 => StepAction::ResetForRetry,
                    17..19 => StepAction::ResolveManually,
                    // Other steps may already have received the result, so it must not change.
                    _ if step.state == StepState::ResolvedManually => StepAction::ResetForRetry,
                    _ => StepAction::CompleteManually(Completion {
                        result: raw_json(self.dice.u32(..).to_string()).unwrap(),
                        branch: None,
                        cursors: None,
                    }),
                };
                orchestrator
                    .engine
                    .operate_on_step(task, &step.name, action, "ops", "because")
                    .await
                    .map(drop)
            }
        };
        match result {
            Ok(()) | Err(Error::Refused(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    async fn resume_all(&self) {
        for &task in &self.tasks {
            let _ = self
                .fixture
                .orchestrator
                .engine
                .operate_on_task(task, &TaskAction::Resume, "ops", None)
                .await;
        }
    }

    async fn all_at_rest(&self) -> bool {
        for &task in &self.tasks {
            if !self.fixture.task_state(task).await.is_at_rest() {
                return false;
            }
        }
        true
    }

    /// Checks that a sent step that still counts has all its dependencies done, and receives exactly their results.
    async fn check_dispatch(&self, dispatch: &StepDispatch) {
        assert!(dispatch.attempt <= MAX_ATTEMPTS, "attempt {} was sent", dispatch.attempt);
        let steps = self.fixture.orchestrator.reader.steps(dispatch.task_id, Slice::all()).await.unwrap();
        let Some(step) = steps.iter().find(|step| step.step_index == dispatch.step_index) else { return };
        let counts = step.execution == dispatch.execution
            && matches!(step.state, StepState::Enqueued | StepState::InProgress);
        if !counts {
            return;
        }
        let parents: Vec<&StepDetail> =
            steps.iter().filter(|parent| step.dependencies.contains(&parent.template_step)).collect();
        for parent in &parents {
            assert!(
                parent.state.satisfies_dependents() || parent.isolated,
                "{} was sent while {} was {}",
                step.name,
                parent.name,
                parent.state
            );
        }
        let given: HashMap<&str, Option<&str>> = dispatch
            .dependency_results
            .iter()
            .map(|given| (given.step.as_str(), given.result.inline()))
            .collect();
        let complete = parents.iter().filter(|parent| parent.state == StepState::Complete);
        for parent in complete {
            assert_eq!(
                given.get(parent.name.as_str()).copied().flatten(),
                parent.result.as_ref().map(|result| result.get()),
                "{} of {}",
                parent.name,
                step.name
            );
        }
    }

    /// Checks that the stored counters match a full count.
    async fn check_counts(&self) {
        let wrong: Vec<(i32, i32, i32)> = sqlx::query_as(
            sqlx::AssertSqlSafe(format!("SELECT s.step_index, s.remaining_dependencies, o.open FROM tasker.steps s
             JOIN tasker.tasks t ON t.task_id = s.task_id
             CROSS JOIN LATERAL (SELECT {FUNCTION_SET}.open_dependencies(s.task_id, t.release_id, s.template_step, '{{}}') AS open) AS o
             WHERE s.task_id = ANY ($1) AND s.state = 'pending' AND s.batch IS NULL
               AND t.state NOT IN ('error', 'cancelled') AND o.open <> s.remaining_dependencies")),
        )
        .bind(&self.tasks)
        .fetch_all(&self.fixture.database.pool)
        .await
        .unwrap();
        assert!(wrong.is_empty(), "(step, stored, counted) open dependencies: {wrong:?}");
        let too_many: Vec<(Uuid, i32, i64)> = sqlx::query_as(
            "SELECT task_id, batch, count(*) FROM tasker.steps
             WHERE task_id = ANY ($1) AND batch IS NOT NULL AND state IN ('enqueued', 'in_progress', 'waiting_for_retry')
             GROUP BY task_id, batch HAVING count(*) > $2",
        )
        .bind(&self.tasks)
        .bind(i64::from(PARALLELISM))
        .fetch_all(&self.fixture.database.pool)
        .await
        .unwrap();
        assert!(too_many.is_empty(), "more workers are out than may be: {too_many:?}");
        for &task in &self.tasks {
            self.fixture.check_counters(task).await;
        }
    }

    async fn check(mut self) -> Fixture {
        let before = self.outcome().await;
        for &task in &self.tasks {
            self.fixture.check_audit(task).await;
            let steps = self.fixture.orchestrator.reader.steps(task, Slice::all()).await.unwrap();
            check_results(&steps);
            let needs_somebody = |step: &&StepDetail| {
                step.state == StepState::Error && !step.isolated || step.state == StepState::Cancelled
            };
            let failed = steps.iter().filter(needs_somebody).count();
            match self.fixture.task_state(task).await {
                TaskState::Complete => {
                    let done = |step: &StepDetail| step.state.satisfies_dependents() || step.isolated;
                    assert!(steps.iter().all(done), "{steps:?}");
                }
                TaskState::BlockedByFailures => assert!(failed > 0, "blocked by nothing: {steps:?}"),
                TaskState::Error | TaskState::Cancelled => continue,
                other => panic!("ended as {other}"),
            }
            let ready: Vec<i32> = sqlx::query_scalar(
                "SELECT step_index FROM tasker.steps WHERE task_id = $1 AND state = 'pending' AND remaining_dependencies = 0
                   AND batch IS NULL",
            )
            .bind(task)
            .fetch_all(&self.fixture.database.pool)
            .await
            .unwrap();
            assert!(ready.is_empty(), "steps {ready:?} are pending with all their dependencies done");
        }
        // Late reports change nothing.
        let late: Vec<_> = self.past.drain(..).chain(self.reports.drain(..)).collect();
        let applied = self.fixture.orchestrator.engine.apply(late).await.unwrap();
        assert_eq!(applied.ended, 0, "a late report was applied");
        self.fixture.advance(TimeDelta::minutes(20));
        assert_eq!(self.fixture.orchestrator.engine.sweep().await.unwrap(), Swept::default());
        assert_eq!(self.outcome().await, before);
        self.fixture
    }

    /// Returns the state and the result of every step.
    async fn outcome(&self) -> Vec<(StepState, Option<String>)> {
        let mut outcome = Vec::new();
        for &task in &self.tasks {
            for step in self.fixture.orchestrator.reader.steps(task, Slice::all()).await.unwrap() {
                outcome.push((step.state, step.result.map(|result| result.get().to_owned())));
            }
        }
        outcome
    }
}

/// The number of the run that produced a result. Null if a person or a decision gave it.
fn run_of(result: Option<&str>) -> Value {
    result
        .and_then(|text| serde_json::from_str::<Value>(text).ok())
        .map_or(Value::Null, |result| result["run"].clone())
}

/// Checks that a result was computed from the results that are stored for the dependencies.
fn check_results(steps: &[StepDetail]) {
    for step in steps.iter().filter(|step| step.state == StepState::Complete) {
        let Some(result) = &step.result else { continue };
        let result: Value = serde_json::from_str(result.get()).unwrap();
        let [parent] = step.dependencies.as_slice() else { continue };
        let mut parents = steps.iter().filter(|parent_of| parent_of.template_step == *parent);
        let (Some(parent), None) = (parents.next(), parents.next()) else { continue };
        let stored = run_of(parent.result.as_ref().map(|result| result.get()));
        if let Some([given]) = result["given"].as_array().map(Vec::as_slice)
            && parent.state == StepState::Complete
        {
            assert_eq!(given, &stored, "{} ran on another result of {}", step.name, parent.name);
        }
    }
}
