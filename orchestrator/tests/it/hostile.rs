//! Random workflows under a transport that drops, repeats, delays and reorders messages, with hosts that fail and die,
//! on frozen time. Whatever happens: no step runs before its dependencies, none completes twice, nothing is lost, every
//! task ends.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::{Value, json};
use tasker_orchestrator::state::{StepState, TaskState};
use tasker_protocol::{Ending, OrchestratorMessage, StepDispatch, decode};
use tasker_transport::Message;
use uuid::Uuid;

use crate::fixture::{Fixture, failed, payload};

/// How many random workflows are run; `PROPTEST_CASES` overrides it.
const CASES: u32 = 24;
/// A run that has not ended by then never will.
const MAX_TURNS: usize = 20_000;
const MAX_ATTEMPTS: u32 = 3;

/// A DAG, by the dependencies of each step on earlier ones, and the seed of everything that is left to chance.
#[derive(Debug, Clone)]
struct Scenario {
    parents: Vec<Vec<usize>>,
    tasks: usize,
    seed: u64,
}

fn scenario() -> impl Strategy<Value = Scenario> {
    let parents = prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..3), 1..9);
    (parents, 1..4_usize, any::<u64>()).prop_map(|(wishes, tasks, seed)| {
        let step = |(step, wishes): (usize, Vec<prop::sample::Index>)| {
            let mut parents: Vec<usize> =
                if step == 0 { Vec::new() } else { wishes.iter().map(|wish| wish.index(step)).collect() };
            parents.sort_unstable();
            parents.dedup();
            parents
        };
        Scenario { parents: wishes.into_iter().enumerate().map(step).collect(), tasks, seed }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_lost_and_nothing_is_done_twice(scenario in scenario()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { World::new(&scenario).await.run().await });
    }
}

/// Everything that is going on.
struct World {
    fixture: Fixture,
    dice: fastrand::Rng,
    tasks: Vec<Uuid>,
    /// Messages that have left and not arrived.
    steps: Vec<Message>,
    reports: Vec<OrchestratorMessage>,
    /// Every report that was ever made: any may arrive again at any time.
    past: Vec<OrchestratorMessage>,
}

impl World {
    async fn new(scenario: &Scenario) -> Self {
        let fixture = Fixture::new().await;
        let name = |step: usize| format!("s{step}");
        let steps: Vec<Value> = scenario
            .parents
            .iter()
            .enumerate()
            .map(|(step, parents)| {
                let dependencies: Vec<String> = parents.iter().map(|&parent| name(parent)).collect();
                json!({ "name": name(step), "dependencies": dependencies, "handler": { "callable": "work" },
                        "retry": { "max_attempts": MAX_ATTEMPTS } })
            })
            .collect();
        let template =
            json!({ "name": "t", "version": "1.0.0", "identity_strategy": "always_unique", "steps": steps });
        fixture.publish(&template.to_string()).await;
        let mut tasks = Vec::new();
        for _ in 0..scenario.tasks {
            tasks.push(fixture.create("t", json!({})).await);
        }
        let dice = fastrand::Rng::with_seed(scenario.seed);
        Self { fixture, dice, tasks, steps: Vec::new(), reports: Vec::new(), past: Vec::new() }
    }

    async fn run(mut self) {
        for turn in 0..MAX_TURNS {
            self.post();
            match self.dice.u32(0..100) {
                0..40 => self.deliver_step().await,
                40..80 => self.deliver_reports().await,
                80..90 => self.repeat_reports().await,
                _ => self.let_time_pass().await,
            }
            if turn % 20 == 0 && self.all_at_rest().await {
                return self.check().await;
            }
        }
        panic!("tasks {:?} have not ended", self.tasks);
    }

    /// What was sent is on its way, more or less.
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

    /// How often a message arrives.
    fn copies(&mut self) -> usize {
        match self.dice.u32(0..100) {
            0..15 => 0,
            15..30 => 2,
            _ => 1,
        }
    }

    /// A host takes any of the messages on their way.
    async fn deliver_step(&mut self) {
        if self.steps.is_empty() {
            return;
        }
        let message = self.steps.swap_remove(self.dice.usize(0..self.steps.len()));
        let dispatch: StepDispatch = decode(&message.body).unwrap();
        self.check_dependencies(&dispatch).await;
        assert!(dispatch.attempt <= MAX_ATTEMPTS, "attempt {} was sent", dispatch.attempt);
        let result =
            json!({ "step": dispatch.step_name, "attempt": dispatch.attempt, "run": self.dice.u32(..) });
        let ending = match self.dice.u32(0..100) {
            0..65 => Some(Ending::Complete(payload(&result))),
            65..85 => Some(failed(true)),
            85..90 => Some(failed(false)),
            // The host dies.
            _ => None,
        };
        let alive = self.dice.bool();
        if alive {
            self.send_report(self.fixture.heartbeat(&dispatch, 30_000));
        }
        if let Some(ending) = ending {
            self.send_report(self.fixture.finished(&dispatch, ending));
        }
    }

    fn send_report(&mut self, report: OrchestratorMessage) {
        for _ in 0..self.copies() {
            self.reports.push(report.clone());
        }
        self.past.push(report);
    }

    /// Some of the reports on their way arrive, in any order, as one batch.
    async fn deliver_reports(&mut self) {
        self.dice.shuffle(&mut self.reports);
        let count = self.dice.usize(0..6).min(self.reports.len());
        let batch: Vec<_> = self.reports.drain(..count).collect();
        self.fixture.orchestrator.apply(batch).await.unwrap();
    }

    /// Reports of long ago arrive again.
    async fn repeat_reports(&mut self) {
        let batch = self.dice.choose_multiple(self.past.iter().cloned(), 2);
        self.fixture.orchestrator.apply(batch).await.unwrap();
    }

    async fn let_time_pass(&mut self) {
        let seconds = self.dice.i64(0..120);
        self.fixture.advance(TimeDelta::seconds(seconds)).await;
        if self.dice.bool() {
            self.fixture.orchestrator.sweep().await.unwrap();
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

    /// A step that is sent has all its dependencies complete, and is given exactly what they completed with.
    async fn check_dependencies(&self, dispatch: &StepDispatch) {
        let steps = self.fixture.orchestrator.steps(dispatch.task_id).await.unwrap();
        let step = &steps[dispatch.step_index as usize];
        assert_eq!(dispatch.dependency_results.len(), step.dependencies.len());
        for (given, name) in dispatch.dependency_results.iter().zip(&step.dependencies) {
            let parent = steps.iter().find(|step| step.name == *name).unwrap();
            assert_eq!(given.step, *name);
            assert_eq!(
                parent.state,
                StepState::Complete,
                "{} was sent before {name} was complete",
                step.name
            );
            assert_eq!(given.result.inline(), parent.result.as_ref().map(|result| result.get()));
        }
    }

    async fn check(mut self) {
        let before = self.outcome().await;
        for &task in &self.tasks {
            self.fixture.check_audit(task).await;
            let steps = self.fixture.orchestrator.steps(task).await.unwrap();
            let failed = steps.iter().filter(|step| step.state == StepState::Error).count();
            match self.fixture.task_state(task).await {
                TaskState::Complete => {
                    assert!(steps.iter().all(|step| step.state == StepState::Complete), "{steps:?}");
                }
                TaskState::BlockedByFailures => assert!(failed > 0, "blocked by nothing: {steps:?}"),
                other => panic!("ended as {other}"),
            }
            for step in steps.iter().filter(|step| step.state == StepState::Pending) {
                let waits_for_failure = step.dependencies.iter().any(|name| {
                    steps.iter().any(|other| other.name == *name && other.state != StepState::Complete)
                });
                assert!(waits_for_failure, "{} is pending with all its dependencies complete", step.name);
            }
        }
        // Nothing that comes late changes anything.
        let late: Vec<_> = self.past.drain(..).chain(self.reports.drain(..)).collect();
        let applied = self.fixture.orchestrator.apply(late).await.unwrap();
        assert_eq!(applied.ended, 0, "a late report was applied");
        self.fixture.advance(TimeDelta::days(1)).await;
        assert_eq!(self.fixture.orchestrator.sweep().await.unwrap(), tasker_orchestrator::Swept::default());
        assert_eq!(self.outcome().await, before);
    }

    /// The state and the result of every step.
    async fn outcome(&self) -> Vec<(StepState, Option<String>)> {
        let mut outcome = Vec::new();
        for &task in &self.tasks {
            for step in self.fixture.orchestrator.steps(task).await.unwrap() {
                outcome.push((step.state, step.result.map(|result| result.get().to_owned())));
            }
        }
        outcome
    }
}
