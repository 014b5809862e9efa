//! An outage is not poison: while SQS, DynamoDB, S3 or all of them are away for many times the lease of a step, no attempt
//! ends, no handler runs twice, no message becomes a dead letter, and everything goes on by itself afterwards.
//!
//! `cli/tests/system/outage.rs` tests the same of PostgreSQL. Needs the emulator (`make aws-tools`).

mod installation;
mod proxy;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use tasker_orchestrator::TaskRequest;
use tasker_test_support::Counter;

use crate::{
    installation::{Installation, Services},
    proxy::{Link, Proxy},
};

/// How long a step message stays invisible: a tenth of a deployment's time.
const VISIBILITY: Duration = Duration::from_secs(3);
/// How long a service is away.
const OUTAGE: Duration = Duration::from_secs(30);
/// How long after the return the longest steps end.
const AFTER: Duration = Duration::from_secs(5);
/// How long the work may take after the return that was held up by the outage: the longest delay of a message that was put
/// off is 25 seconds.
const SOON: Duration = Duration::from_secs(30);
/// Longer than what goes by reference, in bytes.
const LARGE: usize = 65 << 10;
/// The number of tasks that wait when the outage begins.
const WAITING: usize = 8;

/// An outage.
struct Outage {
    name: &'static str,
    away: fn(&Services) -> Vec<&Proxy>,
    /// How the services are away, one half of the time each.
    links: [Link; 2],
    /// The number of tasks with two running steps each.
    held_up: usize,
    /// How much later than the others it begins.
    later: Duration,
}

impl Outage {
    fn set(&self, installation: &Installation, link: Link) {
        for proxy in (self.away)(&installation.services) {
            proxy.set(link);
        }
    }
}

/// A step of a template: its name, its duration in milliseconds, and its dependencies.
type Step = (&'static str, u128, &'static [&'static str]);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_outage_ends_no_attempt_and_runs_nothing_twice() {
    // `RUST_LOG=warn` shows what each part does about it.
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let [sqs, dynamodb, s3, all] = [
        Outage {
            name: "SQS",
            away: |services| vec![&services.sqs],
            links: [Link::Closed, Link::Silent],
            held_up: 4,
            later: Duration::from_secs(0),
        },
        Outage {
            name: "DynamoDB",
            away: |services| vec![&services.dynamodb],
            links: [Link::Silent, Link::Closed],
            held_up: 4,
            later: Duration::from_secs(2),
        },
        Outage {
            name: "S3",
            away: |services| vec![&services.s3],
            links: [Link::Closed, Link::Silent],
            held_up: 4,
            later: Duration::from_secs(4),
        },
        // Every host is full.
        Outage {
            name: "all",
            away: |services| vec![&services.sqs, &services.dynamodb, &services.s3],
            links: [Link::Silent, Link::Closed],
            held_up: 8,
            later: Duration::from_secs(6),
        },
    ];
    // One after the other, because the first compiles the component, which takes all of the machine.
    let mut installations = Vec::new();
    for _ in 0..4 {
        installations.push(Installation::start(VISIBILITY).await);
    }
    let mut next = || installations.pop().expect("one for each");
    // Side by side, because each takes half a minute. One begins a little after the other, because each return is a burst of
    // work.
    let (sqs, dynamodb, s3, all) = tokio::join!(
        survive(sqs, next()),
        survive(dynamodb, next()),
        survive(s3, next()),
        survive(all, next()),
    );
    let problems = [sqs, dynamodb, s3, all].concat();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Works through an outage. Returns what went wrong.
async fn survive(outage: Outage, installation: Installation) -> Vec<String> {
    tokio::time::sleep(outage.later).await;
    let counter = Counter::start();
    for template in templates(&counter) {
        installation.publish(&template).await;
    }

    for number in 0..outage.held_up {
        create(&installation, "held_up", number).await.expect("nothing is away");
    }
    let running = "SELECT count(*) FROM tasker.steps WHERE state = 'in_progress'";
    let until = Instant::now() + SOON;
    while installation.count(running).await < 2 * outage.held_up as i64 {
        assert!(Instant::now() < until, "{}: {}", outage.name, describe(&installation).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for number in 0..WAITING {
        create(&installation, "waiting", number).await.expect("nothing is away");
    }

    let mut waiting = WAITING;
    let mut refused = Vec::new();
    for link in outage.links {
        outage.set(&installation, link);
        let until = Instant::now() + OUTAGE / 2;
        while Instant::now() < until {
            if create(&installation, "waiting", waiting).await.is_err() {
                refused.push(waiting);
            }
            waiting += 1;
            tokio::time::sleep(Duration::from_secs(3).min(until.saturating_duration_since(Instant::now())))
                .await;
        }
    }
    outage.set(&installation, Link::Open);
    let returned = Instant::now();
    for number in refused {
        while let Err(error) = create(&installation, "waiting", number).await {
            assert!(returned.elapsed() < SOON, "{}: {error}", outage.name);
        }
    }

    let tasks = (outage.held_up + waiting) as i64;
    let complete = "SELECT count(*) FROM tasker.tasks WHERE state = 'complete'";
    while installation.count(complete).await < tasks && returned.elapsed() < SOON {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    println!("{}: complete after {:.1?}", outage.name, returned.elapsed());
    let mut problems = Vec::new();
    let mut check = |holds: bool, what: String| {
        if !holds {
            problems.push(format!("{}: {what}", outage.name));
        }
    };
    let done = installation.count(complete).await;
    check(done == tasks, format!("{done} of {tasks} tasks are complete: {}", describe(&installation).await));
    let failures = "SELECT concat_ws(' ', event, actor, task_id, step_index, attempt, reason, detail -> 'failure')
                    FROM tasker.audit WHERE event = 'lease_lost' OR detail -> 'failure' IS NOT NULL ORDER BY at";
    let failures = installation.lines(failures).await;
    check(failures.is_empty(), format!("attempts ended:\n{}", failures.join("\n")));
    let again = "SELECT count(*) FROM tasker.steps WHERE attempt <> 1 OR execution <> 1";
    let again = installation.count(again).await;
    check(again == 0, format!("{again} steps have another attempt or execution"));
    let dead = installation.dead_letters().await;
    check(dead == 0, format!("{dead} messages are dead letters"));
    check(counter.repeated().is_empty(), format!("ran again: {:?}", counter.repeated()));
    let steps = 4 * outage.held_up + 3 * waiting;
    check(counter.totals() == (steps, steps), format!("{:?} of {steps} steps", counter.totals()));
    problems
}

async fn create(
    installation: &Installation,
    template: &str,
    number: usize,
) -> Result<(), tasker_orchestrator::Error> {
    let input = serde_json::json!({ "n": number, "text": "x".repeat(LARGE) });
    let input = serde_json::value::to_raw_value(&input).expect("JSON");
    let request = TaskRequest {
        idempotency_key: Some(format!("{template}-{number}")),
        ..TaskRequest::new(template, input)
    };
    installation.orchestrator.orchestrator.create_task(request).await.map(drop)
}

fn templates(counter: &Counter) -> [String; 2] {
    // `brief` ends during the outage, `lasting` after it.
    let lasting = (OUTAGE + AFTER).as_millis();
    let held_up: [Step; 4] = [
        ("first", 0, &[]),
        ("brief", 6_000, &["first"]),
        ("lasting", lasting, &["first"]),
        ("last", 0, &["brief", "lasting"]),
    ];
    let waiting: [Step; 3] = [("one", 0, &[]), ("two", 100, &["one"]), ("three", 0, &["two"])];
    [template("held_up", counter, &held_up), template("waiting", counter, &waiting)]
}

/// A template of counted steps with large results, which the orchestrator reads to check them.
fn template(name: &str, counter: &Counter, steps: &[Step]) -> String {
    let mut text = format!("name: {name}\nnamespace_name: default\nversion: 1.0.0\nsteps:\n");
    let url = counter.url();
    for (step, hold_ms, dependencies) in steps {
        let _ = write!(
            text,
            "  - name: {step}\n    dependencies: [{}]\n    timeout_seconds: 60\n    handler: {{ callable: counted, \
             initialization: {{ counter: {url:?}, hold_ms: {hold_ms}, padding_bytes: {LARGE} }} }}\n    grants: {{ http: \
             [{url:?}], private_networks: [127.0.0.1/32] }}\n    result_schema: {{ type: object }}\n",
            dependencies.join(", ")
        );
    }
    text
}

/// Describes the state of all steps.
async fn describe(installation: &Installation) -> String {
    let states = "SELECT concat(state, ' ', count(*)) FROM tasker.steps GROUP BY state";
    installation.lines(states).await.join(", ")
}
