//! `kill -9` of every process at random moments: all work is completed, nothing is lost, and almost nothing runs
//! twice.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use sqlx::Row;
use tasker_test_support::Counter;

use crate::{
    cluster::{CONCURRENT, Cluster, WORKERS},
    project::{Project, counted_handlers},
};

/// The number of tasks in the long test.
const TASKS: usize = 1000;
/// The number of tasks in the short tests.
const FEW_TASKS: usize = 150;
/// The number of processes that the long test kills.
const KILLS: usize = 9;
/// The number of concurrent callers that create tasks.
const CALLERS: usize = 4;
/// The number of steps in each template.
const STEPS: usize = 4;

/// The processes that can be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Orchestrator,
    Worker,
    Database,
}

fn project(counter: &Counter) -> Project {
    let project = Project::new(&[counted_handlers()]);
    project.add_counted(
        "linear",
        counter,
        &[("a", 0, &[]), ("b", 60, &["a"]), ("c", 0, &["b"]), ("d", 20, &["c"])],
    );
    project.add_counted(
        "diamond",
        counter,
        &[
            ("start", 0, &[]),
            ("left", 300, &["start"]),
            ("right", 10, &["start"]),
            ("end", 0, &["left", "right"]),
        ],
    );
    project
}

/// Creates tasks from several callers while `meanwhile` runs, and returns when all are complete.
fn run(cluster: &mut Cluster, tasks: usize, mut meanwhile: impl FnMut(&mut Cluster)) {
    let next = AtomicUsize::new(0);
    let url = cluster.url.clone();
    thread::scope(|scope| {
        for _ in 0..CALLERS {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= tasks {
                        return;
                    }
                    Cluster::create(&url, if n.is_multiple_of(2) { "linear" } else { "diamond" }, n);
                }
            });
        }
        meanwhile(cluster);
    });
    cluster.wait_for_complete(tasks);
}

/// Kills a process, waits, and starts it again.
fn kill(cluster: &mut Cluster, victim: Victim, dice: &mut fastrand::Rng) {
    let dead = Duration::from_millis(dice.u64(0..600));
    match victim {
        Victim::Orchestrator => {
            cluster.kill_orchestrator();
            thread::sleep(dead);
            cluster.start_orchestrator();
        }
        Victim::Worker => {
            let number = dice.usize(0..WORKERS);
            cluster.kill_worker(number);
            thread::sleep(dead);
            cluster.start_worker(number);
        }
        Victim::Database => {
            cluster.kill_database();
            thread::sleep(dead);
            cluster.start_database();
        }
    }
}

/// Checks the invariants that hold whatever was killed.
fn check(cluster: &Cluster, tasks: usize) {
    assert_eq!(cluster.count("SELECT count(*) FROM tasker.tasks"), tasks as i64, "a task was created twice");
    assert_eq!(
        cluster.count("SELECT count(*) FROM tasker.tasks WHERE state <> 'complete' OR steps_running <> 0"),
        0,
        "{}",
        cluster.describe()
    );
    let completed =
        "SELECT count(*) FROM tasker.transitions WHERE to_state = 'complete' AND step_index IS NOT NULL";
    assert_eq!(
        cluster.count(completed),
        (tasks * STEPS) as i64,
        "a step was completed more than once, or not at all"
    );
    let left = "SELECT count(*) FROM tasker.transitions WHERE from_state = 'complete'";
    assert_eq!(cluster.count(left), 0, "a task or step left the state complete");
    // linear: n+1, n+2, n+3, n+4; diamond: n+1, twice n+2, and one more than their sum.
    let query = "SELECT t.name, d.name, (t.input ->> 'n')::bigint, (s.result ->> 'value')::bigint
                 FROM tasker.steps s JOIN tasker.tasks t USING (task_id)
                 JOIN tasker.release_steps d ON d.release_id = t.release_id AND d.step_index = s.step_index";
    for row in cluster.query(query).expect(query) {
        let (task, step, n, value): (String, String, i64, i64) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let expected = match step.as_str() {
            "a" | "start" => n + 1,
            "b" | "left" | "right" => n + 2,
            "c" => n + 3,
            "d" => n + 4,
            "end" => 2 * (n + 2) + 1,
            other => panic!("{task} has a step {other}"),
        };
        assert_eq!(value, expected, "the result of {step} of {task} {n}");
    }
}

#[test]
fn all_work_is_done_once_whatever_is_killed() {
    let seed = std::env::var("TASKER_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}: set TASKER_TEST_SEED to repeat it");
    let mut dice = fastrand::Rng::with_seed(seed);
    let counter = Counter::start();
    let mut cluster = Cluster::start(project(&counter), 3);
    let started = Instant::now();
    let mut victims: Vec<Victim> = (0..KILLS)
        .map(|number| [Victim::Orchestrator, Victim::Worker, Victim::Database][number % 3])
        .collect();
    dice.shuffle(&mut victims);
    let mut seen = HashMap::new();
    run(&mut cluster, TASKS, |cluster| {
        for &victim in &victims {
            thread::sleep(Duration::from_millis(dice.u64(500..2500)));
            if let Ok(results) = cluster.results() {
                seen.extend(results);
            }
            println!("{:6} ms: killing {victim:?}", started.elapsed().as_millis());
            kill(cluster, victim, &mut dice);
        }
    });
    let took = started.elapsed();
    check(&cluster, TASKS);
    let results = cluster.results().expect("the results can be read");
    for (step, result) in &seen {
        assert_eq!(results.get(step), Some(result), "the result of {step:?} was lost or changed");
    }
    let (executions, steps) = counter.totals();
    let lost = "SELECT count(*) FROM tasker.audit WHERE event = 'lease_lost'";
    println!(
        "{TASKS} tasks in {took:.1?}; {executions} executions of {steps} steps; {} attempts ended because a host fell \
         silent; {} results seen before a kill and unchanged",
        cluster.count(lost),
        seen.len()
    );
    assert_eq!(steps, TASKS * STEPS, "some steps were never executed");
    // A killed worker loses its running steps, and those that it has reported and not yet acknowledged.
    let workers_killed = victims.iter().filter(|&&victim| victim == Victim::Worker).count();
    let allowed = steps + workers_killed * CONCURRENT * 2;
    assert!(
        executions <= allowed,
        "{executions} executions of {steps} steps; at most {allowed} can be explained"
    );
}

#[test]
fn nothing_runs_twice_when_no_host_dies() {
    let mut dice = fastrand::Rng::with_seed(7);
    let counter = Counter::start();
    // Longer than PostgreSQL is down: a host that cannot renew for a whole lease is considered dead.
    let mut cluster = Cluster::start(project(&counter), 10);
    run(&mut cluster, FEW_TASKS, |cluster| {
        for victim in [Victim::Database, Victim::Orchestrator, Victim::Database, Victim::Orchestrator] {
            thread::sleep(Duration::from_millis(dice.u64(300..1000)));
            kill(cluster, victim, &mut dice);
        }
    });
    check(&cluster, FEW_TASKS);
    let (executions, steps) = counter.totals();
    println!("{executions} executions of {steps} steps");
    assert_eq!(
        (executions, steps),
        (FEW_TASKS * STEPS, FEW_TASKS * STEPS),
        "repeated: {:#?}\nfailed: {:#?}\n{}",
        counter.repeated(),
        cluster.failures(),
        cluster.describe()
    );
}

#[test]
fn a_long_step_survives_an_orchestrator_that_is_away_for_longer_than_its_lease() {
    let counter = Counter::start();
    let project = Project::new(&[counted_handlers()]);
    project.add_counted("long", &counter, &[("wait", 3000, &[])]);
    let mut cluster = Cluster::start(project, 1);
    Cluster::create(&cluster.url, "long", 1);
    let running = "SELECT count(*) FROM tasker.steps WHERE state = 'in_progress'";
    let until = Instant::now() + Duration::from_secs(30);
    while cluster.count(running) == 0 {
        assert!(Instant::now() < until, "{}", cluster.describe());
        thread::sleep(Duration::from_millis(20));
    }
    cluster.kill_orchestrator();
    thread::sleep(Duration::from_secs(5));
    cluster.start_orchestrator();
    cluster.wait_for_complete(1);
    assert_eq!(counter.totals(), (1, 1), "the step was taken from a healthy host");
}
