//! Histories as the database writes them, drawn at random: whatever happened, the account adds up.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use tasker_orchestrator::read::{TimelineEntry, Transition};

use super::*;

fn created() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).expect("it is a time")
}

/// A task whose steps do anything that steps can do.
struct Play {
    random: Rng,
    now: Micros,
    record: i64,
    /// How far the clock of the hosts is ahead.
    skew: Micros,
    states: Vec<&'static str>,
    parents: Vec<Vec<usize>>,
    attempts: Vec<u32>,
    changes: Vec<Transition>,
    runs: Vec<TimelineEntry>,
    isolated: HashSet<u32>,
    paused: bool,
    /// Whether operators act. Without them, a batch goes on without every step that failed.
    has_operators: bool,
}

impl Play {
    fn new(seed: u64, is_skewed: bool, has_operators: bool) -> Self {
        let mut random = Rng::with_seed(seed);
        let count = random.usize(1..12);
        let parents = (0..count).map(|step| (0..step).filter(|_| random.u8(..) < 80).collect()).collect();
        let skew = if is_skewed { random.i64(-3_000_000..3_000_000) } else { 0 };
        let mut play = Self {
            random,
            now: 0,
            record: 10,
            skew,
            states: vec!["pending"; count],
            parents,
            attempts: vec![0; count],
            changes: Vec::new(),
            runs: Vec::new(),
            isolated: HashSet::new(),
            paused: false,
            has_operators,
        };
        play.ready("created", "api");
        play
    }

    fn passes(&mut self, most: Micros) {
        self.now += self.random.i64(1..most);
    }

    fn change(&mut self, step: usize, to: &'static str, at: Micros, event: &str, actor: &str) {
        let position = i32::try_from(self.changes.len()).expect("there are few");
        self.changes.push(Transition {
            audit_id: self.record,
            position,
            step_index: u32::try_from(step).ok(),
            step: Some(format!("s{step}")),
            attempt: Some(self.attempts[step]),
            at: created() + TimeDelta::microseconds(at),
            from_state: self.states[step].to_owned(),
            to_state: to.to_owned(),
            event: event.to_owned(),
            actor: actor.to_owned(),
            reason: None,
        });
        self.states[step] = to;
    }

    /// Enqueues, in the current record, what waits for nothing.
    fn ready(&mut self, event: &str, actor: &str) {
        let is_done = |play: &Self, step: usize| {
            ["complete", "resolved_manually"].contains(&play.states[step])
                || play.isolated.contains(&u32::try_from(step).unwrap())
        };
        for step in 0..self.states.len() {
            let ready = self.states[step] == "pending"
                && self.parents[step].iter().all(|parent| is_done(self, *parent));
            if ready && !self.paused {
                self.attempts[step] += 1;
                self.change(step, "enqueued", self.now, event, actor);
            }
        }
    }

    /// One event.
    fn moves(&mut self) {
        self.record += self.random.i64(1..5);
        let step = self.random.usize(..self.states.len());
        match (self.states[step], self.random.u8(..10)) {
            ("enqueued", 0..=2) => {
                self.passes(100_000);
                let started = self.now - self.random.i64(0..50_000) + self.skew;
                self.change(step, "in_progress", started, "started", "h1");
            }
            ("enqueued", 3..=5) => {
                // The start is first known with the end.
                let started = self.now + self.random.i64(-50_000..50_000) + self.skew;
                self.passes(2_000_000);
                self.change(step, "in_progress", started, "completed", "h1");
                self.ends(step);
            }
            ("in_progress", 0..=8) => {
                self.passes(2_000_000);
                self.ends(step);
            }
            ("waiting_for_retry", _) if !self.paused => {
                self.passes(5_000_000);
                self.attempts[step] += 1;
                self.change(step, "enqueued", self.now, "retry_due", "orchestrator");
            }
            ("error", 0..2)
                if self.has_operators && !self.isolated.contains(&u32::try_from(step).unwrap()) =>
            {
                self.passes(60_000_000);
                let to = if self.paused { "pending" } else { "enqueued" };
                self.change(step, to, self.now, "reset_for_retry", "ann");
            }
            ("error", 2) if self.has_operators => {
                self.passes(60_000_000);
                self.change(step, "resolved_manually", self.now, "resolve_manually", "ann");
                self.record += 1;
                self.ready("resolve_manually", "ann");
            }
            ("complete", 0) if self.has_operators && self.random.u8(..) < 20 => {
                self.passes(60_000_000);
                self.change(step, "pending", self.now, "rerun", "ann");
                self.record += 1;
                self.ready("rerun", "ann");
            }
            (_, 9) if self.has_operators => {
                self.passes(9_000_000);
                self.paused = !self.paused;
                if !self.paused {
                    self.ready("resumed", "ann");
                }
            }
            _ => {}
        }
    }

    /// A host reports the end of a run.
    fn ends(&mut self, step: usize) {
        let finished = self.now - self.random.i64(0..300_000) + self.skew;
        let (kind, state) = match self.random.u8(..10) {
            0 => ("enqueued_as_error_for_orchestration", "waiting_for_retry"),
            1 => ("enqueued_as_error_for_orchestration", "error"),
            2 => ("enqueued_for_orchestration", "enqueued"),
            _ => ("enqueued_for_orchestration", "complete"),
        };
        self.runs.push(TimelineEntry {
            audit_id: Some(self.record),
            step_index: u32::try_from(step).unwrap(),
            step: format!("s{step}"),
            attempt: self.attempts[step],
            state: StepState::Complete,
            enqueued_at: None,
            started_at: None,
            finished_at: None,
            next_retry_at: None,
            host: None,
            cpu_us: (self.random.u8(..) < 200).then(|| self.random.i64(0..900_000)),
            peak_memory_bytes: None,
            error_type: (self.random.u8(..) < 20).then(|| "LeaseLost".to_owned()),
        });
        self.change(step, kind, finished, "completed", "h1");
        self.change(step, state, self.now, "completed", "h1");
        if state == "error" && (!self.has_operators || self.random.u8(..) < 40) {
            self.isolated.insert(u32::try_from(step).unwrap());
        }
        self.ready("completed", "h1");
    }

    fn facts(mut self) -> (Facts, bool) {
        let is_open = self.states.iter().any(|state| !["complete", "error"].contains(state));
        // A task that has not ended goes on until now.
        if is_open {
            self.passes(1_000_000);
        }
        let facts = Facts {
            created_at: created(),
            end: created() + TimeDelta::microseconds(self.now),
            changes: self.changes,
            runs: self.runs,
            isolated: self.isolated,
            present: None,
        };
        (facts, is_open)
    }
}

fn subject() -> Subject {
    (Uuid::nil(), ["shop", "order", "1.0.0"].map(str::to_owned), TaskState::StepsInProcess, None)
}

#[test]
fn whatever_happened_the_parts_of_a_task_add_up_to_its_duration() {
    for seed in 0..1_000 {
        let mut play = Play::new(seed, seed % 2 == 1, true);
        for _ in 0..play.random.usize(0..400) {
            play.moves();
        }
        let (facts, _) = play.facts();
        let all = Histories::of(&facts);
        let legs = critical_path(&all);
        assert_eq!(all.end, (facts.end - facts.created_at).num_microseconds().unwrap(), "seed {seed}");
        let mut at = 0;
        for leg in &legs {
            assert!(leg.from == at && leg.to > at, "seed {seed}: {legs:?}");
            at = leg.to;
        }
        assert_eq!(at, all.end, "seed {seed}: {legs:?}");
        for limit in [1, 5, 1000] {
            let explained = explain(subject(), &facts, limit);
            let path = &explained.critical_path;
            assert_eq!(path.parts_us.sum(), explained.duration_us, "seed {seed}");
            let listed: Micros = path.legs.iter().map(|leg| leg.parts_us.sum()).sum();
            assert_eq!(listed + path.omitted_us, explained.duration_us, "seed {seed}");
            assert!(path.legs.len() <= limit && explained.steps.len() <= limit);
            assert_eq!(explained.steps.len() + explained.omitted_steps, explained.all_steps.count);
            for step in &explained.steps {
                assert_eq!(step.parts_us.sum(), step.until_us, "seed {seed}: {step:?}");
                let ends = step.spans.iter().try_fold(0, |at, (_, from, to)| (*from == at).then_some(*to));
                assert_eq!(ends, Some(step.until_us), "seed {seed}: {step:?}");
            }
        }
    }
}

#[test]
fn the_critical_path_follows_the_dependencies() {
    let mut checked = 0;
    for seed in 0..1_000 {
        let mut play = Play::new(seed, false, false);
        for _ in 0..play.random.usize(0..400) {
            play.moves();
        }
        let (parents, (facts, is_open)) = (play.parents.clone(), play.facts());
        if is_open {
            continue;
        }
        let all = Histories::of(&facts);
        let legs = critical_path(&all);
        let index = |leg: &Leg| all.steps[leg.step.expect("nobody acted")].index;
        for pair in legs.windows(2) {
            let (before, after) = (index(&pair[0]), index(&pair[1]));
            assert!(parents[after as usize].contains(&(before as usize)), "seed {seed}: {legs:?}");
        }
        assert!(parents[index(&legs[0]) as usize].is_empty(), "seed {seed}: {legs:?}");
        checked += 1;
    }
    assert!(checked > 100, "only {checked} tasks came to their end");
}

/// The changes of a step in one audit record.
fn record(facts: &mut Facts, audit_id: i64, step: u32, actor: &str, path: &[(&str, Micros)]) {
    for (position, pair) in path.windows(2).enumerate() {
        facts.changes.push(Transition {
            audit_id,
            position: i32::try_from(position).unwrap(),
            step_index: Some(step),
            step: Some(["pay", "ship"][step as usize].to_owned()),
            attempt: Some(1),
            at: created() + TimeDelta::microseconds(pair[1].1),
            from_state: pair[0].0.to_owned(),
            to_state: pair[1].0.to_owned(),
            event: String::new(),
            actor: actor.to_owned(),
            reason: None,
        });
    }
}

fn facts(end: Micros) -> Facts {
    Facts {
        created_at: created(),
        end: created() + TimeDelta::microseconds(end),
        changes: Vec::new(),
        runs: Vec::new(),
        isolated: HashSet::new(),
        present: None,
    }
}

fn parts(parts: &Parts) -> serde_json::Value {
    serde_json::to_value(parts).expect("it is JSON")
}

#[test]
fn a_failure_for_good_a_reset_and_a_step_that_follows() {
    let mut facts = facts(1_000);
    let failed = "enqueued_as_error_for_orchestration";
    record(&mut facts, 1, 0, "api", &[("pending", 0), ("enqueued", 0)]);
    record(
        &mut facts,
        2,
        0,
        "h1",
        &[("enqueued", 0), ("in_progress", 10), (failed, 100), ("waiting_for_retry", 110)],
    );
    record(&mut facts, 3, 0, "orchestrator", &[("waiting_for_retry", 110), ("enqueued", 200)]);
    record(&mut facts, 4, 0, "h1", &[("enqueued", 200), ("in_progress", 205), (failed, 300), ("error", 310)]);
    record(&mut facts, 5, 0, "ann", &[("error", 310), ("enqueued", 800)]);
    let done = "enqueued_for_orchestration";
    record(
        &mut facts,
        6,
        0,
        "h1",
        &[("enqueued", 800), ("in_progress", 805), (done, 850), ("complete", 860)],
    );
    record(&mut facts, 6, 1, "h1", &[("pending", 0), ("enqueued", 860)]);
    record(
        &mut facts,
        7,
        1,
        "h1",
        &[("enqueued", 860), ("in_progress", 870), (done, 990), ("complete", 1_000)],
    );
    let run = |audit_id, step_index, cpu_us| TimelineEntry {
        audit_id: Some(audit_id),
        step_index,
        step: String::new(),
        attempt: 1,
        state: StepState::Complete,
        enqueued_at: None,
        started_at: None,
        finished_at: None,
        next_retry_at: None,
        host: None,
        cpu_us: Some(cpu_us),
        peak_memory_bytes: None,
        error_type: None,
    };
    facts.runs = vec![run(2, 0, 40), run(4, 0, 95), run(6, 0, 45), run(7, 1, 20)];
    let explained = explain(subject(), &facts, 10);
    let (pay, ship) = (Some("pay".to_owned()), Some("ship".to_owned()));
    assert_eq!(legs(&facts), [(pay, 0, 860), (ship, 860, 1_000)]);
    assert_eq!(
        parts(&explained.critical_path.parts_us),
        serde_json::json!({ "queue": 30, "computing": 200, "waiting": 150, "report": 40, "retry": 90, "people": 490 })
    );
    let ship = explained.steps.iter().find(|step| step.step == "ship").expect("it is listed");
    assert_eq!(
        parts(&ship.parts_us),
        serde_json::json!({ "dependencies": 860, "queue": 10, "computing": 20,
        "waiting": 100, "report": 10 })
    );
}

/// `pay` decides that `ship` follows, which fails for good; somebody has `pay` run again, which removes `ship`.
fn rerun(end: Micros) -> Facts {
    let mut facts = facts(end);
    let (done, failed) = ("enqueued_for_orchestration", "enqueued_as_error_for_orchestration");
    record(&mut facts, 1, 0, "api", &[("pending", 0), ("enqueued", 0)]);
    record(&mut facts, 2, 0, "h1", &[("enqueued", 0), ("in_progress", 10), (done, 20), ("complete", 30)]);
    record(&mut facts, 2, 1, "h1", &[("pending", 0), ("enqueued", 30)]);
    record(&mut facts, 3, 1, "h1", &[("enqueued", 30), ("in_progress", 40), (failed, 90), ("error", 100)]);
    record(&mut facts, 5, 0, "ann", &[("complete", 30), ("pending", 500), ("enqueued", 500)]);
    record(
        &mut facts,
        7,
        0,
        "h1",
        &[("enqueued", 500), ("in_progress", 510), (done, 520), ("complete", 530)],
    );
    facts
}

fn legs(facts: &Facts) -> Vec<(Option<String>, Micros, Micros)> {
    let legs = explain(subject(), facts, 10).critical_path.legs;
    legs.into_iter().map(|leg| (leg.step, leg.from_us, leg.to_us)).collect()
}

#[test]
fn a_step_that_a_rerun_removed_and_made_again_was_begun_twice() {
    let mut facts = rerun(600);
    let done = "enqueued_for_orchestration";
    record(&mut facts, 7, 1, "h1", &[("pending", 0), ("enqueued", 530)]);
    record(
        &mut facts,
        8,
        1,
        "h1",
        &[("enqueued", 530), ("in_progress", 540), (done, 590), ("complete", 600)],
    );
    facts.present = Some(HashSet::from([0, 1]));
    let (pay, ship) = (Some("pay".to_owned()), Some("ship".to_owned()));
    assert_eq!(
        legs(&facts),
        [(pay.clone(), 0, 30), (ship.clone(), 30, 100), (None, 100, 500), (pay, 500, 530), (ship, 530, 600)]
    );
}

#[test]
fn a_step_that_a_rerun_removed_has_ended_with_it() {
    let mut facts = rerun(530);
    facts.present = Some(HashSet::from([0]));
    let (pay, ship) = (Some("pay".to_owned()), Some("ship".to_owned()));
    assert_eq!(legs(&facts), [(pay.clone(), 0, 30), (ship, 30, 100), (None, 100, 500), (pay, 500, 530)]);
    let explained = explain(subject(), &facts, 10);
    let ship = explained.steps.iter().find(|step| step.step == "ship").expect("it is listed");
    assert_eq!(ship.until_us, 500);
}

#[test]
fn a_host_that_goes_on_before_the_report_is_stored_does_not_wait() {
    let mut facts = facts(30);
    let done = "enqueued_for_orchestration";
    record(&mut facts, 1, 0, "api", &[("pending", 0), ("enqueued", 0)]);
    record(&mut facts, 2, 0, "h1", &[("enqueued", 0), ("in_progress", 2), (done, 10), ("complete", 25)]);
    record(&mut facts, 2, 1, "h1", &[("pending", 0), ("enqueued", 25)]);
    record(&mut facts, 3, 1, "h1", &[("enqueued", 25), ("in_progress", 11), (done, 21), ("complete", 30)]);
    let explained = explain(subject(), &facts, 10);
    assert_eq!(
        parts(&explained.critical_path.parts_us),
        serde_json::json!({ "queue": 2, "waiting": 18, "report": 10 })
    );
}

#[test]
fn what_a_pause_held_back_waited_for_people() {
    let mut facts = facts(1_000);
    let done = "enqueued_for_orchestration";
    record(&mut facts, 1, 0, "api", &[("pending", 0), ("enqueued", 0)]);
    record(&mut facts, 2, 0, "h1", &[("enqueued", 0), ("in_progress", 10), (done, 90), ("complete", 100)]);
    record(&mut facts, 9, 1, "ann", &[("pending", 0), ("enqueued", 900)]);
    let explained = explain(subject(), &facts, 10);
    let (pay, ship) = (Some("pay".to_owned()), Some("ship".to_owned()));
    assert_eq!(legs(&facts), [(pay, 0, 100), (None, 100, 900), (ship, 900, 1_000)]);
    assert_eq!(
        parts(&explained.steps[0].parts_us),
        serde_json::json!({ "dependencies": 100, "people": 800, "queue": 100 })
    );
}

#[test]
fn a_waterfall_is_well_formed_whatever_steps_are_called() {
    let mut play = Play::new(7, false, true);
    for _ in 0..100 {
        play.moves();
    }
    let (mut facts, _) = play.facts();
    for change in &mut facts.changes {
        change.step = Some("<script>&\u{1}".to_owned());
    }
    let drawn = super::super::svg(&explain(subject(), &facts, 3));
    assert!(!drawn.contains("<script>") && drawn.contains("&lt;script&gt;&amp;\u{fffd}"), "{drawn}");
    assert!(drawn.ends_with("</svg>\n"), "{drawn}");
}
