//! An outage is not poison: while the database, and with it the queues and the leases, is away for many times the lease of a
//! step, no attempt ends and no handler runs twice, and everything goes on by itself afterwards.

use std::{
    thread,
    time::{Duration, Instant},
};

use crate::{
    cluster::Cluster,
    counter::Counter,
    project::{Project, counted_handlers},
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
