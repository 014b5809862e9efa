//! An outage is not poison: while the database, and with it the queues and the leases, or the folder of blobs is away for many
//! times the lease of a step, no attempt ends and no handler runs twice, and everything goes on by itself afterwards.
//!
//! `tests/aws/tests/outage` tests the same of SQS, DynamoDB and S3.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use tasker_test_support::Counter;

use crate::{
    cluster::Cluster,
    dev::{complete, start_with},
    program::PATIENCE,
    project::{Project, Step, counted_handlers},
};

/// The lease of a step, in seconds: a tenth of what a deployment has.
const LEASE: u32 = 3;
/// How long the database is away.
const OUTAGE: Duration = Duration::from_secs(7 * LEASE as u64);
/// How long the work may take after the return that was held up by the outage.
const SOON: Duration = Duration::from_secs(10 * LEASE as u64);

#[test]
fn an_outage_of_the_database_ends_no_attempt_and_runs_nothing_twice() {
    let counter = Counter::start();
    let project = Project::new(&[counted_handlers()]);
    // `brief` ends while the database is away, `lasting` only after its return.
    let after = Duration::from_secs(5);
    let lasting = (OUTAGE + after).as_millis() as u64;
    project.add_counted(
        "held_up",
        &counter,
        &[
            ("first", 0, &[]),
            ("brief", 6_000, &["first"]),
            ("lasting", lasting, &["first"]),
            ("last", 0, &["brief", "lasting"]),
        ],
    );
    let tasks = 12;
    let mut cluster = Cluster::start(project, LEASE);
    for task in 0..tasks {
        Cluster::create(&cluster.url, "held_up", task);
    }
    let running = "SELECT count(*) FROM tasker.steps WHERE state = 'in_progress'";
    let until = Instant::now() + Duration::from_secs(30);
    while cluster.count(running) < 2 * tasks as i64 {
        assert!(Instant::now() < until, "{}", cluster.describe());
        thread::sleep(Duration::from_millis(50));
    }
    cluster.kill_database();
    thread::sleep(OUTAGE);
    cluster.start_database();
    let returned = Instant::now();
    cluster.wait_for_complete(tasks);
    assert!(returned.elapsed() < SOON + after, "it went on only after {:?}", returned.elapsed());
    assert_eq!(cluster.failures(), Vec::<String>::new());
    let again = "SELECT count(*) FROM tasker.steps WHERE attempt <> 1 OR execution <> 1";
    assert_eq!(cluster.count(again), 0, "{}", cluster.describe());
    assert_eq!(counter.repeated(), Vec::<String>::new());
    assert_eq!(counter.totals(), (4 * tasks, 4 * tasks));
}

#[test]
fn an_outage_of_the_folder_of_blobs_ends_no_attempt_and_runs_nothing_twice() {
    // Longer than what goes by reference, in bytes.
    const LARGE: usize = 100 << 10;
    // The shortest lease.
    const LEASE: &str = "1";
    const OUTAGE: Duration = Duration::from_secs(10);
    // The longest delay of a message that was put off in this time.
    const SOON: Duration = Duration::from_secs(16);
    const TASKS: usize = 12;
    let counter = Counter::start();
    let project = Project::new(&[counted_handlers()]);
    let after = Duration::from_secs(3);
    let lasting = (OUTAGE + after).as_millis() as u64;
    // With one attempt, so that a task whose attempt ends does not complete.
    let held_up: [Step; 4] = [
        ("first", 0, &[]),
        ("brief", 4_000, &["first"]),
        ("lasting", lasting, &["first"]),
        ("last", 0, &["brief", "lasting"]),
    ];
    project.add_padded("held_up", &counter, &held_up, LARGE, 1);
    project.add_padded("waiting", &counter, &[("one", 0, &[]), ("two", 500, &["one"])], LARGE, 1);
    let variables =
        [("TASKER__WORKER__LEASE_SECONDS", LEASE), ("TASKER__ORCHESTRATOR__SWEEP_INTERVAL_SECONDS", "1")];
    let (mut dev, url) = start_with(&project, &variables);
    dev.wait_for("system/waiting");
    let input = |n: usize| serde_json::json!({ "n": n, "text": "x".repeat(LARGE) });
    (0..TASKS).for_each(|n| Cluster::create_from(&url, "held_up", n, &input(n)));
    let until = Instant::now() + PATIENCE;
    while counter.totals().1 < 3 * TASKS {
        assert!(Instant::now() < until, "{:?}: {}", counter.totals(), dev.said());
        thread::sleep(Duration::from_millis(20));
    }
    (0..TASKS).for_each(|n| Cluster::create_from(&url, "waiting", n, &input(n)));
    let (blobs, away) = (project.path().join(".tasker/blobs"), project.path().join(".tasker/away"));
    fs::rename(&blobs, &away).expect("the folder is renamed");
    thread::scope(|scope| {
        // Refused until the return.
        let create = || (TASKS..2 * TASKS).for_each(|n| Cluster::create_from(&url, "waiting", n, &input(n)));
        scope.spawn(create);
        thread::sleep(OUTAGE);
        assert!(!blobs.exists(), "something was written in place of the folder");
        fs::rename(&away, &blobs).expect("the folder is renamed");
    });
    let returned = Instant::now();
    while complete(&url) < 3 * TASKS {
        assert!(returned.elapsed() < SOON + after, "{} are complete: {}", complete(&url), dev.said());
        thread::sleep(Duration::from_millis(100));
    }
    println!("complete {:.1?} after the return", returned.elapsed());
    assert_eq!(counter.repeated(), Vec::<String>::new());
    assert_eq!(counter.totals(), (8 * TASKS, 8 * TASKS));
}
